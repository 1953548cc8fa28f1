private import CLetters
import Model

/// Bytes that were decoded from a run. They may be plaintext: they are wiped when they are let go of.
@safe
struct Decoding: ~Copyable {
    let count: Int
    private let memory: UnsafeMutableRawBufferPointer
    private let run: EncodedRun
    private let grouping: Grouping
    private let first: Int

    /// The bytes of a range of the run's decoding.
    init(of run: EncodedRun, _ grouping: Grouping, _ range: Range<Int>, in text: LentBytes) {
        (self.run, self.grouping, first, count) = (run, grouping, range.lowerBound, range.count)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(range.count, 1), alignment: 16)
        unsafe self.memory = memory
        guard !range.isEmpty else { return }
        var byte = 0
        let digits = grouping.digit(of: range.lowerBound)..<grouping.digit(of: range.upperBound - 1) + 2
        grouping.digits.forEachPair(of: run, digits, in: text) { index, pair in
            guard let found = grouping.byte(from: index, pair) else { return }
            unsafe memory[byte] = found
            byte += 1
        }
    }

    deinit {
        unsafe memory.wipe()
        unsafe memory.deallocate()
    }

    var lent: LentBytes { unsafe LentBytes(UnsafeRawBufferPointer(rebasing: memory[..<count])) }

    /// Where a byte's first digit stands in the text, and just after its last one.
    func start(of index: Int) -> Int { run.position(of: grouping.digit(of: first + index)) }
    func end(of index: Int) -> Int { run.position(of: grouping.digit(of: first + index) + 1) + 1 }
}

extension Digits {
    /// Calls `body` with each two digits of a range that follow each other: the number of the first one, and their bits.
    @inline(__always)
    func forEachPair(of run: EncodedRun, _ range: Range<Int>, in text: LentBytes, _ body: (Int, UInt32) -> Void) {
        guard let bytes = unsafe text.start else { return }
        var (index, last) = (range.lowerBound - 1, 0 as UInt32)
        unsafe values.withUnsafeBufferPointer { values in
            run.forEachLine(of: range) { line in
                precondition(line.lowerBound >= 0 && line.upperBound <= text.count, "internal: a run goes beyond its text")
                for place in line {
                    let digit = unsafe UInt32(values[Int(bytes.load(fromByteOffset: place, as: UInt8.self))])
                    if index >= range.lowerBound { body(index, last &<< bitCount | digit) }
                    last = digit
                    index &+= 1
                }
            }
        }
    }
}

/// How the digits of a run are grouped to bytes: the first group of all its digits, four of base64 or two hexadecimal ones, begins at the `phase`-th one.
struct Grouping {
    let digits: Digits
    let phase: Int

    /// How many digits of base64's first group are missing before the run.
    private var missing: Int { -phase & 3 }
    private var isHex: Bool { digits.view == .hex }

    /// How many bytes so many digits are.
    func byteCount(_ digitCount: Int) -> Int { isHex ? max(digitCount - phase, 0) / 2 : firstByte(from: max(digitCount - 1, 0)) }

    /// The number of the first byte that begins at a digit or after it. None begins at the last digit of a group.
    func firstByte(from digit: Int) -> Int {
        if isHex { return (digit - phase + 1) / 2 }
        let place = digit + missing
        return place - place / 4 - missing
    }

    /// The number of a byte's first digit.
    func digit(of byte: Int) -> Int {
        if isHex { return phase + 2 * byte }
        let place = byte + missing
        return place / 3 * 4 + place % 3 - missing
    }

    /// The byte that begins at a digit, of the bits of this one and the next.
    @inline(__always)
    func byte(from digit: Int, _ pair: UInt32) -> UInt8? {
        if isHex { return (digit ^ phase) & 1 == 0 ? UInt8(truncatingIfNeeded: pair) : nil }
        let inGroup = (digit &- phase) & 3
        return inGroup < 3 ? UInt8(truncatingIfNeeded: pair >> UInt32(4 &- 2 &* inGroup)) : nil
    }
}

/// A row of text in a decoding of a run: a range of its bytes.
struct Stretch {
    let grouping: Grouping
    let bytes: Range<Int>

    /// How many bytes in a row must be text for a decoding to be looked into: what is encoded twice is text after the first decoding. Most rows of
    /// digits are digests or the like, and not worth it.
    static let shortest = 12

    /// The rows that are long enough, or that the text cuts.
    static func all(in run: EncodedRun, of text: LentBytes, _ digits: Digits) -> [Stretch] {
        var (stretches, passed) = ([Stretch](), 0)
        var rows = tacit_rows()
        (rows.bit_count, rows.shortest) = (digits.bitCount, UInt32(shortest))
        func note(_ row: tacit_row, upTo digit: Int) {
            let grouping = Grouping(digits: digits, phase: (digit - Int(row.place)) & (digits.view == .hex ? 1 : 3))
            let end = grouping.firstByte(from: digit)
            stretches.append(Stretch(grouping: grouping, bytes: end - Int(row.length)..<end))
        }
        let texts = digits.view == .hex ? hexTexts : base64Texts
        run.forEachLine(of: 0..<run.digitCount) { line in
            var place = line.lowerBound
            while place < line.upperBound {
                let next = text.passRows(&rows, place..<line.upperBound, digits, texts)
                passed += next - place
                place = next
                if rows.ended_count > 0 { note(rows.ended.0, upTo: passed - 2) }
                if rows.ended_count > 1 { note(rows.ended.1, upTo: passed - 2) }
                if rows.ended_count > 2 { note(rows.ended.2, upTo: passed - 2) }
            }
        }
        for (place, length) in [rows.lengths.0, rows.lengths.1, rows.lengths.2, rows.lengths.3].enumerated()
        where length >= shortest || run.isCut && length > 0 {
            note(tacit_row(place: UInt32(place), length: length), upTo: max(passed - 1, 0))
        }
        return stretches.sorted { ($0.grouping.phase, $0.bytes.lowerBound) < ($1.grouping.phase, $1.bytes.lowerBound) }
    }

    /// Printed characters, blanks and what terminals are told; zero is half of a character in UTF-16.
    private static func isText(_ byte: UInt8) -> Bool { byte &- 0x20 < 0x5f || byte &- 0x09 < 5 || byte == 0 || byte == .escape }

    /// For two digits, which of the bytes that may begin at the first one are text: a bit for each of its places in a group.
    private static let base64Texts: [UInt8] = (0..<1 << 12).map { pair in
        [4, 2, 0].enumerated().reduce(0) { $0 | (isText(UInt8(truncatingIfNeeded: pair >> $1.element)) ? 1 << UInt8($1.offset) : 0) }
    }
    private static let hexTexts: [UInt8] = (UInt8.min...UInt8.max).map { isText($0) ? 1 : 0 }
}

extension LentBytes {
    /// Passes digits as `tacit_rows_pass` does.
    fileprivate func passRows(_ rows: inout tacit_rows, _ range: Range<Int>, _ digits: Digits, _ texts: [UInt8]) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "internal: a run goes beyond its text")
        precondition(texts.count == 1 << (2 * digits.bitCount), "internal: texts are of other digits")
        guard let start = unsafe start?.assumingMemoryBound(to: UInt8.self) else { return range.upperBound }
        return unsafe tacit_rows_pass(&rows, digits.values, texts, start, range.lowerBound, range.upperBound)
    }

    /// The first place of a range, or its end, that is no digit.
    func endOfDigits(_ digits: Digits, in range: Range<Int>) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "internal: a run goes beyond its text")
        guard let start = unsafe start?.assumingMemoryBound(to: UInt8.self) else { return range.upperBound }
        return unsafe tacit_digits_end(digits.hints, start, range.lowerBound, range.upperBound)
    }

    /// Whether all bytes of a range are hexadecimal digits.
    func areHexDigits(_ range: Range<Int>) -> Bool {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "internal: a block goes beyond its text")
        guard let start = unsafe start?.assumingMemoryBound(to: UInt8.self) else { return range.isEmpty }
        return unsafe tacit_digits_are_hex(start + range.lowerBound, range.count) != 0
    }
}
