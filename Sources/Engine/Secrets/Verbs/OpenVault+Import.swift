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
    package var notices: [String] = []
    /// How many secrets that were stored have a field that could be guessed.
    package var guessable = 0
}

extension OpenVault {
    /// The most secrets of one import.
    package static let largestImport = 20_000

    /// Takes secrets in, in one transaction.
    package func importSecrets(_ wish: ImportWish, in scope: Scope, by asker: Asker) async throws -> ImportReport {
        try await retrying { try await importOnce(wish, in: scope, by: asker) }
    }

    private func importOnce(_ wish: ImportWish, in scope: Scope, by asker: Asker) async throws -> ImportReport {
        let act = Act(.secretImport, .write, .person)
        let permit = try await authorizer.permit(act, by: asker, on: [Target(scope: scope, subject: AuditSubject(name: "\(scope)"))])
        guard wish.secrets.count <= Self.largestImport else {
            throw EngineError.invalid("an import has at most \(Self.largestImport) secrets", hint: "split the file")
        }
        guard let place = try await place(scope) else { throw try await absence(of: scope, to: asker) }
        let subject = AuditSubject(project: place.project, environment: place.environment, name: "\(scope)")
        let access = try await authorizer.begin(permit, on: [subject], detail: [AuditFact("secrets", wish.secrets.count)])
        do {
            var plan = try await plan(wish, in: place, access: access)
            if wish.isDryRun {
                await authorizer.conclude(access, result: "dry-run")
            } else {
                let stored = plan.report.created + plan.report.overwritten
                let met = try await meetProposals(storing: stored, in: place, by: asker, &plan.change)
                let (change, subjects) = (plan.change, plan.subjects)
                try await endingFiles(of: subjects, after: .renewed) {
                    try await authorizer.conclude(access, storing: change, on: subjects, after: met.entries)
                }
                if !met.entries.isEmpty { bell.ring() }
                plan.report.notices = met.notices
            }
            return plan.report
        } catch {
            await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal")
            throw error
        }
    }

    /// What an import comes to, secret by secret.
    private struct ImportPlan {
        var report = ImportReport()
        var change = Change()
        var subjects: [AuditSubject] = []
        /// What stands in the way.
        var deleted: [SecretName] = []
        var differing: [SecretName] = []

        mutating func add(_ other: ImportPlan) {
            report.created += other.report.created
            report.overwritten += other.report.overwritten
            report.skipped += other.report.skipped
            report.unchanged += other.report.unchanged
            report.guessable += other.report.guessable
            change.add(other.change)
            subjects += other.subjects
            deleted += other.deleted
            differing += other.differing
        }

        /// Names all that stands in the way at once, as far as a sentence can: whoever imports has to decide about each.
        func checkWay() throws {
            guard let (one, many) = Self.listed(deleted) else {
                guard let (one, many) = Self.listed(differing) else { return }
                throw EngineError.invalid(
                    "\(one) \(many ? "are" : "is") there already with another value", hint: "use `--on-conflict skip` or `overwrite`")
            }
            throw EngineError.invalid("\(one) \(many ? "are" : "is") deleted", hint: EngineError.deleted.hint)
        }

        private static let mostNames = 10

        /// `A, B and C`, and whether that is more than one; nil for none.
        private static func listed(_ names: [SecretName]) -> (text: String, isMany: Bool)? {
            guard let first = names.first else { return nil }
            if names.count == 1 { return (first.description, false) }
            let rest = names.count - mostNames
            let shown = names.prefix(mostNames).map(\.description)
            let text =
                rest > 0
                ? "\(shown.joined(separator: ", ")) and \(rest) more" : "\(shown.dropLast().joined(separator: ", ")) and \(shown[shown.count - 1])"
            return (text, true)
        }
    }

    /// How many secrets are looked at and sealed by one task.
    private static let importedTogether = 256

    /// Parts are made beside each other; what is said of them is what the first one in their order that cannot be taken in says.
    private func plan(_ wish: ImportWish, in place: Place, access: AuthorizedAccess) async throws -> ImportPlan {
        var seen: Set<SecretName> = []
        for write in wish.secrets where !seen.insert(write.name).inserted {
            throw EngineError.invalid("the import has the name \(write.name) twice", hint: "keep one of them")
        }
        let parts = await withTaskGroup(of: (Int, Result<ImportPlan, any Error>).self) { group in
            for start in stride(from: 0, to: wish.secrets.count, by: Self.importedTogether) {
                let part = wish.secrets[start..<min(start + Self.importedTogether, wish.secrets.count)]
                group.addTask {
                    do {
                        var plan = ImportPlan()
                        for write in part { try await self.take(write, wish, in: place, access: access, into: &plan) }
                        return (start, .success(plan))
                    } catch { return (start, .failure(error)) }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
        var plan = ImportPlan()
        for part in parts { plan.add(try part.get()) }
        try plan.checkWay()
        return plan
    }

    private func take(_ write: SecretWrite, _ wish: ImportWish, in place: Place, access: AuthorizedAccess, into plan: inout ImportPlan) async throws {
        try Self.checkSizes(write.fields.map(\.value))
        let found = try await shelf.find(write.name, in: place)
        if found?.deletedAt != nil { return plan.deleted.append(write.name) }
        if let found {
            if try await isSame(write, as: found, access: access) { return plan.report.unchanged.append(write.name) }
            switch wish.conflict {
            case .error: return plan.differing.append(write.name)
            case .skip: return plan.report.skipped.append(write.name)
            case .overwrite: plan.report.overwritten.append(write.name)
            }
        } else {
            plan.report.created.append(write.name)
        }
        let fields = try await writtenFields(write, replacing: found)
        if wish.isDryRun { return }
        if fields.contains(where: { Guessing.notice($0) != nil }) { plan.report.guessable += 1 }
        var write = write
        if let found, let tags = write.tags {
            // A tag may be what keeps a secret from agents: no file takes one away.
            write.tags = try await shelf.metadata(found).tags + tags
        }
        let secret = try await add(write, fields, replacing: found, in: place, to: &plan.change)
        plan.subjects.append(target(place.scope, write.name, secret, version: secret.current).subject)
    }

    /// The fields that an import writes: it replaces a version whole, and keeps the bindings of fields of the same name.
    private func writtenFields(_ write: SecretWrite, replacing found: SecretRecord?) async throws -> [VersionField] {
        var write = write
        write.replacesFields = true
        return try await draft(write, replacing: found).parts.compactMap { part in
            if case .written(let value) = part.source { (part.field, value) } else { nil }
        }
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
