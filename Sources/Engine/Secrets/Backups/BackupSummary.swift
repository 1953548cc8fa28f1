package import Envelopes
package import Model

/// What a backup holds, without a value.
package struct BackupSummary: Sendable {
    package struct Place: Sendable {
        package var scope: Scope
        package var secrets = 0
        package var versions = 0
        /// Of the secrets, those that are deleted.
        package var deleted = 0
    }

    package var head: BackupHead
    package var origin: BackupOrigin
    package var counts: BackupCounts
    package var places: [Place]
}

/// Adds up a backup as it is read.
struct BackupTally {
    private var projects: [ProjectID: SegmentName] = [:]
    private var places: [EnvironmentID: BackupSummary.Place] = [:]
    private var order: [EnvironmentID] = []
    private var current: EnvironmentID?
    private(set) var origin: BackupOrigin?

    mutating func take(_ event: BackupEvent) {
        switch event {
        case .item(.origin(let origin)): self.origin = origin
        case .item(.project(let id, _, let name)): projects[id] = name.name
        case .item(.environment(let id, let project, _, let name)):
            guard let outer = projects[project] else { return }
            places[id] = BackupSummary.Place(scope: Scope(project: outer, environment: name.name))
            order.append(id)
        case .item(.secret(let secret)):
            current = secret.environment
            places[secret.environment]?.secrets += 1
            if secret.deletedAt != nil { places[secret.environment]?.deleted += 1 }
        case .version: if let current { places[current]?.versions += 1 }
        default: break
        }
    }

    func summary(_ head: BackupHead, _ counts: BackupCounts) throws -> BackupSummary {
        guard let origin else { throw BackupError.malformed }
        return BackupSummary(head: head, origin: origin, counts: counts, places: order.compactMap { places[$0] })
    }
}
