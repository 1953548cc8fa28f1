import Brokering
import Model
import Policies
import Synchronization

extension DoorJudge {
    /// With which versions a request was sent whose credential the service did not take; nil where this is another request. Each is asked about once.
    func rejected(_ request: AskedRequest) throws -> [GrantID: Int64]? {
        guard let entry = request.rejected else { return nil }
        guard let versions = state.withLock({ $0.renewable.removeValue(forKey: entry) }) else { throw BrokerFailure.refused }
        return versions
    }

    /// Refuses what would have to be renewed, of a request that a person is asked about.
    func checkCurrent(_ uses: [Use], _ rejected: [GrantID: Int64]?, _ vault: OpenVault) throws {
        for use in uses { try vault.usable(use.record) }
        guard rejected == nil else { throw BrokerFailure.refused }
    }

    /// The uses of a request that the policy allowed, with newer values in the place of those that are over or that the service did not take.
    func renewed(_ uses: [Use], _ rejected: [GrantID: Int64]?, _ vault: OpenVault) async throws -> [Use] {
        var renewed: [Use] = []
        var hasNewer = rejected == nil
        for var use in uses {
            let isExpired = vault.isExpired(use.record)
            if isExpired || rejected != nil {
                let (name, scope) = (use.grant.name, use.grant.scope)
                let newer = await vault.renewed(use.record, name, in: scope, by: asker, over: rejected?[use.id] ?? use.record.current)
                guard newer != nil || !isExpired else { throw EngineError.expired }
                if let newer {
                    let question = use.target.request
                    (use.record, use.target) = (newer, try await vault.judged(scope, name, newer, version: newer.current, by: asker))
                    use.target.request = question
                    hasNewer = true
                }
            }
            renewed.append(use)
        }
        guard hasNewer else { throw BrokerFailure.refused }
        return renewed
    }
}

extension OpenVault {
    /// As `usable`, for a token of the agent's: one whose time is over is renewed when it is first used, where a rule says how.
    func usable(_ secret: SecretRecord, _ name: SecretName, in scope: Scope, byTokenOf agent: Asker) throws {
        guard !isExpired(secret) || !isRenewable(name, in: scope, for: agent) else { return }
        try usable(secret)
    }

    /// Whether its time is over, and nothing else is against its use.
    func isExpired(_ secret: SecretRecord) -> Bool { secret.deletedAt == nil && secret.expiresAt.map { expiryClock() >= $0 } ?? false }
}
