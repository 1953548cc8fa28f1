import Model
import Storage
import TestKit
import Testing

@Suite("All stores")
struct DifferentialTests {
    @Test("answer alike to any batches", arguments: 0..<4)
    func answerAlike(_ round: Int) async throws {
        let vault = try RawVault()
        let random = SeededRandom()
        let (sqlite, memory, source) = (CachingStore(try vault.open()), InMemoryStore(), BatchSource(random))
        var (held, failed) = (0, 0)
        for commit in 0..<150 {
            var batches: [Batch] = []
            for _ in 0..<random.int(in: 1...4) { batches.append(try await source.batch(for: memory)) }
            let answers = (try await sqlite.commit(batches).map(\.error), try await memory.commit(batches).map(\.error))
            try #require(answers.0 == answers.1, "round \(round), commit \(commit): \(batches)")
            held += answers.0.count { $0 == nil }
            failed += answers.0.count { $0 != nil }
            try await compareRows(sqlite, memory, source)
            if commit.isMultiple(of: 10) { try await compare(sqlite, memory, source) }
        }
        try await compare(sqlite, memory, source)
        #expect(held > 40 && failed > 40, "\(held) held, \(failed) failed")
        await sqlite.close()
    }

    /// What is remembered row by row is what stands there, each time.
    private func compareRows(_ left: any VaultStore, _ right: any VaultStore, _ source: BatchSource) async throws {
        for (organization, kind) in source.organizations.flatMap({ organization in BatchSource.kinds.map { (organization, $0) } }) {
            for id in source.ids { #expect(try await left.record(kind, id: id, in: organization) == right.record(kind, id: id, in: organization)) }
            for lookup in source.lookups {
                #expect(try await left.record(kind, lookup: lookup, in: organization) == right.record(kind, lookup: lookup, in: organization))
            }
        }
        for (organization, id) in source.organizations.flatMap({ organization in source.ids.map { (organization, $0) } }) {
            for (version, ordinal) in [(1, 0), (1, 1), (2, 0), (2, 1)] as [(Int64, Int64)] {
                let address = FieldAddress(secret: id.cast(), version: version, ordinal: ordinal)
                #expect(try await left.field(address, in: organization) == right.field(address, in: organization))
            }
        }
    }

    private func compare(_ left: any VaultStore, _ right: any VaultStore, _ source: BatchSource) async throws {
        #expect(try await left.organizations() == right.organizations())
        for organization in source.organizations {
            let (mine, theirs) = (Gathered<Record>(), Gathered<Record>())
            try await left.forEachRecord(in: organization) { mine.add($0) }
            try await right.forEachRecord(in: organization) { theirs.add($0) }
            #expect(mine.all == theirs.all)
            let (mineLog, theirLog) = (
                try await left.entries(from: 0, limit: .max, in: organization), try await right.entries(from: 0, limit: .max, in: organization)
            )
            #expect(mineLog == theirLog)
            #expect(try await left.checkpoints(from: 0, in: organization) == right.checkpoints(from: 0, in: organization))
            let secrets: [SecretID] = source.ids.map { $0.cast() }.sorted()
            for after in [nil, FieldAddress(secret: secrets[2], version: 1, ordinal: 0)] {
                let keys = (
                    try await left.dataKeys(of: secrets, notUnder: 1, after: after, limit: .max, in: organization),
                    try await right.dataKeys(of: secrets, notUnder: 1, after: after, limit: .max, in: organization)
                )
                #expect(keys.0 == keys.1)
            }
            for id in source.ids {
                #expect(try await left.keys(of: id, in: organization) == right.keys(of: id, in: organization))
                #expect(try await left.versions(of: id.cast(), in: organization) == right.versions(of: id.cast(), in: organization))
                for version in Int64(1)...3 {
                    let secret: SecretID = id.cast()
                    #expect(
                        try await left.fields(of: secret, version: version, in: organization)
                            == right.fields(of: secret, version: version, in: organization))
                }
                let environment: EnvironmentID = id.cast()
                let counts = (
                    try await left.versionCount(inEnvironment: environment, in: organization),
                    try await right.versionCount(inEnvironment: environment, in: organization)
                )
                #expect(counts.0 == counts.1)
            }
        }
    }
}

/// Batches over so few ids, names and numbers that they often meet.
private struct BatchSource {
    let random: SeededRandom
    let organizations: [OrganizationID]
    let ids: [AnyRecordID]
    let lookups: [[UInt8]]
    static let kinds: [RecordKind] = [.project, .environment, .secret]

    init(_ random: SeededRandom) {
        self.random = random
        organizations = (0..<2).map { _ in random.id() }
        ids = (0..<5).map { _ in random.id() }
        lookups = (0..<3).map { _ in random.bytes(32) }
    }

    /// A batch whose operations are, more often than not, such as the store can take.
    func batch(for store: any VaultStore) async throws -> Batch {
        var batch = Batch()
        for _ in 0..<(random.oneIn(3) ? random.int(in: 2...4) : 1) { batch.operations.append(try await operation(for: store)) }
        return batch
    }

    private func operation(for store: any VaultStore) async throws -> Batch.Operation {
        let organization = random.oneIn(6) ? organizations[1] : organizations[0]
        let rows = SampleRows(random, organization: organization)
        let address = FieldAddress(secret: id.cast(), version: small, ordinal: small - 1)
        switch random.int(in: 1...19) {
        case 1...4: return try await put(rows, store)
        case 5: return .remove(kind, id, replacing: small, in: organization)
        case 6: return .insertKey(rows.key(of: id, generation: small, wrapping: small))
        case 7: return .deleteKey(owner: id, generation: small, wrapping: small, in: organization)
        case 8, 9:
            let createdAt = Timestamp(nanoseconds: small)
            return .insertVersion(StoredVersion(organization: organization, secret: id.cast(), number: small, createdAt: createdAt))
        case 10: return .deleteVersion(secret: id.cast(), number: small, in: organization)
        case 11: return .insertDataKey(rows.dataKey(address, generation: small, seal: small))
        case 12: return .insertCiphertext(rows.ciphertext(address, seal: small))
        case 13: return .deleteDataKey(address, generation: small, seal: small, in: organization)
        case 14: return .deleteCiphertext(address, seal: small, in: organization)
        case 15: return .expectNewestKey(owner: id, generation: small, in: organization)
        case 16: return .pruneLog(before: Int64(random.int(in: 9...30)), keeping: [Int64(random.int(in: 1...9))], in: organization)
        case 18: return .rewrapDataKey(rows.dataKey(address, generation: small, seal: small), replacing: small)
        case 17: return .insertCheckpoint(rows.checkpoint(Int64(random.int(in: 0...40))))
        default: return .append(rows.entry(try await store.entryCount(in: organization) + Int64(random.int(in: 0...3) / 3)))
        }
    }

    private func put(_ rows: SampleRows, _ store: any VaultStore) async throws -> Batch.Operation {
        let (kind, id) = (kind, id)
        let lookup = random.oneIn(2) ? random.element(of: lookups) : nil
        if var old = try await store.record(kind, id: id, in: rows.organization) {
            old = rows.successor(of: old)
            old.lookup = lookup
            if random.oneIn(5) { old.parent = ids[0] }
            return .put(old, replacing: random.oneIn(5) ? small : old.revision - 1)
        }
        var record = rows.record(kind, in: random.oneIn(2) ? self.id : nil, lookup: lookup)
        record.id = id
        return .put(record, replacing: random.oneIn(8) ? 1 : nil)
    }

    private var small: Int64 { Int64(random.int(in: 1...2)) }
    private var id: AnyRecordID { random.element(of: ids) ?? ids[0] }
    private var kind: RecordKind { random.element(of: Self.kinds) ?? .secret }
}
