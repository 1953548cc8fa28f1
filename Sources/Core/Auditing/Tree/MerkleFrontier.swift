/// The right edge of a Merkle tree (RFC 6962): the hashes of its perfect subtrees, which is all that hashing on and the root need.
package struct MerkleFrontier: Sendable, Equatable {
    /// How many leaves the tree has.
    package private(set) var size: Int64
    /// The roots of the perfect subtrees, largest first: one for each bit set in `size`.
    private var subtrees: [LogHash]

    /// Makes the frontier of the tree without leaves.
    package init() {
        size = 0
        subtrees = []
        subtrees.reserveCapacity(Int64.bitWidth)
    }

    /// Reads what `encoded()` wrote for a tree of this size; nil when the length does not fit the size.
    package init?(decoding bytes: [UInt8], size: Int64) {
        guard size >= 0, bytes.count == size.nonzeroBitCount * LogHash.byteCount else { return nil }
        self.init()
        self.size = size
        let span = unsafe bytes.span.bytes
        for start in stride(from: 0, to: bytes.count, by: LogHash.byteCount) {
            guard let hash = LogHash(bytes: span.extracting(start..<(start + LogHash.byteCount))) else { return nil }
            subtrees.append(hash)
        }
    }

    /// The hashes of the perfect subtrees, largest first, 32 bytes each.
    package func encoded() -> [UInt8] { subtrees.flatMap(\.bytes) }

    /// Adds a stored entry as the next leaf.
    package mutating func append(leaf sealed: [UInt8]) { append(.leaf(sealed)) }

    /// Adds the next leaf by its hash.
    package mutating func append(_ leaf: LogHash) {
        var hash = leaf
        for _ in 0..<(~size).trailingZeroBitCount {
            hash = .node(subtrees.removeLast(), hash)
        }
        subtrees.append(hash)
        size += 1
    }

    /// The edge of the tree over leaves that lie here, from the beginning of one perfect subtree to the end of one; nil for any others.
    func edge(over leaves: Range<Int64>) -> MerkleFrontier? {
        var (edge, start) = (MerkleFrontier(), Int64(0))
        for subtree in subtrees {
            let end = start + 1 << (Int64.bitWidth - 1 - (size - start).leadingZeroBitCount)
            if start >= leaves.lowerBound, end <= leaves.upperBound {
                guard start == leaves.lowerBound + edge.size else { return nil }
                edge.subtrees.append(subtree)
                edge.size += end - start
            }
            start = end
        }
        return leaves.lowerBound + edge.size == leaves.upperBound ? edge : nil
    }

    /// The root of the whole tree.
    package var rootHash: LogHash {
        guard var root = subtrees.last else { return .emptyTree }
        for subtree in subtrees.dropLast().reversed() { root = .node(subtree, root) }
        return root
    }

    /// The root of the whole tree, as bytes.
    package var root: [UInt8] { rootHash.bytes }
}
