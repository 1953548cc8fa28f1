import Model
import Storage
import TestKit
import Testing

@Suite("Both stores")
struct DifferentialTests {
    @Test("answer alike to any batches", arguments: 0..<4)
    func answerAlike(_ round: Int) async throws {
        let vault = try RawVault()
        let random = SeededRandom()
        let (sqlite, memory, source) = (try vault.open(), InMemoryStore(), BatchSource(random))
        var (held, failed) = (0, 0)
        for commit in 0..<150 {
            let batches = (0..<random.int(in: 1...4)).map { _ in source.batch() }
            let answers = (try await sqlite.commit(batches).map(\.error), try await memory.commit(batches).map(\.error))
            try #require(answers.0 == answers.1, "round \(round), commit \(commit): \(batches)")
            held += answers.0.count { $0 == nil }
            failed += answers.0.count { $0 != nil }
            if commit.isMultiple(of: 10) { try await compare(sqlite, memory, source) }
        }
        try await compare(sqlite, memory, source)
        #expect(held > 40 && failed > 40)
        await sqlite.close()
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
            for id in source.ids {
                #expect(try await left.keys(of: id, in: organization) == right.keys(of: id, in: organization))
                #expect(try await left.versions(of: id.cast(), in: organization) == right.versions(of: id.cast(), in: organization))
                for version in Int64(1)...3 {
                    let secret: SecretID = id.cast()
                    #expect(
                        try await left.fields(of: secret, version: version, in: organization)
                            == right.fields(of: secret, version: version, in: organization))
                }
                let project: ProjectID = id.cast()
                let keys = (
                    try await left.dataKeys(inProject: project, notUnder: 1, limit: .max, in: organization),
                    try await right.dataKeys(inProject: project, notUnder: 1, limit: .max, in: organization)
                )
                #expect(Set(keys.0.map(\.wrapped)) == Set(keys.1.map(\.wrapped)))
            }
        }
    }
}

/// Batches over so few ids, names and numbers that they often meet.
private struct BatchSource {
    let random: SeededRandom
    let organizations: [OrganizationID]
    let ids: [AnyRecordID]
    private let lookups: [[UInt8]]

    init(_ random: SeededRandom) {
        self.random = random
        organizations = (0..<2).map { _ in random.id() }
        ids = (0..<5).map { _ in random.id() }
        lookups = (0..<3).map { _ in random.bytes(32) }
    }

    func batch() -> Batch { Batch((0..<random.int(in: 1...4)).map { _ in operation() }) }

    private func operation() -> Batch.Operation {
        let organization = random.oneIn(6) ? organizations[1] : organizations[0]
        let rows = SampleRows(random, organization: organization)
        let address = FieldAddress(secret: id.cast(), version: small, ordinal: small - 1)
        return switch random.int(in: 1...14) {
        case 1...4: put(rows)
        case 5: .remove(kind, id, replacing: small, in: organization)
        case 6: .insertKey(rows.key(of: id, generation: small, wrapping: small))
        case 7: .deleteKey(owner: id, generation: small, wrapping: small, in: organization)
        case 8: .insertVersion(StoredVersion(organization: organization, secret: id.cast(), number: small, createdAt: Timestamp(nanoseconds: small)))
        case 9: .deleteVersion(secret: id.cast(), number: small, in: organization)
        case 10: .insertDataKey(rows.dataKey(address, generation: small, seal: small))
        case 11: .insertCiphertext(rows.ciphertext(address, seal: small))
        case 12:
            random.oneIn(2)
                ? .deleteDataKey(address, generation: small, seal: small, in: organization)
                : .deleteCiphertext(address, seal: small, in: organization)
        case 13: .append(rows.entry(Int64(random.int(in: 0...9))))
        default: .insertCheckpoint(rows.checkpoint(small))
        }
    }

    private func put(_ rows: SampleRows) -> Batch.Operation {
        var record = rows.record(kind, in: random.oneIn(2) ? id : nil, lookup: random.oneIn(2) ? random.element(of: lookups) : nil)
        record.id = id
        if random.oneIn(2) { return .put(record, replacing: nil) }
        record.revision = small + 1
        return .put(record, replacing: small == 1 ? record.revision - 1 : small)
    }

    private var small: Int64 { Int64(random.int(in: 1...2)) }
    private var id: AnyRecordID { random.element(of: ids) ?? ids[0] }
    private var kind: RecordKind { random.element(of: [.project, .environment, .secret]) ?? .secret }
}
