/// The bytes that must not be passed by their windows alone: an escape, a gap or a compressed member may begin there, or be known by them.
enum EscapeLead {
    /// Whether an escape may begin at a position, judged by its first two or three bytes.
    static func stands(at position: Int, in text: LentBytes) -> Bool {
        let byte = text[position]
        guard isLead(byte) else { return false }
        guard byte != .backslash, byte != UInt8(ascii: "+") else { return true }
        guard position + 1 < text.count else { return true }
        let next = text[position + 1]
        switch byte {
        case .percentSign, UInt8(ascii: "="): return next.hexDigit != nil && (position + 2 >= text.count || mayGoOn(text[position + 2]))
        case UInt8(ascii: "&"): return next == UInt8(ascii: "#") || next.isLetter
        default: return next == .backslash || next == UInt8(ascii: "\"")
        }
    }

    /// A digit, or an escape of one.
    @inline(__always)
    private static func mayGoOn(_ byte: UInt8) -> Bool { byte.hexDigit != nil || isLead(byte) }

    @inline(__always)
    static func isLead(_ byte: UInt8) -> Bool {
        switch byte {
        case .backslash, .percentSign, UInt8(ascii: "&"), UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "'"): true
        default: false
        }
    }

    /// Whether a gap may begin with a byte.
    static func mayBeginGap(_ byte: UInt8) -> Bool {
        switch byte {
        case .lineFeed, .carriageReturn, .escape, .backslash, UInt8(ascii: "="): true
        default: false
        }
    }

    /// Whether a gap may begin at a position, judged by its first two bytes.
    static func beginsGap(at position: Int, in text: LentBytes) -> Bool {
        switch text[position] {
        case .lineFeed, .carriageReturn, .escape, .backslash: true
        case UInt8(ascii: "="): position + 1 == text.count || text[position + 1].isLineEnd
        default: false
        }
    }
}
