/// `%XX` in URLs (RFC 3986 §2.1) and forms.
enum PercentEscapes {
    /// The bytes that a text stands for; nil where a `%` is followed by something else than two digits.
    static func decoded(_ text: ArraySlice<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var place = text.startIndex
        while place < text.endIndex {
            switch text[place] {
            case UInt8(ascii: "%"):
                guard let byte = text.escapedByte(at: place) else { return nil }
                bytes.append(byte)
                place += 3
                continue
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            case let byte: bytes.append(byte)
            }
            place += 1
        }
        return bytes
    }

    /// Writes bytes so that they read the same in a path, a query and a form: only unreserved characters (RFC 3986 §2.3) stand for themselves.
    static func encode(_ bytes: [UInt8], into text: inout [UInt8]) {
        for byte in bytes { if byte.isUnreserved { text.append(byte) } else { text.append(escaping: byte) } }
    }
}
