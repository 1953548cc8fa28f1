/// A value of a JSON text that holds no secret.
indirect enum JSONText {
    case object([(key: String, value: JSONText)])
    case array([JSONText])
    case string(String)
    /// A number, a truth value or null, as written.
    case word(String)

    /// Reads one JSON text and nothing after it; a key twice is an error.
    init(parsing bytes: [UInt8]) throws(FormatError) {
        var reader = JSONReader(bytes)
        self = try Self.read(&reader, depth: 0)
        try reader.finish()
    }

    var isObject: Bool { if case .object = self { true } else { false } }

    private static func read(_ reader: inout JSONReader, depth: Int) throws(FormatError) -> JSONText {
        guard depth < 16 else { throw reader.error("depth", "the JSON is nested too deeply") }
        switch try reader.kind() {
        case .object:
            var members: [(key: String, value: JSONText)] = []
            try reader.object { (reader, key) throws(FormatError) in members.append((key, try read(&reader, depth: depth + 1))) }
            return .object(members)
        case .array:
            var elements: [JSONText] = []
            try reader.array { (reader) throws(FormatError) in elements.append(try read(&reader, depth: depth + 1)) }
            return .array(elements)
        case .string: return .string(String(decoding: try reader.string(), as: UTF8.self))
        case .number, .truthValue, .null: return .word(try reader.word())
        }
    }

    /// A text as a JSON string.
    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        appendQuoted(text.utf8, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends UTF-8 text as a JSON string. It takes at most six bytes for each and two for the quotes.
    static func appendQuoted(_ text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F:
                bytes.append(contentsOf: "\\u00".utf8)
                for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 48 + digit : 87 + digit) }
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
