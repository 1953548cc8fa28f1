extension AgentPolicy {
    /// The keys of an agent policy, in the order in which they are written.
    package static let keys = [
        PolicyKey("name"), PolicyKey("agent_id"), PolicyKey("environments", list: true), PolicyKey("allowed_keys", list: true),
        PolicyKey("denied_keys", list: true), PolicyKey("capabilities", list: true), PolicyKey("unsandboxed"), PolicyKey("home"),
        PolicyKey("unredactable"), PolicyKey("unlisted_programs"), PolicyKey("reads", list: true),
        PolicyKey("on_misuse"),
    ]

    init(_ node: PolicyNode) throws(PolicyError) {
        let members = try node.members(allowing: Self.keys, requiring: ["name", "agent_id"])
        guard let name = members["name"], let agentID = members["agent_id"] else { throw node.error(.missingKey("name")) }
        self.name = try name.ruleName()
        self.agentID = try agentID.glob(over: .agent)
        environments = try members["environments"]?.globs(over: .scope)
        allowedKeys = try members["allowed_keys"]?.globs(over: .secret) ?? []
        deniedKeys = try members["denied_keys"]?.globs(over: .secret) ?? []
        capabilities = Set(try members["capabilities"]?.words() ?? [])
        unsandboxed = try members["unsandboxed"]?.word() ?? .deny
        home = try members["home"]?.word() ?? .private
        unredactable = try members["unredactable"]?.word() ?? .deny
        reads = try members["reads"]?.distinct { element throws(PolicyError) in try element.directory() } ?? []
        unlistedPrograms = try members["unlisted_programs"]?.word() ?? .deny
        onMisuse = try members["on_misuse"]?.word() ?? .refuse
        try checkEffect(node)
    }

    private func checkEffect(_ node: PolicyNode) throws(PolicyError) {
        guard allowedKeys.isEmpty == capabilities.isEmpty else {
            throw node.error(.halfGrant(missing: allowedKeys.isEmpty ? "allowed_keys" : "capabilities"))
        }
        guard !allowedKeys.isEmpty || !deniedKeys.isEmpty else { throw node.error(.withoutEffect) }
    }
}

extension PolicyDocument {
    /// Checks that what a policy allows is not decided before it in every case.
    ///
    /// Denied keys are asked of every policy, so a policy that only denies is never shadowed.
    static func checkPolicies(_ policies: [AgentPolicy]) throws(PolicyError) {
        for (index, policy) in policies.enumerated() where !policy.allowedKeys.isEmpty {
            if let first = policies[..<index].firstIndex(where: { $0.coversAgents(of: policy) }) {
                throw PolicyError(path: "policies[\(index)].agent_id", reason: .shadowedPolicy(by: "policies[\(first)]"))
            }
        }
    }
}
