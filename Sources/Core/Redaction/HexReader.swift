/// Hexadecimal digits in either case, bare and wrapped at any column, or byte by byte with separators and a prefix, in rows with addresses too.
struct HexReader: SpellingReader {
    private(set) var position: Int
    private var isFirst = true
    /// What stands before every byte, decided by the first one.
    private var prefix = Prefix.none
    private var isSeparated = false
    /// Whether two blanks end a row and text follows, as `xxd` has it.
    private let hasTextAfterBlanks: Bool
    /// Whether nothing follows the text: digits at its end are no address that goes on.
    private let isEdge: Bool

    private enum Prefix {
        case none, zero
    }

    /// The longest row of text that stands beside the bytes.
    private static let longestText = 80

    init(at position: Int, hasTextAfterBlanks: Bool, isEdge: Bool) {
        self.position = position
        self.isEdge = isEdge
        self.hasTextAfterBlanks = hasTextAfterBlanks
    }

    mutating func next(in text: LentBytes) -> Reading {
        // Two digits side by side, by far the most common: any prefix has an `x`.
        if prefix == .none, position + 1 < text.count, let high = text[position].hexDigit, let low = text[position + 1].hexDigit {
            position += 2
            isFirst = false
            return .byte(high << 4 | low)
        }
        return nextApart(in: text)
    }

    private mutating func nextApart(in text: LentBytes) -> Reading {
        guard let start = isFirst ? position : separated(from: position, in: text), start < text.count else { return .cut }
        let digits: Int
        switch prefix(at: start, in: text) {
        case nil: return .cut
        case let found? where isFirst || found == prefix:
            prefix = found
            digits = found == .none ? start : start + 2
        default: return .foreign
        }
        isFirst = false
        return byte(from: digits, in: text)
    }

    private mutating func byte(from digits: Int, in text: LentBytes) -> Reading {
        guard digits < text.count else { return .cut }
        guard let high = text[digits].hexDigit else { return .foreign }
        let second = prefix == .none ? Gap.passed(from: digits + 1, in: text) : digits + 1
        guard let second, second < text.count else { return .cut }
        guard let low = text[second].hexDigit else { return .foreign }
        position = second + 1
        return .byte(high << 4 | low)
    }

    @inline(__always)
    static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ",")
    }

    /// After what may stand between two bytes: nothing, `:` `-` or `,` with or without a blank, one or two blanks; then perhaps a gap; or a row's end.
    private mutating func separated(from start: Int, in text: LentBytes) -> Int? {
        guard start < text.count else { return nil }
        var end = start
        if Self.isSeparator(text[end]) || text[end].isBlank {
            end += 1
            isSeparated = true
            guard end < text.count else { return nil }
            if text[end].isBlank {
                end += 1
                guard end < text.count else { return nil }
                if hasTextAfterBlanks || text[end] == UInt8(ascii: "|") { return nextRow(after: end, in: text) }
            }
        }
        guard let next = Gap.passed(from: end, in: text) else { return nil }
        return next == end ? end : bytes(ofRowAt: next, in: text)
    }

    /// The first byte of the next row, behind the text at the end of this one.
    private func nextRow(after start: Int, in text: LentBytes) -> Int? {
        var end = start
        while end < text.count, end - start < Self.longestText, text[end] != .lineFeed { end += 1 }
        guard end < text.count else { return nil }
        guard text[end] == .lineFeed else { return start }
        return bytes(ofRowAt: end + 1, in: text)
    }

    /// Behind the address of a row, if it has one: seven digits or more, and what tells them from a group of bytes.
    private func bytes(ofRowAt start: Int, in text: LentBytes) -> Int? {
        var end = start
        if end + 1 < text.count, text[end] == UInt8(ascii: "0"), text[end + 1] == UInt8(ascii: "x"), prefix != .zero { end += 2 }
        let digits = end
        while end < text.count, end - digits <= 16, text[end].hexDigit != nil { end += 1 }
        guard end + 1 < text.count else { return isEdge ? start : nil }
        let isApart = isSeparated || (end - digits) & 1 == 1 || text[end + 1].isBlank
        guard end - digits >= 7, text[end] == UInt8(ascii: ":") || text[end].isBlank && isApart else { return start }
        end += 1
        while end < text.count, text[end].isBlank { end += 1 }
        return end < text.count ? end : nil
    }

    /// The prefix that stands at a place; nil when the text ends too early to tell.
    private func prefix(at start: Int, in text: LentBytes) -> Prefix? {
        guard text[start] == UInt8(ascii: "0") else { return Prefix.none }
        guard start + 1 < text.count else { return nil }
        return text[start + 1] == UInt8(ascii: "x") ? .zero : Prefix.none
    }
}
