import Model

/// Names to ask two documents about: what they write, an example of each pattern, and what their tests name.
struct PolicySamples {
    private(set) var agents: Set<AgentIdentity> = [.unidentified]
    private(set) var scopes: Set<Scope> = []
    private(set) var secrets: Set<SecretName> = []
    private(set) var tags: Set<String> = []
    private(set) var models: Set<String> = []
    private(set) var programs: Set<OpenedProgram> = []

    init(_ documents: PolicyDocument...) {
        for document in documents {
            document.policies.forEach { add($0) }
            document.tagRules.forEach { add($0) }
            document.commandRules.forEach { add($0) }
            document.tests.forEach { add($0.query) }
        }
        add(places: [AgentPolicy.defaultEnvironment])
    }

    /// Adds the names of agents as they are registered.
    mutating func add(agents names: [String]) {
        for name in names {
            if name == AgentIdentity.unidentifiedName { agents.insert(.unidentified) }
            if let name = try? SegmentName(name, of: .agent) { agents.insert(.agent(name)) }
        }
    }

    private mutating func add(places: [String]) { scopes.formUnion(places.compactMap { try? Scope(parsing: $0) }) }

    private mutating func add(secrets globs: [Glob]) { secrets.formUnion(globs.compactMap { try? SecretName($0.example) }) }

    private mutating func add(_ policy: AgentPolicy) {
        add(agents: [policy.agentID.example])
        add(places: (policy.environments ?? []).map(\.example))
        add(secrets: policy.allowedKeys + policy.deniedKeys)
    }

    private mutating func add(_ rule: TagRule) {
        if let agentID = rule.agentID { add(agents: [agentID.example]) }
        add(places: (rule.environments ?? []).map(\.example))
        tags.formUnion(rule.tags.map(\.example))
        if case .blockModels(let globs) = rule.demand { models.formUnion(globs.map(\.example)) }
    }

    private mutating func add(_ rule: CommandRule) {
        add(agents: [rule.agentID.example])
        add(places: (rule.environments ?? []).map(\.example))
        add(secrets: rule.keys)
        let paths = rule.programs.isEmpty ? ["/opt/example"] : rule.programs.map(\.example)
        for path in paths {
            for fingerprint in [nil, rule.fingerprints.first] {
                for runsAnyCode in [false, true] {
                    programs.insert(
                        OpenedProgram(
                            path: path, fingerprint: fingerprint, runsAnyCode: runsAnyCode, isWritableByCaller: fingerprint != nil, isBound: true))
                }
            }
        }
        for denied in rule.deniedPrograms {
            let path = denied.glob.subject == .program ? denied.glob.example : "/usr/bin/\(denied.glob.example)"
            programs.insert(OpenedProgram(path: path, runsAnyCode: false, isWritableByCaller: false, isBound: true))
        }
    }

    private mutating func add(_ query: PolicyQuery) {
        agents.insert(query.agent)
        scopes.insert(query.scope)
        if let secret = query.secret { secrets.insert(secret) }
        tags.formUnion(query.circumstances.tags)
        if let model = query.circumstances.model { models.insert(model) }
        if let program = query.circumstances.program { programs.insert(program) }
    }
}
