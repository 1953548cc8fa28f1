/// Where a value is not what its schema says, and by which rule. It never repeats the value, nor a name that the caller made up.
package struct SchemaProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The property, as in `secrets[0].name`; empty for the whole.
    package let path: String
    /// The rule that does not hold.
    package let rule: String

    package var description: String { path.isEmpty ? "the argument object \(rule)" : "`\(path)` \(rule)" }

    init(path: String, rule: String) {
        self.path = path
        self.rule = rule
    }

    /// What an object has too little and too much of, all in one, so that one more call is enough to put it right. Of what it has too much, the number is
    /// told: the names are the caller's.
    fileprivate init?(_ object: JSONObject, _ properties: [Schema.Property], isOpen: Bool, at path: String) {
        let missing = properties.filter { $0.isRequired && object[$0.name] == nil }.map(\.name)
        let unknown = isOpen ? 0 : object.members.count { member in !properties.contains { $0.name == member.name } }
        if unknown == 0, missing.count == 1 {
            self.init(path: path.isEmpty ? missing[0] : "\(path).\(missing[0])", rule: "is required")
            return
        }
        var rules: [String] = []
        if !missing.isEmpty { rules.append("lacks \(missing.map { "`\($0)`" }.joined(separator: ", "))") }
        if unknown > 0 {
            let names = properties.isEmpty ? "none" : properties.map(\.name).joined(separator: ", ")
            rules.append("has \(unknown == 1 ? "an unknown property" : "\(unknown) unknown properties"); known: \(names)")
        }
        guard !rules.isEmpty else { return nil }
        self.init(path: path, rule: rules.joined(separator: " and "))
    }
}

extension Schema {
    /// The value with defaults filled in and whole numbers as integers; throws the first rule that does not hold.
    package func completed(_ value: JSONValue, at path: String = "") throws(SchemaProblem) -> JSONValue {
        switch kind {
        case .string(let allowed, let least, let most, _):
            guard let text = value.string else { throw SchemaProblem(path: path, rule: "must be a string") }
            guard allowed.isEmpty || allowed.contains(text) else {
                throw SchemaProblem(path: path, rule: "must be one of: \(allowed.joined(separator: ", "))")
            }
            try Self.check(text.unicodeScalars.count, least, most, "have", "characters", path)
            return value
        case .integer(let least, let most, _):
            guard let integer = value.integer else { throw SchemaProblem(path: path, rule: "must be an integer") }
            try Self.check(integer, least, most, "be", "", path)
            return .integer(integer)
        case .number(let least, let most):
            guard let number = value.double else { throw SchemaProblem(path: path, rule: "must be a number") }
            try Self.check(number, least, most, "be", "", path)
            return value
        case .boolean:
            guard value.bool != nil else { throw SchemaProblem(path: path, rule: "must be true or false") }
            return value
        case .array(let element, let least, let most):
            guard let elements = value.array else { throw SchemaProblem(path: path, rule: "must be an array") }
            try Self.check(elements.count, least, most, "have", "items", path)
            var completed: [JSONValue] = []
            for (index, value) in elements.enumerated() { completed.append(try element.completed(value, at: "\(path)[\(index)]")) }
            return .array(completed)
        case .object(let properties, let isOpen):
            guard let object = value.object else { throw SchemaProblem(path: path, rule: "must be an object") }
            return .object(try Self.completed(object, properties, isOpen: isOpen, at: path))
        }
    }

    private static func completed(
        _ object: JSONObject, _ properties: [Property], isOpen: Bool, at path: String
    ) throws(SchemaProblem) -> JSONObject {
        if let problem = SchemaProblem(object, properties, isOpen: isOpen, at: path) { throw problem }
        var completed = isOpen ? object : JSONObject()
        for property in properties {
            let place = path.isEmpty ? property.name : "\(path).\(property.name)"
            if let value = object[property.name] {
                completed[property.name] = try property.schema.completed(value, at: place)
            } else {
                completed[property.name] = property.schema.fallback
            }
        }
        return completed
    }

    private static func check<Size: Comparable>(
        _ size: Size, _ least: Size?, _ most: Size?, _ verb: String, _ unit: String, _ path: String
    ) throws(SchemaProblem) {
        func limit(_ size: Size) -> String { unit.isEmpty ? "\(size)" : "\(size) \("\(size)" == "1" ? String(unit.dropLast()) : unit)" }
        if let least, size < least { throw SchemaProblem(path: path, rule: "must \(verb) at least \(limit(least))") }
        if let most, size > most { throw SchemaProblem(path: path, rule: "must \(verb) at most \(limit(most))") }
    }

    /// What stands for an absent member.
    private var fallback: JSONValue? {
        switch kind {
        case .string(_, _, _, let fallback): fallback.map(JSONValue.string)
        case .integer(_, _, let fallback): fallback.map(JSONValue.integer)
        case .boolean(let fallback): fallback.map(JSONValue.bool)
        case .number, .array, .object: nil
        }
    }
}
