import Model

/// The command rules that are about one agent.
struct CommandView: Sendable {
    let rules: [CommandRule]
    /// Whether the document lists programs at all: then what is not listed gets nothing.
    let isBinding: Bool
    private(set) var place = ""

    init(rules: [CommandRule], isBinding: Bool) {
        self.rules = rules
        self.isBinding = isBinding
    }

    func scoped(to place: String) -> CommandView {
        var view = self
        view.place = place
        return view
    }

    /// What the command rules say of a program that would have a secret.
    enum Verdict {
        /// No rule is asked.
        case free
        /// It depends on the program, and none was opened.
        case open
        case listed(CommandRule)
        case denied(PolicyDenial)
    }

    func verdict(on program: OpenedProgram?, having secret: SecretName?, _ policy: AgentPolicy) -> Verdict {
        let isBound = isBinding && policy.unlistedPrograms == .deny
        guard let name = secret?.description else { return isBound ? .open : .free }
        let denials = rules.filter { $0.denies(in: place) && ($0.keys.isEmpty || $0.keys.matches(name)) }
        guard let program else { return denials.isEmpty && !isBound ? .free : .open }
        if let rule = denials.first(where: { $0.deniedPrograms.contains { $0.matches(program) } }) { return .denied(.deniedProgram(by: rule.name)) }
        let verdicts = rules.filter { $0.allows(in: place) && $0.keys.matches(name) }.map { ($0, $0.verdict(on: program)) }
        if let listed = verdicts.first(where: { $0.1 == .allows }) { return .listed(listed.0) }
        guard isBound else { return .free }
        return .denied(Self.denial(by: verdicts, policy))
    }

    /// The refusal of the rule that came nearest.
    private static func denial(by verdicts: [(CommandRule, CommandRule.Verdict)], _ policy: AgentPolicy) -> PolicyDenial {
        var nearest = (refusal: CommandRule.Refusal.notListed, rule: policy.name)
        for case (let rule, .refuses(let refusal)) in verdicts where refusal.rawValue > nearest.refusal.rawValue {
            nearest = (refusal, rule.name)
        }
        return PolicyDenial(refused: nearest.refusal, rule: nearest.rule)
    }
}

extension Capability {
    /// Whether a program that the runner starts gets the value.
    var needsProgram: Bool { self == .envInject || self == .fileInject }
}
