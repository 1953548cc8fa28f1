import Model
package import Storage

/// Numbered steps that a process writes until it is killed, and what must hold of the store afterwards.
///
/// Step N appends entry N, moves a counter to revision N + 1, makes version N + 1 of a secret with two fields and, from time to time, deletes an old
/// version or erases what was freed: each a step that is there whole or not at all.
package struct VictimSteps: Sendable {
    private let store: any VaultStore
    private let rows: SampleRows
    private let counterID: AnyRecordID
    private let secret: Record
    /// How many versions are kept.
    private let kept: Int64 = 5

    package init(store: any VaultStore) {
        self.store = store
        let fixed = SampleRows(SeededRandom(seed: 11))
        counterID = fixed.random.id()
        secret = fixed.record(.secret)
        rows = SampleRows(SeededRandom(), organization: fixed.organization)
    }

    /// Goes on from the last step in the store, several steps to a commit; `acknowledge` is told each step that is durable.
    package func run(atMost count: Int64 = .max, acknowledge: (Int64) -> Void) async throws {
        let first = try await store.entryCount(in: rows.organization)
        var next = first
        while next - first < count {
            let group = min(Int64(rows.random.int(in: 1...4)), count - (next - first))
            let results = try await store.commit((0..<group).map { step(next + $0) })
            for result in results { try result.get() }
            next += group
            acknowledge(next - 1)
            if rows.random.oneIn(10) { try await store.eraseFreed() }
        }
    }

    /// Checks the store after a kill, given the last step that was acknowledged (-1 for none); returns how many steps it holds.
    package func check(acknowledged: Int64) async throws -> Int64 {
        let count = try await store.entryCount(in: rows.organization)
        guard count > acknowledged else { throw TestFailure("step \(acknowledged) was acknowledged; only \(count) are there") }
        let indexes = try await store.entries(from: 0, limit: .max, in: rows.organization).map(\.index)
        guard indexes == Array(0..<count) else { throw TestFailure("the log has a gap within its \(count) entries") }
        let counter = try await store.record(.agent, id: counterID, in: rows.organization)
        guard counter?.revision ?? 0 == count else { throw TestFailure("the counter stands at \(counter?.revision ?? 0) of \(count)") }
        try await checkVersions(count)
        return count
    }

    private func checkVersions(_ count: Int64) async throws {
        let versions = try await store.versions(of: secret.id.cast(), in: rows.organization).map(\.number)
        let wanted = stride(from: count, to: max(0, count - kept), by: -1)
        guard versions == Array(wanted) else { throw TestFailure("versions \(versions) after \(count) steps") }
        for number in versions {
            let fields = try await store.fields(of: secret.id.cast(), version: number, in: rows.organization)
            guard fields.count == 2 else { throw TestFailure("version \(number) has \(fields.count) of 2 fields") }
        }
    }

    private func step(_ number: Int64) -> Batch {
        var counter = Record(
            organization: rows.organization, kind: .agent, id: counterID, parent: nil, lookup: nil, revision: number + 1, content: [], mac: [])
        (counter.content, counter.mac) = (rows.random.bytes(60), rows.random.bytes(32))
        var operations: [Batch.Operation] = number == 0 ? [.put(secret, replacing: nil)] : []
        operations.append(.put(counter, replacing: number == 0 ? nil : number))
        operations += rows.fields(of: secret, version: number + 1)
        if number >= kept { operations.append(.deleteVersion(secret: secret.id.cast(), number: number + 1 - kept, in: rows.organization)) }
        operations.append(.append(rows.entry(number)))
        return Batch(operations)
    }
}
