import Auditing
import Synchronization

/// Adds up the digest of the mutable rows while a store lends them slice by slice.
final class DigestSum: Sendable {
    private let sum = Mutex(RecordsDigest())

    func add(_ row: DigestedRow, key: DigestKey) { sum.withLock { $0.add(row, key: key) } }

    var digest: RecordsDigest { sum.withLock { $0 } }
}
