import Model
import Storage
import Synchronization
import TestKit
import Testing

@testable import Secrets

@Suite("A store that remembers")
struct CachingStoreTests {
    private let rows = SampleRows(SeededRandom())

    @Test("reads a row once, and anew once it was changed or found by another name")
    func readsOnce() async throws {
        let log = CallLog()
        let store = CachingStore(HookedStore(InMemoryStore(), log))
        let lookups = (SeededRandom(seed: 1).bytes(32), SeededRandom(seed: 2).bytes(32))
        var record = rows.record(.project, lookup: lookups.0)
        try await store.put(record, replacing: nil)
        log.clear()
        for _ in 0..<3 {
            #expect(try await store.record(.project, lookup: lookups.0, in: rows.organization) == record)
            #expect(try await store.record(.project, id: record.id, in: rows.organization) == record)
            #expect(try await store.record(.project, lookup: lookups.1, in: rows.organization) == nil)
        }
        #expect(log.calls == ["record", "record"])
        record = rows.successor(of: record)
        record.lookup = lookups.1
        try await store.put(record, replacing: record.revision - 1)
        #expect(try await store.record(.project, lookup: lookups.0, in: rows.organization) == nil)
        #expect(try await store.record(.project, lookup: lookups.1, in: rows.organization) == record)
        #expect(try await store.record(.project, id: record.id, in: rows.organization) == record)
    }

    @Test("does not remember what was read beside a change")
    func forgetsWhatRaced() async throws {
        let between = Between()
        let store = CachingStore(HookedStore(InMemoryStore(), after: { if $0 == "record" { try await between.happen() } }))
        let record = rows.record(.project)
        let next = rows.successor(of: record)
        try await store.put(record, replacing: nil)
        between.set { try await store.put(next, replacing: record.revision) }
        // Read before the change, and given to whoever asked only after it.
        #expect(try await store.record(.project, id: record.id, in: rows.organization) == record)
        #expect(try await store.record(.project, id: record.id, in: rows.organization) == next)
    }
}

/// What happens once, between a read and its answer.
private final class Between: Sendable {
    private let act = Mutex<(@Sendable () async throws -> Void)?>(nil)

    func set(_ body: @escaping @Sendable () async throws -> Void) { act.withLock { $0 = body } }

    func happen() async throws {
        let body = act.withLock { act in
            defer { act = nil }
            return act
        }
        try await body?()
    }
}

extension CachingStore {
    fileprivate func put(_ record: Record, replacing revision: Int64?) async throws {
        for result in try await commit([Batch([.put(record, replacing: revision)])]) { try result.get() }
    }
}
