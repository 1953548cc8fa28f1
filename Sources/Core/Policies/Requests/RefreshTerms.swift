package import Model

/// Where the value of a secret is renewed, by a request that the broker makes of itself: no agent words any of it.
package struct RefreshTerms: Sendable, Equatable {
    /// The name of the rule.
    package let rule: String
    package let host: String
    package let port: Int
    package let path: String
    package let ownNetwork: AgentPolicy.Permission
    package let authorities: RequestAuthorities?

    /// Nil for a rule about agents' requests.
    init?(_ rule: RequestRule) {
        guard rule.refresh != nil, let host = rule.hosts.first, let port = rule.ports.first, let path = rule.paths.first else { return nil }
        (self.rule, self.host, self.port, self.path) = (rule.name, host.description, port, path.description)
        (ownNetwork, authorities) = (rule.ownNetwork, rule.authorities)
    }

    /// The address, as a person reads it.
    package var url: String { "https://\(host)\(port == RequestRule.usualPort ? "" : ":\(port)")\(path)" }

    /// What comes back (RFC 6749, 5.1): fields of the secret are called as those of the reply are.
    package func seal(of secret: SecretName) throws -> ReplySeal {
        let parts = try ["access_token", "refresh_token"].map { ReplySeal.Part(field: try SegmentName($0, of: .field), pointer: "/\($0)") }
        return ReplySeal(parts: parts, secret: secret, expiry: "/expires_in")
    }
}

extension RequestRule {
    /// How a secret's value is renewed.
    package enum Refresh: String, CaseIterable, Sendable {
        /// With a refresh token (RFC 6749, 6).
        case oauth
    }

    /// Keys that are about requests which somebody words.
    private static let ofRequests = [
        "operations", "places", "provider", "occurrences", "encoded_slash", "websocket", "rate", "concurrency", "bytes", "tunnel", "approval", "seal",
        "seal_into",
        "seal_expiry",
    ]

    /// Refuses what does not fit a rule that renews: it has one address, which is known before.
    func checkRefresh(_ members: [String: PolicyNode]) throws(PolicyError) {
        guard refresh != nil, let node = members["refresh"] else { return }
        for key in Self.ofRequests { if let member = members[key] { throw member.error(.request(.notOfRefresh)) } }
        let isOne = hosts.count == 1 && !hosts[0].isWildcard && ports.count == 1 && paths.count == 1 && paths[0].isName
        guard isOne, methods == [.post] else { throw node.error(.request(.refreshOfSeveral)) }
        guard !keys.isEmpty else { throw node.error(.forTokens) }
    }
}
