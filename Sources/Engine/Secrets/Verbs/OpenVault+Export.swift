import Auditing
package import Model
import Storage

/// A secret that an export would take.
package struct ExportView: Sendable {
    package var name: SecretName
    package var version: Int64
    package var fields: [FieldView]
}

/// A secret at the version that a plan showed.
package struct ExportItem: Sendable, Hashable {
    package var name: SecretName
    package var version: Int64

    package init(name: SecretName, version: Int64) {
        self.name = name
        self.version = version
    }
}

/// A secret on its way out.
package struct ExportedSecret: Sendable {
    package var name: SecretName
    /// In the order of its fields; nil where it has expired, and stays.
    package var values: [SecretValue]?
}

extension OpenVault {
    /// What an export would take, by name, without a value: what is deleted is left out, what has expired is not. `next` is set when there is more.
    package func exportPlan(
        of scope: Scope, after: SecretName?, limit: Int, by asker: Asker
    ) async throws -> (views: [ExportView], next: SecretName?) {
        let access = try await access(to: Act(.secretExport, .list, .person), in: [scope], by: asker)
        do {
            guard let place = try await place(scope) else { throw EngineError.notFound(.environment) }
            var rows = try await metadataCache.rows(of: place, in: self).filter { $0.record.deletedAt == nil }
            if let after { rows.removeAll { $0.metadata.name <= after } }
            rows.sort { $0.metadata.name < $1.metadata.name }
            let page = rows.prefix(limit)
            let views = try await views(of: page)
            await authorizer.conclude(access, result: "plan")
            return (views, page.count < rows.count ? page.last?.metadata.name : nil)
        } catch {
            await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal")
            throw error
        }
    }

    /// How many secrets are looked at by one task.
    private static let plannedTogether = 256

    private func views(of rows: ArraySlice<MetadataCache.Entry>) async throws -> [ExportView] {
        try await withThrowingTaskGroup(of: (Int, [ExportView]).self) { group in
            for start in stride(from: rows.startIndex, to: rows.endIndex, by: Self.plannedTogether) {
                let part = rows[start..<min(start + Self.plannedTogether, rows.endIndex)]
                group.addTask {
                    var views: [ExportView] = []
                    for row in part { if let view = try await self.view(of: row) { views.append(view) } }
                    return (start, views)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    /// Nil for a secret that was purged meanwhile.
    private func view(of row: MetadataCache.Entry) async throws -> ExportView? {
        let version = row.record.current
        do {
            return ExportView(name: row.metadata.name, version: version, fields: try await shelf.manifest(row.record, version: version).views)
        } catch {
            guard try await isGone(row.record) else { throw error }
            return nil
        }
    }

    private func isGone(_ secret: SecretRecord) async throws -> Bool { try await book.record(.secret, id: secret.id.cast()) == nil }
}

extension OpenVault {
    /// The most secrets that are exported at once: each stands in the one intent.
    package static let largestExport = Authorizer.subjectsPerEntry
    /// How many sealed bytes are read for one answer; a secret that is larger goes alone.
    private static let exportedByteCount = 1 << 20

    /// The values of secrets, to a person who was asked again: of the first of `items`, as many as go together. The intent names exactly those that leave,
    /// and is durable before any of them is opened.
    package func export(_ items: [ExportItem], from scope: Scope, by asker: Asker) async throws -> [ExportedSecret] {
        let act = Act(.secretExport, .reveal, .stepUp)
        let whole = AuditSubject(name: "\(scope)")
        let permit = try await authorizer.permit(act, by: asker, on: [Target(scope: scope, subject: whole)])
        let leaving: [Leaving]
        do { leaving = try await self.leaving(items, scope, asker) } catch let error as EngineError {
            try await authorizer.refuse(act, by: asker, on: [whole], error: error)
            throw error
        }
        let subjects = leaving.filter { !$0.isExpired }.map { target(scope, $0.item.name, $0.record, version: $0.item.version).subject }
        let facts = Self.facts(expired: leaving.count - subjects.count)
        let access = try await authorizer.begin(permit, on: subjects.isEmpty ? [whole] : subjects, detail: facts)
        return try await concluding(access) {
            var exported: [ExportedSecret] = []
            for secret in leaving {
                var values: [SecretValue]?
                if let sealed = secret.sealed { values = try await shelf.open(sealed, of: secret.record, access: access).values }
                exported.append(ExportedSecret(name: secret.item.name, values: values))
            }
            return exported
        }
    }

    /// A secret that is exported; of what has expired nothing is read.
    private struct Leaving {
        var item: ExportItem
        var record: SecretRecord
        var isExpired: Bool
        var sealed: SealedVersion?
    }

    private static func facts(expired: Int) -> [AuditFact] { expired == 0 ? [] : [AuditFact("expired", expired)] }

    /// Finds the secrets, and reads what is sealed of as many as go together.
    private func leaving(_ items: [ExportItem], _ scope: Scope, _ asker: Asker) async throws -> [Leaving] {
        guard (1...Self.largestExport).contains(items.count) else {
            throw EngineError.invalid("1 to \(Self.largestExport) secrets are exported at once", hint: nil)
        }
        guard let place = try await place(scope) else { throw try await absence(of: scope, to: asker) }
        var found: [Leaving] = []
        for item in items {
            guard let record = try await shelf.find(item.name, in: place), record.deletedAt == nil,
                (1...max(1, record.current)).contains(item.version)
            else { throw EngineError.planChanged }
            found.append(Leaving(item: item, record: record, isExpired: isExpired(record)))
        }
        let usable = found.filter { !$0.isExpired }
        let ranges = usable.map { VersionRange(secret: $0.record.id, numbers: $0.item.version...$0.item.version) }
        var read = ranges.isEmpty ? [] : try await store.versions(ranges, upTo: Self.exportedByteCount, in: organization)[...]
        if let first = usable.first, read.isEmpty { throw try await lack(of: first.record) }
        var leaving: [Leaving] = []
        for var secret in found {
            if !secret.isExpired {
                guard let sealed = read.popFirst() else { break }
                guard sealed.secret == secret.record.id, sealed.number == secret.item.version else { throw try await lack(of: secret.record) }
                secret.sealed = sealed
            }
            leaving.append(secret)
        }
        return leaving
    }

    /// Every version up to the current one was stored whole: what is missing was taken away, unless its secret went.
    private func lack(of secret: SecretRecord) async throws -> EngineError { try await isGone(secret) ? .planChanged : .unreadable }
}
