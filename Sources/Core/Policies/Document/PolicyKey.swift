/// A key of the policy document, for whatever reads or prints one.
package struct PolicyKey: Sendable, Hashable {
    package let name: String
    /// Whether it holds a list of texts; otherwise one text.
    package let holdsList: Bool
    package let value: Value

    /// What a person may write for the text, or for each text of the list. The document holds texts alone.
    package enum Value: Sendable {
        case text
        /// A number stands for its digits.
        case number
        /// One key with its value, `header: X-Api-Key`, stands for this text.
        case pair
    }

    init(_ name: String, list: Bool = false, of value: Value = .text) {
        self.name = name
        holdsList = list
        self.value = value
    }
}

/// A key at the top of the document: a list of things of one kind.
package enum PolicySection: String, CaseIterable, Sendable {
    case policies
    case tagRules = "tag_rules"
    case commandRules = "command_rules"
    case requestRules = "request_rules"
    case tests

    /// The keys of its elements, in the order in which they are written.
    package var keys: [PolicyKey] {
        switch self {
        case .policies: AgentPolicy.keys
        case .tagRules: TagRule.keys
        case .commandRules: CommandRule.keys
        case .requestRules: RequestRule.keys
        case .tests: PolicyTest.keys
        }
    }
}
