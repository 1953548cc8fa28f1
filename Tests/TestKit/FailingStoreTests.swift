import Storage
import TestKit
import Testing

@Suite("A failing store")
struct FailingStoreTests {
    private let rows = SampleRows(SeededRandom())

    @Test("breaks at its n-th call alone, before or after the work is done")
    func breaksOnce() async throws {
        for (moment, stored) in [(FailingStore.Moment.before, Int64(2)), (.after, 3)] {
            let store = FailingStore(InMemoryStore(), failing: 2, moment, error: .full)
            _ = try await store.commit([Batch([.append(rows.entry(0))])])
            await #expect(throws: StoreError.full) { _ = try await store.commit([Batch([.append(rows.entry(1))])]) }
            let next = moment == .before ? 1 : 2
            #expect(try await store.commit([Batch([.append(rows.entry(Int64(next)))])]).map(\.error) == [nil])
            #expect(try await store.entryCount(in: rows.organization) == stored)
            #expect(store.callCount == 4)
        }
    }

    @Test("drives an operation until a run is left whole, in both ways")
    func drives() async throws {
        let seen = Gathered<String>()
        let runs = try await failEachCall(store: { InMemoryStore() }) { store in
            for index in 0..<3 {
                for result in try await store.commit([Batch([.append(rows.entry(Int64(index)))])]) { try result.get() }
            }
        } check: { store, broken in
            let count = try await store.entryCount(in: rows.organization)
            seen.add("\(broken.map { "\($0)" } ?? "whole"): \(count)")
        }
        #expect(runs == 8)
        #expect(
            seen.all == [
                "call 1, before it was done: 0", "call 2, before it was done: 1", "call 3, before it was done: 2", "whole: 3",
                "call 1, after it was done: 1", "call 2, after it was done: 2", "call 3, after it was done: 3", "whole: 3",
            ])
    }

    @Test("hides no error that it did not cause")
    func hidesNothing() async throws {
        await #expect(throws: TestFailure.self) {
            try await failEachCall(store: { InMemoryStore() }) { _ in
                throw TestFailure("of the operation's own")
            } check: { _, _ in
            }
        }
    }
}
