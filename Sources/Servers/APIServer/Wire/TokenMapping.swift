import Model
import Secrets
import TacitWire

extension TokenWish {
    init(_ wire: TokenIssue) throws {
        self.init(
            agent: try SegmentName(wire.agent, of: .agent), reference: try SecretReference(parsing: wire.secret),
            scope: try Scope(parsing: wire.scope), life: wire.ttlSeconds.map { .seconds($0) })
        isNeutral = wire.neutral ?? false
    }
}

extension TokenSummary {
    init(_ view: TokenView) {
        self.init(
            id: "\(view.id)", agent: view.agent, secret: view.secret, masked: view.masked, shape: view.shape, ofRun: view.isOfRun,
            issuedAt: view.issuedAt.seconds, expiresAt: view.expiresAt.seconds, revokedAt: view.revokedAt?.seconds,
            state: State(rawValue: view.state.rawValue) ?? .revoked)
        usage = view.usage.flatMap { usage in
            usage.lastUsedAt.map {
                TacitWire.TokenUsage(
                    requests: usage.requests, refused: usage.refused, bytesSent: usage.bytesSent, bytesReceived: usage.bytesReceived,
                    lastUsedAt: $0.seconds)
            }
        }
    }
}

extension TokenRevocation {
    init(_ wire: TokenRevoke) throws {
        switch (wire.ids, wire.agent, wire.all) {
        case (let ids?, nil, nil) where (1...1000).contains(ids.count):
            self = .those(
                try ids.map { text in
                    guard let id = GrantID(text) else { throw EngineError.notFound(.token) }
                    return id
                })
        case (nil, let name?, nil): self = .agent(try SegmentName(name, of: .agent))
        case (nil, nil, true?): self = .all
        default: throw EngineError.invalid("tokens are revoked by their ids, 1,000 at most, by agent, or all", hint: "name one of the three")
        }
    }
}

extension AgentsFrozen {
    init(_ frozen: Frozen) {
        self.init(
            since: frozen.since?.seconds, tokens: frozen.tokens, sessions: frozen.sessions, files: frozen.files, brokers: frozen.brokers,
            runs: frozen.runs)
    }
}
