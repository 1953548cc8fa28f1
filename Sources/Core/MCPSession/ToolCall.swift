/// Names one call within a session; never used twice.
package struct CallID: Hashable, Sendable {
    package let number: Int
    package init(_ number: Int) { self.number = number }
}

/// A call whose arguments hold against the tool's schema, defaults filled in.
package struct ToolCall: Sendable, Equatable {
    package let id: CallID
    package let name: String
    package let arguments: JSONObject
    /// Whether the client asked to hear how it goes on.
    package let wantsProgress: Bool
    package let client: ClientInfo
    /// What the client can be asked. A question that needs more is never sent.
    package let capabilities: ClientCapabilities
    /// The version that the answer is written in.
    package let version: ProtocolVersion
    /// The reply to the tool's last question; nil in the first round.
    package let reply: ToolReply?
}

/// What the client says it is. A label, never an authority.
package struct ClientInfo: Sendable, Equatable {
    package let name: String
    package let version: String

    /// Keeps what may stand in one line of a log: no control, format or separator characters, 100 characters at most.
    package init(name: String, version: String) {
        self.name = Self.label(name)
        self.version = Self.label(version)
    }

    /// Nil when the name or the version is missing.
    init?(_ document: JSONValue) {
        guard let name = document.object?["name"]?.string, let version = document.object?["version"]?.string else { return nil }
        self.init(name: name, version: version)
    }

    private static func label(_ text: String) -> String {
        var label = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(100) where !unprintable.contains(scalar.properties.generalCategory) { label.append(scalar) }
        return String(label)
    }

    private static let unprintable: Set<Unicode.GeneralCategory> = [
        .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned,
    ]
}

/// What a call came to.
package struct ToolOutcome: Sendable, Equatable {
    package var content: [ToolContent]
    /// The whole answer for a program; only where the tool declares its output.
    package var structured: JSONObject?
    package var isError: Bool

    /// An answer made of content alone.
    package init(_ content: [ToolContent], isError: Bool = false) {
        self.content = content
        self.isError = isError
    }

    /// A structured answer; its text is the exact serialisation, because some hosts show one and some the other.
    package init(structured: JSONObject) {
        self.structured = structured
        content = [.text(JSONValue.object(structured).text)]
        isError = false
    }

    /// A failure that the model reads. It has no structured part: hosts would check that against the schema of success.
    package static func failure(_ text: String) -> Self { Self([.text(text)], isError: true) }

    func document(in version: ProtocolVersion) -> JSONObject {
        var document: JSONObject = ["content": .array(content.map { $0.document(in: version) })]
        if version.hasStructuredContent, !isError { document["structuredContent"] = structured.map(JSONValue.object) }
        document["isError"] = .bool(isError)
        return document
    }
}

/// One block of a result.
package enum ToolContent: Sendable, Equatable {
    case text(String)
    case image(base64: String, mimeType: String)
    case audio(base64: String, mimeType: String)
    /// A text that stands for a resource.
    case resource(uri: String, mimeType: String, text: String)

    func document(in version: ProtocolVersion) -> JSONValue {
        switch self {
        case .text(let text):
            return ["type": "text", "text": .string(text)]
        case .image(let data, let mimeType):
            return ["type": "image", "data": .string(data), "mimeType": .string(mimeType)]
        case .audio(let data, let mimeType):
            guard version.hasAudio else { return ["type": "text", "text": .string("(\(mimeType), which this protocol version cannot carry)")] }
            return ["type": "audio", "data": .string(data), "mimeType": .string(mimeType)]
        case .resource(let uri, let mimeType, let text):
            return ["type": "resource", "resource": ["uri": .string(uri), "mimeType": .string(mimeType), "text": .string(text)]]
        }
    }
}
