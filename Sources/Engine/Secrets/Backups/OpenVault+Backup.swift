import Auditing
package import Envelopes
import Model
import Storage

/// A backup that was allowed. Its intent is written; its bytes are made as somebody takes them.
package struct BackupUnderway: Sendable {
    fileprivate let vault: OpenVault
    fileprivate let access: AuthorizedAccess
    fileprivate let key: BackupKey
    package let head: BackupHead
    fileprivate let origin: BackupOrigin
    /// How many versions there are as it begins.
    package let versions: Int64
}

extension OpenVault {
    /// Allows a backup of everything that a person keeps: no session, agent, token, approval or slot is in it. The intent is durable before a byte leaves.
    package func beginBackup(sealedTo sealing: BackupKey.Sealing, by asker: Asker) async throws -> BackupUnderway {
        let permit = try await authorizer.permit(Act(.backupMake, .administer, .stepUp), by: asker, on: [])
        if case .password(let password) = sealing, password.byteCount < Vault.minimumPasswordBytes { throw EngineError.passwordTooShort }
        return try await beginBackup(sealedTo: sealing, permit)
    }

    /// As above, for an act that is permitted. `unwritten` is called where its intent could not be written.
    func beginBackup(
        sealedTo sealing: BackupKey.Sealing, _ permit: Permit, detail: [AuditFact] = [], unwritten: () -> Void = {}
    ) async throws -> BackupUnderway {
        let (key, head) = try BackupKey.make(sealing, of: organization, at: clock.now(), hash: foundation.passwordHash, random: random)
        let facts = [AuditFact("sealed-to", head.lock.word)] + detail
        let access: AuthorizedAccess
        do { access = try await authorizer.begin(permit, on: [AuditSubject(record: head.backup)], detail: facts) } catch {
            unwritten()
            throw error
        }
        do {
            guard let checkpoint = try await writer.checkpoint() else { throw EngineError.unreadable }
            let origin = BackupOrigin(
                checkpoint: String(decoding: checkpoint.note, as: UTF8.self), verifierKey: try verifierKey(ofSize: checkpoint.size))
            return BackupUnderway(vault: self, access: access, key: key, head: head, origin: origin, versions: try await versionCount())
        } catch {
            await conclude(access, failedBy: error)
            throw error
        }
    }

    /// How the log says that all of a backup went out, and that its taker went away before.
    private static let (backupHandedOver, backupBrokenOff) = ("handed over", "broken off")

    private func conclude(_ access: AuthorizedAccess, failedBy error: any Error) async {
        await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal")
    }

    private func versionCount() async throws -> Int64 {
        var count: Int64 = 0
        for place in try await allPlaces() { count += try await store.versionCount(inEnvironment: place.environment, in: organization) }
        return count
    }

    /// Makes the bytes of a backup, in constant memory. What is written to the vault meanwhile may be in it or not, each version whole.
    package func write(_ backup: BackupUnderway, to sink: BackupSink) async throws -> BackupCounts {
        do {
            let counts = try await lasting.backups.pass {
                var writer = try await BackupWriter(backup.head, backup.key, to: sink)
                try await writer.write(.origin(backup.origin), to: sink)
                let places = try await writePlaces(&writer, to: sink)
                for (id, createdAt, policy) in try await policies() {
                    try await writer.write(.policy(id, createdAt: createdAt, policy), to: sink)
                }
                for place in places { try await writeSecrets(of: place, backup.access, &writer, to: sink) }
                try await writer.finish(to: sink)
                return writer.counts
            }
            // Who took the bytes may yet fail to keep them, which nobody tells the keeper.
            await authorizer.conclude(backup.access, result: Self.backupHandedOver, detail: counts.facts)
            return counts
        } catch is CancellationError {
            await authorizer.conclude(backup.access, result: Self.backupBrokenOff)
            throw CancellationError()
        } catch {
            await conclude(backup.access, failedBy: error)
            throw error
        }
    }

    private func writePlaces(_ writer: inout BackupWriter, to sink: BackupSink) async throws -> [Place] {
        var places: [Place] = []
        for row in try await book.records(.project) {
            let project = try names.openProject(row)
            try await writer.write(.project(row.id.cast(), createdAt: project.record.createdAt, NameDocument(name: project.name)), to: sink)
            for inner in try await book.records(.environment, parent: row.id) {
                let named = try await names.openEnvironment(inner, in: row.id.cast())
                let document = NameDocument(name: named.name)
                try await writer.write(.environment(inner.id.cast(), in: row.id.cast(), createdAt: named.record.createdAt, document), to: sink)
                let scope = Scope(project: project.name, environment: named.name)
                places.append(Place(organization: organization, project: row.id.cast(), environment: inner.id.cast(), scope: scope))
            }
        }
        return places
    }

    private func writeSecrets(
        of place: Place, _ access: AuthorizedAccess, _ writer: inout BackupWriter, to sink: BackupSink
    ) async throws {
        try await forEachPage(of: place) { secrets in
            var last: SecretID?
            try await forEachVersion(of: secrets, access) { secret, number, manifest, values in
                if last != secret.id {
                    try await writer.write(.secret(BackedSecret(secret, try await shelf.metadata(secret))), to: sink)
                    last = secret.id
                }
                try await writer.write(.version(number, manifest), to: sink)
                for value in values { try await writer.write(value, to: sink) }
            }
        }
    }
}

extension OpenVault {
    /// How many secrets are read at once, and how many bytes of their versions.
    private static let (pageCount, portionByteCount) = (512, 1 << 20)

    /// The secrets of a place, deleted ones included, some at a time.
    func forEachPage(of place: Place, _ body: ([SecretRecord]) async throws -> Void) async throws {
        var after: AnyRecordID?
        while true {
            let rows = try await book.page(.secret, parent: place.environment.cast(), after: after, limit: Self.pageCount)
            try await body(rows.map { try SecretRecord($0, place: place) })
            guard rows.count == Self.pageCount else { return }
            after = rows.last?.id
        }
    }

    /// Every version of some secrets, opened, from the oldest on. A secret that was purged meanwhile is left out.
    func forEachVersion(
        of secrets: [SecretRecord], _ access: AuthorizedAccess, _ body: (SecretRecord, Int64, Manifest, [SecretValue]) async throws -> Void
    ) async throws {
        var rest = secrets[...]
        var next: Int64 = 1
        while let first = rest.first {
            let ranges = rest.map { VersionRange(secret: $0.id, numbers: ($0.id == first.id ? next : 1)...$0.current) }
            let portion = try await store.versions(ranges, upTo: Self.portionByteCount, in: organization)
            for version in portion {
                try await skipPurged(&rest, before: version.secret, next)
                guard let secret = rest.first, version.number == next else { throw EngineError.unreadable }
                let opened = try await shelf.open(version, of: secret, access: access)
                try await body(secret, version.number, opened.manifest, opened.values)
                next = version.number == secret.current ? 1 : version.number + 1
                if next == 1 { rest.removeFirst() }
            }
            if portion.isEmpty { try await skipPurged(&rest, before: nil, next) }
        }
    }

    /// Passes over secrets that have no versions because they are gone. Of one that is there all versions are, and none was read of one that is gone.
    private func skipPurged(_ rest: inout ArraySlice<SecretRecord>, before secret: SecretID?, _ next: Int64) async throws {
        while let first = rest.first, first.id != secret {
            guard next == 1, try await book.record(.secret, id: first.id.cast()) == nil else {
                throw next == 1 ? EngineError.unreadable : StoreError.conflict(.secret)
            }
            rest.removeFirst()
        }
    }

    /// Every version of the policy, oldest first.
    func policies() async throws -> [(id: AnyRecordID, createdAt: Timestamp, policy: StoredPolicy)] {
        try await book.records(.policy).map { row in
            let (createdAt, policy) = try openPolicy(row)
            return (row.id, createdAt, policy)
        }.sorted { $0.policy.version < $1.policy.version }
    }
}

extension BackupHead.BackupLock {
    /// What it opens with, as the log and the person are told.
    package var word: String {
        switch self {
        case .password: "password"
        case .recipients: "recipients"
        }
    }
}

extension BackupCounts {
    /// What the log says of a backup.
    var facts: [AuditFact] {
        [AuditFact("secrets", secrets), AuditFact("versions", versions), AuditFact("policies", policies), AuditFact("bytes", valueBytes)]
    }
}
