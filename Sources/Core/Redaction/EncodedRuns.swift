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
    /// Whether a row that has only begun is waited for.
    let waitsForShortRows: Bool
    let isDigit: (UInt8) -> Bool

    /// The digits from one place on, until something else stands there.
    struct Run {
        var positions: [Int] = []
        /// The last place that is looked into, for each block of the run.
        var blocks: [Int] = []
        /// Whether more text may go on with it.
        var isCut = false

        /// Whether what begins at a position is looked into.
        func isLookedInto(_ position: Int) -> Bool {
            guard let block = blocks.first(where: { $0 >= position }) else { return false }
            return block - position <= farthestBlock
        }
    }

    /// Calls `body` for each run from `start` on; gives the first place of which it cannot be told yet whether it is looked into.
    func forEach(from start: Int, _ body: (Run) -> Void) -> Int {
        var (from, last) = (start, start)
        var block = start + Int((16 - (offset + Int64(start)) % 16) % 16)
        while block + Self.blockLength <= text.count {
            if isBlock(at: block) {
                let run = run(from: rowStart(before: block, from: max(from, block - Self.farthestBlock)))
                body(run)
                last = (run.blocks.last ?? block) + 1
                from = (run.positions.last ?? block) + 1
                block += max(from - block, 1) / Self.blockLength * Self.blockLength
            }
            block += Self.blockLength
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

    @inline(__always)
    private func isBlock(at place: Int) -> Bool {
        // Most blocks have a blank or a sign at one of these.
        guard isDigit(text[place + 7]), isDigit(text[place + 12]), isDigit(text[place + 3]) else { return false }
        return (0..<Self.blockLength).allSatisfy { isDigit(text[place + $0]) }
    }

    private func run(from start: Int) -> Run {
        var (run, place) = (Run(), start)
        var lineStart = start
        while true {
            while place < text.count, isDigit(text[place]) {
                run.positions.append(place)
                place += 1
                if place - lineStart >= Self.blockLength, (offset + Int64(place)) % 16 == 0 { run.blocks.append(place - Self.blockLength) }
            }
            guard let next = lineBreak(at: place), next < text.count else {
                run.isCut = true
                return run
            }
            guard next > place, isDigit(text[next]) else { return run }
            (place, lineStart) = (next, next)
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
