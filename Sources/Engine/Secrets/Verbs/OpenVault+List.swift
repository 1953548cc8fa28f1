import Auditing
package import Model
import Policies
import Storage

/// What a list shows of a secret.
package struct SecretView: Sendable {
    package var name: SecretName
    package var version: Int64
    package var tags: [String]
    package var description: String?
    package var updatedAt: Timestamp
    package var expiresAt: Timestamp?
    package var deletedAt: Timestamp?
    /// For an agent: what the policy lets it do with this secret.
    package var usableWith: [String]?
    /// For an agent: what it has to do, or have, first.
    package var requires: [String]?
    /// For an agent: the names of its fields, where it has others than the usual one.
    package var fields: [String]?
}

/// Which secrets a list shows.
package struct ListFilter: Sendable {
    package var tag: String?
    package var expiringWithin: Duration?
    /// A part of the name, description or a tag, in any case.
    package var search: String?
    package var includesDeleted = false
    /// Goes on after this name.
    package var after: SecretName?
    package var limit: Int

    package init(limit: Int = 1000) { self.limit = limit }
}

extension OpenVault {
    /// The secrets of an environment by name, as far as the asker may list them; `next` is set when there are more, `total` counts those of all pages.
    package func list(_ scope: Scope, _ filter: ListFilter, by asker: Asker) async throws -> (views: [SecretView], next: SecretName?, total: Int) {
        let act = Act(.secretList, .list, .listing)
        let target = Target(scope: scope, subject: AuditSubject(name: "\(scope)"))
        // The decision comes first: whether an environment is there that the asker may know nothing of is not looked up.
        let permit = try await authorizer.permit(act, by: asker, on: [target])
        guard let place = try await place(scope) else {
            let error = try await absence(of: scope, to: asker)
            try await authorizer.refuse(act, by: asker, on: [target.subject], error: error)
            throw error
        }
        let subject = AuditSubject(project: place.project, environment: place.environment, name: "\(scope)")
        let access = try await authorizer.begin(permit, on: [subject])
        return try await concluding(access) { try await views(in: place, filter, for: asker) }
    }

    private func views(in place: Place, _ filter: ListFilter, for asker: Asker) async throws -> ([SecretView], SecretName?, Int) {
        let agent = policy.view(for: asker, in: place.scope)
        var found: [SecretView] = []
        let rows = try await metadataCache.rows(of: place, in: self)
        for row in rows {
            var view = SecretView(row)
            if let agent {
                guard agent.mayList(view.name), view.deletedAt == nil else { continue }
                let circumstances = authorizer.circumstances(
                    of: asker, asking: view.name, in: place.scope, secret: row.record.id, tags: view.tags)
                let prospect = agent.prospect(of: view.name, circumstances, meeting: DecisionStage.foreseeable)
                (view.usableWith, view.requires) = (prospect.capabilities.map(\.rawValue), prospect.requires.map(\.rawValue))
            }
            if matches(view, filter) { found.append(view) }
        }
        let total = found.count
        found.sort { $0.name < $1.name }
        if let after = filter.after { found.removeAll { $0.name <= after } }
        var page = Array(found.prefix(filter.limit))
        // Whoever may list a secret may ask for each of its fields by name. A person has `show`.
        if agent != nil { try await tellFields(of: &page, among: rows) }
        return (page, found.count > page.count ? page.last?.name : nil, total)
    }

    private func tellFields(of page: inout [SecretView], among rows: [MetadataCache.Entry]) async throws {
        let rows = Dictionary(rows.map { ($0.metadata.name, $0.record) }) { first, _ in first }
        for index in page.indices {
            guard let record = rows[page[index].name], let fields = try await metadataCache.fields(of: record, in: self) else { continue }
            if fields != [Manifest.usualField] { page[index].fields = fields }
        }
    }

    private func matches(_ view: SecretView, _ filter: ListFilter) -> Bool {
        if view.deletedAt != nil, !filter.includesDeleted { return false }
        if let tag = filter.tag, !view.tags.contains(tag) { return false }
        if let span = filter.expiringWithin {
            guard let expiry = view.expiresAt, expiry <= expiryClock().advanced(by: span) else { return false }
        }
        guard let search = filter.search?.lowercased() else { return true }
        return view.name.description.lowercased().contains(search) || view.description?.lowercased().contains(search) ?? false
            || view.tags.contains { $0.lowercased().contains(search) }
    }
}

extension SecretView {
    init(_ row: MetadataCache.Entry) {
        self.init(
            name: row.metadata.name, version: row.record.current, tags: row.metadata.tags, description: row.metadata.description,
            updatedAt: row.record.updatedAt, expiresAt: row.record.expiresAt, deletedAt: row.record.deletedAt)
    }
}
