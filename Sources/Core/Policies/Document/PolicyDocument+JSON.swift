extension PolicyDocument {
    /// The document's one JSON form: keys in fixed order, nothing that equals its default. Decoding it gives the document again.
    package func json() -> [UInt8] {
        var root = Members()
        root.add("policies", objects: policies.map(\.members), evenIfNone: true)
        root.add("tag_rules", objects: tagRules.map(\.members))
        root.add("command_rules", objects: commandRules.map(\.members))
        root.add("request_rules", objects: requestRules.map(\.members))
        root.add("tests", objects: tests.map(\.members))
        return Array(root.json.utf8)
    }
}

/// The members of a JSON object in the order in which they are added; what is empty is left out.
struct Members {
    private var parts: [String] = []

    var json: String { "{\(parts.joined(separator: ","))}" }

    mutating func add(_ key: String, _ text: String?) {
        if let text { parts.append("\(quoted(key)):\(quoted(text))") }
    }

    mutating func add(_ key: String, _ texts: [String]) {
        if !texts.isEmpty { parts.append("\(quoted(key)):[\(texts.map(quoted).joined(separator: ","))]") }
    }

    mutating func add(_ key: String, _ globs: [Glob]?) { add(key, (globs ?? []).map(\.description)) }

    /// Adds a word unless it is the one that is meant anyway.
    mutating func add<Word: RawRepresentable<String> & Equatable>(_ key: String, _ word: Word?, unless usual: Word? = nil) {
        if let word, word != usual { add(key, word.rawValue) }
    }

    mutating func add(_ key: String, objects: [Members], evenIfNone: Bool = false) {
        if !objects.isEmpty || evenIfNone { parts.append("\(quoted(key)):[\(objects.map(\.json).joined(separator: ","))]") }
    }

    /// A text of printable ASCII and line feeds as a JSON string; a document holds no other.
    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }
}

extension AgentPolicy {
    fileprivate var members: Members {
        var members = Members()
        members.add("name", name)
        members.add("agent_id", agentID.description)
        members.add("environments", environments)
        members.add("allowed_keys", allowedKeys)
        members.add("denied_keys", deniedKeys)
        members.add("capabilities", Capability.allCases.filter(capabilities.contains).map(\.rawValue))
        members.add("unsandboxed", unsandboxed, unless: .deny)
        members.add("home", home, unless: .private)
        members.add("unredactable", unredactable, unless: .deny)
        members.add("unlisted_programs", unlistedPrograms, unless: .deny)
        members.add("reads", reads)
        members.add("on_misuse", onMisuse, unless: .refuse)
        return members
    }
}

extension TagRule {
    fileprivate var members: Members {
        var members = Members()
        members.add("name", name)
        members.add("kind", kind)
        members.add("tags", tags)
        members.add("agent_id", agentID?.description)
        members.add("environments", environments)
        if case .blockModels(let models) = demand { members.add("models", models) }
        if case .requireConfirmation(let confirmer) = demand { members.add("by", confirmer) }
        return members
    }
}

extension CommandRule {
    fileprivate var members: Members {
        var members = Members()
        members.add("name", name)
        members.add("agent_id", agentID.description)
        members.add("environments", environments)
        members.add("keys", keys)
        members.add("programs", programs)
        members.add("sha256", fingerprints.map(\.description))
        members.add("any_code", anyCode, unless: .deny)
        members.add("home", home)
        members.add("path", path ?? [])
        members.add("denied_programs", deniedPrograms.map(\.glob.description))
        return members
    }
}
