/// Reads a JSON text from front to back, strictly (RFC 8259), each string into a buffer of its own that never moves.
///
/// It keeps no other copy of a string, so that a caller who wipes what he got, and the source, has wiped all.
struct JSONReader {
    private let bytes: [UInt8]
    /// Where the next character stands.
    private(set) var position = 0
    /// The line of the next character, from 1.
    private(set) var line = 1
    /// Where the key of the member that is being read stands.
    private(set) var keyStart = 0

    /// What a value is, by its first character.
    enum Kind { case object, array, string, number, truthValue, null }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    func error(_ code: String, _ message: String, hint: String? = nil) -> FormatError {
        FormatError("json.\(code)", message, hint: hint, at: FilePosition(line: line))
    }

    /// What the next value is.
    mutating func kind() throws(FormatError) -> Kind {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .truthValue
        case UInt8(ascii: "n"): return .null
        case let byte? where byte == UInt8(ascii: "-") || NameShape.isDigit(byte): return .number
        default: throw syntax
        }
    }

    /// Reads an object: `member` reads the value of each key, and no key comes twice.
    mutating func object(_ member: (inout JSONReader, String) throws(FormatError) -> Void) throws(FormatError) {
        position += 1
        var known: Set<String> = []
        if take(UInt8(ascii: "}")) { return }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw syntax }
            let start = self
            keyStart = position
            let key = String(decoding: try string(), as: UTF8.self)
            guard known.insert(key).inserted else { throw start.error("duplicate-key", "this key is written twice") }
            guard take(UInt8(ascii: ":")) else { throw syntax }
            try member(&self, key)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw syntax }
    }

    /// Reads an array: `element` reads each element.
    mutating func array(_ element: (inout JSONReader) throws(FormatError) -> Void) throws(FormatError) {
        position += 1
        if take(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw syntax }
    }

    /// Reads a number, a truth value or null as it is written.
    mutating func word() throws(FormatError) -> String {
        let start = position
        while let byte = next, NameShape.isLetter(byte) || NameShape.isDigit(byte) || "+-.".utf8.contains(byte) { position += 1 }
        let word = bytes[start..<position]
        let isName = ["true", "false", "null"].contains { word.elementsEqual($0.utf8) }
        guard isName || Self.isNumber(word) else { throw syntax }
        return String(decoding: word, as: UTF8.self)
    }

    /// Whether a word is a number: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`. By hand, since a regular expression takes a thousand times as long.
    private static func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
        var rest = word
        func digits() -> Bool {
            let count = rest.prefix(while: NameShape.isDigit).count
            rest = rest.dropFirst(count)
            return count > 0
        }
        func take(_ characters: String) -> Bool {
            guard let byte = rest.first, characters.utf8.contains(byte) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = take("-")
        guard take("0") || digits() else { return false }
        if take("."), !digits() { return false }
        if take("eE") {
            _ = take("+-")
            guard digits() else { return false }
        }
        return rest.isEmpty
    }

    /// Checks that nothing follows.
    mutating func finish() throws(FormatError) {
        skipSpace()
        guard position == bytes.count else { throw syntax }
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }
    private var syntax: FormatError { error("syntax", "this is not valid JSON") }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            if byte == 0x0A { line += 1 }
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        position += 1
        return true
    }
}

extension JSONReader {
    /// Reads a string as UTF-8.
    mutating func string() throws(FormatError) -> [UInt8] {
        let start = self
        var content: [UInt8] = []
        // No string is longer than it is written, so that the buffer never moves.
        content.reserveCapacity(try writtenLength())
        do throws(FormatError) { try readString(into: &content) } catch {
            content.wipe()
            throw error
        }
        guard isUTF8(content) else {
            content.wipe()
            throw start.error("not-utf8", "a string is not UTF-8 text")
        }
        return content
    }

    private func writtenLength() throws(FormatError) -> Int {
        var end = position + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
        guard end < bytes.count else { throw error("syntax", "a string that begins here has no end") }
        return end - position
    }

    private mutating func readString(into content: inout [UInt8]) throws(FormatError) {
        position += 1
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): try readEscape(into: &content)
            case 0..<0x20:
                position -= 1
                throw error("syntax", "a string goes over the end of the line, or has a control character", hint: "write a line break as \\n")
            default: content.append(byte)
            }
        }
        throw syntax
    }

    private mutating func readEscape(into content: inout [UInt8]) throws(FormatError) {
        guard let byte = next else { throw syntax }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: UTF8.encode(try scalar()) ?? UTF8.encodedReplacementCharacter)
        default: throw syntax
        }
    }

    /// The character behind `\u`, of one code unit or a surrogate pair.
    private mutating func scalar() throws(FormatError) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, bytes[position...].starts(with: "\\u".utf8) else { throw syntax }
        position += 2
        let second = try codeUnit()
        guard (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) else {
            throw syntax
        }
        return scalar
    }

    private mutating func codeUnit() throws(FormatError) -> UInt32 {
        guard bytes.count - position >= 4 else { throw syntax }
        var unit: UInt32 = 0
        for byte in bytes[position..<(position + 4)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { throw syntax }
            unit = unit << 4 | UInt32(digit)
        }
        position += 4
        return unit
    }
}

/// Whether bytes are UTF-8 text; it makes no copy of them.
func isUTF8(_ bytes: [UInt8]) -> Bool {
    do {
        _ = try UTF8Span(validating: bytes.span)
        return true
    } catch { return false }
}
