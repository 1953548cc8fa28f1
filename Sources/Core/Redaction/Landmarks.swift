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
    var mostPerPattern: Int { stride * 4 + 2 * (2 * rowByteCount + stride) + 2 * stride }

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

    /// Whether a row of letters was long enough; its first landmarks are given.
    private func give(_ letters: [UInt8], upTo last: Int, reach: Int, _ body: (UInt64, Int) -> Void) -> Bool {
        guard letters.count >= needed else { return false }
        var window: UInt64 = 0
        for (index, letter) in letters.prefix(last + length).enumerated() {
            window = window >> 8 | UInt64(letter) << (8 * UInt64(length - 1))
            if index >= length - 1 { body(window, reach + index - length + 1) }
        }
        return true
    }

    /// The first stretch that is long enough, counted behind what an escape before it could take along.
    private func plain(_ pattern: LentBytes, _ body: (UInt64, Int) -> Void) -> Lacks {
        var (start, breaks) = (0, 0)
        while start < min(pattern.count, Self.deepest), breaks <= Self.mostBreaks {
            var (letters, end) = ([UInt8](), start)
            while end < pattern.count, !Self.breaksStretch(pattern[end]) {
                if letters.count < needed, pattern[end].isLetter || pattern[end].isDecimal { letters.append(pattern[end]) }
                end += 1
            }
            if give(letters, upTo: stride - 1, reach: start + breaks * Self.escapeSlack, body) { return start == 0 ? [] : .plainHead }
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

    /// From the second digit on: the first may belong to the neighbour by half.
    private func base64(_ pattern: LentBytes, _ skippedBits: Int, _ body: (UInt64, Int) -> Void) -> Bool {
        let count = (8 * pattern.count + skippedBits) / 6
        var (letters, index) = ([UInt8](), 1)
        // Digits that are signs are in no skeleton.
        while index < count, letters.count < needed {
            let sextet = Base64Digits.sextet(index, of: pattern, skippedBits)
            if sextet < 62 { letters.append(Base64Digits.alphabet[sextet]) }
            index += 1
        }
        return give(letters, upTo: stride - 1, reach: 2, body)
    }

    private func hex(_ pattern: LentBytes, _ body: (UInt64, Int) -> Void) -> Bool {
        let rows = pattern.count >= 2 * rowByteCount - 1
        for digits in HexDigits.cases {
            let last = 2 * (rowByteCount - 1) + stride - 1
            let bytes = (0..<min(pattern.count, rowByteCount + (last + length + 1) / 2)).map { pattern[$0] }
            let pairs = bytes.map { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            guard rows, give(pairs.flatMap(\.self), upTo: last, reach: Self.dumpSlack, body) else { return false }
            guard give(pairs.flatMap { Array("0x".utf8) + $0 }, upTo: stride - 1, reach: 0, body) else { return false }
        }
        return true
    }
}

enum Base64Digits {
    static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The value of a digit, counted from the one that holds the first bit; missing bits are zero.
    static func sextet(_ index: Int, of bytes: LentBytes, _ skippedBits: Int) -> Int {
        let bit = 6 * index - skippedBits
        var value = 0
        for offset in 0..<6 {
            let position = bit + offset
            let isSet = position >= 0 && position < 8 * bytes.count && bytes[position / 8] >> UInt8(7 - position % 8) & 1 == 1
            value = value << 1 | (isSet ? 1 : 0)
        }
        return value
    }

    /// The characters of a sextet in two alphabets.
    static func characters(of sextet: Int) -> [UInt8] {
        switch sextet {
        case 62: [UInt8(ascii: "+"), UInt8(ascii: "-")]
        case 63: [UInt8(ascii: "/"), UInt8(ascii: "_")]
        default: [alphabet[sextet]]
        }
    }
}

enum HexDigits {
    static let cases = [Array("0123456789abcdef".utf8), Array("0123456789ABCDEF".utf8)]
}
