/// What a tool comes to: an outcome, or a question that must be answered first.
package enum ToolStep: Sendable {
    case done(ToolOutcome)
    case asks(ToolQuestion)
}

/// What a tool must know before it can go on. The call ends here; one with the reply begins anew.
///
/// Whoever answers is not known: hosts answer forms by hooks and by rules. An answer is a convenience and never an approval.
package struct ToolQuestion: Sendable {
    /// One request under the name by which its answer comes back.
    package struct Item: Sendable {
        package let key: String
        package let request: InputRequest
    }

    /// Which of the tool's questions this is.
    package var step: Int
    package var items: [Item]
    /// What the tool wants to know again with the reply. The client carries it: it can read it and cannot change it.
    package var memory: JSONObject
    /// What the call comes to where the client cannot be asked, or does not answer. Nil: the call cannot go on without.
    package var fallback: ToolOutcome?

    package init(
        step: Int = 1, _ items: [(String, InputRequest)], memory: JSONObject = [:], fallback: ToolOutcome? = nil
    ) {
        self.step = step
        self.items = items.map { Item(key: $0.0, request: $0.1) }
        self.memory = memory
        self.fallback = fallback
    }

    /// What the client must have declared.
    var needed: ClientCapabilities { items.reduce(into: []) { $0.formUnion($1.request.needed) } }
}

/// What came back for a question, with the state that belongs to it.
package struct ToolReply: Sendable, Equatable {
    package let state: RequestState
    let answers: [String: InputAnswer]

    init(state: RequestState, answers: [String: InputAnswer]) {
        self.state = state
        self.answers = answers
    }

    /// The answer to one request; nil when it is missing, and then the tool asks again. Names that were not asked are never looked at.
    package subscript(key: String) -> InputAnswer? { answers[key] }
}

/// What a question's server remembers through its client.
package struct RequestState: Sendable, Equatable {
    package let step: Int
    /// Different for each question. Authentic state can still be shown twice: who must not act twice remembers this.
    package let nonce: String
    package let memory: JSONObject
}
