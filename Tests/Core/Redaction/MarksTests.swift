import CLetters
import Testing

/// What passes text by in C, beside plain loops.
@Suite("the filters of places find what a plain loop finds")
struct MarksTests {
    private static let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)

    @Test("marked rows of letters, with and without wide instructions", arguments: [1, 2, 4, 8], [6, 8])
    func marks(stride: Int, length: Int) {
        var generator = SeededGenerator()
        for _ in 0..<60 * soak {
            let alphabet = [Self.letters, Array("0123456789abcdefXx".utf8), Array("ab0Gz\u{0}".utf8)].randomElement(using: &generator) ?? []
            let letters = generator.bytes(.random(in: length...300, using: &generator), from: alphabet) + [UInt8](repeating: 0, count: 8)
            let last = letters.count - 8 - length
            // Few words, so that most windows share theirs with a marked one.
            var words = [UInt64](repeating: 0, count: 4)
            let mask = ~0 as UInt64 >> UInt64(64 - 8 * length)
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let window = Self.window(letters, .random(in: 0...last, using: &generator)) & mask
                let hash = tacit_marks_hash(window)
                words[Int(hash >> 31) + (Self.isHex(window) ? 2 : 0)] |= tacit_marks_bits(hash)
            }
            let expected = Swift.stride(from: 0, through: last, by: stride).filter { index in
                let window = Self.window(letters, index) & mask
                let bits = tacit_marks_bits(tacit_marks_hash(window))
                return words[Int(tacit_marks_hash(window) >> 31) + (Self.isHex(window) ? 2 : 0)] & bits == bits
            }
            for isWide in [0, tacit_marks_can_be_wide()] {
                #expect(found(letters, last, words, mask, stride, isWide) == expected, "seed \(generator.seed): \(shown(letters))")
            }
        }
    }

    private func found(_ letters: [UInt8], _ last: Int, _ words: [UInt64], _ mask: UInt64, _ stride: Int, _ isWide: Int32) -> [Int] {
        var (found, index) = ([Int](), 0)
        unsafe words.withUnsafeBufferPointer { words in
            var marks = unsafe tacit_marks()
            unsafe (marks.words, marks.hex_offset, marks.shift, marks.hex_shift) = (words.baseAddress, 2, 31, 31)
            unsafe (marks.mask, marks.stride, marks.is_wide) = (mask, stride, isWide)
            while true {
                index = unsafe tacit_marks_next(&marks, letters, index, last)
                guard index <= last else { return }
                found.append(index)
                index += stride
            }
        }
        return found
    }

    private static func window(_ letters: [UInt8], _ index: Int) -> UInt64 {
        letters[index..<index + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func isHex(_ window: UInt64) -> Bool {
        (0..<8).allSatisfy {
            !"ghijklmnopqrstuvw".utf8.contains(UInt8(truncatingIfNeeded: window >> (8 * $0)) | 0x20) || window >> (8 * $0) & 0x40 == 0
        }
    }

    @Test("places at which a value may begin")
    func places() {
        var generator = SeededGenerator()
        for _ in 0..<200 * soak {
            let heads = Heads(using: &generator)
            let rows = (0..<6).map { _ in
                [UInt8](repeating: generator.bytes(1, from: Heads.alphabet)[0], count: .random(in: 0...30, using: &generator))
            }
            let text = rows.flatMap { $0 + generator.bytes(.random(in: 0...8, using: &generator), from: Heads.alphabet) }
            let start = Int.random(in: 0...text.count, using: &generator)
            let end = Int.random(in: start...text.count, using: &generator)
            #expect(
                heads.found(in: text, start..<end) == (start..<end).filter { heads.mayBegin(at: $0, in: text) },
                "seed \(generator.seed): \(shown(text))")
        }
    }

    @Test("rows of text in digits, for every grouping", arguments: [4, 6])
    func rows(bitCount: UInt32) {
        var generator = SeededGenerator()
        let groupCount = bitCount == 4 ? 2 : 4
        let values = (0...255).map { UInt8($0) & (bitCount == 4 ? 15 : 63) }
        let texts = (0..<1 << (2 * bitCount)).map { _ in UInt8.random(in: 0...7, using: &generator) | (Bool.random(using: &generator) ? 7 : 0) }
            .map { $0 & (bitCount == 4 ? 1 : 7) }
        for _ in 0..<60 * soak {
            let digits = generator.bytes(.random(in: 0...200, using: &generator), from: (0...255).map { UInt8($0) })
            var expected: [[Int]] = []
            for phase in 0..<groupCount {
                var length = 0
                for index in 0..<max(digits.count - 1, 0) {
                    let place = (index - phase) & (groupCount - 1)
                    guard place < max(groupCount - 1, 1) else { continue }
                    let pair = Int(values[Int(digits[index])]) << Int(bitCount) | Int(values[Int(digits[index + 1])])
                    if texts[pair] >> UInt8(place) & 1 == 1 {
                        length += 1
                    } else {
                        if length >= 3 { expected.append([index, place, length]) }
                        length = 0
                    }
                }
                if length > 0 { expected.append([max(digits.count - 1, 0), (digits.count - 1 - phase) & (groupCount - 1), length]) }
            }
            let cut = Int.random(in: 0...digits.count, using: &generator)
            let found = rows(digits, [0..<cut, cut..<digits.count], bitCount, values, texts)
            #expect(
                found.sorted { $0.lexicographicallyPrecedes($1) } == expected.sorted { $0.lexicographicallyPrecedes($1) }, "seed \(generator.seed)")
        }
    }

    /// The digit up to which each long row goes, and those at the end; its place in a group; how many bytes it has.
    private func rows(_ digits: [UInt8], _ parts: [Range<Int>], _ bitCount: UInt32, _ values: [UInt8], _ texts: [UInt8]) -> [[Int]] {
        var (rows, found) = (tacit_rows(), [[Int]]())
        (rows.bit_count, rows.shortest) = (bitCount, 3)
        for part in parts {
            var place = part.lowerBound
            while place < part.upperBound {
                place = unsafe tacit_rows_pass(&rows, values, texts, digits, place, part.upperBound)
                let ended = [rows.ended.0, rows.ended.1, rows.ended.2].prefix(Int(rows.ended_count))
                found += ended.map { [place - 2, Int($0.place), Int($0.length)] }
            }
        }
        let lengths = [rows.lengths.0, rows.lengths.1, rows.lengths.2, rows.lengths.3].enumerated().filter { $0.element > 0 }
        return found + lengths.map { [max(digits.count - 1, 0), $0.offset, Int($0.element)] }
    }
}

/// Random heads, and what they say of a place, spelled out.
private struct Heads {
    static let alphabet = Array("ab01g%=&#+'\"\\\n\r \t\u{0}".utf8)

    private var kinds = [UInt8](repeating: 0, count: 256)
    private var bits = [UInt8](repeating: 0, count: 1 << 9)

    init(using generator: inout SeededGenerator) {
        for byte in Self.alphabet {
            if Int.random(in: 0..<3, using: &generator) > 0 { kinds[Int(byte)] |= 1 }
            if Int.random(in: 0..<20, using: &generator) == 0 { kinds[Int(byte)] |= 4 }
            if "\\%=&+'\n\r".utf8.contains(byte) { kinds[Int(byte)] |= 8 }
            if "\\%=&+'".utf8.contains(byte) { kinds[Int(byte)] |= 16 }
            if "ab01".utf8.contains(byte) { kinds[Int(byte)] |= 32 }
        }
        for index in bits.indices where Int.random(in: 0..<4, using: &generator) == 0 {
            bits[index] = generator.bytes(1, from: [1, 2, 4, 8, 16, 32, 64, 128])[0]
        }
    }

    func found(in text: [UInt8], _ range: Range<Int>) -> [Int] {
        var (found, place) = ([Int](), range.lowerBound)
        unsafe kinds.withUnsafeBufferPointer { kinds in
            unsafe bits.withUnsafeBufferPointer { bits in
                var heads = unsafe tacit_heads()
                unsafe (heads.kinds, heads.bits, heads.shift) = (kinds.baseAddress, bits.baseAddress, 20)
                unsafe (heads.first, heads.whole, heads.lead, heads.turn, heads.digit, heads.any) = (1, 4, 16, 8, 32, 21)
                while place < range.upperBound {
                    place = unsafe tacit_heads_next(&heads, text, place, range.upperBound, text.count)
                    if place < range.upperBound { found.append(place) }
                    place += 1
                }
            }
        }
        return found
    }

    func mayBegin(at place: Int, in text: [UInt8]) -> Bool {
        guard place + 3 < text.count else { return true }
        if has(text[place], 4) || has(text[place], 16) && mayBeEscape(at: place, in: text) { return true }
        guard has(text[place], 1) else { return false }
        let turns = (1...3).map { has(text[place + $0], 8) }
        if turns[0], mayTurn(at: place, in: text) { return true }
        if hasHead(text[place], text[place + 1], text[place + 2], text[place + 3]) { return true }
        let isWord = (0...3).allSatisfy { has(text[place + $0], 32) }
        if turns[1] || isWord, hasHead(text[place], text[place + 1], 0xff, 0xff) { return true }
        return turns[2] && hasHead(text[place], text[place + 1], text[place + 2], 0xff)
    }

    /// Whether a value that begins at a place may go on with the escape or the gap behind its first byte.
    private func mayTurn(at place: Int, in text: [UInt8]) -> Bool {
        let turn = place + 1
        guard text[turn] == 10 else {
            if text[turn] == 61, text[turn + 1] == 10 || text[turn + 1] == 13 { return true }
            return !has(text[turn], 16) || mayBeEscape(at: turn, in: text)
        }
        let blanks = text[(turn + 1)...].prefix { $0 == 32 || $0 == 9 }
        if blanks.contains(where: { hasHead(text[place], $0, 0xff, 0xff) }) { return true }
        guard blanks.endIndex < text.count else { return true }
        return has(text[blanks.endIndex], 8) || hasHead(text[place], text[blanks.endIndex], 0xff, 0xff)
    }

    private func mayBeEscape(at place: Int, in text: [UInt8]) -> Bool {
        let (next, second) = (text[place + 1], text[place + 2])
        switch Character(UnicodeScalar(text[place])) {
        case "%", "=": return has(next, 32) && (has(second, 32) || has(second, 16))
        case "&": return "#abg".utf8.contains(next)
        case "'": return "\\\"".utf8.contains(next)
        default: return true
        }
    }

    private func has(_ byte: UInt8, _ bit: UInt8) -> Bool { kinds[Int(byte)] & bit != 0 }

    private func hasHead(_ bytes: UInt8...) -> Bool {
        let slot = tacit_heads_slot(bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }, 20)
        return bits[Int(slot >> 3)] >> (slot & 7) & 1 == 1
    }
}
