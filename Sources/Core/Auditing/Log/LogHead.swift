package import Model

/// Where a log ends: what the next entry is chained to, and the edge of the tree.
package struct LogHead: Sendable, Equatable {
    package let organization: OrganizationID
    /// The edge of the tree over all entries.
    package private(set) var frontier: MerkleFrontier
    private(set) var link: LogHash

    /// Makes the head of an empty log.
    package init(organization: OrganizationID) {
        self.organization = organization
        frontier = MerkleFrontier()
        link = .zero
    }

    /// Takes up a log behind its last known entry; `chain` is that entry's chain value (32 zero bytes for an empty log). Nil when the parts do not fit.
    package init?(organization: OrganizationID, chain: [UInt8], frontier: MerkleFrontier) {
        guard let link = LogHash(bytes: chain), frontier.size > 0 || link == .zero else { return nil }
        self.organization = organization
        self.frontier = frontier
        self.link = link
    }

    /// The head that a checkpoint proves, once it is known to be genuine; nil where it fixes no chain value, or is not over this frontier.
    package init?(provenBy checkpoint: SignedCheckpoint, frontier: [UInt8], organization: OrganizationID) {
        guard let frontier = MerkleFrontier(decoding: frontier, size: checkpoint.size), frontier.root == checkpoint.root,
            let chain = checkpoint.chain
        else { return nil }
        self.init(organization: organization, chain: chain, frontier: frontier)
    }

    /// How many entries the log has; also the index of the next one.
    package var size: Int64 { frontier.size }

    /// The chain value of the last entry; 32 zero bytes for an empty log.
    package var chain: [UInt8] { link.bytes }

    /// Adds an entry's sealed bytes and returns the chain value to store with them.
    package mutating func append(_ sealed: [UInt8], key: ChainKey) -> [UInt8] {
        let leaf = LogHash.leaf(sealed)
        advance(leaf, link: next(leaf, key: key))
        return chain
    }

    /// The chain value of the entry that would come next.
    func next(_ leaf: LogHash, key: ChainKey) -> LogHash { key.link(organization, index: size, after: link, leaf: leaf) }

    mutating func advance(_ leaf: LogHash, link: LogHash) {
        frontier.append(leaf)
        self.link = link
    }
}
