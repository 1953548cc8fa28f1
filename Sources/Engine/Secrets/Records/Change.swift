import Model
import Storage

/// What a write stores, and which mutable rows it takes out of and puts into the records' digest.
struct Change: Sendable {
    private(set) var operations: [Batch.Operation] = []
    /// The MACs of rows that go and come.
    private(set) var removed: [[UInt8]] = []
    private(set) var added: [[UInt8]] = []

    init(_ operations: [Batch.Operation] = []) { self.operations = operations }

    mutating func put(_ record: Record, replacing old: Record?) {
        operations.append(.put(record, replacing: old?.revision))
        added.append(record.mac)
        if let old { removed.append(old.mac) }
    }

    mutating func remove(_ record: Record) {
        operations.append(.remove(record.kind, record.id, replacing: record.revision, in: record.organization))
        removed.append(record.mac)
    }

    mutating func add(_ operation: Batch.Operation) { operations.append(operation) }
}
