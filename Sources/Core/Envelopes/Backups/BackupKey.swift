package import Model

/// The key of one backup: it authenticates the head and seals the chunks, and is drawn for this backup alone (SPEC §15.2).
package struct BackupKey: Sendable {
    private let headKey: MACKey
    private let chunkKey: SecretValue

    /// To whom a backup is sealed.
    package enum Sealing: Sendable {
        case password(SecretValue)
        case recipients([AgeRecipient])
    }

    /// What a person brings to open one.
    package enum Opening: Sendable {
        case password(SecretValue)
        /// The key itself, as `age` gave it out.
        case key(SecretValue)
    }

    private init(_ key: WrappingKey) throws(EnvelopeError) {
        headKey = try MACKey(material: key.derive(.backupHead))
        chunkKey = key.derive(.backupChunks)
    }

    /// Draws a key and makes the head that leads to it. Hashing a password is slow.
    package static func make(
        _ sealing: Sealing, of organization: OrganizationID, at time: Timestamp, hash: any PasswordHash, random: RandomBytes = .system
    ) throws -> (key: BackupKey, head: BackupHead) {
        let backup = AnyRecordID(random: random)
        let material = drawKey(random)
        let key = try WrappingKey(material: material)
        let lock: BackupHead.BackupLock
        switch sealing {
        case .password(let password):
            let parameters = PasswordHashParameters.default(random: random)
            let outer = try WrappingKey(material: hash.derive(password: password, parameters: parameters))
            lock = .password(parameters, wrapped: try outer.wrap(key, context: context(backup, organization), random: random))
        case .recipients(let recipients): lock = .recipients(try AgeFile.seal(material, to: recipients, random: random))
        }
        return (try BackupKey(key), BackupHead(backup: backup, organization: organization, createdAt: time, lock: lock))
    }

    /// Comes by the key of a backup; `code` is what stands behind its head.
    package static func open(_ head: BackupHead, code: [UInt8], with opening: Opening, hash: any PasswordHash) throws -> BackupKey {
        switch (head.lock, opening) {
        case (.password(let parameters, let wrapped), .password(let password)):
            let outer = try WrappingKey(material: hash.derive(password: password, parameters: parameters))
            guard let key = try? outer.unwrapWrappingKey(wrapped, context: context(head.backup, head.organization)) else {
                throw BackupError.wrongPassword
            }
            return try BackupKey(key).checked(head, code, otherwise: .changed(piece: 0))
        case (.recipients, .key(let material)):
            guard material.byteCount == keyByteCount else { throw BackupError.wrongKey }
            return try BackupKey(WrappingKey(material: material)).checked(head, code, otherwise: .wrongKey)
        case (.password, .key): throw BackupError.needsPassword
        case (.recipients, .password): throw BackupError.needsIdentity
        }
    }

    private func checked(_ head: BackupHead, _ code: [UInt8], otherwise error: BackupError) throws -> BackupKey {
        guard headKey.isValid(code, over: head.encoded) else { throw error }
        return self
    }

    /// The code that stands behind the head.
    package func code(of head: BackupHead) -> [UInt8] { headKey.code(over: head.encoded) }

    /// Seals the chunks behind a head.
    package func sealer(behind head: BackupHead) -> ChunkSealer { ChunkSealer(cipher(behind: code(of: head))) }

    /// Opens the chunks behind a head.
    package func opener(behind head: BackupHead) -> ChunkOpener { ChunkOpener(cipher(behind: code(of: head))) }

    private func cipher(behind code: [UInt8]) -> ChunkCipher { ChunkCipher(key: chunkKey, headCode: code) }

    /// A key of a password is made for one backup, and has no generations.
    private static func context(_ backup: AnyRecordID, _ organization: OrganizationID) -> SealContext {
        SealContext(.backupKey, organization: organization, record: backup, generation: 0)
    }
}
