/// What is asked of a query. It keeps its bytes and their order: how a server reads it is for each server to say.
enum QueryRules {
    /// All in a query that is refused beside a token.
    ///
    /// Tabs and line ends may be encoded: texts in queries have lines.
    static func ambiguities(of query: ArraySlice<UInt8>) -> TargetAmbiguities {
        var ambiguities: TargetAmbiguities = []
        for index in query.indices {
            if query[index] >= 0x80 { ambiguities.insert(.queryNotASCII) }
            guard query[index] == UInt8(ascii: "%") else { continue }
            guard let byte = query.escapedByte(at: index) else {
                ambiguities.insert(.queryBadEscape)
                continue
            }
            if byte.isControl, byte != 0x09, byte != 0x0A, byte != 0x0D { ambiguities.insert(.queryEncodedControl) }
        }
        return ambiguities
    }

    /// Says whether a parameter makes some framework treat the request as one of another method.
    ///
    /// `_method` is that of Rails, Laravel, Symfony, Spring and WordPress, `_HttpMethod` that of Salesforce, and `method` with a verb that of
    /// Facebook's Graph API and Restlet, which many other APIs have with other values.
    static func overrides(method: String, in query: ArraySlice<UInt8>) -> Bool {
        // Every such name has an `m` in it, or an escape.
        guard query.contains(where: { $0 | 0x20 == UInt8(ascii: "m") || $0 == UInt8(ascii: "%") }) else { return false }
        // Older servers separate parameters by semicolons too.
        return query.split(whereSeparator: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: ";") }).contains { parameter in
            let equals = parameter.firstIndex(of: UInt8(ascii: "=")) ?? parameter.endIndex
            let name = folded(parameter[..<equals])
            if overridingNames.contains(name) { return true }
            guard name == nameOfVerbs else { return false }
            let value = String(decoding: decoded(parameter[equals...].dropFirst()), as: UTF8.self).uppercased()
            return verbs.contains(value) && value != method
        }
    }

    private static let overridingNames = ["_method", "_httpmethod", "x_http_method", "x_http_method_override", "x_method_override"].map {
        Array($0.utf8)
    }
    private static let nameOfVerbs = Array("method".utf8)
    private static let verbs: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    /// A parameter's name as frameworks may read it: PHP cuts spaces before it, ends it at NUL, and turns dots, spaces and an open bracket into
    /// `_`; a bracket behind it makes it a list. A dash counts as `_` so that the names of header fields are found, however they are written.
    private static func folded(_ name: ArraySlice<UInt8>) -> [UInt8] {
        let name = decoded(name).drop { $0 == 0x20 || $0.isControl }
        let list = name.dropFirst().prefix { $0 != UInt8(ascii: "[") && $0 != 0 }
        return (name.prefix(1) + list).map { byte in
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: " "), UInt8(ascii: "["), UInt8(ascii: "-"): UInt8(ascii: "_")
            default: byte.lowercased
            }
        }
    }

    private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            if let byte = text.escapedByte(at: index) {
                bytes.append(byte)
                index += 3
            } else {
                bytes.append(text[index] == UInt8(ascii: "+") ? 0x20 : text[index])
                index += 1
            }
        }
        return bytes
    }
}
