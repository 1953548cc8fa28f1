import Model

/// Where requests with a secret may go through the broker, and where in them its token may stand.
package struct RequestRule: Sendable, Equatable {
    package let name: String
    /// Which agents: a pattern, or the word `unidentified` for peers without a badge.
    package let agentID: Glob
    /// Where, as patterns over PROJECT/ENVIRONMENT; nil when not written, which is `default/dev` alone.
    package let environments: [Glob]?
    /// Which secrets; empty for a rule about requests without a token.
    package let keys: [Glob]
    package let hosts: [HostPattern]
    package let ports: [Int]
    package let methods: [RequestMethod]
    /// Patterns over canonical paths.
    package let paths: [Glob]
    /// What its requests may ask of a GraphQL service; empty where nobody looks.
    package let operations: [GraphQLOperation]
    /// Nil when not written: where the provider has it, else in `Authorization`.
    package let places: [TokenPlace]?
    /// Which service its hosts are, where they are none of the provider's own; nil for whatever is known of them.
    package let provider: OwnService?
    /// How often the token may stand in one request.
    package let occurrences: Int
    /// Whether a segment of the path may have a slash in it.
    package let encodedSlash: AgentPolicy.Permission
    /// Whether its `GET` stands for a WebSocket, too, with all that both sides say by it.
    package let webSocket: AgentPolicy.Permission
    /// Whether its hosts may lead to addresses of this machine or its own network.
    package let ownNetwork: AgentPolicy.Permission
    /// What its hosts are verified against; nil for the system's authorities.
    package let authorities: RequestAuthorities?
    package let rate: RequestRate?
    /// How many of its requests an agent makes at once; nil for as many as it likes.
    package let concurrency: Int?
    /// How much its requests and their replies carry; nil for as much as they like.
    package let bytes: RequestBytes?
    /// Whether it is about tunnels in place of requests: nobody looks into what its hosts are told there, and no token is exchanged.
    package let tunnel: AgentPolicy.Permission
    /// Who approves each request; nil for nobody.
    package let approval: Approver?
    /// What in JSON replies the vault gets, and the agent a token for; nil for nothing.
    package let seal: ReplySeal?
    /// How the broker renews the secret's value with the request that is listed; nil for a rule about agents' requests.
    package let refresh: Refresh?

    /// Who approves a request.
    package enum Approver: String, CaseIterable, Sendable {
        case person
    }

    package static let usualPort = 443
    package static let maximumOccurrences = 16
    package static let maximumConcurrency = 1000
}

extension RequestRule {
    private var agents: AgentPattern { AgentPattern(agentID) }

    /// Says whether the rule is about this agent.
    func applies(to agent: AgentIdentity) -> Bool { agents.matches(agent) }

    /// Says whether it lets anything go from this PROJECT/ENVIRONMENT.
    func allows(in scope: String) -> Bool { environments?.matches(scope) ?? (scope == AgentPolicy.defaultEnvironment) }

    /// Says whether it is about requests with this secret; nil is a request without a token, which may go wherever one with a token may.
    ///
    /// Programs ask first without and come again with it when they are told to: git, pip and docker all do. A rule that seals is about requests with the
    /// secret alone: without it whoever asks chooses whose credential comes back, and the vault would take it.
    func isAbout(_ secret: String?) -> Bool { secret.map(keys.matches) ?? (seal == nil) }

    /// What the rule says of a request.
    enum Verdict: Sendable, Equatable {
        case allows
        /// It lists the request, and nobody said where the token stands.
        case dependsOnPlace
        /// It lists the request, and nobody looked what it asks of a GraphQL service.
        case dependsOnOperations
        case refuses(Refusal)
    }

    /// Why a request does not go; the later, the nearer it came.
    package enum Refusal: Int, Sendable, Equatable, CaseIterable {
        case notListed, tunnel, scheme, host, port, method, path, write, webSocket, encodedSlash, operations, place, occurrences
    }

    func verdict(on request: RequestQuestion, withToken hasToken: Bool) -> Verdict {
        guard request.isTunnel == (tunnel == .allow) else { return .refuses(.tunnel) }
        guard request.isTunnel || request.opensWebSocket || request.scheme == "https" else { return .refuses(.scheme) }
        guard hosts.matches(request.host) else { return .refuses(.host) }
        guard ports.contains(request.port) else { return .refuses(.port) }
        guard !request.isTunnel else { return .allows }
        guard methods.contains(where: { $0.rawValue == request.method }) else { return .refuses(.method) }
        guard paths.matches(request.path) else { return .refuses(.path) }
        guard listsWrites || !request.canWriteByAnyMethod(withToken: hasToken) else { return .refuses(.write) }
        guard webSocket == .allow || !request.opensWebSocket else { return .refuses(.webSocket) }
        guard encodedSlash == .allow || !CanonicalPath.hasEncodedSlash(request.path) else { return .refuses(.encodedSlash) }
        if let asked = request.operations, !lists(asked) { return .refuses(.operations) }
        if hasToken {
            guard let place = request.place else { return .dependsOnPlace }
            guard places(on: request).contains(place) else { return .refuses(.place) }
            guard (1...occurrences).contains(request.occurrences) else { return .refuses(.occurrences) }
        }
        return operations.isEmpty || request.operations != nil ? .allows : .dependsOnOperations
    }

    /// Whether it lets a request ask for all of this; of what nobody can make out it lets nothing go.
    private func lists(_ asked: Set<GraphQLOperation>) -> Bool { operations.isEmpty || !asked.isEmpty && asked.allSatisfy(operations.cover) }

    /// Whether it lists a method that writes, or what may be asked where all is asked by one method.
    private var listsWrites: Bool { !operations.isEmpty || methods.contains { !$0.isReading } }

    /// Where the token may stand in a request.
    func places(on request: RequestQuestion) -> [TokenPlace] { places ?? request.usualPlaces }

    /// Says whether this rule, standing before `other`, decides whatever `other` could let go.
    func shadows(_ other: RequestRule) -> Bool {
        tunnel == other.tunnel && refresh == other.refresh && agents.covers(other.agents) && allowedPlaces.cover(other.allowedPlaces)
            && keys.cover(other.keys)
            && hosts.cover(other.hosts)
            && Set(other.ports).isSubset(of: ports) && Set(other.methods).isSubset(of: methods) && paths.cover(other.paths)
            && coversTokens(of: other) && (seal == nil || other.seal != nil) && (encodedSlash == .allow || other.encodedSlash == .deny)
            && (webSocket == .allow || other.webSocket == .deny) && (listsWrites || !other.listsWrites) && coversOperations(of: other)
    }

    private func coversOperations(of other: RequestRule) -> Bool {
        operations.isEmpty || !other.operations.isEmpty && other.operations.allSatisfy(operations.cover)
    }

    private func coversTokens(of other: RequestRule) -> Bool {
        guard !other.keys.isEmpty else { return true }
        let coversPlaces =
            switch (places, other.places) {
            case (nil, nil): true
            case (let places?, let others?): Set(others).isSubset(of: places)
            // Where a provider has its token, the document does not say.
            case (nil, _), (_, nil): false
            }
        return coversPlaces && occurrences >= other.occurrences
    }

    private var allowedPlaces: [Glob] { environments ?? Glob.usualPlaces }

    /// How much the rule can be relied on.
    var strength: (TagRule.Strength, String) {
        guard tunnel == .deny else {
            return (.enforced, "by it programs reach listed hosts alone; what they say there nobody sees, and no token is exchanged")
        }
        guard refresh == nil else { return (.enforced, "the broker renews the value with this request; no agent words any of it") }
        let what = keys.isEmpty ? "by it a request without a token goes" : "by it the value goes"
        let hosts = hosts.contains(where: \.isWildcard) ? "to listed hosts and any below a listed name" : "to listed hosts"
        let sockets = webSocket == .allow ? ", nor what is said over a WebSocket" : ""
        return (.enforced, "\(what) \(hosts) alone; what a service does for the agent is not held\(sockets)")
    }
}

extension PolicyDocument {
    /// The hosts, as they are written, to which a rule lets a body have a token in it.
    package var bodyHosts: [String] {
        requestRules.filter { $0.refresh == nil && $0.places?.contains(where: \.isInBody) == true }.flatMap { $0.hosts.map(\.description) }
    }
}
