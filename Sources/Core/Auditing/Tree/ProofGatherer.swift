/// Gathers the hashes of one proof while the leaves of a log stream by.
///
/// It holds the edge of one tree for each hash of the proof: what it needs grows with the logarithm of the log, whatever is proved.
package struct ProofGatherer: Sendable {
    /// The leaves below one hash of the proof.
    private struct Part: Sendable {
        let leaves: Range<Int64>
        var edge: MerkleFrontier
    }

    private let size: Int64
    /// In the order of their leaves.
    private var parts: [Part]
    /// Where the hashes of the proof are among the parts.
    private let order: [Int]
    private var next: Int64
    private var current = 0
    private let olderSize: Int64
    private var older: MerkleFrontier

    /// For the hashes that lead from leaf `index` to the root over `size` leaves; nil when there is no such leaf.
    ///
    /// Of a log that begins with `start`, because what came before was pruned, the leaves from there on are taken; the edge of the tree up to there holds what
    /// else is needed. Nil for a leaf that was pruned.
    package init?(inclusionOf index: Int64, size: Int64, from start: MerkleFrontier = MerkleFrontier()) {
        guard index >= start.size, index < size else { return nil }
        self.init(size: size, olderSize: 0, hashes: Self.path(to: index, in: 0..<size), from: start)
    }

    /// For the hashes that show the first `olderSize` leaves to be the beginning of `size`; nil unless there are as many, or where `olderSize` lies before
    /// `start`. The empty tree needs none.
    package init?(consistencyFrom olderSize: Int64, size: Int64, from start: MerkleFrontier = MerkleFrontier()) {
        guard olderSize == 0 || olderSize >= start.size, olderSize >= 0, olderSize <= size else { return nil }
        self.init(size: size, olderSize: olderSize, hashes: olderSize == 0 ? [] : Self.subproof(olderSize, in: 0..<size, isWhole: true), from: start)
    }

    private init?(size: Int64, olderSize: Int64, hashes: [Range<Int64>], from start: MerkleFrontier) {
        guard size >= start.size else { return nil }
        self.size = size
        self.olderSize = olderSize
        next = start.size
        older = olderSize > 0 ? start : MerkleFrontier()
        let places = hashes.indices.sorted { hashes[$0].lowerBound < hashes[$1].lowerBound }
        var parts: [Part] = []
        for leaves in places.map({ hashes[$0] }) {
            let known = leaves.lowerBound..<max(leaves.lowerBound, min(leaves.upperBound, start.size))
            guard let edge = start.edge(over: known) else { return nil }
            parts.append(Part(leaves: leaves, edge: edge))
        }
        self.parts = parts
        var order = [Int](repeating: 0, count: hashes.count)
        for (place, hash) in places.enumerated() { order[hash] = place }
        self.order = order
    }

    /// Takes the next leaf of the log. Those behind the tree that is meant count for nothing.
    package mutating func append(_ leaf: LogHash) {
        if next < olderSize { older.append(leaf) }
        while current < parts.count, parts[current].leaves.upperBound <= next { current += 1 }
        if current < parts.count, parts[current].leaves.contains(next) { parts[current].edge.append(leaf) }
        next += 1
    }

    /// The proof's hashes in their order; nil while leaves are missing.
    package var hashes: [LogHash]? { next < size ? nil : order.map { parts[$0].edge.rootHash } }

    /// The root over the first leaves, for a proof of consistency.
    package var olderRoot: LogHash { older.rootHash }
}

extension ProofGatherer {
    /// PATH(m, D[n]) of RFC 6962 §2.1.1, as the leaves below each of its hashes.
    private static func path(to index: Int64, in leaves: Range<Int64>) -> [Range<Int64>] {
        guard leaves.count > 1 else { return [] }
        let middle = split(leaves)
        let (left, right) = (leaves.lowerBound..<middle, middle..<leaves.upperBound)
        return index < middle ? path(to: index, in: left) + [right] : path(to: index, in: right) + [left]
    }

    /// SUBPROOF(m, D[n], b) of RFC 6962 §2.1.2, as the leaves below each of its hashes; `isWhole` is its b: the subtree is the whole old tree, whose root
    /// the verifier has.
    private static func subproof(_ size: Int64, in leaves: Range<Int64>, isWhole: Bool) -> [Range<Int64>] {
        guard size < leaves.upperBound else { return isWhole ? [] : [leaves] }
        let middle = split(leaves)
        let (left, right) = (leaves.lowerBound..<middle, middle..<leaves.upperBound)
        return size <= middle
            ? subproof(size, in: left, isWhole: isWhole) + [right] : subproof(size, in: right, isWhole: false) + [left]
    }

    /// Where a tree is split: at the largest power of two below the number of its leaves.
    private static func split(_ leaves: Range<Int64>) -> Int64 {
        leaves.lowerBound + 1 << (Int64.bitWidth - 1 - (Int64(leaves.count) - 1).leadingZeroBitCount)
    }
}
