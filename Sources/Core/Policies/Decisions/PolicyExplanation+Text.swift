extension PolicyExplanation {
    /// The explanation in lines of text, the decision first.
    package var lines: [String] {
        let about = query.secret.map { "\(query.scope)/\($0)" } ?? "\(query.scope)"
        let answer = decision.isAllowed ? "allow" : "deny"
        let first = "\(answer): \(query.capability.rawValue) of \(about) by \(query.agent)"
        let considered = steps.map { "policy `\($0.policy)`: \($0.verdict.text(query))" }
        let policies = steps.contains { $0.verdict != .otherAgent } ? considered : considered + ["no policy is about this agent"]
        return [first] + policies + standings.map(\.line) + commandLines + requestLines + last
    }

    private var commandLines: [String] {
        guard listsPrograms || !commands.isEmpty else { return [] }
        let unnamed =
            query.capability == .fileInject ? "a file is read by programs that nobody judges" : "no program is named: it is judged when it is opened"
        let program = query.circumstances.program.map { ["program \($0.facts)"] } ?? [unnamed]
        let lines = commands.map { "command rule `\($0.rule)`: \($0.text)" }
        return program + (commands.contains(where: \.allows) || !listsPrograms ? lines : lines + ["no command rule lists a program for it"])
    }

    private var requestLines: [String] {
        guard query.capability == .broker else { return [] }
        let request =
            switch query.circumstances.request {
            case nil: "no request is named: it is judged before it leaves"
            case let request?:
                "request \(request.line)\(query.secret == nil ? ", without a token" : request.token)"
                    + (request.operationWords.map { ", asking for \($0)" } ?? "")
            }
        let lines = requests.map { "request rule `\($0.rule)`: \($0.text)" }
        return [request] + (lines.isEmpty ? ["no request rule is about it"] : lines)
    }

    private var last: [String] {
        switch decision {
        case .deny(let denial) where denial.code == .notFound && query.secret != nil:
            // Whether the name is there is told apart: the reason is what the agent reads, and says so of every name that it may not list.
            let told =
                "the agent is told: \(denial.code.rawValue), \u{201C}\(denial.reason), or you may not use it\u{201D}, as of a name that nobody has; next step: to ask you whether it is stored"
            return (barrier.map { ["the agent may not know of it: \($0)"] } ?? []) + [told]
        case .deny(let denial):
            return [denial.reason, "the agent is told: \(denial.code.rawValue), next step: \(denial.stepInWords)"]
        case .allow(let grant):
            let obligations = PolicyObligation.allCases.filter(grant.obligations.contains).map(\.rawValue).joined(separator: ", ")
            let program =
                query.capability.needsProgram
                ? ["the program sees HOME \(grant.home.rawValue), PATH \(grant.path == nil ? "of the system" : "of the rule")"] : []
            return ["allowed by `\(grant.rule)`; obliges to: \(obligations)"] + program + (grant.request?.lines ?? [])
        }
    }
}

extension PolicyDenial {
    /// The next step as the agent is told it: of a program, the tools say first how to find one that may have the secret.
    fileprivate var stepInWords: String {
        guard code == .commandBlocked, nextStep == Self.accessRequest else { return nextStep }
        return "rule_list says which programs may have it; if none of them can do it, access_request with the full path of the one that it needs"
    }
}

extension RuleStanding {
    fileprivate var line: String {
        let standing = isMet ? "met" : "not met: \(meetBy)"
        return "tag rule `\(rule.name)`: \(rule.kind.rawValue) by tag `\(tag)`, \(standing) (\(rule.strength.rawValue): \(rule.strengthReason))"
    }
}

extension OpenedProgram {
    /// The facts by which it is judged, in words.
    fileprivate var facts: String {
        var words = [runsAnyCode ? "any-code" : "native"]
        if !isBound { words.append("not bound: its interpreter opens it again") }
        words.append(isWritableByCaller ? "its caller can change it" : "its caller cannot change it")
        let called = calledPath.map { $0 == path ? "" : " (called \($0))" } ?? ""
        return "\(path)\(called): \(words.joined(separator: ", "))"
    }
}

extension PolicyExplanation.CommandStep {
    fileprivate var text: String {
        if denies { return "denies the program, as an accident guard" }
        switch verdict {
        case .allows: return "lets the program have it"
        case .refuses(.notListed): return "lists other programs"
        case .refuses(.contentDiffers): return "pins other content"
        case .refuses(.writable): return "lists the program, which counts only where its caller cannot change it or its content is pinned"
        case .refuses(.anyCode): return "lists the program, and does not allow any code"
        case nil: return allows ? "lists programs that may have it" : "denies programs, as an accident guard"
        }
    }
}

extension RequestQuestion {
    /// Where the token stands, in words.
    fileprivate var token: String {
        guard let place else { return ", and nobody says where the token stands" }
        return ", with the token in `\(place)`" + (occurrences == 1 ? "" : ", \(occurrences) times")
    }
}

extension PolicyExplanation.RequestStep {
    fileprivate var text: String {
        switch verdict {
        case nil: "lists requests that may go"
        case .allows: "lets the request go"
        case .dependsOnPlace: "lists the request; where the token stands is still judged"
        case .refuses(.notListed), .refuses(.host): "lists other hosts"
        case .refuses(.tunnel): "is about tunnels where this is about requests, or the other way round"
        case .refuses(.scheme): "lets requests go over https alone"
        case .refuses(.port): "lists the host, on other ports"
        case .refuses(.method): "lists the host, for other methods"
        case .refuses(.path): "lists the host and the method, for other paths"
        case .dependsOnOperations: "lists the request; what it asks of GraphQL is still judged"
        case .refuses(.operations): "lists the request, for other things that may be asked of GraphQL"
        case .refuses(.write): "lists the request for reading, and it counts as a write: whoever asks there can write whatever the method says"
        case .refuses(.webSocket): "lists the request, and no WebSocket: it has no `websocket: allow`"
        case .refuses(.encodedSlash): "lists the path, without an encoded slash"
        case .refuses(.place): "lists the request, with the token in another place"
        case .refuses(.occurrences): "lists the request, with the token in it less often"
        }
    }
}

extension RequestTerms {
    fileprivate var lines: [String] {
        let token = places.isEmpty ? [] : ["the token may stand in \(places.map { "`\($0)`" }.joined(separator: ", ")), \(times)"]
        let network = ownNetwork == .allow ? ["the host may lead into your own network"] : []
        let verified = authorities.map { ["the host is verified against \($0.words), in place of the system's"] } ?? []
        let asked = operations.isEmpty ? [] : ["of GraphQL it may ask for \(operations.map { "`\($0)`" }.joined(separator: ", "))"]
        return token + asked + network + verified + limits.map { "at most \($0)" } + sealing
    }

    /// Each of its limits in a few words.
    var limits: [String] {
        (rate.map { ["\($0)"] } ?? []) + (concurrency.map { ["\($0) at once"] } ?? []) + (bytes.map { ["\($0)"] } ?? [])
    }

    private var sealing: [String] {
        guard let seal else { return [] }
        let parts = seal.parts.map(\.description).joined(separator: ", ")
        return ["sealed in the reply, into `\(seal.secret)`: \(parts)"] + (seal.expiry.map { ["they are good as long as \($0) says"] } ?? [])
    }

    private var times: String { occurrences == 1 ? "once" : "\(occurrences) times at most" }
}

extension PolicyExplanation.Verdict {
    fileprivate func text(_ query: PolicyQuery) -> String {
        switch self {
        case .otherAgent: "is about other agents"
        case .deniesKey(let pattern): "denies the key by `\(pattern)`; a denied key stays denied whatever else allows it"
        case .otherEnvironment: "decides, and allows nothing in \(query.scope)"
        case .noAllowedKey: "decides, and none of its allowed keys matches"
        case .noCapability: "decides, and does not grant `\(query.capability.rawValue)`"
        case .allows(let pattern?): "decides, and allows by `\(pattern)`"
        case .allows(nil): "decides, and allows"
        case .decidedBefore(let name): "is not asked, because `\(name)` before it decides"
        }
    }
}
