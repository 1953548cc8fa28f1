package import Approvals
import Auditing
import Model
import Policies

extension ApprovalRequest.Proposal {
    /// What the log says that it is about: names, which are checked, and nothing else in the agent's own words. A refusal has none: an agent that is refused
    /// would fill the log with names of its choice.
    fileprivate var subjects: [AuditSubject] {
        names.isEmpty ? [AuditSubject(name: scope)] : names.map { AuditSubject(name: "\(scope)/\($0)") }
    }
}

/// What agents propose: secrets or rights, which a person makes.
extension OpenVault {
    /// A proposal waits longer than a call does.
    static let proposalPatience = Duration.seconds(7 * 86_400)

    /// Writes a proposal down for a person. One that nobody need or can do anything about is answered instead.
    package func propose(_ proposal: ApprovalRequest.Proposal, purpose: String, by asker: Asker) async throws -> RequestView {
        let now = expiryClock()
        let request = ApprovalRequest(
            createdAt: now, expiresAt: now.advanced(by: Self.proposalPatience), asker: .init(asker), matter: .proposal(proposal),
            purpose: try await quoted(purpose, of: asker), rule: "proposal")
        do {
            try await checkSense(of: proposal, request.asker)
            return try await ask(request, by: asker, on: proposal.subjects, detail: [AuditFact("asks", proposal.capability ?? "store")])
        } catch let error as any Diagnosable {
            try await authorizer.refuse(Act(.approvalRequest, .none, .nothing), by: asker, on: [], code: error.code)
            throw error
        }
    }

    /// Refuses what the asker may do already, and files with values where programs are listed.
    ///
    /// Only of names that it may list: about any other an answer would say whether it is there.
    private func checkSense(of proposal: ApprovalRequest.Proposal, _ asker: ApprovalRequest.Asker) async throws {
        guard let capability = proposal.capability.flatMap(Capability.init), let identity = asker.identity,
            let scope = try? Scope(parsing: proposal.scope)
        else { return }
        let program = capability == .envInject ? try await opened(proposal.program, for: identity) : nil
        let names = proposal.names.compactMap { try? SecretName($0) }
        let view = policy.document.compiled(for: identity).scoped(to: scope)
        guard !names.isEmpty, names.count == proposal.names.count, names.allSatisfy(view.mayList) else { return }
        if capability == .fileInject, let refusal = names.lazy.compactMap(view.refusalOfFiles).first { throw EngineError.denied(.init(refusal)) }
        // A program that cannot be opened has no right that would be known.
        guard program != nil || proposal.program == nil || capability != .envInject else { return }
        guard try await hasRight(to: capability, of: names, in: scope, program, identity, asker.reportedModel) else { return }
        throw EngineError.invalid(
            proposal.program == nil ? "you have this right already" : "this program may have it already",
            hint: "make the call; what it still asks for is what secret_list says in `requires`")
    }

    /// The program that is named, as a run would open it; nil where none is, or it cannot be opened. One that is not there is refused as a run of it would be.
    private func opened(_ program: String?, for agent: AgentIdentity) async throws -> OpenedProgram? {
        guard let program else { return nil }
        do { return try await self.program(of: [program], for: agent) } catch {
            if (error as? any Diagnosable)?.code == "run.program-not-found" { throw error }
            return nil
        }
    }

    /// Whether all of the names are stored, and the policy gives the right to each, for the program where one is named.
    private func hasRight(
        to capability: Capability, of names: [SecretName], in scope: Scope, _ program: OpenedProgram?, _ agent: AgentIdentity,
        _ model: String?
    ) async throws -> Bool {
        guard let place = try await place(scope) else { return false }
        var circumstances = conditionsMet(model)
        circumstances.program = program
        for name in names {
            guard let secret = try await shelf.find(name, in: place), secret.deletedAt == nil else { return false }
            circumstances.tags = try await shelf.metadata(secret).tags
            let query = PolicyQuery(agent: agent, scope: scope, secret: name, capability: capability, circumstances: circumstances)
            guard policy.document.decision(for: query).told(about: capability).isAllowed else { return false }
        }
        return true
    }

    /// Circumstances in which everything was done that the agent or a person can do about one use.
    func conditionsMet(_ model: String?) -> PolicyCircumstances {
        var circumstances = PolicyCircumstances(tags: [], model: model, hasSession: true, hasApproval: true, now: clock.now())
        for rule in policy.document.tagRules { circumstances.acknowledgements[rule.name] = circumstances.now }
        return circumstances
    }
}
