import Auditing
import Envelopes
import Model
import Storage

extension OpenVault {
    /// Looks at every secret that can be used: which values are alike, weak, old, unused or at their end. What is told may be of one project or environment
    /// alone; what it is compared with is everything. Nothing derived from a value outlives the call.
    package func health(_ measures: HealthMeasures = HealthMeasures(), by asker: Asker) async throws -> HealthReport {
        let access = try await authorizer.authorize(Act(.healthCheck, .masked, .person), by: asker, on: [])
        return try await concluding(access) {
            let now = expiryClock()
            let places = try await allPlaces()
            try await check(measures, among: places)
            async let used = secretsUsed(since: now.advanced(by: .zero - measures.unusedAfter))
            let examined = try await examined(places, access: access)
            return HealthWork(examined: examined, used: try await used, measures: measures, now: now).report()
        }
    }

    /// How many secrets are opened by one task, and how many bytes of them are read at once.
    private static let (portion, portionByteCount) = (256, 1 << 20)

    /// What nobody has is not called healthy.
    private func check(_ measures: HealthMeasures, among places: [Place]) async throws {
        if let project = measures.project, try await book.record(.project, parent: nil, name: project.description) == nil {
            throw EngineError.notFound(.project)
        }
        if measures.environment != nil, !places.contains(where: { measures.covers($0.scope) }) { throw EngineError.notFound(.environment) }
    }

    private func examined(_ places: [Place], access: AuthorizedAccess) async throws -> [ExaminedSecret] {
        var material = random.bytes(MACKey.codeByteCount)
        let key = try MACKey(material: SecretValue(moving: &material))
        var entries: [MetadataCache.Entry] = []
        for place in places { entries += try await metadataCache.rows(of: place, in: self).filter { $0.record.deletedAt == nil } }
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
        var rest = entries
        while !rest.isEmpty {
            let ranges = rest.map { VersionRange(secret: $0.record.id, numbers: $0.record.current...$0.record.current) }
            let read = try await store.versions(ranges, upTo: Self.portionByteCount, in: organization)
            for version in read {
                // Every version up to the current one was stored whole: what is missing was taken away.
                guard let entry = rest.popFirst(), entry.record.id == version.secret else { throw EngineError.unreadable }
                let (manifest, values) = try await shelf.open(version, of: entry.record, access: access)
                let fields = zip(manifest.fields, values).map { (field: $0, value: $1) }
                examined.append(ExaminedSecret(entry.record, entry.metadata.name, writtenAt: manifest.createdAt, fields, key))
            }
            guard !read.isEmpty else { throw EngineError.unreadable }
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

    /// The secrets whose values went somewhere since then, as the log has it; nil where it was pruned since.
    private func secretsUsed(since time: Timestamp) async throws -> Set<SecretID>? {
        try await fromStart { start in try await secretsUsed(since: time, from: start.size) }
    }

    private func secretsUsed(since time: Timestamp, from beginning: Int64) async throws -> Set<SecretID>? {
        let portion: Int64 = 1000
        var used: Set<SecretID> = []
        var end = try await store.entryCount(in: organization)
        while end > beginning {
            let start = max(beginning, end - portion)
            let entries = try await openedEntries(from: start, limit: Int(end - start)).map(\.entry)
            for entry in entries where entry.time >= time && entry.decision.effect == .allow && Self.releases.contains(entry.mode) {
                for subject in entry.subjects { if let secret = subject.secret { used.insert(secret) } }
            }
            guard let first = entries.first, first.time >= time else { return used }
            end = start
        }
        return beginning == 0 ? used : nil
    }

    private static let releases: Set<Recorded<AccessMode>> = [.known(.reveal), .known(.inject), .known(.resolve)]
}
