import Auditing
package import Model
import Storage

/// What changes in a secret's metadata; nil leaves a part as it is.
package struct MetadataPatch: Sendable {
    package var name: SecretName?
    package var addTags: [String] = []
    package var removeTags: [String] = []
    package var description: String?
    package var note: String?
    package var url: String?
    package var expiry: Expiry?

    package init() {}

    var action: AuditAction {
        if name != nil { return .secretRename }
        return expiry != nil ? .secretRenew : .secretTag
    }
}

extension OpenVault {
    /// How long a deleted secret can be undeleted.
    static let retention = Duration.seconds(30 * 86_400)

    /// Changes metadata; no version is made.
    package func patch(
        _ name: SecretName, in scope: Scope, _ patch: MetadataPatch, expectedRevision: Int64?, by asker: Asker
    ) async throws -> WriteResult {
        try await change(name, in: scope, Act(patch.action, .write, .person), by: asker, expectedRevision: expectedRevision) { secret, metadata in
            if secret.deletedAt != nil { throw EngineError.deleted }
            if let new = patch.name, new != metadata.name {
                guard try await shelf.find(new, in: secret.place) == nil else { throw EngineError.nameTaken(.secret) }
                metadata.name = new
            }
            let tags = metadata.tags.filter { !patch.removeTags.contains($0) } + patch.addTags
            try metadata.apply(tags: tags, description: patch.description, note: patch.note, url: patch.url)
            secret.apply(patch.expiry, now: clock.now())
        }
    }

    /// Deletes a secret softly: it can be undeleted for thirty days.
    package func delete(_ name: SecretName, in scope: Scope, by asker: Asker) async throws -> WriteResult {
        try await change(name, in: scope, Act(.secretDelete, .write, .person), by: asker) { secret, _ in
            if secret.deletedAt != nil { throw EngineError.deleted }
            let now = clock.now()
            secret.deletedAt = now
            secret.purgeAfter = now.advanced(by: Self.retention)
        }
    }

    package func undelete(_ name: SecretName, in scope: Scope, by asker: Asker) async throws -> WriteResult {
        try await change(name, in: scope, Act(.secretUndelete, .write, .person), by: asker) { secret, _ in
            if secret.deletedAt == nil { throw EngineError.notDeleted }
            secret.deletedAt = nil
            secret.purgeAfter = nil
        }
    }

    /// Destroys the data keys and ciphertexts of every version in this database. Earlier copies of the file are beyond it.
    package func purge(_ name: SecretName, in scope: Scope, by asker: Asker) async throws {
        let secret = try await find(name, in: scope)
        let target = target(scope, name, secret)
        let permit = try await authorizer.permit(Act(.secretPurge, .write, .stepUp), by: asker, on: [target])
        guard let secret, let row = secret.row else { throw EngineError.notFound(.secret) }
        guard secret.deletedAt != nil else {
            throw EngineError.invalid("the secret is not deleted", hint: "delete it first; purging cannot be undone")
        }
        var change = Change()
        for version in try await store.versions(of: secret.id, in: organization) {
            change.add(.deleteVersion(secret: secret.id, number: version.number, in: organization))
        }
        change.remove(row)
        try await authorizer.commit(permit, change, on: [target.subject])
        try await store.eraseFreed()
    }

    /// Makes an earlier version current again, as a new version.
    package func rollback(
        _ name: SecretName, in scope: Scope, to version: Int64, expectedRevision: Int64?, by asker: Asker
    ) async throws -> WriteResult {
        let found = try await find(name, in: scope)
        let target = target(scope, name, found, version: version)
        let access = try await authorizer.authorize(Act(.secretRollback, .write, .person), by: asker, on: [target])
        return try await storing(access) {
            guard var secret = found else { throw EngineError.notFound(.secret) }
            if secret.deletedAt != nil { throw EngineError.deleted }
            try Self.check(expectedRevision, against: secret)
            let manifest = try await shelf.manifest(secret, version: version)
            var fields: [VersionField] = []
            for (position, field) in manifest.fields.enumerated() {
                fields.append((field, try await shelf.open(Int64(position + 1), of: secret, version: version, access: access)))
            }
            secret.current += 1
            secret.updatedAt = clock.now()
            let metadata = try await shelf.metadata(secret)
            let (change, row) = try await versionChange(
                secret, replacing: secret.row, metadata: metadata, fields: fields, now: secret.updatedAt)
            return (change, WriteResult(name: name, version: secret.current, revision: row.revision), target.subject)
        }
    }

    private func change(
        _ name: SecretName, in scope: Scope, _ act: Act, by asker: Asker, expectedRevision: Int64? = nil,
        _ body: (inout SecretRecord, inout SecretMetadata) async throws -> Void
    ) async throws -> WriteResult {
        let found = try await find(name, in: scope)
        let target = target(scope, name, found)
        let permit = try await authorizer.permit(act, by: asker, on: [target])
        guard var secret = found else { throw EngineError.notFound(.secret) }
        try Self.check(expectedRevision, against: secret)
        var metadata = try await shelf.metadata(secret)
        try await body(&secret, &metadata)
        secret.updatedAt = clock.now()
        let row = try await shelf.row(secret, metadata: metadata)
        var change = Change()
        change.put(row, replacing: secret.row)
        try await authorizer.commit(permit, change, on: [target.subject])
        return WriteResult(name: metadata.name, version: secret.current, revision: row.revision)
    }

    private static func check(_ expected: Int64?, against secret: SecretRecord) throws {
        if let expected, expected != secret.row?.revision { throw EngineError.revisionMismatch(current: secret.current) }
    }
}
