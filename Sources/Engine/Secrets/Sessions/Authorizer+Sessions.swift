import Auditing
import Model
import Policies

extension Authorizer {
    /// What speaks for an asker who wants a secret: its own words, its sessions and its acknowledgements.
    func circumstances(of asker: Asker, asking name: SecretName, in scope: Scope, secret: SecretID?, tags: [String]) -> PolicyCircumstances {
        var circumstances = PolicyCircumstances(tags: tags, model: asker.reportedModel, now: clock.now())
        guard let holder = asker.holder else { return circumstances }
        let now = clock.steady()
        circumstances.hasSession = sessions.covering(name, in: scope, tags: tags, for: holder, now: now) != nil
        circumstances.acknowledgements = sessions.acknowledgements(of: secret, by: holder, now: now, wall: circumstances.now)
        return circumstances
    }

    /// The sessions in which an allowed act uses secrets; they stay awake.
    func useSessions(for act: Act, by asker: Asker, on targets: [Target]) -> [String] {
        guard case .capability(let capability) = act.needs, capability != .referenceOnly, let holder = asker.holder else { return [] }
        let now = clock.steady()
        let used = targets.compactMap { target -> String? in
            guard let scope = target.scope, let name = target.name else { return nil }
            return sessions.covering(name, in: scope, tags: target.tags ?? [], for: holder, now: now)?.id
        }
        for id in Set(used) { sessions.used(id, now: now) }
        return used
    }
}
