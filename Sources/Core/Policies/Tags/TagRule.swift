import Model

/// What must be so before an agent uses a secret that has one of these tags.
package struct TagRule: Sendable, Equatable {
    package let name: String
    package let demand: Demand
    /// Which secrets: those with a tag that one of the patterns matches.
    package let tags: [Glob]
    /// Which agents; nil for every program that is not a person's.
    package let agentID: Glob?
    /// Where, as patterns over PROJECT/ENVIRONMENT; nil for everywhere.
    package let environments: [Glob]?

    /// The kinds of tag rules, the strictest first. The raw value is the word in the policy.
    package enum Kind: String, CaseIterable, Sendable {
        case blockAlways = "block_always"
        case requireSession = "require_session"
        case blockModels = "block_models"
        case requireConfirmation = "require_confirmation"
        case notify
    }

    /// A kind with what belongs to it.
    package enum Demand: Sendable, Equatable {
        case blockAlways
        case requireSession
        case blockModels([Glob])
        case requireConfirmation(by: Confirmer)
        case notify
    }

    /// Who confirms a use: the agent by an acknowledgement, or a person by an approval.
    package enum Confirmer: String, CaseIterable, Sendable {
        case agent, person
    }

    /// How long an acknowledgement is good.
    package static let acknowledgementLife = Duration.seconds(5 * 60)
}

extension TagRule {
    package var kind: Kind {
        switch demand {
        case .blockAlways: .blockAlways
        case .requireSession: .requireSession
        case .blockModels: .blockModels
        case .requireConfirmation: .requireConfirmation
        case .notify: .notify
        }
    }

    /// The rules in the order in which they are asked: strictest first, a person's confirmation before an agent's; among equals that of the file.
    package static func inOrder(_ rules: [TagRule]) -> [TagRule] {
        Kind.allCases.flatMap { kind in
            let those = rules.filter { $0.kind == kind }
            return those.filter { !$0.isAcknowledged } + those.filter(\.isAcknowledged)
        }
    }

    private var isAcknowledged: Bool { demand == .requireConfirmation(by: .agent) }

    /// How much a rule can be relied on.
    package enum Strength: String, Sendable {
        /// The agent cannot get round it.
        case enforced
        /// The agent itself can satisfy it: it slows down and leaves a trace, and keeps nobody out.
        case ceremony
    }

    package var strength: Strength {
        switch demand {
        case .blockAlways, .requireConfirmation(by: .person), .notify: .enforced
        case .requireSession, .blockModels, .requireConfirmation(by: .agent): .ceremony
        }
    }

    /// Why it is as strong as it is.
    package var strengthReason: String {
        switch demand {
        case .blockAlways: "agents have no way to use it"
        case .requireSession: "the agent wakes a session itself"
        case .blockModels: "the agent itself reports its model"
        case .requireConfirmation(by: .agent): "the agent itself acknowledges"
        case .requireConfirmation(by: .person): "a person approves each use"
        case .notify: "every use is marked in the log before it happens"
        }
    }

    private var agents: AgentPattern { AgentPattern(agentID) }

    /// Says whether the rule is about this agent in this PROJECT/ENVIRONMENT.
    func governs(_ agent: AgentIdentity, in scope: String) -> Bool { agents.matches(agent) && environments?.matches(scope) ?? true }

    /// The first of a secret's tags that the rule is about.
    func tag(among tags: [String]) -> String? { tags.first { self.tags.matches($0) } }

    /// Says whether this rule leaves `other` without any effect.
    ///
    /// What it blocks, nothing else needs to be asked of; an approval stands for an acknowledgement, which is the weaker of the two.
    func shadows(_ other: TagRule) -> Bool {
        guard agents.covers(other.agents), tags.cover(other.tags), coversPlaces(of: other) else { return false }
        switch (demand, other.demand) {
        case (.blockAlways, _), (.requireSession, .requireSession), (.notify, .notify): return true
        case (.blockModels(let models), .blockModels(let others)): return models.cover(others)
        case (.requireConfirmation(let confirmer), .requireConfirmation(let other)): return confirmer == .person || other == .agent
        default: return false
        }
    }

    private func coversPlaces(of other: TagRule) -> Bool {
        guard let environments else { return true }
        return other.environments.map(environments.cover) ?? false
    }
}
