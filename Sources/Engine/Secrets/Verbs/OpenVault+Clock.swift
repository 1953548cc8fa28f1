import Auditing
import Model

extension OpenVault {
    /// Believes the machine's clock again after it went back, because a person says that it is right. Does nothing when it is not in doubt.
    package func acceptClock(by asker: Asker) async throws {
        let act = Act(.clockAccepted, .administer, .stepUp)
        let permit = try await authorizer.permit(act, by: asker, on: [])
        guard let floor = sentry.floor() else { return }
        try await sentry.accepting {
            try await authorizer.commit(permit, on: [], detail: [AuditFact("not-before", floor), AuditFact("accepted", clock.now())])
        }
    }
}
