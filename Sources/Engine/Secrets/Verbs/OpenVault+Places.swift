import Auditing
import Model
import Storage

extension OpenVault {
    var shelf: SecretShelf { SecretShelf(keyring: keyring, store: store, book: book, random: random) }

    /// The project and environment that a scope names; nil when one of them is not there.
    func place(_ scope: Scope) async throws -> Place? {
        if let place = places.place(for: scope) { return place }
        guard let project = try await book.record(.project, parent: nil, name: scope.project.description),
            let environment = try await book.record(.environment, parent: project.id, name: scope.environment.description)
        else { return nil }
        let place = Place(organization: organization, project: project.id.cast(), environment: environment.id.cast(), scope: scope)
        places.keep(place)
        return place
    }

    /// The secret of a name, when scope and name are there.
    func find(_ name: SecretName, in scope: Scope) async throws -> SecretRecord? {
        guard let place = try await place(scope) else { return nil }
        return try await shelf.find(name, in: place)
    }

    func target(_ scope: Scope, _ name: SecretName, _ secret: SecretRecord?, version: Int64? = nil, field: Int64? = nil) -> Target {
        let subject = AuditSubject(
            project: secret?.place.project, environment: secret?.place.environment, secret: secret?.id, version: version, field: field,
            name: "\(scope)/\(name)")
        return Target(scope: scope, name: name, subject: subject, exists: secret != nil)
    }

    /// A secret that can be used: there, not deleted, not expired.
    func usable(_ secret: SecretRecord) throws {
        if secret.deletedAt != nil { throw EngineError.deleted }
        if let expiry = secret.expiresAt, expiryClock() >= expiry { throw EngineError.expired }
    }

    /// The moment that expiry is judged by: while the clock is known to have gone back, the later of both.
    func expiryClock() -> Timestamp { sentry.expiryTime() }
}
