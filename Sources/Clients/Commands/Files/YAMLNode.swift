import Policies

/// A value of a YAML file in the subset that Tacit reads: one document of mappings, lists and texts, without anchors, aliases, tags and merge keys.
struct YAMLNode: Equatable {
    var content: Content
    var position: FilePosition

    indirect enum Content: Equatable {
        case mapping([Member])
        case list([YAMLNode])
        case text(String)
        /// A plain scalar that YAML reads as something else: `true`, `12`, or nothing at all; with what is written.
        case other(Kind, String)
    }

    struct Member: Equatable {
        var key: String
        var keyPosition: FilePosition
        var value: YAMLNode
    }

    /// What a plain scalar is that is no text.
    enum Kind: String {
        case truthValue = "a truth value"
        case number = "a number"
        case nothing = "nothing"
    }

    func error(_ code: String, _ message: String, hint: String? = nil) -> FormatError {
        FormatError("yaml.\(code)", message, hint: hint, at: position)
    }
}

extension YAMLNode {
    /// The members of a mapping with no other keys than `keys`.
    func members(allowing keys: [String]) throws(FormatError) -> [Member] {
        let members = try members()
        for member in members where !keys.contains(member.key) {
            let nearest = suggestion(for: member.key, among: keys).map { "did you mean `\($0)`?" }
            let known = "the keys here are \(keys.map { "`\($0)`" }.joined(separator: ", "))"
            throw FormatError("yaml.unknown-key", "this key is unknown", hint: nearest ?? known, at: member.keyPosition)
        }
        return members
    }

    func members() throws(FormatError) -> [Member] {
        guard case .mapping(let members) = content else { throw wrongType("a mapping of keys to values") }
        return members
    }

    func elements() throws(FormatError) -> [YAMLNode] {
        guard case .list(let elements) = content else { throw wrongType("a list") }
        return elements
    }

    func text() throws(FormatError) -> String {
        guard case .text(let text) = content else { throw wrongType("a text") }
        return text
    }

    /// The text for which this stands as the value of a policy's key.
    func text(of value: PolicyKey.Value) throws(FormatError) -> String {
        switch (value, content) {
        case (.number, .other(.number, let digits)): return digits
        case (.pair, .mapping(let members)):
            guard let member = members.first, members.count == 1 else { throw error("wrong-type", "this must be one word with its name") }
            return "\(member.key): \(try member.value.text())"
        default: return try text()
        }
    }

    private func wrongType(_ expected: String) -> FormatError {
        switch content {
        case .other(.nothing, _): error("wrong-type", "a value is missing: this must be \(expected)")
        case .other(let kind, _) where expected == "a text":
            error("wrong-type", "this must be a text, and YAML reads it as \(kind.rawValue)", hint: "put it in quotes if it is meant as a text")
        case .text where expected == "a list": error("wrong-type", "this must be a list", hint: "put it in square brackets: [ … ]")
        default: error("wrong-type", "this must be \(expected)")
        }
    }
}
