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

    /// What it does to a secret that session files hold; nil where nothing that decides about its use changes.
    var fate: SecretFate? { name != nil || expiry != nil || !addTags.isEmpty || !removeTags.isEmpty ? .described : nil }

    /// What is changed, for the log.
    var facts: [AuditFact] {
        var parts: [String] = []
        if expiry != nil { parts.append("expiry") }
        if !addTags.isEmpty || !removeTags.isEmpty { parts.append("tags") }
        for (part, text) in [("description", description), ("note", note), ("url", url)] where text != nil { parts.append(part) }
        let renamed = name.map { [AuditFact("new-name", $0)] } ?? []
        return renamed + (parts.isEmpty ? [] : [AuditFact("changed", parts.joined(separator: ","))])
    }
}

extension OpenVault {
    /// How long a deleted secret can be undeleted.
    static let retention = Duration.seconds(30 * 86_400)

    /// Changes metadata; no version is made.
    package func patch(_ name: SecretName, in scope: Scope, _ patch: MetadataPatch, expectedRevision: Int64?, by asker: Asker) async throws
        -> WriteResult
    {
        try await change(name, in: scope, patch.action, patch.fate, by: asker, expectedRevision: expectedRevision, detail: patch.facts) {
            secret, metadata in
            if secret.deletedAt != nil { throw EngineError.deleted }
            if let new = patch.name, new != metadata.name {
                guard try await shelf.find(new, in: secret.place) == nil else { throw EngineError.nameTaken(.secret) }
                metadata.name = new
            }
            let tags = metadata.tags.filter { !patch.removeTags.contains($0) } + patch.addTags
            try metadata.apply(tags: tags, description: patch.description, note: patch.note, url: patch.url)
            secret.apply(patch.expiry, now: expiryClock())
        }
    }

    /// Deletes a secret softly: it can be undeleted for thirty days.
    package func delete(_ name: SecretName, in scope: Scope, by asker: Asker) async throws -> WriteResult {
        try await change(name, in: scope, .secretDelete, .gone, by: asker) { secret, _ in
            if secret.deletedAt != nil { throw EngineError.deleted }
            secret.deletedAt = clock.now()
            secret.purgeAfter = expiryClock().advanced(by: Self.retention)
        }
    }

    package func undelete(_ name: SecretName, in scope: Scope, by asker: Asker) async throws -> WriteResult {
        try await change(name, in: scope, .secretUndelete, nil, by: asker) { secret, _ in
            if secret.deletedAt == nil { throw EngineError.notDeleted }
            secret.deletedAt = nil
            secret.purgeAfter = nil
        }
    }

    /// Makes an earlier version current again, as a new version.
    package func rollback(_ name: SecretName, in scope: Scope, to version: Int64, expectedRevision: Int64?, by asker: Asker) async throws
        -> WriteResult
    {
        try await retrying {
            let act = Act(.secretRollback, .write, .person)
            let found = try await sought(name, in: scope, for: act, by: asker)
            let target = target(scope, name, found, version: version)
            let access = try await authorizer.authorize(act, by: asker, on: [target])
            return try await storing(access) {
                guard let secret = found else { throw EngineError.notFound(.secret) }
                if secret.deletedAt != nil { throw EngineError.deleted }
                try Self.check(expectedRevision, against: secret)
                let manifest = try await shelf.manifest(secret, version: version)
                var fields: [VersionField] = []
                for (position, field) in manifest.fields.enumerated() {
                    fields.append((field, try await shelf.open(Int64(position + 1), of: secret, version: version, access: access)))
                }
                var change = Change()
                let next = try await add(secret, shelf.metadata(secret), fields, now: clock.now(), to: &change)
                let result = WriteResult(name: name, version: next.current, revision: next.nextRevision)
                return ReadyWrite(change: change, result: result, subject: target.subject)
            }
        }
    }

    private func change(
        _ name: SecretName, in scope: Scope, _ action: AuditAction, _ fate: SecretFate?, by asker: Asker, expectedRevision: Int64? = nil,
        detail: [AuditFact] = [],
        _ body: (inout SecretRecord, inout SecretMetadata) async throws -> Void
    ) async throws -> WriteResult {
        try await retrying {
            let act = Act(action, .write, .person)
            let found = try await sought(name, in: scope, for: act, by: asker)
            let target = target(scope, name, found)
            let permit = try await authorizer.permit(act, by: asker, on: [target])
            guard var secret = found else { throw EngineError.notFound(.secret) }
            try Self.check(expectedRevision, against: secret)
            var metadata = try await shelf.metadata(secret)
            try await body(&secret, &metadata)
            secret.updatedAt = clock.now()
            var stored = Change()
            try await shelf.put(secret, metadata: metadata, into: &stored)
            let change = stored
            try await endingFiles(of: [target.subject], after: fate) {
                try await authorizer.commit(permit, change, on: [target.subject], detail: detail)
            }
            return WriteResult(name: metadata.name, version: secret.current, revision: secret.nextRevision)
        }
    }

    private static func check(_ expected: Int64?, against secret: SecretRecord) throws {
        if let expected, expected != secret.row?.revision { throw EngineError.revisionMismatch(current: secret.current) }
    }
}
