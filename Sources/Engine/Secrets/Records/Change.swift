import Auditing
import Model
import Storage

/// What a write stores, and which mutable rows it takes out of and puts into the records' digest.
struct Change: Sendable {
    private(set) var operations: [Batch.Operation] = []
    /// The mutable rows that go and come.
    private(set) var removed: [DigestedRow] = []
    private(set) var added: [DigestedRow] = []
    private var expected: Set<ExpectedKey> = []

    private struct ExpectedKey: Hashable {
        var project: ProjectID
        var generation: Int64
    }

    init(_ operations: [Batch.Operation] = []) { self.operations = operations }

    /// A change with room for so many rows that take the place of others.
    init(rows count: Int) {
        operations.reserveCapacity(count + 1)
        removed.reserveCapacity(count)
        added.reserveCapacity(count)
    }

    mutating func put(_ record: Record, replacing old: Record?) {
        operations.append(.put(record, replacing: old?.revision))
        added.append(DigestedRow(record))
        if let old { removed.append(DigestedRow(old)) }
    }

    mutating func remove(_ record: Record) {
        operations.append(.remove(record.kind, record.id, replacing: record.revision, in: record.organization))
        removed.append(DigestedRow(record))
    }

    /// What was wrapped under a project's key is stored only while that key is its newest: a rotation leaves nothing behind that it did not see.
    mutating func expectNewestKey(of project: ProjectID, _ generation: Int64, in organization: OrganizationID) {
        guard expected.insert(ExpectedKey(project: project, generation: generation)).inserted else { return }
        operations.append(.expectNewestKey(owner: project.cast(), generation: generation, in: organization))
    }

    mutating func add(_ operation: Batch.Operation) { operations.append(operation) }

    mutating func add(_ more: [Batch.Operation]) { operations += more }

    /// Adds all of another change behind what is there.
    mutating func add(_ other: Change) {
        operations += other.operations
        removed += other.removed
        added += other.added
        expected.formUnion(other.expected)
    }
}

extension DigestedRow {
    init(_ record: Record) { self.init(kind: record.kind.rawValue, id: record.id, revision: record.revision, mac: record.mac) }
}
