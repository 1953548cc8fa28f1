/// A JSON value that stays what it was: members in order, 64-bit integers exact, every other number as it was written.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number that is no 64-bit integer, as its JSON literal.
    case number(literal: String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// The text, if this is one.
    package var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The members, if this is an object.
    package var object: JSONObject? { if case .object(let object) = self { object } else { nil } }

    /// The elements, if this is an array.
    package var array: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The truth value, if this is one.
    package var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }

    /// The number, if it has no fraction and fits: 50.0 is 50, as JSON Schema has it (some hosts know only floating point).
    package var integer: Int64? {
        switch self {
        case .integer(let integer): integer
        case .number(let literal): Double(literal).flatMap(Int64.init(exactly:))
        default: nil
        }
    }

    /// The number as floating point, if this is one.
    package var double: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .number(let literal): Double(literal)
        default: nil
        }
    }
}

/// A JSON object whose members keep their order and have one name each.
package struct JSONObject: Sendable, Equatable {
    /// One name and its value.
    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: JSONValue
    }

    package private(set) var members: [Member] = []

    package init() {}

    /// Takes members whose names are known to differ.
    init(unique members: [Member]) { self.members = members }

    /// The value of a member. Assigning replaces it in place or appends it; nil removes it.
    package subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements { self[name] = value }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSONValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}
