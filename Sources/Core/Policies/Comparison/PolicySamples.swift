import Model

/// Names to ask two documents about: what they write, an example of each pattern, and what their tests name.
struct PolicySamples {
    private(set) var agents: Set<AgentIdentity> = [.unidentified]
    private(set) var scopes: Set<Scope> = []
    private(set) var secrets: Set<SecretName> = []
    private(set) var tags: Set<String> = []
    private(set) var models: Set<String> = []
    private(set) var programs: Set<OpenedProgram> = []
    private(set) var requests: Set<RequestQuestion> = []

    init(_ documents: PolicyDocument...) {
        for document in documents {
            document.policies.forEach { add($0) }
            document.tagRules.forEach { add($0) }
            document.commandRules.forEach { add($0) }
            document.requestRules.forEach { add($0) }
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
        if let request = query.circumstances.request { requests.insert(request) }
    }

    private mutating func add(_ rule: RequestRule) {
        add(agents: [rule.agentID.example])
        add(places: (rule.environments ?? []).map(\.example))
        add(secrets: rule.keys)
        requests.formUnion(rule.examples)
    }
}

extension RequestRule {
    /// Requests that show what the rule lists: for each host, port, method, path and place one, beside the first of the others.
    fileprivate var examples: [RequestQuestion] {
        guard tunnel == .deny else {
            return hosts.flatMap { host in
                ports.compactMap { RequestQuestion(scheme: RequestQuestion.tunnelScheme, host: host.example, port: $0, method: "CONNECT", path: "/") }
            }
        }
        let places = self.places ?? TokenPlace.authorization
        guard let host = hosts.first?.example, let port = ports.first, let method = methods.first, let path = paths.first?.example else { return [] }
        func example(
            _ host: String? = nil, _ port: Int? = nil, _ method: RequestMethod? = nil, _ path: String? = nil, _ place: TokenPlace? = nil,
            scheme: String = "https", asking operations: Set<GraphQLOperation>? = nil
        ) -> RequestQuestion? {
            RequestQuestion(
                scheme: scheme, host: host ?? first.host, port: port ?? first.port, method: (method ?? first.method).rawValue,
                path: path ?? first.path, place: place ?? places.first, operations: operations)
        }
        let first = (host: host, port: port, method: method, path: path)
        let varied =
            hosts.map { example($0.example) } + ports.map { example(nil, $0) } + methods.map { example(nil, nil, $0) }
            + paths.map { example(nil, nil, nil, $0.example) } + places.map { example(nil, nil, nil, nil, $0) }
        let socket = webSocket == .allow ? example(nil, nil, .get, scheme: RequestQuestion.webSocketScheme) : nil
        let asking = operations.map { example(asking: [$0.example]) }
        return (varied + asking + [socket]).compactMap(\.self)
    }
}
