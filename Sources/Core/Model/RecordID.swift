/// A random 16-byte id of one kind of record. Two kinds do not mix.
package struct RecordID<Kind>: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// How many bytes an id has.
    package static var byteCount: Int { 16 }

    package let high: UInt64
    package let low: UInt64

    /// Draws a fresh id.
    package init(random: RandomBytes) {
        let bytes = random.bytes(Self.byteCount)
        precondition(bytes.count == Self.byteCount, "internal: a random source gave a wrong number of bytes")
        (high, low) = Self.halves(bytes)
    }

    /// Draws an id that sorts behind those of earlier milliseconds: rows that come together lie together in every index. Ten bytes of it are random (SPEC §6.1).
    package init(at time: Timestamp, random: RandomBytes) {
        let drawn = Self(random: random)
        let milliseconds = UInt64(bitPattern: time.nanoseconds / 1_000_000)
        self.init(high: milliseconds << 16 | drawn.high & 0xFFFF, low: drawn.low)
    }

    /// Reads an id from its 16 bytes, big-endian; nil for any other length.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        (high, low) = Self.halves(bytes)
    }

    /// Reads an id from its 32 lower-case hexadecimal digits; nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard let bytes = [UInt8](hexadecimal: text) else { return nil }
        self.init(bytes: bytes)
    }

    /// The id's 16 bytes, big-endian.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        unsafe withUnsafeBytes(of: high.bigEndian) { unsafe bytes.append(contentsOf: $0) }
        unsafe withUnsafeBytes(of: low.bigEndian) { unsafe bytes.append(contentsOf: $0) }
        return bytes
    }

    package var description: String { bytes.hexadecimal }

    package static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }

    /// The same id, seen as a record of another kind: storage keeps all kinds in one shape.
    package func cast<Other>(to kind: Other.Type = Other.self) -> RecordID<Other> { RecordID<Other>(high: high, low: low) }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    private static func halves(_ bytes: some Collection<UInt8>) -> (UInt64, UInt64) {
        // A collection of another module's is walked element by element without specialisation; its storage is not.
        let fast = bytes.withContiguousStorageIfAvailable { buffer in
            let bytes = UnsafeRawBufferPointer(buffer)
            return unsafe (bytes.loadUnaligned(as: UInt64.self).bigEndian, bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian)
        }
        return fast ?? (bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }, bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) })
    }
}

package enum OrganizationKind {}
package enum ProjectKind {}
package enum EnvironmentKind {}
package enum SecretKind {}
package enum AgentKind {}
package enum SlotKind {}
package enum VaultKind {}
package enum GrantKind {}
package enum AnyKind {}

package typealias VaultID = RecordID<VaultKind>
package typealias OrganizationID = RecordID<OrganizationKind>
package typealias ProjectID = RecordID<ProjectKind>
package typealias EnvironmentID = RecordID<EnvironmentKind>
package typealias SecretID = RecordID<SecretKind>
package typealias AgentID = RecordID<AgentKind>
package typealias SlotID = RecordID<SlotKind>
package typealias GrantID = RecordID<GrantKind>
package typealias AnyRecordID = RecordID<AnyKind>
