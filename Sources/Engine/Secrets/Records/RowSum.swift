import Auditing
import Storage
import Synchronization

/// Adds up the mutable rows while a store lends them slice by slice.
final class RowSum: Sendable {
    struct Total: Sendable {
        var digest = RecordsDigest()
        /// Deleted secrets whose retention is over.
        var overdue: [Record] = []
    }

    private let state = Mutex(Total())

    var total: Total { state.withLock { $0 } }

    func add(_ row: Record, key: DigestKey, isOverdue: Bool) {
        state.withLock {
            $0.digest.add(DigestedRow(row), key: key)
            if isOverdue { $0.overdue.append(row) }
        }
    }
}

/// Counts rows while a store lends them slice by slice.
final class RowCount: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ rows: Int) { count.add(rows, ordering: .relaxed) }
}
