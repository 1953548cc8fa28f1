/// What a client says that it can do when the server asks it something.
package struct ClientCapabilities: OptionSet, Sendable, Hashable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    /// It shows a form to its person.
    package static let forms = Self(rawValue: 1)
    /// It offers its person a page to open.
    package static let pages = Self(rawValue: 2)
    /// It lets its model answer.
    package static let sampling = Self(rawValue: 4)
    /// It lists the folders it works in.
    package static let roots = Self(rawValue: 8)
}

extension ClientCapabilities {
    /// Reads a declaration; nil when a known member is no object. An elicitation that names no mode means forms.
    init?(_ document: JSONObject) {
        guard ["elicitation", "sampling", "roots"].allSatisfy({ document[$0] == nil || document[$0]?.object != nil }) else { return nil }
        self = []
        if let elicitation = document["elicitation"]?.object {
            let hasPages = elicitation["url"] != nil
            if elicitation["form"] != nil || !hasPages { insert(.forms) }
            if hasPages { insert(.pages) }
        }
        if document["sampling"] != nil { insert(.sampling) }
        if document["roots"] != nil { insert(.roots) }
    }

    /// What of it the version knows.
    func known(in version: ProtocolVersion) -> Self {
        var known = self
        if !version.hasForms { known.subtract([.forms, .pages]) }
        if !version.hasFormModes { known.remove(.pages) }
        return known
    }

    /// The declaration, as an error lists what is missing.
    var document: JSONValue {
        var document = JSONObject()
        var modes = JSONObject()
        if contains(.forms) { modes["form"] = [:] }
        if contains(.pages) { modes["url"] = [:] }
        if !modes.members.isEmpty { document["elicitation"] = .object(modes) }
        if contains(.sampling) { document["sampling"] = [:] }
        if contains(.roots) { document["roots"] = [:] }
        return .object(document)
    }
}
