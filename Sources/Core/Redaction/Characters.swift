/// The characters that an escape is made of: as they are, or themselves escaped.
protocol Characters {
    /// The character at a position and where the next one begins; nil when the text ends before it can be told.
    func next(at position: Int, in text: LentBytes) -> (byte: UInt8, end: Int)?
}

struct PlainCharacters: Characters {
    @inline(__always)
    func next(at position: Int, in text: LentBytes) -> (byte: UInt8, end: Int)? {
        position < text.count ? (text[position], position + 1) : nil
    }
}

/// Where an escape stands, the character it stands for.
struct EscapedCharacters: Characters {
    /// Whether nothing follows the text: what could begin an escape at its end stands for itself.
    let isEdge: Bool

    func next(at position: Int, in text: LentBytes) -> (byte: UInt8, end: Int)? {
        guard let plain = PlainCharacters().next(at: position, in: text) else { return nil }
        switch Escapes(PlainCharacters(), isEdge: isEdge).reading(at: position, in: text) {
        case .none, .either: return plain
        case .cut: return isEdge ? plain : nil
        case .spelled(let spelled): return spelled.count == 1 ? (UInt8(truncatingIfNeeded: spelled.bytes), spelled.end) : plain
        }
    }
}

/// Bytes that an escape stands for.
struct Spelled {
    /// One to four bytes, the first one lowest.
    var bytes: UInt32
    var count: Int
    /// Just after the escape.
    var end: Int
    var view: RedactionView

    init(_ byte: UInt8, end: Int, _ view: RedactionView) {
        (bytes, count, self.end, self.view) = (UInt32(byte), 1, end, view)
    }

    /// The scalar in UTF-8; nil for a surrogate.
    init?(scalar number: UInt32, end: Int, _ view: RedactionView) {
        guard let scalar = Unicode.Scalar(number) else { return nil }
        (bytes, count, self.end, self.view) = (0, 0, end, view)
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
            bytes |= UInt32(byte) << (8 * UInt32(count))
            count += 1
        }
    }
}

enum EscapeReading {
    case none
    /// The text ends before this can be told.
    case cut
    case spelled(Spelled)
    /// As text in UTF-8, or as one byte.
    case either(Spelled, Spelled)
}
