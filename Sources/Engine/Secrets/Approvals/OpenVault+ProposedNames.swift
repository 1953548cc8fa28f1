import Approvals
import Model
import Policies

/// What a person should know of a name that a proposal is about.
package struct ProposedName: Sendable, Equatable {
    /// The current version of what has this name; nil where nothing has.
    package var version: Int64?
    /// Whether that version was stored after the proposal was made.
    package var isNew = false
    /// Whether the agent may know of the name.
    package var isListed = false
    /// What in the policy keeps the agent from what it asks for; nil where nothing does, or it asks for no right.
    package var barrier: String?
}

extension OpenVault {
    /// The facts about each name of a proposal, for a person alone: they say what is there.
    func facts(about request: ApprovalRequest) async throws -> [ProposedName] {
        guard case .proposal(let proposal) = request.matter, let scope = try? Scope(parsing: proposal.scope), let identity = request.asker.identity
        else { return [] }
        let place = try await place(scope)
        let view = policy.document.compiled(for: identity).scoped(to: scope)
        var facts: [ProposedName] = []
        for text in proposal.names {
            // Names were checked when they were proposed.
            guard let name = try? SecretName(text) else { return [] }
            var fact = ProposedName(isListed: view.mayList(name))
            var tags: [String] = []
            if let place, let secret = try await shelf.find(name, in: place), secret.deletedAt == nil {
                fact.version = secret.current
                fact.isNew = try await shelf.manifest(secret, version: secret.current).createdAt > request.createdAt
                tags = try await shelf.metadata(secret).tags
            }
            if let capability = proposal.capability.flatMap(Capability.init) {
                fact.barrier = barrier(to: capability, of: name, in: scope, tags, identity, request.asker.reportedModel)
            }
            facts.append(fact)
        }
        return facts
    }

    /// What keeps an agent from a capability, whatever it and a person do beforehand; the program is judged when it is opened.
    private func barrier(
        to capability: Capability, of name: SecretName, in scope: Scope, _ tags: [String], _ agent: AgentIdentity, _ model: String?
    ) -> String? {
        var circumstances = conditionsMet(model)
        circumstances.tags = tags
        let query = PolicyQuery(agent: agent, scope: scope, secret: name, capability: capability, circumstances: circumstances)
        return policy.document.explanation(for: query).barrier
    }
}

extension ApprovalRequest.Asker {
    /// Who it is to the policy; nil for an agent whose name is none.
    var identity: AgentIdentity? {
        guard agent != nil else { return .unidentified }
        return name.flatMap { try? SegmentName($0, of: .agent) }.map(AgentIdentity.agent)
    }
}
