/// The checkpoints that are stored with a log. Each names the one before it, so that none can be taken away unnoticed as long as a later one is there.
package struct CheckpointSeries: Sendable {
    private let stored: [SignedCheckpoint]
    private let sizes: Set<Int64>

    /// Takes what is stored; that all of it is genuine is for others to find out.
    package init(_ stored: [SignedCheckpoint]) {
        self.stored = stored.sorted { $0.size < $1.size }
        sizes = Set(stored.map(\.size))
    }

    /// The first checkpoint that must be there and is not.
    ///
    /// - `handedOut` are genuine checkpoints that were stored when they were signed, and kept elsewhere.
    /// - `head` is one over the whole log that is not stored itself.
    /// - `anchors` are the sizes at which the log was pruned: those stay, the others below the last of them went with what they cover.
    /// - `ends` are the sizes at which epochs ended: those stay, too.
    package func gap(
        handedOut: [SignedCheckpoint] = [], head: SignedCheckpoint? = nil, anchors: [Int64] = [], ends: [Int64] = []
    ) -> LogBreak? {
        let named = (stored + handedOut + (head.map { [$0] } ?? [])).compactMap(\.previous) + handedOut.map(\.size)
        let start = anchors.max() ?? 0
        return (named.filter { $0 >= start } + anchors + ends).filter { !sizes.contains($0) }.min().map(LogBreak.missingCheckpoint)
    }
}

extension LogBreak {
    fileprivate static func missingCheckpoint(_ size: Int64) -> LogBreak {
        LogBreak(kind: .missingCheckpoint, index: size, expected: "a checkpoint at \(size.grouped) entries", actual: "none")
    }
}
