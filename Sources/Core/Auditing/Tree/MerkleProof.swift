/// What inclusion and consistency proofs over the log's tree show (RFC 6962 §2.1.1 and §2.1.2). `ProofGatherer` makes them.
package enum MerkleProof {
    /// What a proof shows.
    package enum Verdict: Sendable, Equatable {
        case proven
        case refuted(Reason)
    }

    /// Why a proof shows nothing.
    package enum Reason: String, Sendable {
        /// There is no such leaf or no such older tree.
        case outOfRange = "out-of-range"
        /// The proof has too few or too many hashes.
        case wrongLength = "wrong-length"
        /// The hashes lead to another root than the one given.
        case otherRoot = "other-root"
    }
}

extension MerkleProof {
    /// Whether `proof` shows `leaf` to be entry `index` of the tree of `size` leaves under `root` (RFC 9162 §2.1.3.2).
    package static func verifyInclusion(of leaf: LogHash, at index: Int64, size: Int64, proof: [LogHash], root: LogHash) -> Verdict {
        guard index >= 0, index < size else { return .refuted(.outOfRange) }
        var (node, last) = (index, size - 1)
        var hash = leaf
        for sibling in proof {
            guard last > 0 else { return .refuted(.wrongLength) }
            if node & 1 == 1 || node == last {
                hash = .node(sibling, hash)
                while node & 1 == 0, node != 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                hash = .node(hash, sibling)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        guard last == 0 else { return .refuted(.wrongLength) }
        return hash == root ? .proven : .refuted(.otherRoot)
    }

    /// Whether `proof` shows the tree of `oldSize` leaves to be the beginning of the one of `newSize` leaves (RFC 9162 §2.1.4.2).
    package static func verifyConsistency(
        from oldRoot: LogHash, oldSize: Int64, to newRoot: LogHash, newSize: Int64, proof: [LogHash]
    ) -> Verdict {
        guard oldSize >= 0, oldSize <= newSize else { return .refuted(.outOfRange) }
        if oldSize == newSize || oldSize == 0 {
            guard proof.isEmpty else { return .refuted(.wrongLength) }
            let isSame = oldSize == newSize ? oldRoot == newRoot : oldRoot == .emptyTree
            return isSame ? .proven : .refuted(.otherRoot)
        }
        var walk = ConsistencyWalk(oldSize: oldSize, newSize: newSize)
        return walk.verdict(for: proof, oldRoot: oldRoot, newRoot: newRoot)
    }
}

/// The climb from the last old leaf to the new root, which rebuilds both roots from one proof.
private struct ConsistencyWalk {
    private var node: Int64
    private var last: Int64
    private let startsAtOldRoot: Bool

    init(oldSize: Int64, newSize: Int64) {
        (node, last) = (oldSize - 1, newSize - 1)
        while node & 1 == 1 { (node, last) = (node >> 1, last >> 1) }
        startsAtOldRoot = oldSize.nonzeroBitCount == 1
    }

    mutating func verdict(for proof: [LogHash], oldRoot: LogHash, newRoot: LogHash) -> MerkleProof.Verdict {
        guard let start = startsAtOldRoot ? oldRoot : proof.first else { return .refuted(.wrongLength) }
        var (old, new) = (start, start)
        for sibling in proof.dropFirst(startsAtOldRoot ? 0 : 1) {
            guard last > 0 else { return .refuted(.wrongLength) }
            if node & 1 == 1 || node == last {
                old = .node(sibling, old)
                new = .node(sibling, new)
                while node & 1 == 0, node != 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                new = .node(new, sibling)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        guard last == 0 else { return .refuted(.wrongLength) }
        return old == oldRoot && new == newRoot ? .proven : .refuted(.otherRoot)
    }
}
