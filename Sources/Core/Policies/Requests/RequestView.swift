import Model

/// The request rules that are about one agent.
struct RequestView: Sendable {
    let rules: [RequestRule]
    /// Those by which the broker renews values: no request of an agent's is listed by one.
    private let renewing: [RequestRule]
    private(set) var place = ""

    init(rules: [RequestRule]) {
        self.rules = rules.filter { $0.refresh == nil }
        renewing = rules.filter { $0.refresh != nil }
    }

    /// Where this secret is renewed; nil where no rule says so.
    func refresh(of secret: SecretName) -> RefreshTerms? {
        let name = secret.description
        return renewing.first { $0.allows(in: place) && $0.keys.matches(name) }.flatMap(RefreshTerms.init)
    }

    func scoped(to place: String) -> RequestView {
        var view = self
        view.place = place
        return view
    }

    /// What the request rules say of a request.
    enum Verdict {
        /// No request is asked about yet.
        case open
        case listed(RequestRule)
        /// Listed by a rule, wherever it says that the token may stand, and whatever it says that may be asked of GraphQL.
        case listedSoFar(RequestRule)
        case denied(PolicyDenial)

        /// The rule that lets the request go.
        var rule: RequestRule? {
            switch self {
            case .listed(let rule), .listedSoFar(let rule): rule
            case .open, .denied: nil
            }
        }

        /// Whether the request is still to be judged.
        var isOpen: Bool {
            switch self {
            case .open, .listedSoFar: true
            case .listed, .denied: false
            }
        }
    }

    /// The rules about requests with this secret here.
    func rules(about secret: SecretName) -> [RequestRule] {
        let name = secret.description
        return rules.filter { $0.allows(in: place) && $0.keys.matches(name) }
    }

    /// What a request would be with a token of this secret, if it were sent: nil where it may go, and where a rule comes nearer to it than by its host.
    func misuse(by request: RequestQuestion, with secret: SecretName) -> TokenMisuse? {
        let request = request.overTLS ?? request
        let verdicts = rules(about: secret).filter { $0.tunnel == .deny }.map { $0.verdict(on: request, withToken: true) }
        let refusals = verdicts.compactMap { if case .refuses(let refusal) = $0 { refusal } else { nil } }
        guard let nearest = refusals.max(by: { $0.rawValue < $1.rawValue }), refusals.count == verdicts.count else { return nil }
        return nearest == .host ? .elsewhere : nearest == .place ? .misplaced : nil
    }

    /// Which service a host is, as the first rule says that is about it.
    func service(at host: String) -> OwnService? {
        rules.lazy.filter { $0.allows(in: place) && $0.hosts.matches(host) }.compactMap(\.provider).first
    }

    /// Whether a rule says what may be asked of a GraphQL service.
    var hasOperations: Bool { rules.contains { !$0.operations.isEmpty } }

    /// The hosts, as they are written, to which rules let programs have tunnels.
    var tunnelHosts: [String] { rules.filter { $0.allows(in: place) && $0.tunnel == .allow }.flatMap { $0.hosts.map(\.description) } }

    /// The rule about requests to the host of a tunnel: they are looked into, and so there is no tunnel.
    private func interception(of tunnel: RequestQuestion) -> RequestRule? {
        rules.first { $0.allows(in: place) && $0.tunnel == .deny && $0.hosts.matches(tunnel.host) && $0.ports.contains(tunnel.port) }
    }

    /// What no rule lists is denied: there is no document without this boundary.
    func verdict(on request: RequestQuestion?, having secret: SecretName?, _ policy: AgentPolicy) -> Verdict {
        guard let request else { return .open }
        let name = secret?.description
        if request.isTunnel, let rule = interception(of: request) {
            return .denied(PolicyDenial(refused: .tunnel, request, withToken: false, rule, policy))
        }
        let about = rules.filter { $0.allows(in: place) && $0.isAbout(name) }
        // Whatever they list: the answer is about this, and not about what is missing in them.
        if request.isPlain { return .denied(PolicyDenial(refused: .scheme, request, withToken: name != nil, about.first, policy)) }
        let verdicts = about.map { ($0, $0.verdict(on: request, withToken: name != nil)) }
        for (rule, verdict) in verdicts {
            switch verdict {
            case .allows: return .listed(rule)
            case .dependsOnPlace, .dependsOnOperations: return .listedSoFar(rule)
            case .refuses: continue
            }
        }
        return .denied(Self.denial(of: request, withToken: name != nil, by: verdicts, policy))
    }

    /// The refusal of the rule that came nearest.
    private static func denial(
        of request: RequestQuestion, withToken hasToken: Bool, by verdicts: [(RequestRule, RequestRule.Verdict)], _ policy: AgentPolicy
    ) -> PolicyDenial {
        var nearest: (refusal: RequestRule.Refusal, rule: RequestRule?) = (.notListed, nil)
        for case (let rule, .refuses(let refusal)) in verdicts where refusal.rawValue > nearest.refusal.rawValue { nearest = (refusal, rule) }
        return PolicyDenial(refused: nearest.refusal, request, withToken: hasToken, nearest.rule, policy)
    }
}

extension PolicyDenial {
    /// What is answered when no request rule lets a request go. It is told only of secrets that the agent may list.
    init(refused refusal: RequestRule.Refusal, _ request: RequestQuestion, withToken hasToken: Bool, _ rule: RequestRule?, _ policy: AgentPolicy) {
        let what = hasToken ? "a request with this secret" : "a request without a token"
        let reason =
            switch refusal {
            case .tunnel where request.isTunnel: "the policy has a rule about requests to this host, and into a tunnel nobody looks"
            case .notListed, .tunnel: "no request rule of the policy says where \(what) may go"
            case .scheme: "\(what) goes over https alone"
            case .host: "the policy lists the hosts that \(what) may go to, and this is none of them"
            case .port: "the policy lists this host, and not on this port"
            case .method: "the policy lists this host, and not for this method"
            case .path: "the policy lists this host for this method, and not this path"
            case .write: "the policy lists this request for reading, and whoever asks there can write whatever the method says: it counts as a write"
            case .webSocket: "the policy lists this request, and not as one for a WebSocket: its rule has no `websocket: allow`"
            case .encodedSlash: "the policy lists this path, and no encoded slash in it"
            case .operations where request.operationWords == nil:
                "the policy lists what may be asked of GraphQL here, and nobody can make out for sure what this request asks"
            case .operations: "the policy lists what may be asked of GraphQL here, and not all that this request asks"
            case .place: "the policy lists this request, and not with the token in this place"
            case .occurrences: "the policy lists this request, and not with the token in it so often"
            }
        self.init(.destinationNotAllowed, rule: rule?.name ?? policy.name, reason, nextStep: Self.step(after: refusal, request, rule))
    }

    private static func step(after refusal: RequestRule.Refusal, _ request: RequestQuestion, _ rule: RequestRule?) -> String {
        switch refusal {
        case .scheme: "make the request over https"
        case .place:
            "put the token where the rule has it: \(rule.map { $0.places(on: request).map { "`\($0)`" }.joined(separator: " or ") } ?? "")"
        case .occurrences: "put the token into the request \(rule.map { $0.occurrences == 1 ? "once" : "\($0.occurrences) times at most" } ?? "once")"
        case .webSocket: "\(accessRequest), with `\(request.proposal)` in its reason: a person decides whether its rule has `websocket: allow`"
        case .write:
            "\(accessRequest), with `\(request.proposal)` in its reason: a person decides whether its rule lists `POST`, too"
        case .operations:
            request.operationWords.map {
                "\(accessRequest), with \($0) at `\(request.proposal)` in its reason: a person decides whether a rule lists it"
            } ?? "send one request as JSON, with `query`, `operationName` and `variables` alone, and the document without block strings"
        case .notListed, .tunnel, .host, .port, .method, .path, .encodedSlash:
            "\(accessRequest), with `\(request.proposal)` in its reason: a person decides whether a rule lists it"
        }
    }
}

extension RequestRule {
    /// The rule in the list that a person reads.
    var summary: PolicyDocument.RuleSummary {
        let (strength, reason) = strength
        let about =
            tunnel == .allow
            ? "tunnels"
            : refresh != nil
                ? "renewal of \(keys.map(\.description).joined(separator: ", "))"
                : keys.isEmpty ? "requests without a token" : "keys \(keys.map(\.description).joined(separator: ", "))"
        return .init(
            name: name, kind: "requests", subject: "\(about) to \(hosts.map(\.description).joined(separator: ", "))", agents: agentID.description,
            strength: strength.rawValue, reason: reason)
    }
}
