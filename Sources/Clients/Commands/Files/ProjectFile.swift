/// What `.tacit.yaml` says of the directory in which it stands.
package struct ProjectFile: Sendable, Equatable {
    /// The name of the file.
    package static let name = ".tacit.yaml"

    package var project: String?
    package var environment: String?
    /// The secrets that `tacit run` injects when it is told no others.
    package var keys: [Key] = []

    /// A secret, and the variable that it is bound to where one is written.
    package struct Key: Sendable, Equatable {
        package var variable: String?
        package var reference: String
        package var position: FilePosition
    }

    /// Reads the file.
    package init(yaml: [UInt8]) throws(FormatError) {
        let root = try YAMLNode(parsing: yaml)
        let members = try root.members(allowing: ["project", "environment", "keys"])
        guard !members.isEmpty else { throw root.error("empty", "the file says nothing") }
        for member in members {
            switch member.key {
            case "project": project = try Self.segment(member.value)
            case "environment": environment = try Self.segment(member.value)
            default: keys = try Self.keys(member.value)
            }
        }
    }

    private static func segment(_ node: YAMLNode) throws(FormatError) -> String {
        let text = try node.text()
        guard NameShape.isSegment(text.utf8) else { throw node.error("name", "this is no name: it is 1 to 64 characters out of A-Z a-z 0-9 . _ -") }
        return text
    }

    private static func keys(_ node: YAMLNode) throws(FormatError) -> [Key] {
        var keys: [Key] = []
        if case .mapping(let members) = node.content {
            for member in members {
                guard NameShape.isVariable(member.key.utf8) else {
                    let hint = "write VARIABLE: reference"
                    throw FormatError("yaml.variable", "this is no name of an environment variable", hint: hint, at: member.keyPosition)
                }
                keys.append(Key(variable: member.key, reference: try reference(member.value), position: member.keyPosition))
            }
        } else {
            for element in try node.elements() {
                let key = Key(variable: nil, reference: try reference(element), position: element.position)
                guard !keys.contains(where: { $0.reference == key.reference }) else {
                    throw element.error("duplicate", "this stands in the list already")
                }
                keys.append(key)
            }
        }
        guard !keys.isEmpty else { throw node.error("empty", "no key is named", hint: "leave `keys` out, or name a secret") }
        return keys
    }

    private static func reference(_ node: YAMLNode) throws(FormatError) -> String {
        let text = try node.text()
        guard NameShape.isReference(text) else {
            let hint = "write NAME, NAME#FIELD or tacit://PROJECT/ENVIRONMENT/NAME#FIELD?version=N"
            throw node.error("reference", "this is no reference to a secret", hint: hint)
        }
        return text
    }
}
