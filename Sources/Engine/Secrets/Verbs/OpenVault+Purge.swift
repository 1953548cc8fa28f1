import Auditing
package import Model
import Storage

extension OpenVault {
    /// Destroys the data keys and ciphertexts of every version in this database. Earlier copies of the file are beyond it.
    ///
    /// Where what went cannot be cleared from the raw files, it throws `leavesTraces`: the secret is gone all the same.
    package func purge(_ name: SecretName, in scope: Scope, by asker: Asker) async throws {
        try await retrying {
            let act = Act(.secretPurge, .write, .stepUp)
            let secret = try await sought(name, in: scope, for: act, by: asker)
            let target = target(scope, name, secret)
            let permit = try await authorizer.permit(act, by: asker, on: [target])
            guard let secret, let row = secret.row else { throw EngineError.notFound(.secret) }
            guard secret.deletedAt != nil else {
                throw EngineError.invalid("the secret is not deleted", hint: "delete it first; purging cannot be undone")
            }
            try await authorizer.commit(permit, removal(of: row), on: [target.subject])
        }
        guard await eraseTraces() else { throw EngineError.leavesTraces }
    }

    /// Purges deleted secrets whose retention is over. What fails is tried again at the next unlock. Returns how many went.
    func purge(overdue rows: [Record]) async -> Int {
        // A clock that is known to be wrong decides nothing that cannot be undone.
        guard !rows.isEmpty, sentry.floor() == nil else { return 0 }
        var count = 0
        for row in rows {
            let subject = AuditSubject(environment: row.parent?.cast(), secret: row.id.cast())
            do {
                let detail = [AuditFact("reason", "retention")]
                try await authorizer.state(.secretPurge, by: .keeper(foundation.keeper), on: [subject], change: removal(of: row), detail: detail)
                count += 1
            } catch { continue }
        }
        if count > 0 { await eraseTraces() }
        return count
    }

    private func removal(of row: Record) async throws -> Change {
        var change = Change()
        for version in try await store.versions(of: row.id.cast(), in: organization) {
            change.add(.deleteVersion(secret: row.id.cast(), number: version.number, in: organization))
        }
        for kind in [RecordKind.fuse, .grant] {
            for inner in try await book.records(kind, parent: row.id) { change.remove(inner) }
        }
        change.remove(row)
        return change
    }
}
