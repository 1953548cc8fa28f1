import Model

/// The letters and digits of a text in their order, with escapes read and everything else left out.
///
/// Gaps, separators, padding, the zeros of UTF-16 and every other sign are gone, and an escape is the character that it stands for: whatever notations a value's
/// spelling mixes, the same letters follow each other here. So one search of this text finds them all (`Landmarks`). Two places need more: the
/// inside of an escape that takes letters along (a value may begin there), and what comes before a terminal sequence, which is not taken apart here. They
/// are told as `suspects`.
@safe
struct Skeleton: ~Copyable, @unchecked Sendable {
    /// Text is passed by so many bytes, which begin at multiples of the stream.
    static let groupLength = 16

    private var letters = Scratch()
    /// How many letters there are before each group.
    private var counts = Scratch()
    private var groupCount = 0
    private(set) var count = 0
    /// The letters from here on may be none, because the text ends within an escape.
    private(set) var sureCount = 0
    /// Where the text begins, and its first group.
    private var start = 0
    private var origin = 0
    private(set) var suspects: [Range<Int>] = []
    /// The last bytes of the marks of compressed members.
    private(set) var members: [Int] = []
    /// The groups that consist of digits.
    private(set) var base64Blocks: [Int] = []
    private(set) var hexBlocks: [Int] = []

    /// Takes in a text from `start` on, whose first byte is at `offset` of the stream.
    mutating func read(_ text: LentBytes, from start: Int, at offset: Int64, _ lexicon: Lexicon) {
        (count, sureCount, groupCount) = (0, .max, 0)
        self.start = start
        origin = start + Int((16 - (offset + Int64(start)) % 16) % 16)
        suspects.removeAll(keepingCapacity: true)
        members.removeAll(keepingCapacity: true)
        base64Blocks.removeAll(keepingCapacity: true)
        hexBlocks.removeAll(keepingCapacity: true)
        letters.reserve(text.count - start + 16)
        counts.reserve(4 * ((text.count - start) / Self.groupLength + 2))
        var place = start
        while place < text.count {
            passBoundaries(upTo: place, of: text, lexicon)
            if place == origin + Self.groupLength * (groupCount - 1) { place = passGroups(from: place, of: text, lexicon) }
            let boundary = origin + Self.groupLength * groupCount
            place = passBytes(from: place, to: min(boundary, text.count), of: text, lexicon)
        }
        sureCount = min(sureCount, count)
        letters.clear(count, 8)
    }

    /// The first place of the group that holds a letter, or of an earlier one.
    func place(beforeLetter index: Int) -> Int {
        let group = firstGroup(after: index)
        return group == 0 ? start : origin + Self.groupLength * (group - 1)
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

    private mutating func passBoundaries(upTo place: Int, of text: LentBytes, _ lexicon: Lexicon) {
        while origin + Self.groupLength * groupCount <= place {
            // An escape reached into this group: whether it is a row of digits has nothing to do with that.
            let group = origin + Self.groupLength * groupCount
            if group < place, group + Self.groupLength <= text.count {
                let sum = (group..<group + Self.groupLength).reduce(0) { unsafe $0 + lexicon.table.classes[Int(text[$1])] }
                if sum & ByteClass.base64.all == ByteClass.base64.sixteen { noteBlock(at: group, sum) }
            }
            unsafe counts.start.storeBytes(of: UInt32(count), toByteOffset: 4 * groupCount, as: UInt32.self)
            groupCount += 1
        }
    }

    /// Passes whole groups without anything special, the first of which has been counted; gives the place of the first one that it did not pass.
    private mutating func passGroups(from place: Int, of text: LentBytes, _ lexicon: Lexicon) -> Int {
        guard let bytes = unsafe text.start else { return place }
        let classes = unsafe lexicon.table.classes
        var (place, count, group) = (place, count, groupCount)
        while place &+ Self.groupLength <= text.count {
            let target = unsafe letters.start + count
            let source = unsafe bytes + place
            var sum: UInt64 = 0
            @inline(__always)
            func take(_ index: Int) {
                let byte = unsafe source.load(fromByteOffset: index, as: UInt8.self)
                unsafe target.storeBytes(of: byte, toByteOffset: Int(sum & 0xff), as: UInt8.self)
                sum &+= unsafe classes[Int(byte)]
            }
            take(0); take(1); take(2); take(3); take(4); take(5); take(6); take(7)
            take(8); take(9); take(10); take(11); take(12); take(13); take(14); take(15)
            guard sum < ByteClass.special || isOrdinary(place..<place &+ Self.groupLength, of: text, lexicon) else { break }
            count &+= Int(sum & 0xff)
            if sum & ByteClass.base64.all == ByteClass.base64.sixteen { noteBlock(at: place, sum) }
            place &+= Self.groupLength
            unsafe counts.start.storeBytes(of: UInt32(truncatingIfNeeded: count), toByteOffset: 4 &* group, as: UInt32.self)
            group &+= 1
        }
        self.count = count
        groupCount = group
        return place
    }

    /// Whether what is special in a range is nothing but itself.
    private func isOrdinary(_ range: Range<Int>, of text: LentBytes, _ lexicon: Lexicon) -> Bool {
        let classes = unsafe lexicon.table.classes
        for place in range where unsafe classes[Int(text[place])] >= ByteClass.special {
            switch text[place] {
            case .percentSign, UInt8(ascii: "="): if EscapeLead.stands(at: place, in: text) { return false }
            default: return false
            }
        }
        return true
    }

    private mutating func noteBlock(at place: Int, _ sum: UInt64) {
        base64Blocks.append(place)
        if sum & ByteClass.hex.all == ByteClass.hex.sixteen { hexBlocks.append(place) }
    }

    /// Passes bytes one by one; what is special may reach beyond the end.
    private mutating func passBytes(from place: Int, to end: Int, of text: LentBytes, _ lexicon: Lexicon) -> Int {
        let classes = unsafe lexicon.table.classes
        var place = place
        while place < end {
            let byte = text[place]
            let kind = unsafe classes[Int(byte)]
            if kind < ByteClass.special {
                unsafe letters.start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
                count &+= Int(kind & 1)
                place &+= 1
            } else {
                place = passSpecial(at: place, of: text, lexicon)
            }
        }
        return place
    }

    private mutating func append(_ letter: UInt8) {
        unsafe letters.start.storeBytes(of: letter, toByteOffset: count, as: UInt8.self)
        count += 1
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
        if let end = passPlainEscape(at: place, of: text) { return end }
        guard EscapeLead.stands(at: place, in: text) else { return place + 1 }
        for layer in [2, 1] {
            let reading =
                layer == 2
                ? Escapes(EscapedCharacters(isEdge: false), isEdge: false).reading(at: place, in: text)
                : Escapes(PlainCharacters(), isEdge: false).reading(at: place, in: text)
            switch reading {
            case .none: continue
            case .cut: sureCount = min(sureCount, count)
            case .spelled(let spelled), .either(let spelled, _):
                suspect(place + 1..<spelled.end, of: text)
                if spelled.count == 1, case let byte = UInt8(truncatingIfNeeded: spelled.bytes), byte.isLetter || byte.isDecimal { append(byte) }
                return spelled.end
            }
        }
        return place + 1
    }

    /// The commonest escapes, which can be read in one way only: a letter or a sign behind a backslash, and two digits.
    private mutating func passPlainEscape(at place: Int, of text: LentBytes) -> Int? {
        guard place + 2 < text.count else { return nil }
        let next = text[place + 1]
        guard text[place] == .backslash else {
            guard text[place] != UInt8(ascii: "&"), let high = next.hexDigit, let low = text[place + 2].hexDigit else { return nil }
            suspects.append(place + 1..<place + 3)
            let byte = high << 4 | low
            if byte.isLetter || byte.isDecimal { append(byte) }
            return place + 3
        }
        switch next {
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            suspects.append(place + 1..<place + 2)
            return place + 2
        case UInt8(ascii: "\""), UInt8(ascii: "/"), UInt8(ascii: "("), UInt8(ascii: "."): return place + 2
        default: return nil
        }
    }

    /// A line break that is written by its letter.
    private mutating func passGap(at place: Int, of text: LentBytes) -> Int {
        guard text[place] == .backslash else { return place + 1 }
        guard place + 1 < text.count else {
            sureCount = min(sureCount, count)
            return place + 1
        }
        guard text[place + 1] == UInt8(ascii: "n") || text[place + 1] == UInt8(ascii: "r") else { return place + 1 }
        suspects.append(place + 1..<place + 2)
        return place + 2
    }

    private mutating func suspect(_ inside: Range<Int>, of text: LentBytes) {
        guard inside.contains(where: { text[$0].isLetter || text[$0].isDecimal }) else { return }
        suspects.append(inside)
    }
}

/// Memory that is used again and again for what may be plaintext. It is wiped when it is let go of.
@safe
struct Scratch: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 16)

    init() {}

    deinit { discard() }

    @unsafe
    var start: UnsafeMutableRawPointer {
        guard let start = unsafe memory.baseAddress else { preconditionFailure("internal: scratch memory has no address") }
        return unsafe start
    }

    /// Makes room; what was there is lost.
    mutating func reserve(_ byteCount: Int) {
        guard unsafe byteCount > memory.count else { return }
        discard()
        unsafe memory = .allocate(byteCount: byteCount + byteCount / 4, alignment: 16)
    }

    func clear(_ offset: Int, _ byteCount: Int) { unsafe (start + offset).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }

    private func discard() {
        unsafe memory.wipe()
        unsafe memory.deallocate()
    }
}
