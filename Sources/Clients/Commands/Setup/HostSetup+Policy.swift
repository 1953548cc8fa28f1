import TacitWire

/// What becomes of the policy when a host is set up.
extension HostSetup {
    /// The door for an agent that is registered already and is to get a rule; nil where that was not asked for.
    func doorForPolicy(_ agent: String) throws -> VaultDoor? {
        manner.addsPolicy ? try VaultDoor(context, options, to: "put a rule for the agent `\(agent)` in force, for \(scope.text)") : nil
    }

    /// Puts a policy to start from in force for this place, where there is none: it allows what its comments say, and the person reads them. To one that is
    /// in force and says nothing of the agent it adds a rule, when the person wants that, after showing it.
    func givePolicy(_ host: AgentHost, _ agent: String, _ outcome: inout Outcome, through door: VaultDoor) throws {
        guard let starter = StarterPolicy.all.first(where: { $0.host == host.rawValue }) else { return }
        let state: PolicyState = try door.get(WirePath.policy)
        if state.version > 0 {
            let agents = try door.get(WirePath.agents, as: Page<AgentSummary>.self).items
            guard !agents.contains(where: { $0.name == agent && $0.revokedAt == nil && !$0.policies.isEmpty }) else {
                return outcome.policy = .present
            }
            let additions = [true, false].map { starter.addition(agent: agent, in: scope, withRequests: $0) }
            return try extend(state, by: additions, for: agent, &outcome, through: door)
        }
        // What an agent may use is a person's word. The file of a project that somebody cloned does not say it.
        guard manner.isPlaceSpoken else { return outcome.policy = .unspoken }
        let policy = try PolicyText(yaml: Array(starter.text(agent: agent, in: scope).utf8), naming: "the policy to start from")
        try policy.checkTests()
        try door.askFirst()
        _ = try policy.apply(through: door, replacing: 0)
        (outcome.policy, outcome.place) = (.started, scope.text)
    }

    /// Adds the first of these that the policy takes.
    private func extend(_ state: PolicyState, by additions: [PolicyAddition], for agent: String, _ outcome: inout Outcome, through door: VaultDoor)
        throws
    {
        let before = try PolicyText.yaml(of: state)
        let after = additions.lazy.compactMap { $0.added(to: before) }.first
        let addition = additions.first { $0.added(to: before) != nil } ?? additions.first
        (outcome.policy, outcome.place, outcome.addition) = (.silent, scope.text, addition?.lines ?? [])
        outcome.isAddable = after != nil
        guard manner.isPlaceSpoken, let after else { return }
        guard try isWanted(LineDifference(from: before, to: after.yaml).lines, for: agent) else { return }
        // A password that was given for the badge, before anything was shown, is no word about the policy.
        let isAskedAnew = terminal != nil && options.passwordDescriptor == nil
        let door = isAskedAnew ? try VaultDoor(context, options, to: "put this rule for \(agent) in force") : door
        try door.askFirst()
        _ = try after.apply(through: door, replacing: state.version)
        (outcome.policy, outcome.addition, outcome.isAddable) = (.added, nil, nil)
    }

    /// Shows what would change in the policy in force, and asks, unless the person has said so already.
    private func isWanted(_ difference: [String], for agent: String) throws -> Bool {
        let shown = ["The policy in force says nothing of \(agent). This would be added, for \(scope.text):"] + difference.map { "  \($0.printable)" }
        guard let terminal else {
            if manner.addsPolicy { for line in shown { Console(context).note(line) } }
            return manner.addsPolicy
        }
        terminal.say(shown.joined(separator: "\n"))
        if manner.addsPolicy { return true }
        return try terminal.ask("Put it in force? [y/N] ", .visible).bytes.first.map { $0 | 0x20 } == UInt8(ascii: "y")
    }
}
