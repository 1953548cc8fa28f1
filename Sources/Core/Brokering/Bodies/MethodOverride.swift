/// Bodies that make a framework treat a request as one of another method than its head says.
enum MethodOverride {
    /// How such a body is read.
    enum Reading: Sendable, Equatable {
        /// As a form: some take every body of a POST without a type for one.
        case form
        /// As something that has names in quotes or behind an equals sign.
        case names
    }

    /// Nil for a content type that no framework looks for a method in.
    static func reading(ofContentType type: String?) -> Reading? {
        guard let type = type?.lowercased() else { return .form }
        if type.contains("urlencoded") { return .form }
        return type.contains("multipart") || type.contains("json") ? .names : nil
    }

    static func isIn(form body: [UInt8], method: String) -> Bool { QueryRules.overrides(method: method, in: body[...]) }

    /// What a name that overrides stands behind, and the name. `payment_method` is another name.
    static let words: [[UInt8]] = ["\"", "'", "="].flatMap { mark in
        ["_method", "_httpmethod", "x-http-method-override"].map { Array("\(mark)\($0)".utf8) }
    }
}
