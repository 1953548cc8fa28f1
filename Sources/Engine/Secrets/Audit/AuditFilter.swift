package import Auditing
package import Model
import Storage

/// Which entries of the log are meant. What is not said takes none away.
package struct AuditFilter: Sendable, Equatable {
    package var since: Timestamp?
    package var until: Timestamp?
    /// The name of the agent that acted.
    package var agent: String?
    /// A secret, as `NAME` in any environment or as `PROJECT/ENVIRONMENT/NAME`; by the name that it had then.
    package var secret: String?
    /// What was done, such as `secret.reveal`; or its beginning, such as `secret`.
    package var action: String?
    package var isDenied = false

    package init() {}

    package func matches(_ entry: AuditEntry) -> Bool {
        if let since, entry.time < since { return false }
        if let until, entry.time >= until { return false }
        if isDenied, entry.decision.effect == .allow { return false }
        if let agent, entry.actor.agentName != agent { return false }
        if let action, entry.action.text != action, !entry.action.text.hasPrefix("\(action).") { return false }
        guard let secret else { return true }
        return entry.subjects.contains { subject in subject.name.map { $0 == secret || $0.hasSuffix("/\(secret)") } ?? false }
    }
}

extension OpenVault {
    /// The newest entries that are meant, at most `limit`, in order; from before an index on, where one is given. `next` is where the earlier ones are looked for.
    package func auditEntries(
        matching filter: AuditFilter, before index: Int64?, limit: Int, by asker: Asker
    ) async throws -> (entries: [EntryView], next: Int64?) {
        try await authorizer.authorizeReading(.auditRead, by: asker)
        return try await found(filter, before: index, limit: limit)
    }

    /// The same for somebody who was let in.
    func found(_ filter: AuditFilter, before index: Int64?, limit: Int) async throws -> (entries: [EntryView], next: Int64?) {
        try await fromStart { start in try await found(filter, before: index, limit: limit, from: start.size) }
    }

    private func found(_ filter: AuditFilter, before index: Int64?, limit: Int, from first: Int64) async throws -> (
        entries: [EntryView], next: Int64?
    ) {
        // Where every entry is meant, none is opened that is not shown.
        let portion = filter == AuditFilter() ? Int64(min(1000, limit)) : 1000
        var end = min(try await store.entryCount(in: organization), index ?? .max)
        var found: [EntryView] = []
        while end > first {
            let start = max(first, end - portion)
            let views = try await openedEntries(from: start, limit: Int(end - start))
            for view in views.reversed() where filter.matches(view.entry) {
                guard found.count < limit else { return (found.reversed(), found.last?.index) }
                found.append(view)
            }
            // The clock may have gone back: only where a whole portion is too old, nothing before it is looked at.
            if let since = filter.since, views.allSatisfy({ $0.entry.time < since }) { break }
            end = start
        }
        return (found.reversed(), nil)
    }
}
