import Auditing
import Model
import Storage

/// What a write stores, and which mutable rows it takes out of and puts into the records' digest.
struct Change: Sendable {
    private(set) var operations: [Batch.Operation] = []
    /// The mutable rows that go and come.
    private(set) var removed: [DigestedRow] = []
    private(set) var added: [DigestedRow] = []

    init(_ operations: [Batch.Operation] = []) { self.operations = operations }

    mutating func put(_ record: Record, replacing old: Record?) {
        operations.append(.put(record, replacing: old?.revision))
        added.append(DigestedRow(record))
        if let old { removed.append(DigestedRow(old)) }
    }

    mutating func remove(_ record: Record) {
        operations.append(.remove(record.kind, record.id, replacing: record.revision, in: record.organization))
        removed.append(DigestedRow(record))
    }

    mutating func add(_ operation: Batch.Operation) { operations.append(operation) }
}

extension DigestedRow {
    init(_ record: Record) { self.init(kind: record.kind.rawValue, id: record.id, revision: record.revision, mac: record.mac) }
}
