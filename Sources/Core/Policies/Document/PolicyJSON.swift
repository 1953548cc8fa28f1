/// A value of a JSON text, its objects in the order written and without a key twice.
///
/// (The decoder of the standard library keeps one of two equal keys and does not say so.)
indirect enum PolicyJSON: Equatable {
    case object([(key: String, value: PolicyJSON)])
    case array([PolicyJSON])
    case string(String)
    /// A number, a truth value or null: the format has a place for none of them.
    case other

    static func == (left: PolicyJSON, right: PolicyJSON) -> Bool {
        switch (left, right) {
        case (.object(let left), .object(let right)): left.elementsEqual(right) { $0.key == $1.key && $0.value == $1.value }
        case (.array(let left), .array(let right)): left == right
        case (.string(let left), .string(let right)): left == right
        case (.other, .other): true
        default: false
        }
    }

    /// Reads one JSON text and nothing after it.
    init(parsing bytes: [UInt8]) throws(PolicyError) {
        var reader = Reader(bytes: bytes)
        self = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.syntaxError }
    }
}

private struct Reader {
    private static let maximumDepth = 16

    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var syntaxError: PolicyError { PolicyError(path: "", reason: .syntax(line: line(at: position))) }
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func value(depth: Int) throws(PolicyError) -> PolicyJSON {
        skipSpace()
        guard depth < Self.maximumDepth else { throw syntaxError }
        switch next {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        default:
            try word()
            return .other
        }
    }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func line(at position: Int) -> Int { 1 + bytes[..<position].count { $0 == UInt8(ascii: "\n") } }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func members(depth: Int) throws(PolicyError) -> [(key: String, value: PolicyJSON)] {
        position += 1
        var members: [(key: String, value: PolicyJSON)] = []
        var known: Set<String> = []
        if take(UInt8(ascii: "}")) { return [] }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw syntaxError }
            let start = position
            let key = try string()
            guard known.insert(key).inserted else { throw PolicyError(path: "", reason: .duplicateKey(line: line(at: start))) }
            guard take(UInt8(ascii: ":")) else { throw syntaxError }
            members.append((key, try value(depth: depth + 1)))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw syntaxError }
        return members
    }

    private mutating func elements(depth: Int) throws(PolicyError) -> [PolicyJSON] {
        position += 1
        var elements: [PolicyJSON] = []
        if take(UInt8(ascii: "]")) { return [] }
        repeat { elements.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw syntaxError }
        return elements
    }

    /// Passes over `true`, `false`, `null` or a number; what exactly stands there is refused later whatever it is.
    private mutating func word() throws(PolicyError) {
        let start = position
        while let byte = next, "+-.0123456789Eaeflnrstu".utf8.contains(byte) { position += 1 }
        guard position > start else { throw syntaxError }
    }
}

extension Reader {
    private mutating func string() throws(PolicyError) -> String {
        position += 1
        var content: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else { throw syntaxError }
                return text
            case UInt8(ascii: "\\"): content += try String(escaped()).utf8
            case 0..<0x20: throw syntaxError
            default: content.append(byte)
            }
        }
        throw syntaxError
    }

    private mutating func escaped() throws(PolicyError) -> Character {
        guard let byte = next else { throw syntaxError }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Character(Unicode.Scalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try unicodeScalar())
        default: throw syntaxError
        }
    }

    /// The four digits behind `\u`, and those of the second half where they are the first of a surrogate pair.
    private mutating func unicodeScalar() throws(PolicyError) -> Unicode.Scalar {
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, bytes[position...].starts(with: "\\u".utf8) else { throw syntaxError }
        position += 2
        let second = try codeUnit()
        guard (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00)) else {
            throw syntaxError
        }
        return scalar
    }

    private mutating func codeUnit() throws(PolicyError) -> UInt32 {
        guard bytes.count - position >= 4 else { throw syntaxError }
        let digits = bytes[position..<(position + 4)]
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }), let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else {
            throw syntaxError
        }
        position += 4
        return unit
    }
}
