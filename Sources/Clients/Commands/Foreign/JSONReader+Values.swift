/// What readers of other programs' exports take out of JSON.
extension JSONReader {
    private static let deepest = 64

    /// A text, number or truth value as a value; nil for null and for an empty text.
    mutating func value() throws(FormatError) -> WipedBytes? {
        switch try kind() {
        case .string:
            let value = WipedBytes(try string())
            return value.isEmpty ? nil : value
        case .number, .truthValue: return WipedBytes(Array(try word().utf8))
        case .null:
            _ = try word()
            return nil
        case .object, .array: throw error("shape", "a text was to stand here")
        }
    }

    /// A text that is no value; empty for null.
    mutating func text() throws(FormatError) -> String { String(decoding: try value()?.bytes ?? [], as: UTF8.self) }

    /// Whether this is `true`, or another thing than null, an empty list or an empty text. Passes over it.
    mutating func isSet() throws(FormatError) -> Bool {
        switch try kind() {
        case .truthValue: return try word() == "true"
        case .array:
            var count = 0
            try array { (reader) throws(FormatError) in
                count += 1
                try reader.skip()
            }
            return count > 0
        case .object:
            try skip()
            return true
        default: return try value() != nil
        }
    }

    /// The members of an object; none for null.
    mutating func members(_ member: (inout JSONReader, String) throws(FormatError) -> Void) throws(FormatError) {
        switch try kind() {
        case .object: try object(member)
        case .null: _ = try word()
        default: throw error("shape", "an object was to stand here")
        }
    }

    /// The elements of a list; none for null.
    mutating func elements(_ element: (inout JSONReader) throws(FormatError) -> Void) throws(FormatError) {
        switch try kind() {
        case .array: try array(element)
        case .null: _ = try word()
        default: throw error("shape", "a list was to stand here")
        }
    }

    /// Passes over a value of any kind.
    mutating func skip(depth: Int = 0) throws(FormatError) {
        guard depth < Self.deepest else { throw error("depth", "the JSON is nested too deeply") }
        switch try kind() {
        case .object: try object { (reader, _) throws(FormatError) in try reader.skip(depth: depth + 1) }
        case .array: try array { (reader) throws(FormatError) in try reader.skip(depth: depth + 1) }
        case .string: _ = WipedBytes(try string())
        case .number, .truthValue, .null: _ = try word()
        }
    }
}
