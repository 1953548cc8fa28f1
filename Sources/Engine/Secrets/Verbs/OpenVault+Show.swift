import Auditing
package import Model
import Policies
import Storage

/// A secret with all but its values.
package struct SecretDetailView: Sendable {
    package var id: SecretID
    package var name: SecretName
    package var version: Int64
    package var revision: Int64
    package var fields: [FieldView]
    package var tags: [String]
    package var description: String?
    package var note: String?
    package var url: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var expiresAt: Timestamp?
    package var deletedAt: Timestamp?
    package var purgeAfter: Timestamp?
}

/// A field without its value.
package struct FieldView: Sendable, Equatable {
    package var name: SegmentName
    package var kind: FieldKind
    package var binding: String?
}

/// A version without its values.
package struct VersionView: Sendable {
    package var number: Int64
    package var createdAt: Timestamp
    package var fields: [FieldView]
    package var isCurrent: Bool
}

/// Whether a name is there, as far as the asker may know.
package struct ExistenceView: Sendable {
    package var name: String
    package var exists: Bool
    package var version: Int64?
    package var createdAt: Timestamp?
    package var expiresAt: Timestamp?
}

extension OpenVault {
    /// A secret's metadata and fields.
    package func show(_ name: SecretName, in scope: Scope, by asker: Asker) async throws -> SecretDetailView {
        let secret = try await find(name, in: scope)
        let access = try await authorizer.authorize(Act(.secretShow, .reference, .person), by: asker, on: [target(scope, name, secret)])
        return try await concluding(access) {
            guard let secret else { throw EngineError.notFound(.secret) }
            let metadata = try await shelf.metadata(secret)
            let manifest = try await shelf.manifest(secret, version: secret.current)
            return SecretDetailView(
                id: secret.id, name: metadata.name, version: secret.current, revision: secret.row?.revision ?? 0, fields: manifest.views,
                tags: metadata.tags, description: metadata.description, note: metadata.note, url: metadata.url,
                createdAt: secret.createdAt, updatedAt: secret.updatedAt, expiresAt: secret.expiresAt, deletedAt: secret.deletedAt,
                purgeAfter: secret.purgeAfter)
        }
    }

    /// A secret's versions, newest first.
    package func history(_ name: SecretName, in scope: Scope, by asker: Asker) async throws -> [VersionView] {
        let secret = try await find(name, in: scope)
        let access = try await authorizer.authorize(Act(.secretShow, .reference, .person), by: asker, on: [target(scope, name, secret)])
        return try await concluding(access) {
            guard let secret else { throw EngineError.notFound(.secret) }
            var views: [VersionView] = []
            for version in try await store.versions(of: secret.id, in: organization) {
                let manifest = try await shelf.manifest(secret, version: version.number)
                views.append(
                    VersionView(
                        number: version.number, createdAt: version.createdAt, fields: manifest.views,
                        isCurrent: version.number == secret.current))
            }
            return views
        }
    }

    /// Which of these names are there. To an agent a name it may not list is as absent as one that nobody has.
    package func exists(_ names: [SecretName], in scope: Scope, by asker: Asker) async throws -> [ExistenceView] {
        var found: [(SecretName, SecretRecord?)] = []
        for name in names { found.append((name, try await find(name, in: scope))) }
        let subjects = found.map { Target(scope: scope, name: nil, subject: target(scope, $0.0, $0.1).subject) }
        let access = try await authorizer.authorize(Act(.secretExists, .reference, .anyCapability), by: asker, on: subjects)
        let agent = policy.view(for: asker, in: scope)
        let views = found.map { name, secret in
            let isThere = secret.map { $0.deletedAt == nil } ?? false && agent?.mayList(name) ?? true
            guard isThere, let secret else { return ExistenceView(name: name.description, exists: false) }
            return ExistenceView(
                name: name.description, exists: true, version: secret.current, createdAt: secret.createdAt, expiresAt: secret.expiresAt)
        }
        await authorizer.conclude(access, result: "done")
        return views
    }
}

extension Manifest {
    var views: [FieldView] { fields.map { FieldView(name: $0.name, kind: $0.kind, binding: $0.binding) } }
}
