package import Model
import PlaintextDoor

/// The values to hide in the streams of one run or session, compiled once.
///
/// All that is derived from plaintext lies in `SecretValue`s and is wiped with the set: the values, the table of their first bytes and the
/// tables of landmarks. Beside them it keeps names, and where patterns lie.
package final class NeedleSet: Sendable {
    let names: [String]
    /// By the number of the name.
    let standIns: [String?]
    /// Which of them are fake tokens, by the number of their name.
    let areTokens: [Bool]
    /// Which of the values could be guessed, by the number of their name.
    let areGuessable: [Bool]
    private let patterns: [Pattern]
    /// No text of fewer bytes can show anything of a value.
    private let shortest: Int
    private let traits: Lexicon.Traits
    private let bytes: SecretValue
    private let heads: SecretValue
    private let tables: SecretValue
    private let layout: LexiconTable.Layout

    /// Compiles the needles. An empty value matches nothing; of equal values the first one's name stands in the output.
    package init(_ needles: [Needle], views: RedactionViews = .all, in arena: SecretArena = .process) {
        names = needles.map(\.name)
        standIns = needles.map(\.standIn)
        areTokens = needles.map(\.isToken)
        areGuessable = needles.map { !$0.isToken && GuessEstimate.isGuessable($0.value) }
        bytes = Self.joined(needles.map(\.value), in: arena)
        let patterns = Self.patterns(of: needles.map(\.value.byteCount), in: bytes)
        self.patterns = patterns
        shortest = Self.lend(bytes) { text in
            let isForeign = (0..<text.count).contains { text[$0] >= 0x80 }
            return isForeign ? 0 : min(patterns.map(\.length).min() ?? .max, Redactor.edgeByteCount)
        }
        (heads, tables, traits, layout) = Self.lend(bytes) { text in
            let heads = unsafe SecretValue(zeroedBytes: PatternIndex.headTableSize(patternCount: patterns.count), in: arena) { table in
                unsafe PatternIndex.fillHeads(table, patterns: patterns, bytes: text)
            }
            let traits = Lexicon.Traits(patterns, in: text, views: views)
            let layout = LexiconTable.Layout(patternCount: patterns.count, traits.landmarks, hasRare: traits.hasRare)
            let tables = unsafe SecretValue(zeroedBytes: layout.byteCount, in: arena) { table in
                let builder = unsafe LexiconBuilder(table, layout, views)
                for pattern in patterns { builder.insert(text.slice(pattern.offset..<pattern.end), traits.landmarks) }
            }
            return (heads, tables, traits, layout)
        }
    }

    /// Whether a text of its own is so short that nothing of a value is in it: every spelling is at least as long as what it spells, but for letters that UTF-16 has in
    /// fewer bytes (with such a value nothing is too short), and for packed ones, which begin with what is no letter or with `x^`.
    package func isTooShort(_ text: [UInt8]) -> Bool {
        text.count < shortest && text.allSatisfy { 0x20..<0x7F ~= $0 && $0 != UInt8(ascii: "^") }
    }

    /// Lends the compiled needles for one call.
    func withLexicon<Result>(_ body: (Lexicon) -> Result) -> Result {
        Self.lend(bytes) { text in
            Self.lend(heads) { heads in
                Self.lend(tables) { tables in
                    body(
                        Lexicon(
                            index: PatternIndex(patterns: patterns, bytes: text, heads: heads), table: LexiconTable(tables, layout), traits: traits))
                }
            }
        }
    }

    private static func lend<Result>(_ value: SecretValue, _ body: (LentBytes) -> Result) -> Result {
        value.withPlaintext(PlaintextDoor()) { span in
            unsafe span.withUnsafeBytes { unsafe body(LentBytes($0)) }
        }
    }

    private static func joined(_ values: [SecretValue], in arena: SecretArena) -> SecretValue {
        unsafe SecretValue(zeroedBytes: values.map(\.byteCount).reduce(0, +), in: arena) { target in
            var offset = 0
            for value in values {
                lend(value) { unsafe $0.copy(to: target, at: offset) }
                offset += value.byteCount
            }
        }
    }

    private static func patterns(of lengths: [Int], in bytes: SecretValue) -> [Pattern] {
        lend(bytes) { text in
            var all: [Pattern] = []
            var offset = 0
            for (name, length) in lengths.enumerated() {
                all += Pattern.patterns(name: name, at: offset..<offset + length, in: text)
                offset += length
            }
            return PatternIndex.sorted(all, in: text)
        }
    }
}

extension SecretValue {
    fileprivate convenience init(zeroedBytes count: Int, in arena: SecretArena, filledBy fill: (UnsafeMutableRawBufferPointer) -> Void) {
        unsafe self.init(capacity: count, in: arena) { target in
            unsafe target.wipe()
            unsafe fill(target)
            return count
        }
    }
}
