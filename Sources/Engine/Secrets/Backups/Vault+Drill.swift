import Auditing
package import Envelopes
import Model
import Storage

extension OpenVault {
    /// Restores a backup to a place that nobody sees, opens it as any vault is opened, compares every version and value with this vault, and removes it again.
    package func drill(from source: @escaping BackupSource, opening: BackupKey.Opening, by asker: Asker) async throws -> DrillReport {
        let access = try await authorizer.authorize(Act(.backupDrill, .administer, .stepUp), by: asker, on: [])
        return try await concluding(access) {
            try await lasting.backups.pass {
                let staged = try await foundation.stagedStore()
                do {
                    let report = try await drill(source, opening, in: staged, access, by: asker)
                    await staged.discard()
                    return report
                } catch {
                    await staged.discard()
                    throw error
                }
            }
        }
    }

    private func drill(
        _ source: BackupSource, _ opening: BackupKey.Opening, in staged: any StagedStore, _ access: AuthorizedAccess, by asker: Asker
    ) async throws -> DrillReport {
        // The throw-away vault has a password that nobody knows.
        var password = random.bytes(32)
        var work = try await RestoreWork(password: SecretValue(moving: &password), in: staged, foundation)
        let summary = try await work.read(source, opening)
        guard summary.head.organization == organization else {
            throw EngineError.invalid(
                "the backup is of another vault", hint: "`tacit restore-backup FILE --verify-only` checks one without comparing")
        }
        _ = try await work.finish(summary, by: asker)
        var comparison = DrillComparison(this: self, restored: work.vault, access: access, summary: summary)
        return try await comparison.compare()
    }
}

/// Compares a restored vault with the one that its backup is of. Both give their secrets the same ids.
private struct DrillComparison {
    let this: OpenVault
    let restored: OpenVault
    let access: AuthorizedAccess
    private var report: DrillReport
    /// The secrets that are in the backup.
    private var known: Set<SecretID> = []

    init(this: OpenVault, restored: OpenVault, access: AuthorizedAccess, summary: BackupSummary) {
        (self.this, self.restored, self.access) = (this, restored, access)
        report = DrillReport(summary: summary)
    }

    mutating func compare() async throws -> DrillReport {
        let places = Dictionary(uniqueKeysWithValues: try await this.allPlaces().map { ($0.environment, $0) })
        for place in try await restored.allPlaces() {
            var pages: [[SecretRecord]] = []
            try await restored.forEachPage(of: place) { pages.append($0) }
            for page in pages { try await compare(page, in: places[place.environment]) }
        }
        for place in places.values {
            var made: [SecretRecord] = []
            try await this.forEachPage(of: place) { page in made += page.filter { !known.contains($0.id) } }
            report.added += made.count
            report.newer += made.reduce(0) { $0 + Int($1.current) }
        }
        let kept = Dictionary(uniqueKeysWithValues: try await this.policies().map { ($0.id, $0.policy.encoded) })
        report.newerPolicies = kept.count
        for (id, _, policy) in try await restored.policies() {
            report.policies += 1
            if kept[id] != nil { report.newerPolicies -= 1 }
            if kept[id] != policy.encoded { report.differences += 1 }
        }
        return report
    }

    private mutating func compare(_ page: [SecretRecord], in place: Place?) async throws {
        var own: [SecretID: SecretRecord] = [:]
        for secret in page {
            known.insert(secret.id)
            guard let place, let row = try await this.book.record(.secret, id: secret.id.cast()) else {
                report.gone += 1
                continue
            }
            let record = try SecretRecord(row, place: place)
            own[secret.id] = record
            report.newer += Int(max(0, record.current - secret.current))
            if record.updatedAt != secret.updatedAt {
                report.changed += 1
            } else {
                let isSame = try await BackedSecret(record, this.shelf.metadata(record)) == BackedSecret(secret, restored.shelf.metadata(secret))
                if !isSame { report.differences += 1 }
            }
        }
        let (this, access) = (this, access)
        var (versions, values, differences) = (0, 0, 0)
        try await restored.forEachVersion(of: page, access) { secret, number, manifest, restored in
            guard let record = own[secret.id] else { return }
            // A vault that went back behind its backup has it no more.
            guard number <= record.current else {
                versions += 1
                differences += 1
                return
            }
            let (writtenAt, fields) = try await this.shelf.openAll(of: record, version: number, access: access)
            versions += 1
            values += restored.count
            // Values are compared in constant time.
            let isSame = writtenAt == manifest.createdAt && fields.map(\.field) == manifest.fields && fields.map(\.value) == restored
            if !isSame { differences += 1 }
        }
        report.versions += versions
        report.values += values
        report.differences += differences
    }
}
