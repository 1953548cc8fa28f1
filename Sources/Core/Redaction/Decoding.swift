import Model

/// Bytes that were decoded from a run, and where each of them stands in the text. They may be plaintext: they are wiped when they are let go of.
@safe
struct Decoding: ~Copyable {
    private var memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    /// Where each byte's first digit stands, and just after its last one.
    private(set) var starts: [Int] = []
    private(set) var ends: [Int] = []
    let outer: RedactionView

    init(capacity: Int, _ outer: RedactionView) {
        unsafe memory = .allocate(byteCount: max(capacity, 1), alignment: 16)
        self.outer = outer
        starts.reserveCapacity(capacity)
        ends.reserveCapacity(capacity)
    }

    deinit {
        unsafe memory.wipe()
        unsafe memory.deallocate()
    }

    var lent: LentBytes { unsafe LentBytes(UnsafeRawBufferPointer(rebasing: memory[..<count])) }

    mutating func append(_ byte: UInt8, start: Int, end: Int) {
        unsafe memory[count] = byte
        count += 1
        starts.append(start)
        ends.append(end)
    }
}

extension Decoding {
    /// How many bytes in a row must be text for a decoding to be looked into: what is encoded twice is text after the first decoding.
    static let shortestText = 12

    /// The decoding of a run of base64 whose groups of four begin at the `phase`-th digit.
    init(base64 run: EncodedRuns.Run, phase: Int, in text: LentBytes) {
        self.init(capacity: run.positions.count, .base64)
        var index = 0
        while index + 1 < run.positions.count {
            // The run may begin within a group.
            let inGroup = (index &- phase) & 3
            if inGroup < 3 {
                let (first, second) = (run.positions[index], run.positions[index + 1])
                let pair = UInt32(Base64Reader.sextet(text[first]) ?? 0) << 6 | UInt32(Base64Reader.sextet(text[second]) ?? 0)
                append(UInt8(truncatingIfNeeded: pair >> UInt32(4 - 2 * inGroup)), start: first, end: second + 1)
            }
            index += 1
        }
    }

    /// The decoding of a run of hexadecimal digits whose pairs begin at the `phase`-th digit.
    init(hex run: EncodedRuns.Run, phase: Int, in text: LentBytes) {
        self.init(capacity: run.positions.count / 2, .hex)
        var index = phase
        while index + 1 < run.positions.count {
            let (first, second) = (run.positions[index], run.positions[index + 1])
            append((text[first].hexDigit ?? 0) << 4 | (text[second].hexDigit ?? 0), start: first, end: second + 1)
            index += 2
        }
    }

    /// Whether so many bytes in a row are text anywhere, of a run whose groups begin at any digit: the phases that are worth decoding.
    static func base64Phases(of run: EncodedRuns.Run, in text: LentBytes) -> [Int] {
        var rows = InlineArray<4, Int>(repeating: 0)
        var phases: [Int] = []
        var last: UInt32 = 0
        for (index, position) in run.positions.enumerated() {
            let pair = last << 6 | UInt32(Base64Reader.sextet(text[position]) ?? 0)
            last = pair & 63
            guard index > 0 else { continue }
            for inGroup in 0..<3 {
                let phase = (index &- 1 &- inGroup) & 3
                rows[phase] = isText(UInt8(truncatingIfNeeded: pair >> UInt32(4 &- 2 &* inGroup))) ? rows[phase] + 1 : 0
                if rows[phase] == shortestText, !phases.contains(phase) { phases.append(phase) }
            }
        }
        return run.isCut ? [0, 1, 2, 3].filter { phases.contains($0) || rows[$0] > 0 } : phases.sorted()
    }

    /// The same for pairs: most rows of hexadecimal digits are digests, and not worth it.
    static func hexPhases(of run: EncodedRuns.Run, in text: LentBytes) -> [Int] {
        [0, 1].filter { phase in
            var (length, index) = (0, phase)
            while index + 1 < run.positions.count, length < shortestText {
                let byte = (text[run.positions[index]].hexDigit ?? 0) << 4 | (text[run.positions[index + 1]].hexDigit ?? 0)
                length = isText(byte) ? length + 1 : 0
                index += 2
            }
            return length == shortestText || run.isCut && length > 0
        }
    }

    /// Printed characters, blanks and what terminals are told; zero is half of a character in UTF-16.
    @inline(__always)
    static func isText(_ byte: UInt8) -> Bool { byte &- 0x20 < 0x5f || byte &- 0x09 < 5 || byte == 0 || byte == .escape }

    /// How many bytes from `index` on are text, counted up to `shortestText`.
    func textLength(from index: Int) -> Int {
        let bytes = lent
        var end = index
        while end < count, end - index < Self.shortestText, Self.isText(bytes[end]) { end += 1 }
        return end - index
    }
}
