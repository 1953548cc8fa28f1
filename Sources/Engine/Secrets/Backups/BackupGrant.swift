import Auditing
package import Envelopes
package import Model
import Storage

/// A person's word, given once, that backups sealed to these recipients may be made without being asked again: by a timer, say, at night.
///
/// It is no secret that opens anything. Whoever has it gets bytes that only the recipients' identities open.
package struct BackupGrant: Sendable, Equatable {
    package var recipients: [AgeRecipient]
    package var expiresAt: Timestamp
    /// The keeper's code over it.
    package var code: [UInt8]

    package init(recipients: [AgeRecipient], expiresAt: Timestamp, code: [UInt8]) {
        (self.recipients, self.expiresAt, self.code) = (recipients, expiresAt, code)
    }
}

extension OpenVault {
    /// How long a schedule lasts until a person has to confirm it.
    private static let grantLife = Duration.seconds(400 * 24 * 3600)
    /// How long the next backup that nobody was asked for has to wait.
    static let unaskedInterval = Duration.seconds(600)

    /// Grants backups to recipients. A new root key or organization key ends every such grant.
    package func grantBackups(to recipients: [AgeRecipient], by asker: Asker) async throws -> BackupGrant {
        guard (1...16).contains(recipients.count) else { throw BackupError.recipientCount }
        let expiry = expiryClock().advanced(by: Self.grantLife)
        let facts = [AuditFact("until", expiry), AuditFact("recipients", recipients.map(\.text).joined(separator: " "))]
        let permit = try await authorizer.permit(Act(.backupSchedule, .administer, .stepUp), by: asker, on: [])
        try await authorizer.commit(permit, on: [], detail: facts)
        var grant = BackupGrant(recipients: recipients, expiresAt: expiry, code: [])
        grant.code = try grantKey.code(over: grantBytes(grant))
        return grant
    }

    /// Allows a backup that was granted before. No agent has one, by whatever grant.
    package func beginBackup(by grant: BackupGrant, by asker: Asker) async throws -> BackupUnderway {
        let act = Act(.backupMake, .administer, .nothing)
        let isGenuine = try grantKey.isValid(grant.code, over: grantBytes(grant)) && expiryClock() < grant.expiresAt
        guard isGenuine, asker.agent == nil, !asker.isConfined else {
            let error = EngineError.denied(isGenuine ? .personOnly : .backupNotGranted)
            try await authorizer.refuse(act, by: asker, on: [], error: error)
            throw error
        }
        let permit = try await authorizer.permit(act, by: asker, on: [])
        let now = clock.steady()
        if let wait = lasting.backups.secondsToWait(at: now) {
            let error = EngineError.backupTooSoon(seconds: wait)
            try await authorizer.refuse(act, by: asker, on: [], error: error)
            throw error
        }
        return try await beginBackup(sealedTo: .recipients(grant.recipients), permit, detail: [AuditFact("granted", "schedule")]) {
            lasting.backups.forgetUnasked(begunAt: now)
        }
    }

    private var grantKey: MACKey { get throws { try MACKey(material: keyring.keys.key.derive(.backupSchedule)) } }

    private func grantBytes(_ grant: BackupGrant) -> [UInt8] {
        var writer = CanonicalWriter()
        writer.write("tacit/v1/backup-schedule")
        writer.write(organization)
        writer.write(keyring.rootGeneration)
        writer.write(grant.expiresAt)
        writer.write(list: grant.recipients) { $0.write($1.text) }
        return writer.bytes
    }
}

extension EngineError.Denial {
    /// A backup that nobody granted.
    static let backupNotGranted = Self(
        code: "backup.not-granted", reason: "no person granted this backup, or the grant is over",
        nextStep: "grant it again with `tacit backup schedule`")
}
