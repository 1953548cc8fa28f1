public import FoundationEssentials

/// How every JSON body of the API is written and read: snake_case keys, sorted, nothing unknown.
public enum WireJSON {
    /// Encodes an answer or a request.
    public static func encode(_ value: some Encodable) throws -> Data { try encoder().encode(value) }

    /// Decodes a request and refuses whatever the type does not know.
    ///
    /// A key is known when encoding the decoded value gives it back; so a key that is null or misspelt is refused, and one that stands twice.
    public static func decodeStrictly<Value: Codable>(_ type: Value.Type = Value.self, from data: Data) throws -> Value {
        let given = try JSONShape(data)
        let value = try decode(type, from: data)
        if let key = given.firstUnknownKey(against: try JSONShape(try encode(value))) { throw WireError.unknownField(key) }
        return value
    }

    /// Decodes an answer; fields that a newer server added are passed over.
    public static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(type, from: data)
        } catch let error as DecodingError {
            throw WireError(error)
        }
    }

    private static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

/// Why a body is not the JSON that a route takes. It names fields, never what they held.
public enum WireError: Error, Equatable, Sendable {
    case notJSON
    case unknownField(String)
    case doubledField(String)
    case missingField(String)
    case wrongType(String)

    init(_ error: DecodingError) {
        func path(_ keys: [any CodingKey]) -> String { keys.map(\.stringValue).joined(separator: ".") }
        self =
            switch error {
            case .keyNotFound(let key, let context): .missingField(path(context.codingPath + [key]))
            case .typeMismatch(_, let context), .valueNotFound(_, let context): .wrongType(path(context.codingPath))
            case .dataCorrupted(let context): context.codingPath.isEmpty ? .notJSON : .wrongType(path(context.codingPath))
            @unknown default: .notJSON
            }
    }

    /// One sentence in lower case.
    public var message: String {
        switch self {
        case .notJSON: "the body is not valid JSON"
        case .unknownField(let name): "the body has a field `\(Self.shown(name))` that this request does not know"
        case .doubledField(let name): "the body has the field `\(Self.shown(name))` twice"
        case .missingField(let name): "the body lacks the field `\(name)`"
        case .wrongType(let name): "the field `\(Self.shown(name))` has the wrong type or an unknown value"
        }
    }

    /// A key as the asker wrote it, printable and short.
    private static func shown(_ name: String) -> String {
        let clean = name.unicodeScalars.map { (0x20...0x7E).contains($0.value) && $0 != "`" ? Character($0) : "?" }
        return clean.count > 80 ? String(clean.prefix(80)) + "…" : String(clean)
    }
}
