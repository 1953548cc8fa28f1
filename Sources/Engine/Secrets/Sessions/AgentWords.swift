import Approvals

/// Words of an agent's own, on their way into the log or before a person.
enum AgentWords {
    /// The words, cut and freed of control and direction characters.
    static func quoted(_ words: String) -> String { "\(QuotedText(words))" }

    /// A purpose as it is kept; one without a word in it is refused.
    static func purpose(_ words: String) throws -> String {
        let quoted = quoted(words)
        guard quoted.contains(where: { !$0.isWhitespace }) else {
            throw EngineError.invalid("a purpose is needed", hint: "say in one sentence what it is for")
        }
        return quoted
    }
}
