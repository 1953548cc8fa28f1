package import Model

/// The key of the digest over mutable rows (SPEC §7.7).
package struct DigestKey: Sendable {
    private let hash: KeyedHash

    /// Takes the 32 bytes derived for the records' digest.
    package init(_ material: SecretValue) throws(AuditingError) { hash = try KeyedHash(material) }

    /// What a row adds to the sum: a pseudorandom number below 2²⁵⁶.
    func addend(_ row: DigestedRow) -> Sum256 {
        var writer = CanonicalWriter(capacity: 128)
        writer.write(byte: 1)
        writer.write(row.kind)
        writer.write(row.id)
        writer.write(row.revision)
        writer.write(row.mac)
        return Sum256(code(over: writer.bytes))
    }

    /// The value that stands for a sum outside this process.
    func value(of sum: Sum256) -> [UInt8] {
        var writer = CanonicalWriter(capacity: 64)
        writer.write(byte: 2)
        writer.write(sum.bytes)
        return code(over: writer.bytes).bytes
    }

    private func code(over message: [UInt8]) -> LogHash {
        unsafe message.withUnsafeBytes { unsafe hash.code(over: $0) }
    }
}

/// A mutable row as the digest sees it: where it is, how often it was written, and the MAC over all of it.
package struct DigestedRow: Sendable, Hashable {
    package let kind: String
    package let id: AnyRecordID
    package let revision: Int64
    /// The row's own MAC, 32 bytes.
    package let mac: [UInt8]

    package init(kind: String, id: AnyRecordID, revision: Int64, mac: [UInt8]) {
        self.kind = kind
        self.id = id
        self.revision = revision
        self.mac = mac
    }
}

/// A keyed digest over a set of rows, whatever their order, which follows each change in constant time.
///
/// The sum itself never leaves the process: with sums of its choice a thief could look for rows whose old states cancel out. What is stored
/// and signed is `value`, a code over the sum (SPEC §7.7).
package struct RecordsDigest: Sendable, Equatable {
    private var sum = Sum256()

    /// Makes the digest over no rows.
    package init() {}

    /// Adds a row.
    package mutating func add(_ row: DigestedRow, key: DigestKey) { sum.add(key.addend(row)) }

    /// Takes out a row that was added.
    package mutating func remove(_ row: DigestedRow, key: DigestKey) { sum.subtract(key.addend(row)) }

    /// The 32 bytes to store and sign.
    package func value(key: DigestKey) -> [UInt8] { key.value(of: sum) }
}

/// An integer modulo 2²⁵⁶.
struct Sum256: Sendable, Equatable {
    /// Least significant first.
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}

    /// Reads a hash as a big-endian number.
    init(_ hash: LogHash) {
        let (first, second, third, fourth) = hash.bigEndianWords
        words = (fourth, third, second, first)
    }

    /// The number in 32 bytes, big-endian.
    var bytes: [UInt8] {
        [words.3, words.2, words.1, words.0].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }

    mutating func add(_ other: Sum256) {
        var carry = false
        func step(_ left: UInt64, _ right: UInt64) -> UInt64 {
            let (partial, first) = left.addingReportingOverflow(right)
            let (sum, second) = partial.addingReportingOverflow(carry ? 1 : 0)
            carry = first || second
            return sum
        }
        words.0 = step(words.0, other.words.0)
        words.1 = step(words.1, other.words.1)
        words.2 = step(words.2, other.words.2)
        words.3 = step(words.3, other.words.3)
    }

    /// Adds the two's complement.
    mutating func subtract(_ other: Sum256) {
        var negative = Sum256()
        negative.words = (~other.words.0, ~other.words.1, ~other.words.2, ~other.words.3)
        var one = Sum256()
        one.words.0 = 1
        negative.add(one)
        add(negative)
    }

    static func == (left: Sum256, right: Sum256) -> Bool { left.words == right.words }
}
