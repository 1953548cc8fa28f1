/// One thing that is wrong with a log, and where.
package struct LogBreak: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// An entry is missing.
        case gap
        /// An entry's bytes or chain value are not what was written.
        case edited
        /// An entry stands where the log never had one.
        case inserted
        /// An entry stands in another place than the one it was written to.
        case reordered
        /// The entries up to a checkpoint are not those that it was signed for.
        case fork
        /// The log ends before a checkpoint's size.
        case cutTail = "cut-tail"
        /// A checkpoint is not signed by the log's key.
        case badSignature = "bad-signature"
        /// A checkpoint is of another log.
        case otherOrigin = "other-origin"
        /// A checkpoint that was stored is not there any more.
        case missingCheckpoint = "missing-checkpoint"
    }

    package let kind: Kind
    /// The entry at which the log is broken; for what a checkpoint shows, its size; for a cut tail, the first missing entry.
    package let index: Int64
    /// What there should be: a hash in hexadecimal, or words.
    package let expected: String
    /// What there is.
    package let actual: String

    package init(kind: Kind, index: Int64, expected: String, actual: String) {
        self.kind = kind
        self.index = index
        self.expected = expected
        self.actual = actual
    }

    /// One sentence that names the break.
    package var message: String {
        let found = "expected \(expected.shortened), found \(actual.shortened)"
        return switch kind {
        case .gap, .edited, .inserted, .reordered: "chain broken at entry \(index.grouped): \(found)"
        case .fork: "the log differs from its checkpoint at \(index.grouped) entries: \(found)"
        case .cutTail: "the end of the log is missing from entry \(index.grouped) on: \(found)"
        case .missingCheckpoint: "the checkpoint at \(index.grouped) entries was taken away: \(found)"
        case .badSignature, .otherOrigin: "the checkpoint at \(index.grouped) entries is not this log's: \(found)"
        }
    }
}

/// What the verification of a whole log shows.
package enum LogVerdict: Sendable, Equatable {
    /// Nothing is wrong. Without the chain key only gaps, and what checkpoints prove, were checked.
    case intact(entries: Int64, checkpoints: Int, isChainChecked: Bool)
    case broken(LogBreak)

    /// One line for people.
    package var message: String {
        switch self {
        case .broken(let broken): broken.message
        case .intact(let entries, _, true): "\(entries.grouped) \(entries.noun) verified · chain intact · no gaps"
        case .intact(let entries, let checkpoints, false) where checkpoints > 0:
            "\(entries.grouped) \(entries.noun) read · \(checkpoints) \(checkpoints == 1 ? "checkpoint" : "checkpoints") matched · no gaps"
        case .intact(let entries, _, false):
            "\(entries.grouped) \(entries.noun) read · no gaps · nothing proved: neither key nor checkpoint was given"
        }
    }
}

extension Int64 {
    /// The number with its digits in groups of three.
    var grouped: String {
        var text = ""
        let digits = String(magnitude)
        for (offset, digit) in digits.enumerated() {
            if offset > 0, (digits.count - offset).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return self < 0 ? "-" + text : text
    }

    fileprivate var noun: String { self == 1 ? "entry" : "entries" }
}

extension String {
    /// A long hash cut to what people compare.
    fileprivate var shortened: String { count == 2 * LogHash.byteCount && !contains(" ") ? prefix(16) + "…" : self }
}
