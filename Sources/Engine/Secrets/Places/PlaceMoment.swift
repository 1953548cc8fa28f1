package import Model
import Storage

/// An environment, as it is or as it was.
package struct PlaceMoment: Sendable, Equatable {
    package var scope: Scope
    /// Nil for now.
    package var time: Timestamp?

    package init(scope: Scope, time: Timestamp? = nil) { (self.scope, self.time) = (scope, time) }
}

/// A secret of an environment, and the version of it that is meant.
struct SecretMoment: Sendable {
    var secret: SecretRecord
    var metadata: SecretMetadata
    var version: Int64
}

extension OpenVault {
    /// The secrets that an environment has, or had at a moment, by the names that they have now.
    ///
    /// A purged secret is gone from every moment. Of a deleted one is known when that was; of an earlier deletion that was taken back, nothing.
    func secrets(of moment: PlaceMoment) async throws -> [SecretName: SecretMoment] {
        guard let place = try await place(moment.scope) else { throw EngineError.notFound(.environment) }
        var found: [SecretName: SecretMoment] = [:]
        for row in try await metadataCache.rows(of: place, in: self) {
            guard let version = try await version(of: row.record, at: moment.time) else { continue }
            found[row.metadata.name] = SecretMoment(secret: row.record, metadata: row.metadata, version: version)
        }
        return found
    }

    private func version(of secret: SecretRecord, at time: Timestamp?) async throws -> Int64? {
        guard let time else { return secret.deletedAt == nil ? secret.current : nil }
        if let deleted = secret.deletedAt, deleted <= time { return nil }
        return try await shelf.version(of: secret, at: time)
    }
}

extension SecretShelf {
    /// The version that was current at a moment; nil when there was none yet.
    ///
    /// The times of versions are stored in clear: those that decide are held against the sealed ones.
    func version(of secret: SecretRecord, at time: Timestamp) async throws -> Int64? {
        let stored = try await store.versions(of: secret.id, in: keyring.organization)
        guard stored.map(\.number) == (1...max(1, secret.current)).reversed() else { throw EngineError.unreadable }
        let chosen = stored.first { $0.createdAt <= time }
        for version in stored where version.number == chosen?.number ?? 0 || version.number == (chosen?.number ?? 0) + 1 {
            guard try await manifest(secret, version: version.number).createdAt == version.createdAt else { throw EngineError.recordsDisagree }
        }
        return chosen?.number
    }
}
