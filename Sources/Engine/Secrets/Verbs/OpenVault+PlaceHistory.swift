import Auditing
package import Model

/// One version of one secret, in the history of its environment.
package struct PlaceVersion: Sendable, Equatable {
    package var name: SecretName
    package var version: Int64
    package var createdAt: Timestamp
    package var isCurrent: Bool
    /// When the secret was deleted, if it is.
    package var deletedAt: Timestamp?
}

extension OpenVault {
    /// What was written in an environment, newest first, at most `limit`.
    package func history(of scope: Scope, limit: Int, by asker: Asker) async throws -> [PlaceVersion] {
        let access = try await access(to: Act(.environmentHistory, .list, .person), in: [scope], by: asker)
        return try await concluding(access) {
            guard let place = try await place(scope) else { throw try await absence(of: scope, to: asker) }
            var found: [PlaceVersion] = []
            for row in try await metadataCache.rows(of: place, in: self) {
                for (number, manifest) in try await shelf.manifests(row.record) {
                    found.append(
                        PlaceVersion(
                            name: row.metadata.name, version: number, createdAt: manifest.createdAt, isCurrent: number == row.record.current,
                            deletedAt: row.record.deletedAt))
                }
            }
            found.sort { ($1.createdAt, $0.name, $1.version) < ($0.createdAt, $1.name, $0.version) }
            return Array(found.prefix(limit))
        }
    }
}
