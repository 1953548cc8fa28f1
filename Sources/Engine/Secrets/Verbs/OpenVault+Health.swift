import Auditing
import Envelopes
import Model
import Storage

extension OpenVault {
    /// Looks at every secret that can be used: which values are alike, weak, old, unused or at their end. Nothing derived from a value outlives the call.
    package func health(_ measures: HealthMeasures = HealthMeasures(), by asker: Asker) async throws -> HealthReport {
        let access = try await authorizer.authorize(Act(.healthCheck, .masked, .person), by: asker, on: [])
        return try await concluding(access) {
            let now = expiryClock()
            let work = HealthWork(
                examined: try await examined(access: access), used: try await secretsUsed(since: now.advanced(by: .zero - measures.unusedAfter)),
                measures: measures, now: now)
            return work.report()
        }
    }

    /// How many secrets are opened by one task.
    private static let portion = 512

    private func examined(access: AuthorizedAccess) async throws -> [ExaminedSecret] {
        var material = random.bytes(MACKey.codeByteCount)
        let key = try MACKey(material: SecretValue(moving: &material))
        var entries: [MetadataCache.Entry] = []
        for place in try await allPlaces() { entries += try await metadataCache.rows(of: place, in: self).filter { $0.record.deletedAt == nil } }
        return try await withThrowingTaskGroup(of: (Int, [ExaminedSecret]).self) { group in
            for start in stride(from: 0, to: entries.count, by: Self.portion) {
                let part = entries[start..<min(start + Self.portion, entries.count)]
                group.addTask { (start, try await self.examine(part, key, access: access)) }
            }
            var parts: [(Int, [ExaminedSecret])] = []
            for try await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    private func examine(_ entries: ArraySlice<MetadataCache.Entry>, _ key: MACKey, access: AuthorizedAccess) async throws -> [ExaminedSecret] {
        var examined: [ExaminedSecret] = []
        for entry in entries {
            let (writtenAt, fields) = try await shelf.openAll(of: entry.record, version: entry.record.current, access: access)
            examined.append(ExaminedSecret(entry.record, entry.metadata.name, writtenAt: writtenAt, fields, key))
        }
        return examined
    }

    /// Every environment of the vault.
    func allPlaces() async throws -> [Place] {
        var found: [Place] = []
        for row in try await book.records(.project) {
            let project = try names.openProject(row)
            for inner in try await book.records(.environment, parent: row.id) {
                let environment = try await names.openEnvironment(inner, in: row.id.cast())
                found.append(
                    Place(
                        organization: organization, project: row.id.cast(), environment: inner.id.cast(),
                        scope: Scope(project: project.name, environment: environment.name)))
            }
        }
        return found
    }

    /// The secrets whose values went somewhere since then, as the log has it.
    private func secretsUsed(since time: Timestamp) async throws -> Set<SecretID> {
        let portion: Int64 = 1000
        var used: Set<SecretID> = []
        var end = try await store.entryCount(in: organization)
        while end > 0 {
            let start = max(0, end - portion)
            let entries = try await store.entries(from: start, limit: Int(end - start), in: organization).map { try opened($0).entry }
            for entry in entries where entry.decision.effect == .allow && Self.releases.contains(entry.mode) {
                for subject in entry.subjects { if let secret = subject.secret { used.insert(secret) } }
            }
            guard let first = entries.first, first.time >= time else { break }
            end = start
        }
        return used
    }

    private static let releases: Set<Recorded<AccessMode>> = [.known(.reveal), .known(.inject), .known(.resolve)]
}
