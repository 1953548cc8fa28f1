/// Goes through a text and stops at each place where something may begin, with hints at what.
///
/// Between special bytes, places are passed by their windows: several at once, and one by one where that finds something. An escape or a gap changes
/// the windows of the places just before it: those are formed from every way to read the text, and looked up in the same filter.
struct Lookout {
    /// A place is told from this many characters.
    static let reach = 5

    private let lexicon: Lexicon
    private let text: LentBytes
    /// The next place to look at.
    private var place: Int
    /// Just after the last special byte before the place.
    private var start: Int
    /// The next special byte, and whether its surroundings have been considered.
    private var special: Int
    private var isConsidered = false
    /// The hints that the special byte left at the four places before it and at its own.
    private var marks = InlineArray<5, UInt16>(repeating: 0)
    private var hasMarks = false
    /// Whether something may begin at these five places.
    private var isNearOpen = false
    /// Up to here, places are looked at one by one.
    private var closeEnd: Int

    init(_ lexicon: Lexicon, on text: LentBytes, from place: Int) {
        self.lexicon = lexicon
        self.text = text
        (self.place, start, closeEnd) = (place, place, place)
        special = lexicon.filter.nextSpecial(from: place, in: text)
    }

    /// The next place, and what may begin there. So near to the text's end that its window is cut, every place is one.
    mutating func next() -> (place: Int, hints: Hints)? {
        let tail = text.count - Self.reach + 1
        while place < tail {
            if place > special { moveOn() }
            if !isConsidered { consider() }
            if let found = nextBeforeSpecial(tail) { return found }
        }
        guard place < text.count else { return nil }
        place += 1
        return (place - 1, .all)
    }

    private mutating func moveOn() {
        start = special + 1
        special = lexicon.filter.nextSpecial(from: start, in: text)
        isConsidered = false
    }

    /// Looks at the places up to the special byte, itself included.
    private mutating func nextBeforeSpecial(_ tail: Int) -> (place: Int, hints: Hints)? {
        let end = min(special + 1, tail)
        let near = max(place, special - 4)
        while place < near, place < end {
            if place >= closeEnd { lookFromAfar() }
            let stop = min(closeEnd, near, end)
            guard place < stop else { continue }
            place = lexicon.filter.nextHit(in: place..<stop, of: text)
            if place < stop {
                place += 1
                return (place - 1, lexicon.filter.hints(for: text.word(at: place)))
            }
        }
        while place < end, isNearOpen {
            let hints = lexicon.filter.hints(for: text.word(at: place + 1)).union(mark(at: place))
            place += 1
            if !hints.isEmpty { return (place - 1, hints) }
        }
        place = max(place, end)
        return nil
    }

    /// Passes places several at once, as far as no special byte changes what follows them.
    private mutating func lookFromAfar() {
        let stride = lexicon.traits.stride
        place = lexicon.filter.nextSample(from: place, before: special, of: text)
        closeEnd = place + stride + 4 <= special ? place + stride : special
    }

    private func mark(at place: Int) -> Hints {
        let index = place - special + 4
        return hasMarks && index >= 0 && index <= 4 ? Hints(rawValue: marks[index]) : []
    }

    private mutating func mark(_ marked: Int, _ hints: Hints) {
        guard !hints.isEmpty else { return }
        marks[marked - special + 4] |= hints.rawValue
        hasMarks = true
    }

    /// Marks the places that the special byte has an effect on: those before it that no earlier one had, and its own.
    private mutating func consider() {
        isConsidered = true
        if hasMarks { marks = InlineArray(repeating: 0) }
        hasMarks = false
        isNearOpen = true
        guard special < text.count else { return }
        if hasNothingNear { return isNearOpen = false }
        if lexicon.filter.beginsShort(text[special]) { mark(special, .short) }
        if isMember { mark(special, .member) }
        let first = max(start, special - 4, place)
        if lexicon.traits.hasShortestEncoded { for marked in first...special { mark(marked, .escaped) } }
        if first < special { extend(Reading(after: text[special - 1]), at: special, from: first) }
        extend(Reading(after: nil), at: special, from: special)
    }

    /// Most line breaks and backslashes of ordinary text, at a glance: no value has the characters before and after them side by side.
    private var hasNothingNear: Bool {
        guard !lexicon.traits.hasShortPatterns, special > 0, special + 2 < text.count else { return false }
        let (before, byte, after) = (text[special - 1], text[special], text[special + 1])
        guard !hasPair(before, byte), !hasPair(byte, after) else { return false }
        if byte == .lineFeed { return !hasPairAcrossBreak(before) }
        guard byte == .backslash, after.isSign else { return false }
        let next = text[special + 2]
        return !SpecialBytes.contains(next) && !hasPair(before, after) && !hasPair(after, next)
    }

    /// Whether a value may go on behind line breaks and indentation.
    private func hasPairAcrossBreak(_ before: UInt8) -> Bool {
        if lexicon.traits.hasBlanks, hasPair(before, UInt8(ascii: " ")) || hasPair(before, UInt8(ascii: "\t")) { return true }
        var next = special + 1
        while next < text.count, text[next] == UInt8(ascii: " ") || text[next] == .lineFeed { next &+= 1 }
        return next == text.count || text[next] == UInt8(ascii: "\t") || SpecialBytes.contains(text[next]) || hasPair(before, text[next])
    }

    @inline(__always)
    private func hasPair(_ first: UInt8, _ second: UInt8) -> Bool { lexicon.filter.hasPair(first, second) }

    private var isMember: Bool {
        let byte = text[special]
        guard SpecialBytes.mayEndMark(byte) || byte == UInt8(ascii: "&"), lexicon.traits.views.contains(.layers) else { return false }
        return MemberMark.at(special, in: text) != .none
    }

    /// One way to read the text from the special byte on, for the places before it or for its own.
    private struct Reading {
        /// The first one lowest.
        var characters: UInt64 = 0
        var count: UInt64 = 0
        /// The character before the next one, if one was read.
        var last: UInt8?
        /// Whether it is the text as it stands.
        var isPlain = true
        let beginsBefore: Bool

        init(after last: UInt8?) {
            self.last = last
            beginsBefore = last != nil
        }

        var isComplete: Bool { count >= (beginsBefore ? 4 : 5) }

        mutating func append(_ byte: UInt8) {
            characters |= UInt64(byte) << (8 * count)
            count += 1
            last = byte
        }
    }

    /// Goes on with a reading in every way, as long as some value has these characters, until there are enough.
    private mutating func extend(_ reading: Reading, at position: Int, from first: Int) {
        guard !reading.isComplete else { return }
        take(reading, at: position, from: first)
        guard reading.last != nil, position < text.count, EscapeLead.beginsGap(at: position, in: text) else { return }
        var (position, wrapped) = (position, reading)
        wrapped.isPlain = false
        while case .end(let end, let bare) = Gap.at(position, in: text) {
            if bare != end, lexicon.traits.hasBlanks { take(wrapped, at: bare, from: first) }
            take(wrapped, at: end, from: first)
            position = end
        }
        if case .cut = Gap.at(position, in: text) { markCut(from: first) }
    }

    /// Takes the character at a position, itself or escaped.
    private mutating func take(_ reading: Reading, at position: Int, from first: Int) {
        guard position < text.count else { return markCut(from: first) }
        if lexicon.filter.hasPair(reading.last, text[position]) {
            var literal = reading
            literal.append(text[position])
            note(literal, from: first)
            extend(literal, at: position + 1, from: first)
        }
        guard lexicon.traits.views.contains(.escapes), EscapeLead.stands(at: position, in: text) else { return }
        take(Escapes(PlainCharacters()).reading(at: position, in: text), after: reading, from: first)
        take(Escapes(EscapedCharacters()).reading(at: position, in: text), after: reading, from: first)
    }

    private mutating func take(_ found: EscapeReading, after reading: Reading, from first: Int) {
        switch found {
        case .none: break
        case .cut: markCut(from: first)
        case .spelled(let spelled): take(spelled, after: reading, from: first)
        case .either(let one, let other):
            take(one, after: reading, from: first)
            take(other, after: reading, from: first)
        }
    }

    private mutating func take(_ spelled: Spelled, after reading: Reading, from first: Int) {
        var reading = reading
        reading.isPlain = false
        for index in 0..<spelled.count where !reading.isComplete {
            let byte = UInt8(truncatingIfNeeded: spelled.bytes >> (8 * UInt32(index)))
            guard lexicon.filter.hasPair(reading.last, byte) else { return }
            reading.append(byte)
            note(reading, from: first)
        }
        extend(reading, at: spelled.end, from: first)
    }

    /// Looks up the window that the last character of a reading completes: of a place before the special byte, or its own.
    private mutating func note(_ reading: Reading, from first: Int) {
        guard !reading.isPlain else { return }
        guard reading.beginsBefore else {
            if reading.isComplete { note(UInt32(truncatingIfNeeded: reading.characters >> 8), at: special) }
            return
        }
        let place = special - 5 + Int(reading.count)
        guard place >= first else { return }
        let around = UInt64(wordBefore(special)) | reading.characters << 32
        note(UInt32(truncatingIfNeeded: around >> (8 * reading.count)), at: place)
    }

    private mutating func note(_ window: UInt32, at place: Int) {
        let hints = lexicon.filter.hints(for: window)
        guard !hints.isEmpty else { return }
        var noted = hints.intersection([.base64, .hex])
        if hints.contains(.plain) { noted.insert(.escaped) }
        mark(place, noted)
    }

    private func wordBefore(_ special: Int) -> UInt32 {
        if special >= 4 { return text.word(at: special - 4) }
        return (0..<special).reduce(0) { $0 | UInt32(text[$1]) << (8 * UInt32($1 + 4 - special)) }
    }

    /// The text ends too early: what begins here must be read to be told.
    private mutating func markCut(from first: Int) {
        for marked in first...special { mark(marked, [.escaped, .base64, .hex]) }
    }
}
