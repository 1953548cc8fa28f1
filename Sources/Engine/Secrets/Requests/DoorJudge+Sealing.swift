import Brokering
import Model
import Policies
import Synchronization

extension DoorJudge {
    /// How a door's tokens are made while it is open: they end with what the door is for.
    struct Minting: Sendable {
        var run: AnyRecordID
        var life: Duration
        /// Told of each one that was made.
        var note: @Sendable (GrantID) -> Void = { _ in }
    }

    /// The tokens that were made since the door was opened.
    var mintedTokens: [GrantID] { state.withLock { $0.minted } }

    /// What is sealed of the reply to a request that rules list by these terms.
    func sealing(_ terms: RequestTerms, _ targets: [Target], by asker: Asker, _ vault: OpenVault) async throws -> Sealing? {
        guard let seal = terms.seal, let scope = targets.first?.scope else { return nil }
        guard targets.allSatisfy({ $0.scope == scope }) else { throw BrokerFailure.refused }
        let sealing = Sealing(seal, by: terms.rule, in: scope, tags: targets.flatMap { $0.tags ?? [] })
        try await vault.foresee(sealing, by: asker)
        return sealing
    }

    /// Stores what the reply to an allowed request brings, once, with a token for each value that its door has none for.
    func seal(_ credentials: NewCredentials, of entry: Int64) async -> [SealedCredential]? {
        let sealing = state.withLock { state in state.ongoing[entry] == nil ? nil : state.sealing.removeValue(forKey: entry) }
        guard let sealing, let vault = open() else { return nil }
        return await vault.seal(credentials, sealing, after: entry, by: asker, for: self)
    }

    /// The tokens that stand for fields of a secret already.
    func grants(of secret: SecretID) -> [(id: GrantID, grant: Grant)] {
        state.withLock { state in state.grants.filter { $0.value.secret == secret }.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 } }
    }

    /// Takes over a token that was stored.
    func take(_ id: GrantID, for grant: Grant) {
        state.withLock { state in
            state.grants[id] = grant
            state.minted.append(id)
        }
        labels.note(grant.label, of: grant.secret)
        minting.note(id)
    }
}
