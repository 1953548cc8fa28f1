/// A policy as a person writes it, in YAML, and as the API takes it, in JSON.
///
/// This file knows the keys and what kind of value each has. What the words and patterns mean is judged by the keeper; `position(of:)` finds the
/// place in the YAML that it complains of.
package struct PolicyFile: Sendable {
    /// The policy as JSON, its keys in the order of the file.
    package let json: [UInt8]
    private let positions: [String: FilePosition]

    /// Reads a policy file.
    package init(yaml: [UInt8]) throws(FormatError) {
        var writer = Writer()
        try writer.writeDocument(YAMLNode(parsing: yaml))
        json = Array(writer.text.utf8)
        positions = writer.positions
    }

    /// Where a place of the JSON stands in the YAML, such as `policies[1].allowed_keys[0]`; where it has none, the nearest one around it.
    package func position(of path: String) -> FilePosition? {
        var path = path[...]
        while true {
            if let position = positions[String(path)] { return position }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
    }

    /// The keys of an agent policy in the order in which they are printed, and whether each holds a list.
    static let agentPolicyKeys: [(key: String, isList: Bool)] = [
        ("name", false), ("agent_id", false), ("environments", true), ("allowed_keys", true), ("denied_keys", true), ("capabilities", true),
        ("unsandboxed", false), ("home", false), ("unredactable", false),
    ]
}

private struct Writer {
    var text = ""
    var positions: [String: FilePosition] = [:]

    mutating func writeDocument(_ root: YAMLNode) throws(FormatError) {
        guard let member = try root.members(allowing: ["policies"]).first else { throw root.error("missing-key", "`policies` is missing") }
        text += "{\"policies\":"
        try writeList(member.value, at: "policies") { (writer, policy, path) throws(FormatError) in try writer.writePolicy(policy, at: path) }
        text += "}"
    }

    private mutating func writePolicy(_ policy: YAMLNode, at path: String) throws(FormatError) {
        var separator = "{"
        for member in try policy.members(allowing: PolicyFile.agentPolicyKeys.map(\.key)) {
            text += "\(separator)\(JSONText.quoted(member.key)):"
            separator = ","
            let place = "\(path).\(member.key)"
            if PolicyFile.agentPolicyKeys.contains(where: { $0.key == member.key && $0.isList }) {
                try writeList(member.value, at: place) { (writer, element, place) throws(FormatError) in try writer.writeText(element, at: place) }
            } else {
                try writeText(member.value, at: place)
            }
        }
        text += separator == "{" ? "{}" : "}"
    }

    private mutating func writeList(
        _ list: YAMLNode, at path: String, _ writeElement: (inout Writer, YAMLNode, String) throws(FormatError) -> Void
    ) throws(FormatError) {
        positions[path] = list.position
        text += "["
        for (index, element) in try list.elements().enumerated() {
            if index > 0 { text += "," }
            let place = "\(path)[\(index)]"
            positions[place] = element.position
            try writeElement(&self, element, place)
        }
        text += "]"
    }

    private mutating func writeText(_ node: YAMLNode, at path: String) throws(FormatError) {
        positions[path] = node.position
        text += JSONText.quoted(try node.text())
    }
}
