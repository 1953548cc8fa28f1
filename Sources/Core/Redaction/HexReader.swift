/// Hexadecimal digits, all small or all capital: bare and wrapped at any column, or byte by byte with separators and a prefix; or the rows of a dump.
struct HexReader: SpellingReader {
    private(set) var position: Int
    private var isFirst = true
    /// Whether every byte has `0x` before it, decided by the first one.
    private var hasPrefix = false
    /// Whether letters are capital, decided by the first one unless it is known.
    private var isCapital: Bool?
    private var isSeparated = false
    /// How many bytes of the row have been read; nil in the first one, in which a value may begin anywhere.
    private var rowByteCount: Int?
    private let layout: Layout
    /// Whether nothing follows the text: digits at its end are no address that goes on.
    private let isEdge: Bool

    enum Layout: CaseIterable {
        /// No addresses, and no text beside the bytes.
        case plain
        /// Each row begins with an address, as `od -t x1` and `hexdump -C` print it; text beside the bytes stands between bars.
        case rows
        /// Each row begins with an address and ends with text behind two blanks, as `xxd` prints it.
        case rowsWithText
    }

    /// The longest row of text that stands beside the bytes.
    static let longestText = 80
    /// The shortest row, but for a first or last one.
    static let shortestRow = 8
    private static let longestAddress = 16

    init(at position: Int, _ layout: Layout, isEdge: Bool, isCapital: Bool? = nil) {
        self.position = position
        self.layout = layout
        self.isEdge = isEdge
        self.isCapital = isCapital
    }

    /// How many bytes before a place tell whether it stands in the row of a dump.
    static let lookBehind = 9

    /// Whether a place may stand in the row of a dump: digits that could be an escape's do not.
    static func mayStandInRow(_ place: Int, of text: LentBytes) -> Bool {
        var first = place
        while first > 0, place - first < lookBehind - 1, text[first - 1].hexDigit != nil { first -= 1 }
        // No escape has so many digits.
        guard first > 0, place - first < lookBehind - 1 else { return true }
        switch text[first - 1] {
        case .backslash, .percentSign, UInt8(ascii: "="), UInt8(ascii: "&"), UInt8(ascii: "#"), UInt8(ascii: "{"): return false
        case let byte: return !byte.isLetter
        }
    }

    private enum Place {
        case at(Int)
        case foreign
        case cut
    }

    mutating func next(in text: LentBytes) -> Reading {
        // Two digits side by side, by far the most common: the prefix has an `x`.
        if !hasPrefix, position + 1 < text.count, text[position].hexDigit != nil, text[position + 1].hexDigit != nil {
            return byte(from: position, position + 1, in: text)
        }
        guard !isFirst else { return first(in: text) }
        switch separated(from: position, in: text) {
        case .cut: return .cut
        case .foreign: return .foreign
        case .at(let start): return byte(from: start, in: text)
        }
    }

    private mutating func first(in text: LentBytes) -> Reading {
        guard position + 1 < text.count else { return .cut }
        hasPrefix = text[position] == UInt8(ascii: "0") && text[position + 1] == UInt8(ascii: "x")
        return byte(from: position, in: text)
    }

    /// The byte at a place, with its prefix.
    private mutating func byte(from start: Int, in text: LentBytes) -> Reading {
        guard hasPrefix else {
            guard start < text.count else { return .cut }
            guard text[start].hexDigit != nil else { return .foreign }
            guard let second = Gap.passed(from: start + 1, in: text), second < text.count else { return .cut }
            return byte(from: start, second, in: text)
        }
        for (index, expected) in "0x".utf8.enumerated() {
            guard start + index < text.count else { return .cut }
            guard text[start + index] == expected else { return .foreign }
        }
        guard start + 2 < text.count else { return .cut }
        guard text[start + 2].hexDigit != nil else { return .foreign }
        return start + 3 < text.count ? byte(from: start + 2, start + 3, in: text) : .cut
    }

    @inline(__always)
    private mutating func byte(from first: Int, _ second: Int, in text: LentBytes) -> Reading {
        guard let high = text[first].hexDigit, let low = text[second].hexDigit, hasOneCase(text[first]), hasOneCase(text[second]) else {
            return .foreign
        }
        position = second + 1
        isFirst = false
        rowByteCount = rowByteCount.map { $0 + 1 }
        return .byte(high << 4 | low)
    }

    @inline(__always)
    private mutating func hasOneCase(_ digit: UInt8) -> Bool {
        guard digit.isLetter else { return true }
        let isCapital = digit & 0x20 == 0
        guard let known = self.isCapital else {
            self.isCapital = isCapital
            return true
        }
        return known == isCapital
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ",")
    }

    /// After what may stand between two bytes: nothing, `:` `-` or `,` with or without a blank, one or two blanks; then perhaps a gap; or a row's end.
    private mutating func separated(from start: Int, in text: LentBytes) -> Place {
        guard start < text.count else { return .cut }
        var end = start
        let isBlank = text[end].isBlank
        if isBlank || Self.isSeparator(text[end]) {
            end += 1
            isSeparated = true
            guard end < text.count else { return .cut }
            if text[end].isBlank {
                end += 1
                guard end < text.count else { return .cut }
                if isBlank, layout == .rowsWithText || layout == .rows && text[end] == UInt8(ascii: "|") { return nextRow(after: end, in: text) }
            }
        }
        guard let next = Gap.passed(from: end, in: text) else { return .cut }
        return next == end || layout == .plain ? .at(next) : bytes(ofRowAt: next, in: text)
    }

    /// The first byte of the next row, behind the text at the end of this one.
    private mutating func nextRow(after start: Int, in text: LentBytes) -> Place {
        var end = start
        while end < text.count, end - start < Self.longestText, text[end] != .lineFeed { end += 1 }
        guard end < text.count else { return .cut }
        return text[end] == .lineFeed ? bytes(ofRowAt: end + 1, in: text) : .foreign
    }

    /// Behind the address of a row: seven digits or more, and what tells them from a group of bytes.
    private mutating func bytes(ofRowAt start: Int, in text: LentBytes) -> Place {
        var end = start
        if !hasPrefix, end + 1 < text.count, text[end] == UInt8(ascii: "0"), text[end + 1] == UInt8(ascii: "x") { end += 2 }
        let digits = end
        while end < text.count, end - digits <= Self.longestAddress, text[end].hexDigit != nil { end += 1 }
        guard end + 1 < text.count else { return isEdge ? .foreign : .cut }
        let isApart = isSeparated || (end - digits) & 1 == 1 || text[end + 1].isBlank
        guard end - digits >= 7, end - digits <= Self.longestAddress, text[end] == UInt8(ascii: ":") || text[end].isBlank && isApart else {
            return .foreign
        }
        guard rowByteCount ?? .max >= Self.shortestRow else { return .foreign }
        rowByteCount = 0
        end += 1
        while end < text.count, text[end].isBlank { end += 1 }
        return end < text.count ? .at(end) : .cut
    }
}
