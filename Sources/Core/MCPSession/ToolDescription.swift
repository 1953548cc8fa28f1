/// The server, as it introduces itself.
package struct ServerDescription: Sendable {
    package var name: String
    package var title: String
    package var version: String
    /// What a model should know before its first call; hosts cut it at 2 KiB.
    package var instructions: String

    package init(name: String, title: String, version: String, instructions: String) {
        self.name = name
        self.title = title
        self.version = version
        self.instructions = instructions
    }

    /// The server's name in the words of one version.
    func document(in version: ProtocolVersion) -> JSONValue {
        var document: JSONObject = ["name": .string(name)]
        if version.hasStructuredContent { document["title"] = .string(title) }
        document["version"] = .string(self.version)
        return .object(document)
    }
}

/// One tool, as `tools/list` shows it.
package struct ToolDescription: Sendable {
    package var name: String
    package var title: String
    package var description: String
    package var input: Schema
    /// What `structuredContent` holds; nil for a tool that answers with content alone.
    package var output: Schema?
    package var hints: ToolHints
    /// Members of `_meta`, for single hosts.
    package var meta: JSONObject

    package init(
        name: String, title: String, description: String, input: Schema, output: Schema? = nil, hints: ToolHints = [], meta: JSONObject = [:]
    ) {
        self.name = name
        self.title = title
        self.description = description
        self.input = input
        self.output = output
        self.hints = hints
        self.meta = meta
    }

    /// The tool in the words of one version.
    func document(in version: ProtocolVersion) -> JSONValue {
        var document: JSONObject = ["name": .string(name)]
        if version.hasStructuredContent { document["title"] = .string(title) }
        document["description"] = .string(description)
        document["inputSchema"] = input.document
        if version.hasStructuredContent { document["outputSchema"] = output?.document }
        if version.hasAnnotations { document["annotations"] = hints.document(title: title) }
        if version.hasStructuredContent, !meta.members.isEmpty { document["_meta"] = .object(meta) }
        return .object(document)
    }
}

/// How a tool behaves, for hosts that ask a person before some calls.
package struct ToolHints: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// It changes nothing.
    package static let readOnly = Self(rawValue: 1)
    /// It may change or remove what cannot be brought back.
    package static let destructive = Self(rawValue: 2)
    /// Calling it again changes nothing more.
    package static let idempotent = Self(rawValue: 4)
    /// It reaches what lies outside this machine.
    package static let openWorld = Self(rawValue: 8)

    func document(title: String) -> JSONValue {
        [
            "title": .string(title),
            "readOnlyHint": .bool(contains(.readOnly)),
            "destructiveHint": .bool(contains(.destructive)),
            "idempotentHint": .bool(contains(.idempotent)),
            "openWorldHint": .bool(contains(.openWorld)),
        ]
    }
}
