package import Model

/// Verifies a log as its entries stream by: chain, tree, checkpoints, gaps.
///
/// The order of the calls is `take` for every entry from the starting point on, then `finish`. After a break of the chain the entries that follow
/// serve only to name it exactly; the break is returned as soon as it is named.
package struct LogVerifier: Sendable {
    private var epochs: LogEpochs
    /// Those that can be compared, by size.
    private let checkpoints: [SignedCheckpoint]
    private let start: Int64
    private var passed = 0
    private var nextSize: Int64
    private var suspect: BrokenLink?
    private var found: LogBreak?
    /// The head behind the last entry that was found in order; where writing goes on when all are.
    package private(set) var head: LogHead
    /// The sizes of trusted checkpoints before the start of which no stored one is left to be held against.
    package private(set) var uncompared: [Int64] = []

    /// Prepares for a log.
    ///
    /// - `key` proves the chain; without it only the tree is computed, as a third party does.
    /// - `verifierKey` proves the checkpoints: each must be genuine and match.
    /// - `checkpoints` are those stored with the log; without a verifier key they prove nothing and are left out.
    /// - `trusted` are those kept elsewhere; they are compared in any case.
    /// - `startingAt` is a head proved before (an anchor, a checkpoint's frontier). Of checkpoints below it, trusted ones are held against the stored one of
    ///   their size.
    package init(
        organization: OrganizationID, key: ChainKey?, verifierKey: String?, checkpoints: [SignedCheckpoint] = [],
        trusted: [SignedCheckpoint] = [], startingAt head: LogHead? = nil
    ) throws(AuditingError) {
        var signer: VerifierKey?
        if let verifierKey { signer = try VerifierKey(parsing: verifierKey) }
        let epochs = LogEpochs(current: .init(first: 0, chain: key, signer: signer))
        self.init(organization: organization, epochs: epochs, checkpoints: checkpoints, trusted: trusted, startingAt: head)
    }

    /// Prepares for a log with the keys of each of its epochs.
    package init(
        organization: OrganizationID, epochs: LogEpochs, checkpoints: [SignedCheckpoint] = [], trusted: [SignedCheckpoint] = [],
        startingAt head: LogHead? = nil
    ) {
        self.epochs = epochs
        self.head = head ?? LogHead(organization: organization)
        start = self.head.size
        let first = start
        let comparable = trusted + (epochs.hasSigners ? checkpoints : [])
        self.checkpoints = comparable.filter { $0.size >= first }.sorted { $0.size < $1.size }
        nextSize = self.checkpoints.first?.size ?? .max
        // Of what came before, the anchors are left: what they are worth is known without their entries.
        for anchor in epochs.hasSigners ? checkpoints : [] where anchor.size < first { found = found ?? unproven(anchor) }
        for kept in trusted where kept.size < first { compare(kept, with: checkpoints.filter { $0.size == kept.size }) }
        passCheckpoints()
    }

    /// Takes the next stored entry; returns the break once there is one and it is named.
    package mutating func take(index: Int64, sealed: [UInt8], chain: [UInt8]) -> LogBreak? {
        unsafe take(index: index, sealed: sealed.span.bytes, chain: chain.span.bytes)
    }

    /// Takes the next stored entry without copying it.
    package mutating func take(index: Int64, sealed: RawSpan, chain: RawSpan) -> LogBreak? {
        take(LogRow(index: index, sealed: sealed, chain: chain))
    }

    /// Takes the next stored entry, whose leaf was hashed before: perhaps on another thread.
    package mutating func take(_ row: LogRow) -> LogBreak? {
        if let found { return found }
        if suspect != nil { return examine(row) }
        guard row.index == head.size else { return settle(misplaced(row)) }
        guard let link = row.link else { return settle(.edited(row.index, expected: "32 bytes of chain value", actual: "\(row.linkByteCount)")) }
        if let key = epochs.chain(ofEntry: row.index) {
            let expected = head.next(row.leaf, key: key)
            guard expected == link else {
                suspect = BrokenLink(row: row, link: link, expected: expected, head: head)
                return nil
            }
        }
        head.advance(row.leaf, link: link)
        if head.size == nextSize { passCheckpoints() }
        return found
    }

    /// Ends the verification and says what it showed.
    package consuming func finish() -> LogVerdict {
        if let found { return .broken(found) }
        if let suspect { return .broken(suspect.edited) }
        if let last = checkpoints.last, last.size > head.size { return .broken(beyondEnd(last)) }
        return .intact(entries: head.size - start, checkpoints: passed, isChainChecked: epochs.hasChainKeys)
    }
}

/// One stored entry as far as the verifier needs it.
package struct LogRow: Sendable {
    package let index: Int64
    package let leaf: LogHash
    /// The chain value; nil when it has another length.
    let link: LogHash?
    let linkByteCount: Int

    package init(index: Int64, sealed: [UInt8], chain: [UInt8]) {
        unsafe self.init(index: index, sealed: sealed.span.bytes, chain: chain.span.bytes)
    }

    init(index: Int64, sealed: RawSpan, chain: RawSpan) {
        (self.index, leaf) = (index, .leaf(sealed))
        (link, linkByteCount) = (LogHash(bytes: chain), chain.byteCount)
    }
}

extension LogVerifier {
    private mutating func settle(_ broken: LogBreak) -> LogBreak {
        found = broken
        return broken
    }

    private mutating func examine(_ row: LogRow) -> LogBreak? {
        guard let name = suspect?.name(seeing: row, epochs: epochs) else { return nil }
        return settle(name)
    }

    private func misplaced(_ row: LogRow) -> LogBreak {
        let kind: LogBreak.Kind = row.index > head.size ? .gap : .reordered
        return LogBreak(kind: kind, index: head.size, expected: "entry \(head.size.grouped)", actual: "entry \(row.index.grouped)")
    }

    /// Compares every checkpoint of the size reached.
    private mutating func passCheckpoints() {
        while found == nil, passed < checkpoints.count, checkpoints[passed].size == head.size {
            found = difference(from: checkpoints[passed])
            if found == nil { epochs.follow(checkpoints[passed]) }
            passed += 1
        }
        nextSize = passed < checkpoints.count ? checkpoints[passed].size : .max
    }

    /// Holds a trusted checkpoint, of whose entries none is left, against the stored ones of its size.
    private mutating func compare(_ kept: SignedCheckpoint, with stored: [SignedCheckpoint]) {
        if stored.isEmpty { uncompared.append(kept.size) }
        let other = stored.first { $0.root != kept.root }
        found =
            found ?? unproven(kept) ?? stored.lazy.compactMap(unproven).first
            ?? other.map { LogBreak(kind: .fork, index: kept.size, expected: kept.root.hexadecimal, actual: $0.root.hexadecimal) }
    }

    private func difference(from checkpoint: SignedCheckpoint) -> LogBreak? {
        if let unproven = unproven(checkpoint) { return unproven }
        if checkpoint.root != head.frontier.root {
            return LogBreak(
                kind: .fork, index: checkpoint.size, expected: checkpoint.root.hexadecimal, actual: head.frontier.root.hexadecimal)
        }
        if let chain = checkpoint.chain, chain != head.chain {
            return .edited(max(0, checkpoint.size - 1), expected: chain.hexadecimal, actual: head.chain.hexadecimal)
        }
        return nil
    }

    private func unproven(_ checkpoint: SignedCheckpoint) -> LogBreak? {
        guard let (verdict, signer) = epochs.verdict(on: checkpoint) else { return nil }
        return switch verdict {
        case .genuine: nil
        case .otherOrigin: LogBreak(kind: .otherOrigin, index: checkpoint.size, expected: signer.name, actual: checkpoint.origin)
        case .unknownSigner:
            LogBreak(
                kind: .badSignature, index: checkpoint.size, expected: "a signature by key \(signer.keyID.hexadecimal)", actual: "none by it")
        case .forged:
            LogBreak(
                kind: .badSignature, index: checkpoint.size, expected: "a signature by key \(signer.keyID.hexadecimal)", actual: "a wrong one")
        }
    }

    /// A checkpoint that the log does not reach: a cut tail, if the checkpoint is genuine.
    private func beyondEnd(_ checkpoint: SignedCheckpoint) -> LogBreak {
        let cut = LogBreak(
            kind: .cutTail, index: head.size, expected: "\(checkpoint.size.grouped) entries, as a checkpoint says",
            actual: head.size.grouped)
        return unproven(checkpoint) ?? cut
    }
}

extension LogBreak {
    static func edited(_ index: Int64, expected: String, actual: String) -> LogBreak {
        LogBreak(kind: .edited, index: index, expected: expected, actual: actual)
    }
}
