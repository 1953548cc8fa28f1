/// Finds rows of digits, of base64 or hexadecimal, that may be one encoding around another.
///
/// Whether a place of a row is looked into depends on what follows it alone, so a stream that is cut anywhere has the same rows: within `farthestBlock` a
/// whole block of sixteen digits must begin at a multiple of sixteen of the stream, with nothing but digits and line breaks before it.
struct EncodedRuns {
    static let blockLength = 16
    static let farthestBlock = 96

    let text: LentBytes
    /// The place in the stream of the text's first byte.
    let offset: Int64
    /// Where blocks of digits begin.
    let blocks: [Int]
    /// Whether a row that has only begun is waited for.
    let waitsForShortRows: Bool
    let digits: Digits

    @inline(__always)
    private func isDigit(_ byte: UInt8) -> Bool { digits.hints[Int(byte)] != 0 }

    /// Calls `body` for each run from `start` on; gives the first place of which it cannot be told yet whether it is looked into.
    func forEach(from start: Int, _ body: (EncodedRun) -> Void) -> Int {
        var (from, last) = (start, start)
        for block in blocks where block >= from {
            let first = rowStart(before: block, from: max(from, block - Self.farthestBlock))
            let extent = extent(from: first)
            if extent.mayHoldText || extent.isCut { body(run(from: first)) }
            (from, last) = (extent.end, extent.lastBlock + 1)
        }
        guard waitsForShortRows || lastLineLength(from: start) >= Self.blockLength else { return text.count }
        return max(last, rowStart(before: text.count, from: max(start, text.count - Self.farthestBlock - Self.blockLength)))
    }

    /// How many digits the last line has.
    private func lastLineLength(from start: Int) -> Int {
        var end = text.count
        while end > start, text[end - 1].isLineEnd || text[end - 1].isBlank { end -= 1 }
        var first = end
        while first > start, end - first < Self.blockLength, isDigit(text[first - 1]) { first -= 1 }
        return end - first
    }

    /// How far a run goes, and what can be said of it at a glance.
    private struct Extent {
        /// Just after its last digit.
        var end: Int
        var lastBlock: Int
        var isCut = false
        var mayHoldText = false
    }

    private func extent(from start: Int) -> Extent {
        var extent = Extent(end: start, lastBlock: start)
        var (place, glance) = (start, Glance())
        while true {
            let lineStart = place
            if !extent.mayHoldText { place = glance.pass(from: place, of: text, digits, &extent.mayHoldText) }
            if extent.mayHoldText { place = end(ofDigitsFrom: place) }
            extent.end = place
            let block = place - Int((offset + Int64(place)) % 16) - Self.blockLength
            if block >= lineStart { extent.lastBlock = block }
            guard let next = lineBreak(at: place), next < text.count else {
                extent.isCut = true
                return extent
            }
            guard next > place, isDigit(text[next]) else { return extent }
            place = next
        }
    }

    private func end(ofDigitsFrom start: Int) -> Int { text.endOfDigits(digits, in: start..<text.count) }

    private func run(from start: Int) -> EncodedRun {
        var (run, place) = (EncodedRun(), start)
        while true {
            let end = end(ofDigitsFrom: place)
            let first = place + Int((16 - (offset + Int64(place)) % 16) % 16)
            run.append(place..<end, blocks: stride(from: first, through: end - Self.blockLength, by: Self.blockLength))
            guard let next = lineBreak(at: end), next < text.count else {
                run.isCut = true
                return run
            }
            guard next > end, isDigit(text[next]) else { return run }
            place = next
        }
    }

    /// Where line breaks with indentation end, or the place itself; nil when the text ends too early to tell.
    private func lineBreak(at place: Int) -> Int? {
        guard place < text.count else { return nil }
        guard text[place].isLineEnd else { return place }
        var end = place
        while end < text.count, text[end].isLineEnd || text[end].isBlank { end += 1 }
        return end < text.count ? end : nil
    }

    /// The first place of the row of digits and line breaks that goes on up to `place`.
    private func rowStart(before place: Int, from start: Int) -> Int {
        var first = place
        while first > start {
            let byte = text[first - 1]
            guard isDigit(byte) || byte.isLineEnd || byte.isBlank && isIndentation(before: first, from: start) else { break }
            first -= 1
        }
        return first
    }

    private func isIndentation(before place: Int, from start: Int) -> Bool {
        var first = place
        while first > start, text[first - 1].isBlank { first -= 1 }
        return first > start && text[first - 1].isLineEnd
    }
}

/// Digits from one place on, until something else stands there but line breaks.
struct EncodedRun {
    /// Where digits follow each other, and the number of the first of them.
    private var lines: [(start: Int, first: Int)] = []
    private(set) var digitCount = 0
    private var blocks: [Int] = []
    /// Whether more text may go on with it.
    fileprivate(set) var isCut = false

    fileprivate mutating func append(_ line: Range<Int>, blocks: some Sequence<Int>) {
        guard !line.isEmpty else { return }
        lines.append((line.lowerBound, digitCount))
        digitCount += line.count
        self.blocks += blocks
    }

    /// Whether what begins at a position is looked into.
    func isLookedInto(_ position: Int) -> Bool {
        let next = Self.firstIndex(of: blocks) { $0 >= position }
        return next < blocks.count && blocks[next] - position <= EncodedRuns.farthestBlock
    }

    /// Where a digit stands.
    func position(of digit: Int) -> Int {
        let line = lines[line(of: digit)]
        return line.start + digit - line.first
    }

    /// Calls `body` for the digits of a range, line by line.
    @inline(__always)
    func forEachLine(of digits: Range<Int>, _ body: (Range<Int>) -> Void) {
        guard !digits.isEmpty else { return }
        for index in line(of: digits.lowerBound)..<lines.count {
            let (start, first) = lines[index]
            guard first < digits.upperBound else { return }
            let end = index + 1 < lines.count ? lines[index + 1].first : digitCount
            body(start + max(digits.lowerBound, first) - first..<start + min(digits.upperBound, end) - first)
        }
    }

    private func line(of digit: Int) -> Int { Self.firstIndex(of: lines) { $0.first > digit } - 1 }

    /// The first index from which on `isPast` holds.
    private static func firstIndex<Element>(of elements: [Element], _ isPast: (Element) -> Bool) -> Int {
        var (lower, upper) = (0, elements.count)
        while lower < upper {
            let middle = (lower + upper) / 2
            if isPast(elements[middle]) { upper = middle } else { lower = middle + 1 }
        }
        return lower
    }
}

/// Digits by which runs are found.
struct Digits: Sendable {
    /// What a digit tells of the bytes that it may stand in, if groups of digits begin before it, one earlier, two or three: a bit for each is set
    /// when its byte would not be above 127. Zero for what is no digit.
    let hints: [UInt8]
    /// What each digit stands for; zero for what is no digit.
    let values: [UInt8]
    /// How many digits in a row `Stretch.shortest` bytes of text have, at least.
    let textLength: UInt64
    /// The encoding whose digits these are.
    let view: RedactionView

    static let base64 = Digits(.base64, textLength: 15, Base64Reader.sextet) { sextet in
        (sextet & 32 == 0 ? 1 : 0) | (sextet & 8 == 0 ? 2 : 0) | (sextet & 2 == 0 ? 4 : 0) | 8
    }
    static let hex = Digits(.hex, textLength: 23, \.hexDigit) { $0 & 8 == 0 ? 15 : 10 }

    /// How many bits each stands for.
    var bitCount: UInt32 { view == .hex ? 4 : 6 }

    private init(_ view: RedactionView, textLength: UInt64, _ value: (UInt8) -> UInt8?, hint: (UInt8) -> UInt8) {
        self.view = view
        self.textLength = textLength
        values = (UInt8.min...UInt8.max).map { value($0) ?? 0 }
        hints = (UInt8.min...UInt8.max).map { value($0).map(hint) ?? 0 }
    }
}

/// Counts, for each way to group digits, how many in a row could be text.
private struct Glance {
    /// Four counters, of sixteen bits each, that change places with every digit.
    private var counters: UInt64 = 0
    private static let ones: UInt64 = 0x0001_0001_0001_0001

    /// Passes digits; stops where there were enough that could be text, or where none stands.
    mutating func pass(from start: Int, of text: LentBytes, _ digits: Digits, _ isText: inout Bool) -> Int {
        guard let bytes = unsafe text.start else { return start }
        let threshold = (0x8000 &- digits.textLength) &* Self.ones
        return unsafe digits.hints.withUnsafeBufferPointer { hints in
            var (place, counters) = (start, counters)
            while place < text.count, case let hint = unsafe hints[Int(bytes.load(fromByteOffset: place, as: UInt8.self))], hint != 0 {
                let kept = (UInt64(hint) &* 0x0000_2000_4000_8001 & Self.ones) &* 0xffff
                counters = ((counters &<< 16 | counters &>> 48) &+ Self.ones) & kept
                place &+= 1
                if (counters &+ threshold) & 0x8000_8000_8000_8000 != 0 {
                    isText = true
                    break
                }
            }
            self.counters = counters
            return place
        }
    }
}
