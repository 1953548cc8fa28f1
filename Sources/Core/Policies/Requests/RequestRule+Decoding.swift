extension RequestRule {
    /// The keys of a request rule, in the order in which they are written.
    package static let keys = [
        PolicyKey("name"), PolicyKey("agent_id"), PolicyKey("environments", list: true), PolicyKey("keys", list: true),
        PolicyKey("hosts", list: true),
        PolicyKey("ports", list: true, of: .number), PolicyKey("methods", list: true), PolicyKey("paths", list: true),
        PolicyKey("operations", list: true),
        PolicyKey("places", list: true, of: .pair), PolicyKey("provider"), PolicyKey("occurrences", of: .number), PolicyKey("encoded_slash"),
        PolicyKey("websocket"),
        PolicyKey("own_network"),
        PolicyKey("authorities"), PolicyKey("tunnel"), PolicyKey("rate"), PolicyKey("concurrency", of: .number), PolicyKey("bytes"),
        PolicyKey("approval"), PolicyKey("seal", list: true, of: .pair), PolicyKey("seal_into"), PolicyKey("seal_expiry"), PolicyKey("refresh"),
    ]

    /// What only those who look into a request can go by.
    private static let keysOfRequests = [
        "keys", "methods", "paths", "operations", "places", "provider", "occurrences", "encoded_slash", "websocket", "authorities", "concurrency",
        "bytes",
        "approval",
        "seal", "seal_into", "seal_expiry", "refresh",
    ]

    init(_ node: PolicyNode) throws(PolicyError) {
        let members = try node.members(allowing: Self.keys, requiring: ["name", "agent_id", "hosts"])
        guard let name = members["name"], let agentID = members["agent_id"], let hosts = members["hosts"] else {
            throw node.error(.missingKey("name"))
        }
        tunnel = try members["tunnel"]?.word() ?? .deny
        guard members["paths"] != nil || tunnel == .allow else { throw node.error(.missingKey("paths")) }
        let isTunnel = tunnel == .allow
        self.name = try name.ruleName()
        self.agentID = try agentID.glob(over: .agent)
        environments = try members["environments"]?.globs(over: .scope)
        keys = try members["keys"]?.globs(over: .secret) ?? []
        self.hosts = try hosts.hosts()
        ports = try members["ports"]?.distinct { element throws(PolicyError) in try element.number(upTo: 65535, else: .badPort) } ?? [Self.usualPort]
        refresh = try members["refresh"]?.word()
        operations = try members["operations"]?.operations() ?? []
        let usual = isTunnel ? [] : Self.usualMethods(refresh, operations)
        let methods = try members["methods"]?.distinct { element throws(PolicyError) in try element.method() } ?? usual
        self.methods = RequestMethod.allCases.filter(methods.contains)
        encodedSlash = try members["encoded_slash"]?.word() ?? .deny
        webSocket = try members["websocket"]?.word() ?? .deny
        ownNetwork = try members["own_network"]?.word() ?? .deny
        authorities = try members["authorities"]?.authorities()
        paths = try members["paths"]?.globs(over: .path) ?? []
        places = try members["places"]?.distinct { element throws(PolicyError) in try element.place() }
        provider = try members["provider"]?.word()
        let maximum = Self.maximumOccurrences
        occurrences = try members["occurrences"]?.number(upTo: maximum, else: .badCount(maximum: maximum)) ?? 1
        rate = try members["rate"]?.rate()
        let most = Self.maximumConcurrency
        concurrency = try members["concurrency"]?.number(upTo: most, else: .badCount(maximum: most))
        bytes = try members["bytes"]?.bytes()
        approval = try members["approval"]?.word()
        seal = try PolicyNode.seal(members, among: keys)
        try checkRefresh(members)
        try check(members)
    }

    private static func usualMethods(_ refresh: Refresh?, _ operations: [GraphQLOperation]) -> [RequestMethod] {
        refresh == nil && operations.isEmpty ? RequestMethod.usual : [.post]
    }

    /// Those by which GraphQL is asked (GraphQL over HTTP, 6).
    private static let methodsOfGraphQL: Set<RequestMethod> = [.get, .head, .post]

    /// Refuses what could never be of use in this rule.
    private func check(_ members: [String: PolicyNode]) throws(PolicyError) {
        if tunnel == .allow {
            for key in Self.keysOfRequests { if let member = members[key] { throw member.error(.request(.inTunnel)) } }
        }
        if encodedSlash == .deny, let index = paths.firstIndex(where: { CanonicalPath.hasEncodedSlash($0.description) }) {
            throw PolicyError(path: "\(members["paths"]?.path ?? "")[\(index)]", reason: .request(.encodedSlash))
        }
        if webSocket == .allow, !methods.contains(.get) || seal != nil, let member = members["websocket"] {
            throw member.error(.request(.withoutWebSocket))
        }
        if !operations.isEmpty, webSocket == .allow || !Self.methodsOfGraphQL.isSuperset(of: methods), let member = members["operations"] {
            throw member.error(.request(.withoutOperations))
        }
        // A name that somebody else may add must not lead into one's own network.
        if ownNetwork == .allow, let index = hosts.firstIndex(where: \.isWildcard) {
            throw PolicyError(path: "\(members["hosts"]?.path ?? "")[\(index)]", reason: .request(.wildcardOnOwnNetwork))
        }
        // Without a token there is none to place or to count.
        guard keys.isEmpty else { return }
        for key in ["places", "occurrences"] { if let member = members[key] { throw member.error(.forTokens) } }
    }

    /// Checks that every rule can let something go that those before it do not decide.
    static func check(_ rules: [RequestRule]) throws(PolicyError) {
        for (index, rule) in rules.enumerated() {
            if let first = rules[..<index].firstIndex(where: { $0.shadows(rule) }) {
                throw PolicyError(path: "request_rules[\(index)]", reason: .shadowedRule(by: "request_rules[\(first)]"))
            }
        }
    }

    var members: Members {
        var members = Members()
        members.add("name", name)
        members.add("agent_id", agentID.description)
        members.add("environments", environments)
        members.add("keys", keys)
        members.add("hosts", hosts.map(\.description))
        members.add("ports", ports == [Self.usualPort] ? [] : ports.map(String.init))
        members.add("methods", methods == Self.usualMethods(refresh, operations) ? [] : methods.map(\.rawValue))
        members.add("paths", paths)
        members.add("operations", operations.map(\.description))
        members.add("places", (places ?? []).map(\.description))
        members.add("provider", provider)
        members.add("occurrences", occurrences == 1 ? nil : String(occurrences))
        members.add("encoded_slash", encodedSlash, unless: .deny)
        members.add("websocket", webSocket, unless: .deny)
        members.add("own_network", ownNetwork, unless: .deny)
        members.add("authorities", authorities?.pem)
        members.add("tunnel", tunnel, unless: .deny)
        members.add("rate", rate?.description)
        members.add("concurrency", concurrency.map(String.init))
        members.add("bytes", bytes?.description)
        members.add("approval", approval)
        members.add("seal", (seal?.parts ?? []).map(\.description))
        members.add("seal_into", writtenSealedSecret)
        members.add("seal_expiry", seal?.expiry)
        members.add("refresh", refresh)
        return members
    }
}

extension PolicyNode {
    /// A list of patterns over hosts, each of which matches something that those before it do not.
    fileprivate func hosts() throws(PolicyError) -> [HostPattern] {
        var hosts: [HostPattern] = []
        for element in try elements() {
            let host: HostPattern
            do { host = try HostPattern(try element.text()) } catch let error as PolicyError { throw error } catch let problem as HostProblem {
                throw element.error(.request(.host(problem)))
            } catch { throw element.error(.wrongType(expected: "a text")) }
            if let first = hosts.firstIndex(where: { $0.covers(host) }) { throw element.error(.shadowedPattern(by: "\(path)[\(first)]")) }
            hosts.append(host)
        }
        return hosts
    }

    fileprivate func number(upTo maximum: Int, else problem: RequestProblem) throws(PolicyError) -> Int {
        guard let number = Int(plain: try text(), in: 1...maximum) else { throw error(.request(problem)) }
        return number
    }

    fileprivate func method() throws(PolicyError) -> RequestMethod {
        let text = try text()
        guard let method = RequestMethod(rawValue: text) else {
            throw error(.request(.unknownMethod(suggestion: RequestMethod.suggestion(for: text))))
        }
        return method
    }

    /// What may be asked of GraphQL, each something that those before it do not stand for.
    fileprivate func operations() throws(PolicyError) -> [GraphQLOperation] {
        var operations: [GraphQLOperation] = []
        for element in try elements() {
            guard let operation = GraphQLOperation(parsing: try element.text()) else { throw element.error(.request(.badOperation)) }
            if let first = operations.firstIndex(where: { $0.covers(operation) }) { throw element.error(.shadowedPattern(by: "\(path)[\(first)]")) }
            operations.append(operation)
        }
        return operations
    }

    func place() throws(PolicyError) -> TokenPlace {
        let text = try text()
        do { return try TokenPlace(text) } catch { throw self.error(.request(error)) }
    }

    fileprivate func authorities() throws(PolicyError) -> RequestAuthorities {
        let text = try text()
        do { return try RequestAuthorities(text) } catch { throw self.error(.request(.authorities(error))) }
    }

    fileprivate func rate() throws(PolicyError) -> RequestRate {
        guard let rate = RequestRate(parsing: try text()) else { throw error(.request(.badRate)) }
        return rate
    }

    fileprivate func bytes() throws(PolicyError) -> RequestBytes {
        guard let bytes = RequestBytes(parsing: try text()) else { throw error(.request(.badBytes)) }
        return bytes
    }
}
