/// Why bytes are no JSON that is accepted. It never holds a piece of them.
package enum JSONError: Error, Sendable, Equatable {
    /// The grammar is broken at this byte.
    case syntax(at: Int)
    /// A text is no UTF-8 or has half a surrogate pair.
    case badText(at: Int)
    /// Arrays and objects lie more than `JSONValue.maximumDepth` deep.
    case tooDeep
    /// An object has two members of one name (canonically equivalent names count as one).
    case duplicateName
    /// A number is beyond what floating point can hold.
    case numberOutOfRange
}

extension JSONValue {
    /// How deep arrays and objects may lie.
    package static let maximumDepth = 128

    /// Reads one JSON value and nothing else (RFC 8259), refusing what two readers could understand differently.
    package init(parsing bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }
}

private struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func document() throws(JSONError) -> JSONValue {
        skipBlanks()
        let value = try value()
        skipBlanks()
        guard next == nil else { throw .syntax(at: position) }
        return value
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        switch next {
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "\""): return .string(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object() throws(JSONError) -> JSONObject {
        var members: [JSONObject.Member] = []
        var names: Set<String> = []
        try elements(until: UInt8(ascii: "}")) { parser throws(JSONError) in
            let name = try parser.text()
            guard names.insert(name).inserted else { throw .duplicateName }
            parser.skipBlanks()
            try parser.take(UInt8(ascii: ":"))
            parser.skipBlanks()
            members.append(JSONObject.Member(name: name, value: try parser.value()))
        }
        return JSONObject(unique: members)
    }

    private mutating func array() throws(JSONError) -> [JSONValue] {
        var values: [JSONValue] = []
        try elements(until: UInt8(ascii: "]")) { parser throws(JSONError) in values.append(try parser.value()) }
        return values
    }

    /// Reads what stands between brackets and commas; the opening bracket is next.
    private mutating func elements(until end: UInt8, _ element: (inout JSONParser) throws(JSONError) -> Void) throws(JSONError) {
        position += 1
        depth += 1
        guard depth <= JSONValue.maximumDepth else { throw .tooDeep }
        skipBlanks()
        if next != end {
            try element(&self)
            skipBlanks()
            while next == UInt8(ascii: ",") {
                position += 1
                skipBlanks()
                try element(&self)
                skipBlanks()
            }
        }
        try take(end)
        depth -= 1
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in word.description.utf8 { try take(byte) }
        return value
    }

    private mutating func take(_ byte: UInt8) throws(JSONError) {
        guard next == byte else { throw .syntax(at: position) }
        position += 1
    }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }
}

// Numbers
extension JSONParser {
    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
        var isInteger = true
        if next == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        let literal = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, literal != "-0", let integer = Int64(literal) { return .integer(integer) }
        guard let double = Double(literal), double.isFinite else { throw .numberOutOfRange }
        return .number(literal: literal)
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw .syntax(at: position) }
    }
}

// Texts
extension JSONParser {
    private mutating func text() throws(JSONError) -> String {
        try take(UInt8(ascii: "\""))
        let start = position
        var content: [UInt8] = []
        var copied = position
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw .syntax(at: position) }
            if byte == UInt8(ascii: "\\") {
                content.append(contentsOf: bytes[copied..<position])
                try escape(into: &content)
                copied = position
            } else {
                position += 1
            }
        }
        content.append(contentsOf: bytes[copied..<position])
        try take(UInt8(ascii: "\""))
        guard let text = String(validating: content, as: UTF8.self) else { throw .badText(at: start) }
        return text
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        position += 1
        guard let letter = next else { throw .syntax(at: position) }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: try escapedScalar().utf8)
        default: throw .syntax(at: position - 1)
        }
    }

    /// Reads the digits after `\u`, and the second half of a surrogate pair.
    private mutating func escapedScalar() throws(JSONError) -> Unicode.Scalar {
        let start = position
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, next == UInt8(ascii: "\\") else { throw .badText(at: start) }
        position += 1
        guard next == UInt8(ascii: "u") else { throw .badText(at: start) }
        position += 1
        let second = try codeUnit()
        guard (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) else {
            throw .badText(at: start)
        }
        return scalar
    }

    private mutating func codeUnit() throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw .syntax(at: position) }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }
}
