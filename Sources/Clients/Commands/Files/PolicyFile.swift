import Policies

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
}

private struct Writer {
    var text = ""
    var positions: [String: FilePosition] = [:]

    mutating func writeDocument(_ root: YAMLNode) throws(FormatError) {
        let members = try root.members(allowing: PolicySection.allCases.map(\.rawValue))
        guard members.contains(where: { $0.key == PolicySection.policies.rawValue }) else {
            throw root.error("missing-key", "`policies` is missing")
        }
        var separator = "{"
        for member in members {
            text += "\(separator)\(JSONText.quoted(member.key)):"
            separator = ","
            let keys = PolicySection(rawValue: member.key)?.keys ?? []
            try writeList(member.value, at: member.key) { (writer, element, path) throws(FormatError) in
                try writer.writeElement(element, keys, at: path)
            }
        }
        text += "}"
    }

    private mutating func writeElement(_ element: YAMLNode, _ keys: [PolicyKey], at path: String) throws(FormatError) {
        var separator = "{"
        for member in try element.members(allowing: keys.map(\.name)) {
            text += "\(separator)\(JSONText.quoted(member.key)):"
            separator = ","
            let place = "\(path).\(member.key)"
            let key = keys.first { $0.name == member.key }
            let kind = key?.value ?? .text
            if key?.holdsList == true {
                try writeList(member.value, at: place) { (writer, element, place) throws(FormatError) in
                    try writer.writeText(element, of: kind, at: place)
                }
            } else {
                try writeText(member.value, of: kind, at: place)
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

    private mutating func writeText(_ node: YAMLNode, of kind: PolicyKey.Value, at path: String) throws(FormatError) {
        positions[path] = node.position
        text += JSONText.quoted(try node.text(of: kind))
    }
}
