/// The few letters in a row by which the spellings of a pattern are noticed in a skeleton.
///
/// A pattern's letters follow each other in a skeleton as far as nothing in the pattern could itself be taken for an escape or half of a character: so long are
/// its *stretches*. Every `stride`-th row of letters of a text is looked at, so each spelling has `stride` landmarks that begin one letter after the other.
/// Rows of a dump have letters beside the bytes: hexadecimal digits have landmarks for each place where a row may end.
struct Landmarks {
    /// How many letters a landmark has: up to eight.
    let length: Int
    let stride: Int

    static let sparse = Landmarks(length: 8, stride: 8)
    static let usual = Landmarks(length: 8, stride: 4)
    static let dense = Landmarks(length: 6, stride: 2)

    /// A stretch of this many letters has all its landmarks.
    private var needed: Int { length + stride - 1 }
    /// How many bytes of a dump's row have enough digits, at most.
    private var rowByteCount: Int { (needed + 1) / 2 }
    /// A spelling of a pattern has at most this many.
    var mostPerPattern: Int { stride * 4 + 4 * (2 * rowByteCount + stride) + 2 * stride }
    /// Of these, how many may have other letters than hexadecimal digits: those of the value as it is, and of base64.
    var mostMixedPerPattern: Int { stride * 4 }

    /// How many letters may precede a landmark besides those of the value's own: from a row of text and an address, and from an escape
    /// that is taken for another.
    static let dumpSlack = HexReader.longestText + 24
    private static let escapeSlack = 16
    /// How deep in a pattern its stretch may begin, so that little must be held back.
    private static let deepest = 48
    private static let mostBreaks = 8

    /// What of a pattern has no landmarks. But for `plainHead`, it must be looked for at every place.
    struct Lacks: OptionSet {
        let rawValue: UInt8
        static let plain = Lacks(rawValue: 1)
        static let base64 = Lacks(rawValue: 2)
        static let hex = Lacks(rawValue: 4)
        /// It has landmarks, but none at its beginning.
        static let plainHead = Lacks(rawValue: 8)
    }

    /// What of a pattern has no landmarks.
    func lacks(_ pattern: LentBytes, _ views: RedactionViews) -> Lacks { forEach(of: pattern, views) { _, _ in } }

    /// Gives each landmark with the most letters that a spelling has before it.
    func forEach(of pattern: LentBytes, _ views: RedactionViews, _ body: (UInt64, Int) -> Void) -> Lacks {
        var lacks: Lacks = []
        lacks.formUnion(plain(pattern, body))
        if views.contains(.base64) {
            for skippedBits in [0, 2, 4] where !base64(pattern, skippedBits, body) { lacks.insert(.base64) }
        }
        if views.contains(.hex), !hex(pattern, body) { lacks.insert(.hex) }
        return lacks
    }

    /// Gives the landmarks that begin with the first letters of a row, which has enough of them.
    private func give(_ count: Int, reach: Int, _ body: (UInt64, Int) -> Void, letter: (Int) -> UInt8) {
        var window: UInt64 = 0
        for index in 0..<count + length - 1 {
            window = window >> 8 | UInt64(letter(index)) << (8 * UInt64(length - 1))
            if index >= length - 1 { body(window, reach + index - length + 1) }
        }
    }

    /// The first stretch that is long enough, counted behind what an escape before it could take along.
    private func plain(_ pattern: LentBytes, _ body: (UInt64, Int) -> Void) -> Lacks {
        var (start, breaks) = (0, 0)
        while start < min(pattern.count, Self.deepest), breaks <= Self.mostBreaks {
            var (row, end) = (Row(), start)
            while end < pattern.count, !Self.breaksStretch(pattern[end]) {
                if pattern[end].isLetter || pattern[end].isDecimal { row.append(pattern[end]) }
                end += 1
            }
            if row.count >= needed {
                give(stride, reach: start + breaks * Self.escapeSlack, body) { row.letters[$0] }
                return start == 0 ? [] : .plainHead
            }
            start = end
            while end < pattern.count, end <= start + Self.longestTaken {
                if Self.breaksStretch(pattern[end]) { (start, breaks) = (end, breaks + 1) }
                end += 1
            }
            start += Self.longestTaken + 1
        }
        return .plain
    }

    /// How many characters of a pattern an escape that begins with one before them may take along, or leave behind as its own.
    private static let longestTaken = 10

    /// Whether a byte may be taken for the beginning of an escape or be written as the beginning of a longer one, or is no character by itself.
    private static func breaksStretch(_ byte: UInt8) -> Bool {
        switch byte {
        case 0..<0x20, 0x80...0xff, .backslash, .percentSign, UInt8(ascii: "&"), UInt8(ascii: "="): true
        default: false
        }
    }

    /// The first letters of a row: as many as are ever needed.
    private struct Row {
        private(set) var letters = InlineArray<16, UInt8>(repeating: 0)
        private(set) var count = 0

        mutating func append(_ letter: UInt8) {
            guard count < letters.count else { return }
            letters[count] = letter
            count += 1
        }
    }

    /// From the second digit on: the first may belong to the neighbour by half.
    private func base64(_ pattern: LentBytes, _ skippedBits: Int, _ body: (UInt64, Int) -> Void) -> Bool {
        let count = (8 * pattern.count + skippedBits) / 6
        var (row, index) = (Row(), 1)
        // Digits that are signs are in no skeleton.
        while index < count, row.count < needed {
            if let letter = Base64Digits.letter(of: Base64Digits.sextet(index, of: pattern, skippedBits)) { row.append(letter) }
            index += 1
        }
        guard row.count >= needed else { return false }
        give(stride, reach: 2, body) { row.letters[$0] }
        return true
    }

    private func hex(_ pattern: LentBytes, _ body: (UInt64, Int) -> Void) -> Bool {
        guard pattern.count >= 2 * rowByteCount - 1 else { return false }
        func digit(_ index: Int, _ isCapital: Bool) -> UInt8 {
            let byte = pattern[index / 2]
            return HexDigits.digit(index & 1 == 0 ? byte >> 4 : byte & 15, isCapital)
        }
        let most = 2 * pattern.count - length + 1
        for isCapital in [false, true] {
            give(min(2 * (rowByteCount - 1) + stride, most), reach: Self.dumpSlack, body) { digit($0, isCapital) }
            give(stride, reach: 0, body) { index in
                switch index & 3 {
                case 0: UInt8(ascii: "0")
                case 1: UInt8(ascii: "x")
                default: digit(index / 4 * 2 + index & 1, isCapital)
                }
            }
        }
        swapped(pattern, body)
        return true
    }

    /// The digits of a pattern in swapped words, for its first byte in either half of one, as far as both bytes of a word are the pattern's. A row that is long enough
    /// for `hex` is for these: rows end behind a word.
    private func swapped(_ pattern: LentBytes, _ body: (UInt64, Int) -> Void) {
        for start in [0, 1] {
            let count = (pattern.count - start) & ~1
            give(min(2 * (rowByteCount - 1) + stride, 2 * count - length + 1), reach: Self.dumpSlack + 4 * start, body) { index in
                let byte = pattern[start + (index / 2 ^ 1)]
                return HexDigits.digit(index & 1 == 0 ? byte >> 4 : byte & 15, false)
            }
        }
    }
}

enum Base64Digits {
    /// The value of a digit, counted from the one that holds the first bit; missing bits are zero.
    static func sextet(_ index: Int, of bytes: LentBytes, _ skippedBits: Int) -> UInt8 {
        let bit = 6 * index - skippedBits
        guard bit >= 0 else { return bytes[0] >> UInt8(2 - bit) }
        let first = bit >> 3
        let pair = UInt16(bytes[first]) << 8 | UInt16(first + 1 < bytes.count ? bytes[first + 1] : 0)
        return UInt8(truncatingIfNeeded: pair >> UInt16(10 - bit & 7)) & 63
    }

    /// The letter or decimal digit for a value; nil when it has a sign.
    static func letter(of sextet: UInt8) -> UInt8? {
        switch sextet {
        case 0..<26: UInt8(ascii: "A") + sextet
        case 26..<52: UInt8(ascii: "a") + sextet - 26
        case 52..<62: UInt8(ascii: "0") + sextet - 52
        default: nil
        }
    }

    /// The characters of a sextet in two alphabets.
    static func characters(of sextet: UInt8) -> (UInt8, UInt8) {
        if let letter = letter(of: sextet) { return (letter, letter) }
        return sextet == 62 ? (UInt8(ascii: "+"), UInt8(ascii: "-")) : (UInt8(ascii: "/"), UInt8(ascii: "_"))
    }
}

enum HexDigits {
    static func digit(_ value: UInt8, _ isCapital: Bool) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: isCapital ? "A" : "a") + value - 10
    }
}
