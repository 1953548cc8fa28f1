import Model

/// A signed statement of a log's size and root (C2SP tlog-checkpoint). Reading one proves nothing: `verdict` does.
package struct SignedCheckpoint: Sendable, Hashable {
    /// The identity of the log.
    package let origin: String
    /// How many entries the log has.
    package let size: Int64
    /// The root of the tree over them, 32 bytes.
    package let root: [UInt8]
    /// Further lines, none of them empty.
    package let extensions: [String]
    private let note: SignedNote

    /// Reads a checkpoint strictly from the bytes of its note.
    package init(parsing bytes: [UInt8]) throws(AuditingError) {
        guard let note = SignedNote(parsing: bytes) else { throw .malformedCheckpoint(.text) }
        try self.init(note)
    }

    init(_ note: SignedNote) throws(AuditingError) {
        let lines = note.text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast().map { Substring($0) }
        guard lines.count >= 3 else { throw .malformedCheckpoint(.text) }
        guard NoteText.isLine(lines[0]) else { throw .malformedCheckpoint(.origin) }
        guard let size = Int64(lines[1]), size >= 0, String(size) == lines[1] else { throw .malformedCheckpoint(.size) }
        guard let root = Base64.decode(lines[2]), root.count == LogHash.byteCount else { throw .malformedCheckpoint(.root) }
        guard lines[3...].allSatisfy(NoteText.isLine) else { throw .malformedCheckpoint(.extensions) }
        origin = String(lines[0])
        self.size = size
        self.root = root
        extensions = lines[3...].map(String.init)
        self.note = note
    }

    /// The note as it is stored and handed on.
    package var bytes: [UInt8] { note.bytes }

    /// The text that `init(parsing:)` reads back.
    static func text(origin: String, size: Int64, root: [UInt8], extensions: [String]) -> String {
        ([origin, String(size), Base64.encode(root)] + extensions).map { $0 + "\n" }.joined()
    }
}

extension SignedCheckpoint {
    /// What a checkpoint is worth to the holder of one verifier key.
    package enum Verdict: Sendable, Equatable {
        /// The key's owner signed it for the log of that name.
        case genuine
        /// It speaks of another log.
        case otherOrigin
        /// No signature is by this key.
        case unknownSigner
        /// A signature that claims to be this key's is not.
        case forged
    }

    /// Judges the checkpoint by one key, whose name is the log's origin.
    package func verdict(verifierKey text: String) throws(AuditingError) -> Verdict { verdict(by: try VerifierKey(parsing: text)) }

    /// Judges the checkpoint by one key, whose name is the log's origin. Signatures by other keys count for nothing, and do no harm.
    package func verdict(by key: VerifierKey) -> Verdict {
        guard origin.utf8.elementsEqual(key.name.utf8) else { return .otherOrigin }
        let claims = note.signatures.filter { $0.name == key.name && $0.keyID == key.keyID }
        guard !claims.isEmpty else { return .unknownSigner }
        let text = Array(note.text.utf8)
        return claims.allSatisfy { key.isValid($0.bytes, over: text) } ? .genuine : .forged
    }
}

extension SignedCheckpoint {
    private static let chainLabel = "tacit-chain"
    private static let recordsLabel = "tacit-records"
    private static let previousLabel = "tacit-previous"
    private static let nextLabel = "tacit-next"

    /// The extension line that fixes the chain value of the last entry.
    package static func chainExtension(_ chain: [UInt8]) -> String { "\(chainLabel) \(Base64.encode(chain))" }

    /// The extension line that fixes the value of the records' digest.
    package static func recordsExtension(_ digest: [UInt8]) -> String { "\(recordsLabel) \(Base64.encode(digest))" }

    /// The extension line that names the size of the checkpoint before.
    package static func previousExtension(_ size: Int64) -> String {
        var writer = CanonicalWriter(capacity: 8)
        writer.write(size)
        return "\(previousLabel) \(Base64.encode(writer.bytes))"
    }

    /// The extension line that names the key which signs from here on.
    static func nextExtension(_ key: VerifierKey) -> String { "\(nextLabel) \(Base64.encode(key.typedKey))" }

    /// The key that signs from here on, where the checkpoint ends an epoch.
    package var next: VerifierKey? { value(of: Self.nextLabel).flatMap { VerifierKey(name: origin, typedKey: $0) } }

    /// The size of the checkpoint before, where this one names it.
    package var previous: Int64? {
        guard let bytes = value(of: Self.previousLabel) else { return nil }
        var reader = CanonicalReader(bytes)
        guard let size = try? reader.int64(), (try? reader.finish()) != nil, size >= 0 else { return nil }
        return size
    }

    /// The chain value of the last entry, where the checkpoint fixes it.
    package var chain: [UInt8]? { value(of: Self.chainLabel) }

    /// The value of the records' digest, where the checkpoint fixes it.
    package var recordsDigest: [UInt8]? { value(of: Self.recordsLabel) }

    private func value(of label: String) -> [UInt8]? {
        let line = extensions.first { $0.hasPrefix(label + " ") }
        return line.flatMap { Base64.decode($0.dropFirst(label.count + 1)) }
    }
}
