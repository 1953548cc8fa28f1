/// Goes through a text and stops at each place where something may begin, with hints at what.
///
/// Most places are passed by their window alone. A line break or an escape changes the windows of the places just before it: those are
/// formed from what a reader makes of the text, and looked up in the same filter.
struct Lookout {
    /// A place is told from this many characters.
    static let reach = 5

    private let lexicon: Lexicon
    private let text: LentBytes
    /// The next place to look at.
    private var place: Int
    /// The first special byte whose surroundings have not been considered.
    private var special: Int
    /// The hints that special bytes left at places, by the place's last three bits, and between which places they lie.
    private var marks = InlineArray<8, UInt16>(repeating: 0)
    private var firstMarked = 0
    private var lastMarked = -1

    init(_ lexicon: Lexicon, on text: LentBytes, from place: Int) {
        self.lexicon = lexicon
        self.text = text
        self.place = place
        special = lexicon.filter.nextSpecial(from: place, in: text)
    }

    /// The next place, and what may begin there. So near to the text's end that its window is cut, every place is one.
    mutating func next() -> (place: Int, hints: Hints)? {
        let tail = text.count - Self.reach + 1
        while place < tail {
            let plainEnd = min(tail, considerAhead())
            if place < plainEnd {
                place = lexicon.filter.nextHit(in: place..<plainEnd, of: text)
                if place == plainEnd { continue }
            }
            let hints = lexicon.filter.hints(for: text.word(at: place + 1)).union(takeMarks())
            place += 1
            if !hints.isEmpty { return (place - 1, hints) }
        }
        guard place < text.count else { return nil }
        place += 1
        return (place - 1, .all)
    }

    /// Considers special bytes until one leaves marks, and those before which the next place lies; gives the first place that may be marked.
    private mutating func considerAhead() -> Int {
        while special < place + Self.reach || (lastMarked < place && special < text.count) {
            consider(special)
            special = lexicon.filter.nextSpecial(from: special + 1, in: text)
        }
        let unconsidered = special - Self.reach + 1
        return lastMarked < place ? unconsidered : min(max(place, firstMarked), unconsidered)
    }

    /// The marks of the next place. Before the first marked place, its slot belongs to another one further on.
    private mutating func takeMarks() -> Hints {
        guard place >= firstMarked, place <= lastMarked else { return [] }
        defer { marks[place & 7] = 0 }
        return Hints(rawValue: marks[place & 7])
    }

    private mutating func mark(_ marked: Int, _ hints: Hints) {
        guard marked >= place, !hints.isEmpty else { return }
        marks[marked & 7] |= hints.rawValue
        firstMarked = lastMarked < place ? marked : min(firstMarked, marked)
        lastMarked = max(lastMarked, marked)
    }

    private mutating func mark(_ places: ClosedRange<Int>, _ hints: Hints) {
        for place in places { mark(place, hints) }
    }

    private mutating func consider(_ special: Int) {
        switch text[special] {
        case .lineFeed where special > 0 && text[special - 1] == .carriageReturn: break
        case .lineFeed, .carriageReturn: considerBreak(special)
        case .backslash: considerBackslash(special)
        case .percentSign: considerPercent(special)
        case CompressedMember.gzip: mark(special, .member)
        default: break
        }
        if lexicon.filter.beginsShort(text[special]) { mark(special, [.short, .percent]) }
    }

    /// Base64 and hex may go on after a line break.
    private mutating func considerBreak(_ special: Int) {
        guard special > place, mayBreak(after: text[special - 1]) else { return }
        guard let next = LineBreak.skipped(from: special, in: text) else { return mark(special - 4...special, [.base64, .hex]) }
        guard next > special else { return }
        rollBase64(from: next, at: special, count: Self.reach - 1)
    }

    /// Whether a line that ends with this byte may go on, for base64 or hex, after a break.
    private func mayBreak(after byte: UInt8) -> Bool {
        Base64Reader.sextet(byte) != nil || byte == UInt8(ascii: " ") || HexReader.isSeparator(byte)
    }

    private mutating func considerBackslash(_ special: Int) {
        roll(JSONReader(at: special, escapesAreBytes: false), at: special, hint: .json)
        if lexicon.traits.hasHighBytes { roll(JSONReader(at: special, escapesAreBytes: true), at: special, hint: .json) }
        guard special + 1 < text.count else { return mark(special - 4...special, .all) }
        if text[special + 1] == UInt8(ascii: "/") { rollBase64(from: special, at: special, count: Self.reach) } else { considerBreak(special) }
    }

    private mutating func considerPercent(_ special: Int) {
        guard special + 1 < text.count else { return mark(special - 4...special, .all) }
        guard text[special + 1].hexDigit != nil else { return }
        roll(PercentReader(at: special, plusIsSpace: false), at: special, hint: .percent)
        if lexicon.traits.hasSpaces { roll(PercentReader(at: special, plusIsSpace: true), at: special, hint: .percent) }
        if text[special + 1] == UInt8(ascii: "2") { rollBase64(from: special, at: special, count: Self.reach) }
    }

    /// The windows of the places up to an escape, as a reader spells them.
    private mutating func roll(_ start: some SpellingReader, at special: Int, hint: Hints) {
        if lexicon.traits.hasShortestEncoded { mark(special - 4...special, hint) }
        var reader = start
        var window = windowBefore(special)
        for step in 0..<Self.reach {
            switch reader.next(in: text) {
            case .byte(let byte): window = window >> 8 | UInt32(byte) << 24
            case .foreign: return
            case .cut: return mark(special - 4 + step...special, hint)
            }
            if lexicon.filter.hints(for: window).contains(.plain) { mark(special - 4 + step, hint) }
        }
    }

    /// The windows of the `count` places before `next`, in base64 and in bare digits.
    private mutating func rollBase64(from next: Int, at special: Int, count: Int) {
        var window = windowBefore(special)
        var position = next
        for step in 0..<count {
            let start = LineBreak.skipped(from: position, in: text) ?? text.count
            switch Base64Reader.character(at: start, in: text) {
            case .sextet(let sextet, let length):
                let byte = length == 1 ? text[start] : sextet == 62 ? UInt8(ascii: "+") : UInt8(ascii: "/")
                window = window >> 8 | UInt32(byte) << 24
                position = start + length
            case .none: return markSeparated(special - 4 + step..<special - 4 + count, before: text[start])
            case .cut: return mark(special - 4 + step...special, [.base64, .hex])
            }
            mark(special - 4 + step, lexicon.filter.hints(for: window).intersection([.base64, .hex]))
        }
    }

    /// Digits that go on after a line break and are then separated, or have a prefix.
    private mutating func markSeparated(_ places: Range<Int>, before byte: UInt8) {
        guard HexReader.isSeparator(byte) || byte == UInt8(ascii: " ") || byte == .backslash else { return }
        for place in places where place >= self.place && (text[place].hexDigit != nil || text[place] == .backslash) { mark(place, .hex) }
    }

    private func windowBefore(_ special: Int) -> UInt32 {
        if special >= 4 { return text.word(at: special - 4) }
        return (0..<special).reduce(0) { $0 | UInt32(text[$1]) << (8 * UInt32($1 + 4 - special)) }
    }
}
