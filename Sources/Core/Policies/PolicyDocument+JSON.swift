extension PolicyDocument {
    /// The document's one JSON form: keys in fixed order, nothing that equals its default. Decoding it gives the document again.
    package func json() -> [UInt8] {
        let policies = policies.map { policy in "{" + policy.members.map { "\(quoted($0)):\($1)" }.joined(separator: ",") + "}" }
        return Array("{\"policies\":[\(policies.joined(separator: ","))]}".utf8)
    }
}

extension AgentPolicy {
    fileprivate var members: [(key: String, json: String)] {
        var members = [("name", quoted(name)), ("agent_id", quoted(agentID.description))]
        func add(_ key: String, _ words: [String]) {
            if !words.isEmpty { members.append((key, "[\(words.map(quoted).joined(separator: ","))]")) }
        }
        add("environments", (environments ?? []).map(\.description))
        add("allowed_keys", allowedKeys.map(\.description))
        add("denied_keys", deniedKeys.map(\.description))
        add("capabilities", Capability.allCases.filter(capabilities.contains).map(\.rawValue))
        if unsandboxed != .deny { members.append(("unsandboxed", quoted(unsandboxed.rawValue))) }
        if home != .private { members.append(("home", quoted(home.rawValue))) }
        if unredactable != .deny { members.append(("unredactable", quoted(unredactable.rawValue))) }
        return members
    }
}

/// A text of printable ASCII as a JSON string; a document holds no other.
private func quoted(_ text: String) -> String { "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\"" }
