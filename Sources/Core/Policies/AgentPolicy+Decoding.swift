extension AgentPolicy {
    /// The keys of an agent policy, in the order in which they are written.
    package static let keys = [
        "name", "agent_id", "environments", "allowed_keys", "denied_keys", "capabilities", "unsandboxed", "home", "unredactable",
    ]

    init(_ node: PolicyNode) throws(PolicyError) {
        let members = try node.members(allowing: Self.keys, requiring: ["name", "agent_id"])
        guard let name = members["name"], let agentID = members["agent_id"] else { throw node.error(.missingKey("name")) }
        self.name = try Self.policyName(name)
        self.agentID = try agentID.glob(over: .agent)
        environments = try Self.globs(members["environments"], over: .scope)
        allowedKeys = try Self.globs(members["allowed_keys"], over: .secret) ?? []
        deniedKeys = try Self.globs(members["denied_keys"], over: .secret) ?? []
        capabilities = try Self.capabilities(members["capabilities"])
        unsandboxed = try members["unsandboxed"]?.word() ?? .deny
        home = try members["home"]?.word() ?? .private
        unredactable = try members["unredactable"]?.word() ?? .deny
        try checkEffect(node)
    }

    private static func policyName(_ node: PolicyNode) throws(PolicyError) -> String {
        let name = try node.text()
        let isPrintable = name.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !name.hasPrefix(" ") && !name.hasSuffix(" ")
        guard isPrintable, (1...64).contains(name.utf8.count) else { throw node.error(.badPolicyName) }
        return name
    }

    private static func globs(_ node: PolicyNode?, over subject: Glob.Subject) throws(PolicyError) -> [Glob]? {
        guard let node else { return nil }
        return try node.globs(over: subject)
    }

    private static func capabilities(_ node: PolicyNode?) throws(PolicyError) -> Set<Capability> {
        guard let node else { return [] }
        var capabilities: Set<Capability> = []
        for element in try node.elements() {
            guard capabilities.insert(try element.word()).inserted else { throw element.error(.repeatedWord) }
        }
        return capabilities
    }

    private func checkEffect(_ node: PolicyNode) throws(PolicyError) {
        guard allowedKeys.isEmpty == capabilities.isEmpty else {
            throw node.error(.halfGrant(missing: allowedKeys.isEmpty ? "allowed_keys" : "capabilities"))
        }
        guard !allowedKeys.isEmpty || !deniedKeys.isEmpty else { throw node.error(.withoutEffect) }
    }
}

extension PolicyDocument {
    /// Checks what concerns several policies: names are unique, and what a policy allows is not decided before it in every case.
    ///
    /// Denied keys are asked of every policy, so a policy that only denies is never shadowed.
    static func checkPolicies(_ policies: [AgentPolicy]) throws(PolicyError) {
        var places: [String: Int] = [:]
        for (index, policy) in policies.enumerated() {
            if let first = places.updateValue(index, forKey: policy.name) {
                throw PolicyError(path: "policies[\(index)].name", reason: .duplicateName(first: "policies[\(first)]"))
            }
            guard !policy.allowedKeys.isEmpty else { continue }
            if let first = policies[..<index].firstIndex(where: { $0.coversAgents(of: policy) }) {
                throw PolicyError(path: "policies[\(index)].agent_id", reason: .shadowedPolicy(by: "policies[\(first)]"))
            }
        }
    }
}
