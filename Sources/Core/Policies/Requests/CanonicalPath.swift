/// The one form in which paths are judged and sent: absolute, without empty and dot segments, each byte as itself where it can be and as `%XX` in upper
/// case where it cannot (RFC 3986, 6.2.2).
package enum CanonicalPath {
    static let maximumLength = 8192

    /// Says whether a path is in this form. Whatever a service might read in two ways is not: then what is judged is what it serves.
    package static func has(_ path: String) -> Bool {
        path.hasPrefix("/") && path.utf8.count <= maximumLength && allows(segmentsOf: String(path.dropFirst()))
    }

    /// Whether a segment of the path has a slash in it, which some services take for one between segments.
    static func hasEncodedSlash(_ path: String) -> Bool { path.utf8.count > 2 && path.contains("%2F") }

    /// Says whether the segments of a path, or the fixed parts of a pattern's, are in this form; the slash at the start is left out.
    static func allows(segmentsOf text: String) -> Bool {
        let segments = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return segments.dropLast().allSatisfy { !$0.isEmpty } && segments.allSatisfy { isSegment(Array($0)) }
    }

    private static func isSegment(_ segment: [UInt8]) -> Bool {
        var position = 0
        /// The bytes of a letter outside ASCII, which come encoded one behind the other.
        var foreign: [UInt8] = []
        while position < segment.count {
            let byte = segment[position]
            if byte == UInt8(ascii: "%") {
                guard let escaped = escape(in: segment, at: position) else { return false }
                if escaped >= 0x80 { foreign.append(escaped) } else if !isText(foreign) { return false } else { foreign = [] }
                position += 3
            } else {
                guard isLiteral(byte), isText(foreign) else { return false }
                foreign = []
                position += 1
            }
        }
        return isText(foreign) && !hasDots(segment)
    }

    /// UTF-8 in its shortest form.
    private static func isText(_ bytes: [UInt8]) -> Bool { bytes.isEmpty || String(validating: bytes, as: UTF8.self) != nil }

    /// What stands for itself in a segment: RFC 3986's `pchar`, which has the star.
    static func isLiteral(_ byte: UInt8) -> Bool { isUnreserved(byte) || "!$&'()*+,;=:@".utf8.contains(byte) }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._~".utf8.contains(byte)
        }
    }

    /// The byte that stands encoded at a position; nil where it would not be encoded, or is refused: a control character, a backslash, and a percent sign
    /// before what a second decoding would take for one more.
    private static func escape(in segment: [UInt8], at position: Int) -> UInt8? {
        guard let byte = value(segment, at: position + 1), !isUnreserved(byte), byte >= 0x20, byte != 0x7F, byte != UInt8(ascii: "\\") else {
            return nil
        }
        if byte == UInt8(ascii: "%"), digit(segment, at: position + 3) != nil, digit(segment, at: position + 4) != nil { return nil }
        return byte
    }

    private static func value(_ bytes: [UInt8], at position: Int) -> UInt8? {
        guard let high = digit(bytes, at: position), let low = digit(bytes, at: position + 1) else { return nil }
        let isUpper = bytes[position..<position + 2].allSatisfy { $0 < UInt8(ascii: "a") }
        return isUpper ? high << 4 | low : nil
    }

    private static func digit(_ bytes: [UInt8], at position: Int) -> UInt8? {
        guard position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return bytes[position] - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): return bytes[position] - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): return bytes[position] - UInt8(ascii: "a") + 10
        default: return nil
        }
    }

    /// Whether a segment is one of dots, or would be for a service that cuts `;` and what follows it, or decodes a slash in it.
    private static func hasDots(_ segment: [UInt8]) -> Bool {
        let parts = String(decoding: segment, as: UTF8.self).split(separator: "%2F", omittingEmptySubsequences: false)
        return parts.contains { part in
            let name = part.prefix { $0 != ";" }
            return name == "." || name == ".." || parts.count > 1 && name.isEmpty
        }
    }
}
