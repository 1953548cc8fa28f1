/// What a tool takes or gives, in the part of JSON Schema that every host understands: one source for the document and for the check.
///
/// Objects of arguments are closed; results are open (hosts validate them against cached documents).
package struct Schema: Sendable {
    /// What kind of value is described, with its bounds.
    package indirect enum Kind: Sendable {
        case string(oneOf: [String], atLeast: Int?, atMost: Int?, fallback: String?)
        case integer(atLeast: Int64?, atMost: Int64?, fallback: Int64?)
        case number(atLeast: Double?, atMost: Double?)
        case boolean(fallback: Bool?)
        case array(of: Schema, atLeast: Int?, atMost: Int?)
        case object([Property], isOpen: Bool)
    }

    /// A member of an object.
    package struct Property: Sendable {
        package let name: String
        package let schema: Schema
        package let isRequired: Bool

        /// A member that must be there.
        package static func required(_ name: String, _ schema: Schema) -> Self { Self(name: name, schema: schema, isRequired: true) }

        /// A member that may be absent.
        package static func optional(_ name: String, _ schema: Schema) -> Self { Self(name: name, schema: schema, isRequired: false) }
    }

    package let kind: Kind
    /// What the model reads about it; empty for none.
    package let description: String
    /// The document to show instead of the one that is made here.
    private var published: JSONObject?

    private init(kind: Kind, description: String) {
        self.kind = kind
        self.description = description
    }

    /// A text, its length counted in Unicode scalars.
    package static func string(
        _ description: String = "", oneOf: [String] = [], atLeast: Int? = nil, atMost: Int? = nil, default fallback: String? = nil
    ) -> Self { Self(kind: .string(oneOf: oneOf, atLeast: atLeast, atMost: atMost, fallback: fallback), description: description) }

    /// A whole number.
    package static func integer(_ description: String = "", atLeast: Int64? = nil, atMost: Int64? = nil, default fallback: Int64? = nil) -> Self {
        Self(kind: .integer(atLeast: atLeast, atMost: atMost, fallback: fallback), description: description)
    }

    /// Any number.
    package static func number(_ description: String = "", atLeast: Double? = nil, atMost: Double? = nil) -> Self {
        Self(kind: .number(atLeast: atLeast, atMost: atMost), description: description)
    }

    /// True or false.
    package static func boolean(_ description: String = "", default fallback: Bool? = nil) -> Self {
        Self(kind: .boolean(fallback: fallback), description: description)
    }

    /// A list of one kind of value.
    package static func array(_ description: String = "", of element: Schema, atLeast: Int? = nil, atMost: Int? = nil) -> Self {
        Self(kind: .array(of: element, atLeast: atLeast, atMost: atMost), description: description)
    }

    /// An object that has these members and no other.
    package static func arguments(_ properties: [Property], _ description: String = "") -> Self {
        Self(kind: .object(properties, isOpen: false), description: description)
    }

    /// An object that has these members and may have more.
    package static func result(_ properties: [Property], _ description: String = "") -> Self {
        Self(kind: .object(properties, isOpen: true), description: description)
    }
}

extension Schema {
    /// The same check under a document of the caller's own words, which may use all of JSON Schema. What only the document says, the tool checks itself.
    package func published(as document: JSONObject) -> Self {
        var schema = self
        schema.published = document
        return schema
    }

    /// The JSON Schema document.
    package var document: JSONValue {
        if let published { return .object(published) }
        var document: JSONObject = ["type": .string(kind.typeName)]
        if !description.isEmpty { document["description"] = .string(description) }
        switch kind {
        case .string(let allowed, let least, let most, let fallback):
            if !allowed.isEmpty { document["enum"] = .array(allowed.map(JSONValue.string)) }
            document["minLength"] = least.map { .integer(Int64($0)) }
            document["maxLength"] = most.map { .integer(Int64($0)) }
            document["default"] = fallback.map(JSONValue.string)
        case .integer(let least, let most, let fallback):
            document["minimum"] = least.map(JSONValue.integer)
            document["maximum"] = most.map(JSONValue.integer)
            document["default"] = fallback.map(JSONValue.integer)
        case .number(let least, let most):
            document["minimum"] = least.map { .number(literal: "\($0)") }
            document["maximum"] = most.map { .number(literal: "\($0)") }
        case .boolean(let fallback):
            document["default"] = fallback.map(JSONValue.bool)
        case .array(let element, let least, let most):
            document["items"] = element.document
            document["minItems"] = least.map { .integer(Int64($0)) }
            document["maxItems"] = most.map { .integer(Int64($0)) }
        case .object(let properties, let isOpen):
            Self.describe(properties, isOpen: isOpen, in: &document)
        }
        return .object(document)
    }

    private static func describe(_ properties: [Property], isOpen: Bool, in document: inout JSONObject) {
        var members = JSONObject()
        for property in properties { members[property.name] = property.schema.document }
        document["properties"] = .object(members)
        let required = properties.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { document["required"] = .array(required) }
        if !isOpen { document["additionalProperties"] = false }
    }
}

extension Schema.Kind {
    /// The name of the type in JSON Schema.
    var typeName: String {
        switch self {
        case .string: "string"
        case .integer: "integer"
        case .number: "number"
        case .boolean: "boolean"
        case .array: "array"
        case .object: "object"
        }
    }
}
