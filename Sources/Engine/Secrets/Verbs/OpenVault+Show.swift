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
        try await examining(name, in: scope, by: asker) { secret in
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
        try await examining(name, in: scope, by: asker) { secret in
            try await shelf.manifests(secret).map { number, manifest in
                VersionView(number: number, createdAt: manifest.createdAt, fields: manifest.views, isCurrent: number == secret.current)
            }
        }
    }

    private func examining<View: Sendable>(_ name: SecretName, in scope: Scope, by asker: Asker, _ body: (SecretRecord) async throws -> View)
        async throws -> View
    {
        let act = Act(.secretShow, .reference, .person)
        let secret = try await sought(name, in: scope, for: act, by: asker)
        let access = try await authorizer.authorize(act, by: asker, on: [target(scope, name, secret)])
        return try await concluding(access) {
            guard let secret else { throw EngineError.notFound(.secret) }
            return try await body(secret)
        }
    }

    /// Which of these names are there. To an agent a name it may not list is as absent as one that nobody has.
    package func exists(_ names: [SecretName], in scope: Scope, by asker: Asker) async throws -> [ExistenceView] {
        let act = Act(.secretExists, .reference, .nothing)
        if let view = policy.view(for: asker, in: scope), !view.mayListAnything {
            try await authorizer.refuse(act, by: asker, on: [AuditSubject(name: "\(scope)")], error: .notFound(.environment))
            return names.map { ExistenceView(name: $0.description, exists: false) }
        }
        var found: [(name: SecretName, secret: SecretRecord?)] = []
        for name in names { found.append((name, try await sought(name, in: scope, for: act, by: asker))) }
        let access = try await authorizer.authorize(act, by: asker, on: found.map { target(scope, $0.name, $0.secret) }.map(\.present))
        let views = found.map { name, secret in
            guard let secret, secret.deletedAt == nil else { return ExistenceView(name: name.description, exists: false) }
            return ExistenceView(
                name: name.description, exists: true, version: secret.current, createdAt: secret.createdAt, expiresAt: secret.expiresAt)
        }
        await authorizer.conclude(access, result: "done")
        return views
    }
}

extension Target {
    /// The same target, for an act that does not fail when it is not there.
    var present: Target {
        var target = self
        target.exists = true
        return target
    }
}

extension Manifest { var views: [FieldView] { fields.map { FieldView(name: $0.name, kind: $0.kind, binding: $0.binding) } } }
