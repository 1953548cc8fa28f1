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
