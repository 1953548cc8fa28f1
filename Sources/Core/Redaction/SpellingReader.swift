/// What a reader finds at its position.
enum Reading {
    case byte(UInt8)
    /// Nothing that this spelling could have written.
    case foreign
    /// The text ends before this can be told.
    case cut
}

/// One spelling of bytes, read forward from where a value may begin.
///
/// A view is nothing but its readers: what they yield is compared with the patterns, so a new view is a new reader and its windows.
/// Readers never look back, and hold no text.
protocol SpellingReader {
    /// Just after everything that has been read.
    var position: Int { get }

    mutating func next(in text: LentBytes) -> Reading

    /// Reads over bytes that are the next of `expected`, as far as that can be seen at a glance; how many those are.
    mutating func pass(_ expected: LentBytes, in text: LentBytes) -> Int

    /// Where a value that is complete at this position ends, with what belongs to its last byte, and whether more text could make it longer.
    func closing(in text: LentBytes) -> (end: Int, isOpen: Bool)
}

extension SpellingReader {
    mutating func pass(_ expected: LentBytes, in text: LentBytes) -> Int { 0 }
    func closing(in text: LentBytes) -> (end: Int, isOpen: Bool) { (position, false) }
}

/// Bytes that stand for themselves.
struct RawReader: SpellingReader {
    var position: Int

    mutating func next(in text: LentBytes) -> Reading {
        guard position < text.count else { return .cut }
        defer { position += 1 }
        return .byte(text[position])
    }

    mutating func pass(_ expected: LentBytes, in text: LentBytes) -> Int {
        let agreed = text.agreement(from: position, with: expected)
        position += agreed
        return agreed
    }
}

/// A break between two lines of wrapped text.
enum LineBreak {
    /// How far the next line may be indented.
    static let deepestIndent = 32

    /// The position after a break, with the indentation of the next line, or `position` when there is none; nil when the text ends too early to tell.
    ///
    /// LF, CR LF, and both as a JSON string spells them.
    @inline(__always)
    static func skipped(from position: Int, in text: LentBytes) -> Int? {
        guard position < text.count else { return nil }
        switch text[position] {
        case .lineFeed: return indented(from: position + 1, in: text)
        case .carriageReturn, .backslash: return pair(from: position, in: text)
        default: return position
        }
    }

    private static func indented(from end: Int, in text: LentBytes) -> Int {
        var position = end
        while position < text.count, position - end < deepestIndent, text[position].isBlank { position += 1 }
        return position
    }

    /// CR LF, `\n` or `\r\n`.
    private static func pair(from position: Int, in text: LentBytes) -> Int? {
        guard position + 1 < text.count else { return nil }
        let second = text[position + 1]
        if text[position] == .carriageReturn { return second == .lineFeed ? indented(from: position + 2, in: text) : position }
        if second == UInt8(ascii: "n") { return indented(from: position + 2, in: text) }
        guard second == UInt8(ascii: "r") else { return position }
        guard position + 2 < text.count else { return nil }
        guard text[position + 2] == .backslash else { return position }
        guard position + 3 < text.count else { return nil }
        return text[position + 3] == UInt8(ascii: "n") ? indented(from: position + 4, in: text) : position
    }
}
