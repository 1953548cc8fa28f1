/// Which keys hold where in a log: those of one epoch up to its end, then the next ones (SPEC §6.11).
///
/// It is the one place that knows this. A log whose keys were never changed is a single epoch.
package struct LogEpochs: Sendable {
    /// The keys of one epoch; none of a kind that the verifier lacks.
    package struct Epoch: Sendable {
        /// The index of its first entry.
        package var first: Int64
        package var chain: ChainKey?
        package var signer: VerifierKey?

        package init(first: Int64, chain: ChainKey?, signer: VerifierKey?) { (self.first, self.chain, self.signer) = (first, chain, signer) }
    }

    /// By their first entries.
    private var epochs: [Epoch]

    /// Takes former epochs in their order, and the one that goes on.
    package init(former: [Epoch] = [], current: Epoch) { epochs = former + [current] }

    /// Whether chains can be checked.
    var hasChainKeys: Bool { epochs.allSatisfy { $0.chain != nil } }

    /// Whether checkpoints can be judged.
    var hasSigners: Bool { epochs.contains { $0.signer != nil } }

    /// The number of the epoch that an entry lies in.
    package func epoch(ofEntry index: Int64) -> Int { epochs.lastIndex { $0.first <= index } ?? 0 }

    /// The key that chains an entry.
    func chain(ofEntry index: Int64) -> ChainKey? { epochs[epoch(ofEntry: index)].chain }

    /// The keys that must have signed a checkpoint of this size: that of its last entry's epoch, and at its end the next one's, too.
    func signers(ofSize size: Int64) -> [VerifierKey] {
        let last = epoch(ofEntry: max(0, size - 1))
        let next = last + 1 < epochs.count && epochs[last + 1].first == size ? [epochs[last + 1]] : []
        return ([epochs[last]] + next).compactMap(\.signer)
    }

    /// The last key that must have signed a checkpoint of this size.
    package func signer(ofSize size: Int64) -> VerifierKey? { signers(ofSize: size).last }

    /// Adds an entry's sealed bytes to a log and returns the chain value to store with them; nil where the key of its epoch is not known.
    package func append(_ sealed: [UInt8], to head: inout LogHead) -> [UInt8]? { chain(ofEntry: head.size).map { head.append(sealed, key: $0) } }

    /// What a checkpoint is worth; nil where no key is known that could tell.
    package func verdict(on checkpoint: SignedCheckpoint) -> (verdict: SignedCheckpoint.Verdict, signer: VerifierKey)? {
        let judged = signers(ofSize: checkpoint.size).map { (verdict: checkpoint.verdict(by: $0), signer: $0) }
        return judged.first { $0.verdict != .genuine } ?? judged.last
    }

    /// Whether a checkpoint was signed by whoever had to.
    package func isGenuine(_ checkpoint: SignedCheckpoint) -> Bool { verdict(on: checkpoint)?.verdict == .genuine }

    /// Goes on with the key that a genuine checkpoint names as the next one's, where the last epoch's key is the only one known. Whoever kept a verifier key learns
    /// the later ones so.
    mutating func follow(_ checkpoint: SignedCheckpoint) {
        guard let next = checkpoint.next, let last = epochs.last, last.first < checkpoint.size, last.chain == nil,
            checkpoint.verdict(by: next) == .genuine
        else { return }
        epochs.append(Epoch(first: checkpoint.size, chain: nil, signer: next))
    }
}
