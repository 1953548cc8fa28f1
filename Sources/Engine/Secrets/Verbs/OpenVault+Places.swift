import Auditing
import Model
import Storage

extension OpenVault {
    var shelf: SecretShelf { SecretShelf(keyring: keyring, store: store, book: book, random: random) }

    /// The project and environment that a scope names; nil when one of them is not there.
    func place(_ scope: Scope) async throws -> Place? {
        if let place = places.place(for: scope) { return place }
        let round = places.round
        guard let project = try await book.record(.project, parent: nil, name: scope.project.description),
            let environment = try await book.record(.environment, parent: project.id, name: scope.environment.description)
        else { return nil }
        let place = Place(organization: organization, project: project.id.cast(), environment: environment.id.cast(), scope: scope)
        places.keep(place, round: round)
        return place
    }

    /// What of a scope is not there, as an error. To an agent it is the environment, whichever it is.
    func absence(of scope: Scope, to asker: Asker) async throws -> EngineError {
        guard !asker.isAgent, try await book.record(.project, parent: nil, name: scope.project.description) == nil else {
            return .notFound(.environment)
        }
        return .notFound(.project)
    }

    /// The secret that an asker means; nil when there is none, or none that the asker may know of.
    ///
    /// What the asker may not know of is not looked for: a name that nothing has is looked up instead, so that the answer takes the same work.
    func sought(_ name: SecretName, in scope: Scope, for act: Act, by asker: Asker) async throws -> SecretRecord? {
        guard authorizer.mayKnow(name, in: scope, for: act, by: asker) else {
            _ = try await book.record(.secret, parent: organization.cast(), name: "/\(name)")
            return nil
        }
        guard let place = try await place(scope), let secret = try await shelf.find(name, in: place) else { return nil }
        // To an agent a deleted secret is gone.
        return asker.isAgent && secret.deletedAt != nil ? nil : secret
    }

    /// A secret that is known by its id, and its name.
    func located(_ secret: SecretID) async throws -> (record: SecretRecord, name: SecretName) {
        guard let row = try await book.record(.secret, id: secret.cast()), let parent = row.parent,
            let outer = try await book.record(.environment, id: parent), let project = outer.parent,
            let outermost = try await book.record(.project, id: project)
        else { throw EngineError.recordsDisagree }
        let names = (try names.openProject(outermost).name, try await names.openEnvironment(outer, in: project.cast()).name)
        let scope = Scope(project: names.0, environment: names.1)
        let place = Place(organization: organization, project: project.cast(), environment: parent.cast(), scope: scope)
        let record = try SecretRecord(row, place: place)
        return (record, try await shelf.metadata(record).name)
    }

    /// `PROJECT/ENVIRONMENT/NAME` of a secret that is known by its id.
    func path(of secret: SecretID) async throws -> String {
        let (record, name) = try await located(secret)
        return "\(record.place.scope)/\(name)"
    }

    func target(_ scope: Scope, _ name: SecretName, _ secret: SecretRecord?, version: Int64? = nil) -> Target {
        let subject = AuditSubject(
            project: secret?.place.project, environment: secret?.place.environment, secret: secret?.id, version: version, name: "\(scope)/\(name)")
        return Target(scope: scope, name: name, subject: subject, exists: secret != nil, revision: secret?.row?.revision)
    }

    /// The target of an act that the policy decides for agents: with the tags that its rules ask for.
    func judged(_ scope: Scope, _ name: SecretName, _ secret: SecretRecord?, version: Int64? = nil, by asker: Asker) async throws -> Target {
        var target = target(scope, name, secret, version: version)
        if asker.isAgent, let secret { target.tags = try await metadataCache.metadata(of: secret, in: self).tags }
        return target
    }

    /// A secret that can be used: there, not deleted, not expired.
    func usable(_ secret: SecretRecord) throws {
        if secret.deletedAt != nil { throw EngineError.deleted }
        if let expiry = secret.expiresAt, expiryClock() >= expiry { throw EngineError.expired }
    }

    /// The moment that expiry is judged by: while the clock is known to have gone back, the later of both.
    func expiryClock() -> Timestamp { sentry.expiryTime() }

    /// Reads anew which places there are, and which keys are the newest.
    private func forgetPlaces() {
        places.clear()
        keyring.forgetNewest()
    }

    /// Tries a write again when another one came between reading and storing. What the writer expects is checked anew each time.
    func retrying<Result>(_ body: () async throws -> Result) async throws -> Result {
        for _ in 1..<100 { do { return try await body() } catch StoreError.conflict { forgetPlaces() } }
        return try await body()
    }
}
