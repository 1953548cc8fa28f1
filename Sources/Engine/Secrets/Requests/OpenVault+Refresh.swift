import Auditing
import Brokering
import Model
import Policies
import Storage

extension OpenVault {
    /// The secret with a newer value than its version `version`, renewed where that is the current one; nil where it cannot be.
    ///
    /// Called for an asker whose request with it was allowed, and never before.
    func renewed(_ record: SecretRecord, _ name: SecretName, in scope: Scope, by asker: Asker, over version: Int64) async -> SecretRecord? {
        func newer() async -> SecretRecord? {
            guard let row = try? await book.record(.secret, id: record.id.cast()), let now = try? SecretRecord(row, place: record.place) else {
                return nil
            }
            return now.current > version && (try? usable(now)) != nil ? now : nil
        }
        if let newer = await newer() { return newer }
        guard let terms = policy.view(for: asker, in: scope)?.refresh(of: name) else { return nil }
        let clock = clock
        let isRenewed = await refreshes.renew(record.id, now: { clock.steady() }) { [weak self] in
            await self?.refresh(record.id, name, in: scope, terms, by: asker) ?? false
        }
        return isRenewed ? await newer() : nil
    }

    /// Whether a rule says where this secret is renewed for the asker.
    func isRenewable(_ name: SecretName, in scope: Scope, for asker: Asker) -> Bool { policy.view(for: asker, in: scope)?.refresh(of: name) != nil }

    /// Has a broker of its own, which is gone afterwards, ask for a new value: the agent's broker never has the refresh token.
    private func refresh(_ secret: SecretID, _ name: SecretName, in scope: Scope, _ terms: RefreshTerms, by asker: Asker) async -> Bool {
        let target = target(scope, name, nil)
        do {
            guard let holder = asker.holder, let row = try await book.record(.secret, id: secret.cast()), let place = try await place(scope) else {
                return false
            }
            let record = try SecretRecord(row, place: place)
            if record.deletedAt != nil { throw EngineError.deleted }
            let judge = try await RefreshJudge(self, record, name, in: scope, terms, for: asker)
            let own = try await brokers.start(for: holder, at: nil)
            defer { own.end() }
            let reply = try await own.broker.perform(judge.errand, judgedBy: judge)
            return judge.hasStored && (200..<300).contains(reply.status)
        } catch {
            let code = (error as? any Diagnosable)?.code ?? "internal"
            try? await authorizer.refuse(RefreshJudge.act, by: asker, on: [target.subject], code: code, rule: terms.rule)
            return false
        }
    }
}
