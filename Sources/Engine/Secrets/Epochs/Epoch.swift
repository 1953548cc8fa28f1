import Auditing
import Brokering
import Envelopes
import Model
import PlaintextDoor

/// What stays of a former organization key, and the entries of the log that lie in its time (SPEC §6.11).
struct Epoch: Sendable {
    let generation: Int64
    /// The indices of its entries.
    let entries: Range<Int64>
    let chain: SecretValue
    let seal: SecretValue
    let tokens: SecretValue
    let fakeTokens: SecretValue
    let memory: SecretValue
    /// Whose signature its checkpoints have.
    let signer: VerifierKey

    /// Ends the time of a key: what is not kept here is gone with it.
    init(of keys: OrganizationKeys, entries: Range<Int64>, signer: VerifierKey) {
        (generation, self.entries, self.signer) = (keys.generation, entries, signer)
        (chain, seal, memory) = (keys.key.derive(.auditLog), keys.key.derive(.auditSeal), keys.key.derive(.rollbackMemory))
        (tokens, fakeTokens) = (keys.key.derive(.token), keys.key.derive(.fakeToken))
    }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        generation = try reader.int64()
        let (first, end) = (try reader.int64(), try reader.int64())
        guard generation >= 1, first >= 0, first < end else { throw EngineError.unreadable }
        entries = first..<end
        (chain, seal, tokens) = (try Self.key(from: &reader), try Self.key(from: &reader), try Self.key(from: &reader))
        (fakeTokens, memory) = (try Self.key(from: &reader), try Self.key(from: &reader))
        signer = try VerifierKey(parsing: reader.text())
        try reader.finish()
    }

    /// By what its row is found.
    static func name(of generation: Int64) -> String { "generation/\(generation)" }

    /// Whoever seals it overwrites it.
    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 512)
        writer.write(byte: 1)
        writer.write(generation)
        writer.write(entries.lowerBound)
        writer.write(entries.upperBound)
        for key in [chain, seal, tokens, fakeTokens, memory] {
            key.withPlaintext(PlaintextDoor()) { bytes in
                unsafe bytes.withUnsafeBytes { writer.write(unsafe Array($0)) }
            }
        }
        writer.write(signer.description)
        return writer.bytes
    }

    private static func key(from reader: inout CanonicalReader) throws -> SecretValue {
        var bytes = try reader.data()
        guard bytes.count == MACKey.codeByteCount else { throw EngineError.unreadable }
        return SecretValue(moving: &bytes, in: .keys)
    }
}

/// The epochs of a vault that are over, ready to be used.
struct FormerEpochs: Sendable {
    /// What each badge and token of its time is known by.
    private struct Codes: Sendable {
        var tokens: MACKey
        var fakeTokens: MACKey
        var memory: MACKey
    }

    /// In their order.
    let epochs: [Epoch]
    private let codes: [Codes]

    /// Takes them in any order, and refuses them where one is missing before `current`, or two do not meet.
    init(_ found: [Epoch] = [], before current: Int64 = 1) throws {
        epochs = found.sorted { $0.generation < $1.generation }
        guard epochs.map(\.generation) == Array(1..<max(1, current)),
            zip([0] + epochs.map(\.entries.upperBound), epochs.map(\.entries.lowerBound)).allSatisfy({ $0 == $1 })
        else { throw EngineError.recordsDisagree }
        codes = try epochs.map { epoch in
            Codes(
                tokens: try MACKey(material: epoch.tokens), fakeTokens: try MACKey(material: epoch.fakeTokens),
                memory: try MACKey(material: epoch.memory))
        }
    }

    /// The sizes at which each ended: the checkpoints there say which key signs from then on.
    var ends: [Int64] { epochs.map(\.entries.upperBound) }

    /// The index of the first entry behind all of them.
    var end: Int64 { epochs.last?.entries.upperBound ?? 0 }

    func tokens(_ generation: Int64) -> MACKey? { codes(generation)?.tokens }

    /// What tokens of then were drawn from.
    func fakeTokens(_ generation: Int64) -> MACKey? { codes(generation)?.fakeTokens }

    /// The latest first.
    var memories: [MACKey] { codes.reversed().map(\.memory) }

    private func codes(_ generation: Int64) -> Codes? { codes.indices.contains(Int(generation) - 1) ? codes[Int(generation) - 1] : nil }
}
