import Auditing
package import Model
package import Policies

/// A question of a person's: what would the policy decide?
package struct PolicyInquiry: Sendable {
    package var agent: AgentIdentity
    package var scope: Scope
    package var name: SecretName?
    package var capability: Capability
    /// The tags that the secret is taken to have; nil for those that it has.
    package var tags: [String]?
    /// The model that the agent would report.
    package var model: String?
    /// What is taken to be so.
    package var given: Set<Given> = []
    /// The command that would have the secret; empty for none.
    package var arguments: [String] = []
    /// The request that would leave; nil for none.
    package var request: RequestQuestion?

    /// A condition that a rule may ask for.
    package enum Given: String, CaseIterable, Sendable {
        case session, acknowledgement, approval
    }

    package init(agent: AgentIdentity, scope: Scope, name: SecretName?, capability: Capability) {
        self.agent = agent
        self.scope = scope
        self.name = name
        self.capability = capability
    }
}

extension OpenVault {
    /// What the policy decides, and how it gets there. A command's program is opened by a runner, as a run would open it, and not executed.
    package func explainPolicy(_ inquiry: PolicyInquiry, by asker: Asker) async throws -> (decision: PolicyDecision, steps: [String]) {
        let act = Act(.policyExplain, .administer, .person)
        let access = try await authorizer.authorize(act, by: asker, on: [])
        return try await concluding(access) {
            let document = policy.document
            let (tags, isThere) = try await tags(for: inquiry, act, by: asker)
            var circumstances = PolicyCircumstances(
                tags: tags, model: inquiry.model, request: inquiry.request, hasSession: inquiry.given.contains(.session),
                hasApproval: inquiry.given.contains(.approval),
                now: clock.now())
            if inquiry.given.contains(.acknowledgement) {
                for rule in document.tagRules { circumstances.acknowledgements[rule.name] = circumstances.now }
            }
            // Nobody opens a program for a file.
            if !inquiry.arguments.isEmpty, inquiry.capability == .envInject {
                circumstances.program = try await program(of: inquiry.arguments, for: inquiry.agent)
            }
            let query = PolicyQuery(
                agent: inquiry.agent, scope: inquiry.scope, secret: inquiry.name, capability: inquiry.capability, circumstances: circumstances)
            let absence = isThere ? [] : ["no secret of this name is there: an agent that may list it is told not_found"]
            let explanation = document.explanation(for: query)
            return (explanation.decision, explanation.lines + absence)
        }
    }

    private func tags(for inquiry: PolicyInquiry, _ act: Act, by asker: Asker) async throws -> ([String], isThere: Bool) {
        guard let name = inquiry.name else { return (inquiry.tags ?? [], true) }
        let secret = try await sought(name, in: inquiry.scope, for: act, by: asker)
        if let tags = inquiry.tags { return (tags, secret != nil) }
        guard let secret else { return ([], false) }
        return (try await shelf.metadata(secret).tags, secret.deletedAt == nil)
    }

    /// The program of a command, opened by a runner as a run of the agent's would open it.
    func program(of arguments: [String], for agent: AgentIdentity) async throws -> OpenedProgram {
        let job = RunJob(
            arguments: arguments, workingDirectory: nil, environment: [:], values: [], preservesEnvironment: false, timeout: nil,
            terminal: nil, fileMask: nil, audience: .agent(realHome: false), takesFingerprint: policy.document.compiled(for: agent).pinsPrograms)
        return try await foundation.runners.open(job).program
    }
}
