private import CLetters

/// The letters and digits of a text in their order, with escapes read and everything else left out.
///
/// Gaps, separators, padding, the zeros of UTF-16 and every other sign are gone, and an escape is the character that it stands for: whatever notations a value's
/// spelling mixes, the same letters follow each other here. So one search of this text finds them all (`Landmarks`). Two places need more: the
/// inside of an escape that takes letters along (a value may begin there), and what comes before a terminal sequence, which is not taken apart here. They
/// are told as `suspects`.
@safe
struct Skeleton: ~Copyable, Sendable {
    /// Text is passed by so many bytes, which begin at multiples of the stream.
    static let groupLength = 16

    private var letters = Scratch()
    private var counts = Scratch()
    private var blocks = Scratch()
    private var rules = tacit_letter_rules()
    private var hasRules = false
    /// Its counts are of letters, of groups, and of letters before each group.
    private nonisolated(unsafe) var pass = unsafe tacit_letters()
    /// The letters from here on may be none, because the text ends within an escape.
    private(set) var sureCount = 0
    private var start = 0
    private(set) var suspects: [Range<Int>] = []
    /// The insides of escapes, with the number of letters up to there: a value may begin in one.
    private(set) var taken: [(inside: Range<Int>, index: Int)] = []
    /// The last bytes of the marks of compressed members.
    private(set) var members: [Int] = []
    /// The groups that consist of digits.
    private(set) var base64Blocks: [Int] = []
    private(set) var hexBlocks: [Int] = []

    var count: Int { unsafe pass.count }
    private var groupCount: Int { unsafe pass.group_count }
    /// Where the first group begins.
    private var origin: Int { unsafe pass.origin }

    /// Takes in a text from `start` on, whose first byte is at `offset` of the stream.
    mutating func read(_ text: LentBytes, from start: Int, at offset: Int64, _ lexicon: Lexicon) {
        begin(text, from: start, at: offset, lexicon.traits.views)
        while unsafe pass.place < text.count {
            unsafe tacit_letters_pass(&pass, &rules)
            guard unsafe pass.place < text.count else { break }
            unsafe pass.place = passSpecial(at: pass.place, of: text, lexicon)
            passBoundaries(of: text)
        }
        for index in unsafe 0..<(lexicon.traits.views.contains(.layers) ? pass.block_count : 0) {
            noteBlock(unsafe Int(pass.blocks[index]), of: text)
        }
        sureCount = min(sureCount, count)
        letters.clear(count, 16)
    }

    /// Overwrites the letters: they are what the stream held, values among them. Wide instructions wrote a little beyond the last one.
    func forget() { letters.wipe(count + 48) }

    private mutating func begin(_ text: LentBytes, from start: Int, at offset: Int64, _ views: RedactionViews) {
        if !hasRules { unsafe tacit_letters_prepare(&rules, views.contains(.escapes) ? 1 : 0, views.contains(.layers) ? 1 : 0) }
        hasRules = true
        (self.start, sureCount) = (start, .max)
        suspects.removeAll(keepingCapacity: true)
        taken.removeAll(keepingCapacity: true)
        members.removeAll(keepingCapacity: true)
        base64Blocks.removeAll(keepingCapacity: true)
        hexBlocks.removeAll(keepingCapacity: true)
        let mostGroups = (text.count - start) / Self.groupLength + 4
        letters.reserve(text.count - start + 48)
        counts.reserve(4 * mostGroups)
        blocks.reserve(4 * mostGroups)
        unsafe pass.text = text.start?.assumingMemoryBound(to: UInt8.self)
        unsafe pass.letters = letters.start.assumingMemoryBound(to: UInt8.self)
        unsafe pass.counts = counts.start.assumingMemoryBound(to: UInt32.self)
        unsafe pass.blocks = blocks.start.assumingMemoryBound(to: UInt32.self)
        unsafe (pass.end, pass.place) = (text.count, start)
        unsafe pass.origin = start + Int((16 - (offset + Int64(start)) % 16) % 16)
        unsafe (pass.count, pass.group_count, pass.block_count) = (0, 0, 0)
    }

    /// A place before everything that stands between a letter and the one before it.
    func place(beforeLetter index: Int) -> Int {
        guard index > 0, case let group = firstGroup(after: index - 1), group > 0 else { return start }
        return origin + Self.groupLength * (group - 1)
    }

    /// A place behind a letter, or the text's end.
    func place(afterLetter index: Int, in text: LentBytes) -> Int {
        let group = firstGroup(after: index)
        return group == groupCount ? text.count : origin + Self.groupLength * group
    }

    /// Lends the letters, with eight zeros behind them.
    func withLetters<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result { unsafe body(letters.start) }

    private func firstGroup(after letter: Int) -> Int {
        var (lower, upper) = (0, groupCount)
        while lower < upper {
            let middle = (lower + upper) / 2
            if unsafe Int(counts.start.load(fromByteOffset: 4 * middle, as: UInt32.self)) > letter { upper = middle } else { lower = middle + 1 }
        }
        return lower
    }

    /// Counts the groups into which an escape reached: whether one is a row of digits has nothing to do with that.
    private mutating func passBoundaries(of text: LentBytes) {
        while case let group = origin + Self.groupLength * groupCount, unsafe group < pass.place {
            unsafe pass.counts[groupCount] = UInt32(count)
            if group + Self.groupLength <= text.count, (group..<group + Self.groupLength).allSatisfy({ Base64Reader.sextet(text[$0]) != nil }) {
                unsafe pass.blocks[pass.block_count] = UInt32(groupCount)
                unsafe pass.block_count += 1
            }
            unsafe pass.group_count += 1
        }
    }

    private mutating func noteBlock(_ group: Int, of text: LentBytes) {
        let place = origin + Self.groupLength * group
        base64Blocks.append(place)
        if text.areHexDigits(place..<place + Self.groupLength) { hexBlocks.append(place) }
    }

    private mutating func append(_ letter: UInt8) {
        unsafe pass.letters[count] = letter
        unsafe pass.count += 1
    }

    private mutating func passSpecial(at place: Int, of text: LentBytes, _ lexicon: Lexicon) -> Int {
        switch text[place] {
        case .escape:
            // A zero is in no landmark.
            append(0)
            suspects.append(self.place(beforeLetter: max(count - 1 - lexicon.traits.reach, 0))..<place + 1)
            return place + 1
        case .backslash, .percentSign, UInt8(ascii: "="): return passEscape(at: place, of: text, lexicon.traits)
        case UInt8(ascii: "&"):
            noteMember(at: place, of: text, lexicon.traits)
            return passEscape(at: place, of: text, lexicon.traits)
        default:
            noteMember(at: place, of: text, lexicon.traits)
            return place + 1
        }
    }

    private mutating func noteMember(at place: Int, of text: LentBytes, _ traits: Lexicon.Traits) {
        if traits.views.contains(.layers), MemberMark.at(place, in: text) != .none { members.append(place) }
    }

    private mutating func passEscape(at place: Int, of text: LentBytes, _ traits: Lexicon.Traits) -> Int {
        guard traits.views.contains(.escapes) else { return passGap(at: place, of: text) }
        guard let (letter, end) = Self.escape(at: place, in: text) else {
            if Self.isCut(at: place, in: text) { sureCount = min(sureCount, count) }
            return place + 1
        }
        if let letter { append(letter) }
        take(place + 1..<end, of: text)
        return end
    }

    /// A line break that is written by its letter.
    private mutating func passGap(at place: Int, of text: LentBytes) -> Int {
        guard text[place] == .backslash else { return place + 1 }
        guard place + 1 < text.count else {
            sureCount = min(sureCount, count)
            return place + 1
        }
        guard text[place + 1] == UInt8(ascii: "n") || text[place + 1] == UInt8(ascii: "r") else { return place + 1 }
        take(place + 1..<place + 2, of: text)
        return place + 2
    }

    private mutating func take(_ inside: Range<Int>, of text: LentBytes) {
        if inside.contains(where: { text[$0].isLetter || text[$0].isDecimal }) { taken.append((inside, count)) }
        // `\%43` is a backslash and an escape, too: then the letter behind it is another, and is not among these.
        if inside.contains(where: { EscapeLead.isLead(text[$0]) }) { suspects.append(inside) }
    }
}

extension Skeleton {
    /// The letter or digit that an escape stands for, if that is what it stands for, and where it ends: in two layers where that is possible.
    private static func escape(at place: Int, in text: LentBytes) -> (letter: UInt8?, end: Int)? {
        if let end = endOfPlainEscape(at: place, in: text) { return (nil, end) }
        if let byte = bytePlainlyEscaped(at: place, in: text) { return (byte.isLetter || byte.isDecimal ? byte : nil, place + 3) }
        guard EscapeLead.stands(at: place, in: text) else { return nil }
        let readings = readings(at: place, in: text)
        for index in readings.indices {
            switch readings[index] {
            case .none, .cut: continue
            case .spelled(let spelled), .either(let spelled, _):
                let byte = UInt8(truncatingIfNeeded: spelled.bytes)
                return (spelled.count == 1 && (byte.isLetter || byte.isDecimal) ? byte : nil, spelled.end)
            }
        }
        return nil
    }

    private static func readings(at place: Int, in text: LentBytes) -> InlineArray<2, EscapeReading> {
        [
            Escapes(EscapedCharacters(isEdge: false), isEdge: false).reading(at: place, in: text),
            Escapes(PlainCharacters(), isEdge: false).reading(at: place, in: text),
        ]
    }

    private static func isCut(at place: Int, in text: LentBytes) -> Bool {
        guard EscapeLead.stands(at: place, in: text) else { return false }
        let readings = readings(at: place, in: text)
        if case .cut = readings[0] { return true }
        if case .cut = readings[1] { return true }
        return false
    }

    /// The commonest escapes, which can be read in one way only: a letter or a sign behind a backslash.
    private static func endOfPlainEscape(at place: Int, in text: LentBytes) -> Int? {
        guard text[place] == .backslash, place + 1 < text.count else { return nil }
        switch text[place + 1] {
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "\""), UInt8(ascii: "/"), UInt8(ascii: "("), UInt8(ascii: "."):
            return place + 2
        default: return nil
        }
    }

    /// Two digits behind `%` or `=`, if what they stand for cannot itself begin an escape.
    private static func bytePlainlyEscaped(at place: Int, in text: LentBytes) -> UInt8? {
        guard place + 2 < text.count, text[place] == .percentSign || text[place] == UInt8(ascii: "=") else { return nil }
        guard let high = text[place + 1].hexDigit, let low = text[place + 2].hexDigit else { return nil }
        let byte = high << 4 | low
        return EscapeLead.isLead(byte) ? nil : byte
    }

    /// The first letters and digits from a place inside an escape to its end, the first one lowest, and how many there are; nil when that cannot be told.
    static func letters(from place: Int, to end: Int, in text: LentBytes) -> (word: UInt64, count: UInt64)? {
        if place + 1 == end, text[place].isLetter || text[place].isDecimal { return (UInt64(text[place]), 1) }
        var (place, word, count) = (place, 0 as UInt64, 0 as UInt64)
        while place < end {
            var letter: UInt8? = text[place]
            var next = place + 1
            switch text[place] {
            case .escape: return nil
            case .backslash, .percentSign, UInt8(ascii: "="), UInt8(ascii: "&"):
                if let (escaped, end) = escape(at: place, in: text) { (letter, next) = (escaped, end) }
            default: break
            }
            if let letter, letter.isLetter || letter.isDecimal, count < 8 {
                word |= UInt64(letter) << (8 * count)
                count += 1
            }
            place = next
        }
        return place == end ? (word, count) : nil
    }
}
