import Auditing
import Envelopes
import Model

/// The keys of the whole log: those of the epoch that goes on, and of each before.
struct LogKeys: Sendable {
    /// What is appended and signed now.
    let current: AuditWriter.Keys
    let epochs: LogEpochs
    /// By the numbers that `epochs` gives.
    private let seals: [SealingKey]

    init(_ current: AuditWriter.Keys, after former: FormerEpochs) throws {
        self.current = current
        epochs = LogEpochs(
            former: try former.epochs.map { .init(first: $0.entries.lowerBound, chain: try ChainKey($0.chain), signer: $0.signer) },
            current: .init(first: former.end, chain: current.chain, signer: current.signer.key))
        seals = try former.epochs.map { try SealingKey(material: $0.seal) } + [current.seal]
    }

    /// Opens an entry.
    func open(_ sealed: [UInt8], index: Int64, of organization: OrganizationID) throws -> AuditEntry {
        let seal = seals[epochs.epoch(ofEntry: index)]
        return try AuditEntry(decoding: seal.open(document: sealed, context: AuditWriter.context(organization, index: index)))
    }
}
