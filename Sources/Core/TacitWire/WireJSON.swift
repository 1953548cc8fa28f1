public import FoundationEssentials

/// How every JSON body of the API is written and read: snake_case keys, sorted, nothing unknown.
public enum WireJSON {
    /// Encodes an answer or a request.
    public static func encode(_ value: some Encodable) throws -> Data { try encoder().encode(value) }

    /// Decodes a request and refuses whatever the type does not know.
    ///
    /// A key is known when encoding the decoded value gives it back; so a key that is null, doubled in meaning or misspelt is refused.
    public static func decodeStrictly<Value: Codable>(_ type: Value.Type = Value.self, from data: Data) throws -> Value {
        let value = try decode(type, from: data)
        let given = try JSONDecoder().decode(Shape.self, from: data)
        let known = try JSONDecoder().decode(Shape.self, from: try encode(value))
        if let key = given.firstUnknownKey(against: known, path: "") { throw WireError.unknownField(key) }
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
        case .unknownField(let name): "the body has a field `\(name)` that this request does not know"
        case .missingField(let name): "the body lacks the field `\(name)`"
        case .wrongType(let name): "the field `\(name)` has the wrong type or an unknown value"
        }
    }
}

/// The keys of a JSON value, without what they hold.
private indirect enum Shape: Decodable {
    case leaf
    case list([Shape])
    case object([String: Shape])

    init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: AnyKey.self) {
            var members: [String: Shape] = [:]
            for key in keyed.allKeys { members[key.stringValue] = try keyed.decode(Shape.self, forKey: key) }
            self = .object(members)
        } else if var unkeyed = try? decoder.unkeyedContainer() {
            var elements: [Shape] = []
            while !unkeyed.isAtEnd { elements.append(try unkeyed.decode(Shape.self)) }
            self = .list(elements)
        } else {
            self = .leaf
        }
    }

    func firstUnknownKey(against known: Shape, path: String) -> String? {
        switch (self, known) {
        case (.object(let given), .object(let members)):
            for (key, value) in given.sorted(by: { $0.key < $1.key }) {
                guard let member = members[key] else { return path + key }
                if let unknown = value.firstUnknownKey(against: member, path: path + key + ".") { return unknown }
            }
        case (.list(let given), .list(let elements)):
            for (value, element) in zip(given, elements) {
                if let unknown = value.firstUnknownKey(against: element, path: path) { return unknown }
            }
        default: break
        }
        return nil
    }
}

private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
