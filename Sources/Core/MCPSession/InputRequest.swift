/// One thing to ask of the client's side.
package enum InputRequest: Sendable {
    /// Fields for a person to fill in. Never for a password, a key or a token.
    case form(InputForm)
    /// A page for a person to open. The address must open nothing by itself.
    case page(message: String, url: String)
    /// Something for the client's model; the members are those of `sampling/createMessage`.
    case sampling(JSONObject)
    /// The folders that the client works in.
    case roots

    var needed: ClientCapabilities {
        switch self {
        case .form: .forms
        case .page: .pages
        case .sampling: .sampling
        case .roots: .roots
        }
    }

    var method: String {
        switch self {
        case .form, .page: "elicitation/create"
        case .sampling: "sampling/createMessage"
        case .roots: "roots/list"
        }
    }

    /// The parameters in the words of one version. `id` names the request where a version wants a page named.
    func params(in version: ProtocolVersion, id: String = "") -> JSONObject {
        switch self {
        case .form(let form):
            var params: JSONObject = version.hasFormModes ? ["mode": "form"] : [:]
            params["message"] = .string(form.message)
            params["requestedSchema"] = form.schema.document
            return params
        case .page(let message, let url):
            var params: JSONObject = ["mode": "url", "message": .string(message), "url": .string(url)]
            if !version.isStateless { params["elicitationId"] = .string(id) }
            return params
        case .sampling(let params): return params
        case .roots: return [:]
        }
    }
}

/// A form for a person: at least one field is required, since some hosts accept a form without required fields by themselves.
package struct InputForm: Sendable {
    package let message: String
    let schema: Schema

    /// A form whose first field is required.
    package init(_ message: String, _ first: String, _ schema: Schema, and others: [Schema.Property] = []) {
        self.message = message
        self.schema = .result([.required(first, schema)] + others)
    }

    /// A form with one box, not ticked. `InputAnswer.ticks` reads it.
    package static func box(_ message: String, _ field: String, _ label: String) -> Self {
        Self(message, field, .boolean(label, default: false))
    }

    /// What was submitted, where it holds against the form.
    package func values(in answer: InputAnswer) -> JSONObject? {
        guard let content = answer.content else { return nil }
        return try? schema.completed(.object(content)).object
    }
}

/// What the client's side answered. It is not known whether a person did.
package struct InputAnswer: Sendable, Equatable {
    /// What someone did with a form or a page.
    package enum Action: String, Sendable {
        case accept, decline, cancel
    }

    package let document: JSONObject

    package init(_ document: JSONObject) { self.document = document }

    package var action: Action? { document["action"]?.string.flatMap(Action.init) }

    /// The submitted fields, where a form was accepted.
    package var content: JSONObject? { action == .accept ? document["content"]?.object : nil }

    /// Whether a form came back accepted with this box ticked. Nothing else counts: not an accepted form without it, not a text or a number.
    package func ticks(_ field: String) -> Bool { content?[field] == .bool(true) }
}
