extension TagRule {
    /// The keys of a tag rule, in the order in which they are written.
    package static let keys = [
        PolicyKey("name"), PolicyKey("kind"), PolicyKey("tags", list: true), PolicyKey("agent_id"), PolicyKey("environments", list: true),
        PolicyKey("models", list: true), PolicyKey("by"),
    ]

    init(_ node: PolicyNode) throws(PolicyError) {
        let members = try node.members(allowing: Self.keys, requiring: ["name", "kind", "tags"])
        guard let name = members["name"], let kind = members["kind"], let tags = members["tags"] else { throw node.error(.missingKey("name")) }
        self.name = try name.ruleName()
        self.tags = try tags.globs(over: .tag)
        agentID = try members["agent_id"]?.glob(over: .agent)
        environments = try members["environments"]?.globs(over: .scope)
        demand = try Self.demand(of: kind.word(), members, at: node)
    }

    private static func demand(of kind: Kind, _ members: [String: PolicyNode], at node: PolicyNode) throws(PolicyError) -> Demand {
        if kind != .blockModels, let models = members["models"] { throw models.error(.keyOfOther(kind: Kind.blockModels.rawValue)) }
        if kind != .requireConfirmation, let by = members["by"] { throw by.error(.keyOfOther(kind: Kind.requireConfirmation.rawValue)) }
        switch kind {
        case .blockAlways: return .blockAlways
        case .requireSession: return .requireSession
        case .notify: return .notify
        case .blockModels:
            guard let models = members["models"] else { throw node.error(.missingKey("models")) }
            return .blockModels(try models.globs(over: .model))
        case .requireConfirmation:
            guard let by = members["by"] else { throw node.error(.missingKey("by")) }
            return .requireConfirmation(by: try by.word())
        }
    }

    /// Checks that every rule can have an effect beside each other one. Their order in the file decides only between equal ones.
    static func check(_ rules: [TagRule]) throws(PolicyError) {
        for (index, rule) in rules.enumerated() {
            for (other, first) in rules.enumerated() where other != index && first.shadows(rule) {
                // Of two that do the same, the later one is of no use.
                guard other < index || !rule.shadows(first) else { continue }
                throw PolicyError(path: "tag_rules[\(index)]", reason: .shadowedRule(by: "tag_rules[\(other)]"))
            }
        }
    }
}
