package import Model

/// What an agent asks: may it do this with that secret, or, without a secret, may it do this to anything at all there, such as send a request without a
/// token.
package struct PolicyQuery: Sendable, Hashable {
    package var agent: AgentIdentity
    package var scope: Scope
    package var secret: SecretName?
    package var capability: Capability
    package var circumstances: PolicyCircumstances

    package init(
        agent: AgentIdentity, scope: Scope, secret: SecretName?, capability: Capability, circumstances: PolicyCircumstances = PolicyCircumstances()
    ) {
        self.agent = agent
        self.scope = scope
        self.secret = secret
        self.capability = capability
        self.circumstances = circumstances
    }
}

/// What the engine found out about a question. Left as it is, nothing speaks for the agent.
package struct PolicyCircumstances: Sendable, Hashable {
    /// The tags of the secret.
    package var tags: [String]
    /// The model as the agent reports it; a label, never proof.
    package var model: String?
    /// The program that would have the secret; nil where none was opened (yet).
    package var program: OpenedProgram?
    /// The request that would have its token; nil where none is asked about (yet).
    package var request: RequestQuestion?
    /// Whether a session of the agent covers the secret.
    package var hasSession: Bool
    /// When the agent acknowledged which rule for this secret.
    package var acknowledgements: [String: Timestamp]
    /// Whether a person approved exactly this.
    package var hasApproval: Bool
    /// The moment of the question.
    package var now: Timestamp

    package init(
        tags: [String] = [], model: String? = nil, program: OpenedProgram? = nil, request: RequestQuestion? = nil,
        hasSession: Bool = false, acknowledgements: [String: Timestamp] = [:], hasApproval: Bool = false, now: Timestamp = Timestamp(nanoseconds: 0)
    ) {
        self.tags = tags
        self.model = model
        self.program = program
        self.request = request
        self.hasSession = hasSession
        self.acknowledgements = acknowledgements
        self.hasApproval = hasApproval
        self.now = now
    }

    /// Until when the agent's acknowledgement of a rule is good; nil when there is none now. One from later than now is of a clock that went back.
    func acknowledgedUntil(_ rule: String) -> Timestamp? {
        guard let moment = acknowledgements[rule] else { return nil }
        let end = moment.advanced(by: TagRule.acknowledgementLife)
        return moment <= now && now < end ? end : nil
    }

    /// Says whether the reported model is one of these, or none that could be judged.
    func isModel(of models: [Glob]) -> Bool {
        guard let model, Self.isJudgeable(model) else { return true }
        return models.matches(model)
    }

    /// What has other characters, or is longer, than any pattern could say counts as missing.
    private static func isJudgeable(_ model: String) -> Bool {
        (try? Glob(model, over: .model)).map { $0.program == nil } ?? false
    }
}
