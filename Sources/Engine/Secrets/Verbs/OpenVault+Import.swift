import Auditing
package import Model
import Storage

/// Secrets to be taken in together: all of them or none.
package struct ImportWish: Sendable {
    package enum Conflict: Sendable { case error, skip, overwrite }
    package var secrets: [SecretWrite]
    package var conflict: Conflict
    package var isDryRun: Bool

    package init(secrets: [SecretWrite], conflict: Conflict, isDryRun: Bool) {
        self.secrets = secrets
        self.conflict = conflict
        self.isDryRun = isDryRun
    }
}

/// What an import did, or would do.
package struct ImportReport: Sendable {
    package var created: [SecretName] = []
    package var overwritten: [SecretName] = []
    package var skipped: [SecretName] = []
    package var unchanged: [SecretName] = []
}

extension OpenVault {
    /// The most secrets of one import.
    package static let largestImport = 20_000

    /// Takes secrets in, in one transaction with one entry.
    package func importSecrets(_ wish: ImportWish, in scope: Scope, by asker: Asker) async throws -> ImportReport {
        guard wish.secrets.count <= Self.largestImport else {
            throw EngineError.invalid("an import has at most \(Self.largestImport) secrets", hint: "split the file")
        }
        guard let place = try await place(scope) else { throw EngineError.notFound(.environment) }
        let subject = AuditSubject(project: place.project, environment: place.environment, name: "\(scope)")
        let target = Target(scope: scope, name: nil, subject: subject)
        let detail = [AuditFact("secrets", "\(wish.secrets.count)")]
        let access = try await authorizer.authorize(Act(.secretImport, .write, .person), by: asker, on: [target], detail: detail)
        do {
            var report = ImportReport()
            let change = try await importChange(wish, in: place, access: access, report: &report)
            if wish.isDryRun {
                await authorizer.conclude(access, result: "dry-run")
            } else {
                try await authorizer.conclude(access, storing: change, on: [subject])
            }
            return report
        } catch {
            await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal")
            throw error
        }
    }

    private func importChange(_ wish: ImportWish, in place: Place, access: AuthorizedAccess, report: inout ImportReport) async throws -> Change {
        var change = Change()
        var seen: Set<SecretName> = []
        for write in wish.secrets {
            guard seen.insert(write.name).inserted else {
                throw EngineError.invalid("the import has the name \(write.name) twice", hint: "keep one of them")
            }
            try Self.checkSizes(write.fields.map(\.value))
            let found = try await shelf.find(write.name, in: place)
            guard let found else {
                report.created.append(write.name)
                if !wish.isDryRun { try await add(write, replacing: nil, in: place, to: &change) }
                continue
            }
            if found.deletedAt != nil { throw EngineError.invalid("\(write.name) is deleted", hint: EngineError.deleted.hint) }
            if try await isSame(write, as: found, access: access) {
                report.unchanged.append(write.name)
                continue
            }
            switch wish.conflict {
            case .error: throw EngineError.invalid("\(write.name) is there already with another value", hint: "use `--conflict skip` or `overwrite`")
            case .skip: report.skipped.append(write.name)
            case .overwrite:
                report.overwritten.append(write.name)
                if !wish.isDryRun { try await add(write, replacing: found, in: place, to: &change) }
            }
        }
        return change
    }

    private func add(_ write: SecretWrite, replacing found: SecretRecord?, in place: Place, to change: inout Change) async throws {
        let now = clock.now()
        var secret = found ?? .fresh(in: place, now: now, random: random)
        secret.current += 1
        secret.updatedAt = now
        var metadata = SecretMetadata(name: write.name)
        if let found { metadata = try await shelf.metadata(found) }
        let fields: [VersionField] = write.fields.map { (Manifest.Field(name: $0.name, kind: $0.kind, binding: nil), $0.value) }
        change.put(try await shelf.row(secret, metadata: metadata), replacing: found?.row)
        for operation in try await shelf.seal(fields, as: secret.current, of: secret, now: now) { change.add(operation) }
    }

    private func isSame(_ write: SecretWrite, as secret: SecretRecord, access: AuthorizedAccess) async throws -> Bool {
        let manifest = try await shelf.manifest(secret, version: secret.current)
        guard manifest.fields.map(\.name) == write.fields.map(\.name) else { return false }
        for (position, field) in write.fields.enumerated() {
            let value = try await shelf.open(Int64(position + 1), of: secret, version: secret.current, access: access)
            if value != field.value { return false }
        }
        return true
    }
}
