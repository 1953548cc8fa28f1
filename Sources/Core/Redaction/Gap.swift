/// What may stand between two bytes of a value and belongs to neither: line breaks, terminal sequences.
enum Gap {
    /// How far the next line may be indented.
    static let deepestIndent = 32
    /// How many follow each other between two bytes: whoever prints nothing but line breaks is not to keep the reader busy, nor what is held for long.
    static let mostInARow = 8
    /// The longest terminal sequence that is passed over.
    static let longestSequence = 64

    enum End {
        case none
        /// The position just after the gap, and the one before the indentation that it ends with: blanks may be the value's.
        case end(Int, bare: Int)
        /// The text ends before this can be told.
        case cut
    }

    /// The gap that begins at a position.
    ///
    /// LF, CR LF and CR, each with the indentation of what follows; an escape of one of them; a line continued by `\` or `=`; a terminal's control
    /// sequence.
    @inline(__always)
    static func at(_ position: Int, in text: LentBytes) -> End {
        guard position < text.count else { return .cut }
        switch text[position] {
        case .lineFeed: return broken(at: position + 1, in: text)
        case .carriageReturn: return afterReturn(position + 1, in: text)
        case .backslash, UInt8(ascii: "="), .escape: return rarer(at: position, in: text)
        default: return .none
        }
    }

    /// The position after the gaps from `position` on, at most so many; nil when the text ends too early to tell.
    @inline(__always)
    static func passed(from position: Int, in text: LentBytes) -> Int? {
        var position = position
        for _ in 0..<mostInARow {
            switch at(position, in: text) {
            case .none: return position
            case .cut: return nil
            case .end(let end, bare: _): position = end
            }
        }
        return position
    }

    /// After a line break: the indentation of what follows.
    @inline(__always)
    private static func broken(at bare: Int, in text: LentBytes) -> End {
        var position = bare
        while position < text.count, position - bare < deepestIndent, text[position].isBlank { position += 1 }
        return .end(position, bare: bare)
    }

    private static func afterReturn(_ position: Int, in text: LentBytes) -> End {
        guard position < text.count else { return .cut }
        return broken(at: text[position] == .lineFeed ? position + 1 : position, in: text)
    }

    private static func rarer(at position: Int, in text: LentBytes) -> End {
        guard position + 1 < text.count else { return .cut }
        let next = text[position + 1]
        switch text[position] {
        case .escape: return sequence(from: position + 1, in: text)
        case .backslash where next == UInt8(ascii: "n"): return broken(at: position + 2, in: text)
        case .backslash where next == UInt8(ascii: "r"): return escapedReturn(position + 2, in: text)
        default: break
        }
        if next == .lineFeed { return broken(at: position + 2, in: text) }
        return next == .carriageReturn ? afterReturn(position + 2, in: text) : .none
    }

    /// After `\r`, for which `\n` may follow.
    private static func escapedReturn(_ position: Int, in text: LentBytes) -> End {
        guard position < text.count else { return .cut }
        guard text[position] == .backslash else { return broken(at: position, in: text) }
        guard position + 1 < text.count else { return .cut }
        return broken(at: text[position + 1] == UInt8(ascii: "n") ? position + 2 : position, in: text)
    }

    /// After ESC: a control sequence, an operating system command, or two characters (ECMA-48).
    private static func sequence(from start: Int, in text: LentBytes) -> End {
        switch text[start] {
        case UInt8(ascii: "["): closed(from: start + 1, in: text, { $0 >= 0x40 && $0 < 0x7f }, passing: { $0 >= 0x20 && $0 < 0x40 })
        case UInt8(ascii: "]"):
            closed(from: start + 1, in: text, { $0 == 0x07 || $0 == UInt8(ascii: "\\") }, passing: { $0 >= 0x20 || $0 == .escape })
        case 0x20..<0x30: start + 1 < text.count ? .end(start + 2, bare: start + 2) : .cut
        case 0x30..<0x7f: .end(start + 1, bare: start + 1)
        default: .none
        }
    }

    private static func closed(from start: Int, in text: LentBytes, _ isLast: (UInt8) -> Bool, passing: (UInt8) -> Bool) -> End {
        var position = start
        while position < text.count, position - start < longestSequence {
            if isLast(text[position]) { return .end(position + 1, bare: position + 1) }
            guard passing(text[position]) else { return .none }
            position += 1
        }
        return position < text.count ? .none : .cut
    }
}
