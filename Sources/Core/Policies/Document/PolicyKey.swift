/// A key of the policy document, for whatever reads or prints one.
package struct PolicyKey: Sendable, Hashable {
    package let name: String
    /// Whether it holds a list of texts; otherwise one text.
    package let holdsList: Bool

    init(_ name: String, list: Bool = false) {
        self.name = name
        holdsList = list
    }
}

/// A key at the top of the document: a list of things of one kind.
package enum PolicySection: String, CaseIterable, Sendable {
    case policies
    case tagRules = "tag_rules"
    case commandRules = "command_rules"
    case tests

    /// The keys of its elements, in the order in which they are written.
    package var keys: [PolicyKey] {
        switch self {
        case .policies: AgentPolicy.keys
        case .tagRules: TagRule.keys
        case .commandRules: CommandRule.keys
        case .tests: PolicyTest.keys
        }
    }
}
