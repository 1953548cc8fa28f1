import Model

/// An entry whose chain value is not the one computed, and the search for what happened to it in the entries that follow.
///
/// Whoever lacks the key can only move, repeat or drop what was once chained, or change bytes. An entry that was moved still fits its old place:
/// the chain value is over the index, so fitting is proof. Only the first hundred entries behind a supposed removal are tried: the name of a break
/// may cost something, but not a second verification.
struct BrokenLink: Sendable {
    private static let longestRemoval: Int64 = 100

    private let index: Int64
    private let leaf: LogHash
    private let link: LogHash
    private let expected: LogHash
    /// The head before this entry: in order.
    private let head: LogHead

    init(row: LogRow, link: LogHash, expected: LogHash, head: LogHead) {
        index = row.index
        leaf = row.leaf
        self.link = link
        self.expected = expected
        self.head = head
    }

    /// What it is called when nothing else is shown.
    var edited: LogBreak { .edited(index, expected: expected.hexadecimal, actual: link.hexadecimal) }

    /// Looks at an entry further on; nil as long as nothing is shown.
    func name(seeing row: LogRow, epochs: LogEpochs) -> LogBreak? {
        guard let rowLink = row.link, row.index > index else { return edited }
        if chain(index, after: head.link, row.leaf, epochs) == rowLink { return displaced(by: row, rowLink, epochs) }
        guard row.index == index + 1 else { return nil }
        // The next entry fits behind this one's stored or computed chain value: this entry alone was changed.
        for previous in [link, expected] where chain(index + 1, after: previous, row.leaf, epochs) == rowLink { return edited }
        let removed = (1...Self.longestRemoval).first { chain(index + 1 + $0, after: link, row.leaf, epochs) == rowLink }
        return removed.map {
            LogBreak(kind: .gap, index: index, expected: "entry \(index.grouped)", actual: "what was entry \((index + $0).grouped)")
        }
    }

    /// The entry that belongs here stands further on: this one came between, or the two changed places.
    private func displaced(by row: LogRow, _ rowLink: LogHash, _ epochs: LogEpochs) -> LogBreak {
        let isStranger = row.index == index + 1 && chain(row.index, after: rowLink, leaf, epochs) != link
        return LogBreak(
            kind: isStranger ? .inserted : .reordered, index: index, expected: "entry \(index.grouped)",
            actual: isStranger ? "an entry that the log never had" : "another; entry \(index.grouped) stands at \(row.index.grouped)")
    }

    private func chain(_ index: Int64, after previous: LogHash, _ leaf: LogHash, _ epochs: LogEpochs) -> LogHash? {
        epochs.chain(ofEntry: index)?.link(head.organization, index: index, after: previous, leaf: leaf)
    }
}
