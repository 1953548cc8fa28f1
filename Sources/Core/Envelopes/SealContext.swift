package import Model

/// The place and role of a sealed thing. It becomes the associated data: what was sealed in one context opens in no other.
package struct SealContext: Sendable, Hashable {
    package var purpose: Purpose
    package var organization: OrganizationID
    package var project: ProjectID?
    package var environment: EnvironmentID?
    package var secret: SecretID?
    /// The record that has no type of its own here: a slot, an agent, a policy.
    package var record: AnyRecordID?
    package var version: Int64?
    /// The field's ordinal in its version.
    package var field: Int64?
    /// The generation of the key that seals or wraps.
    package var generation: Int64

    package init(
        _ purpose: Purpose, organization: OrganizationID, project: ProjectID? = nil, environment: EnvironmentID? = nil,
        secret: SecretID? = nil, record: AnyRecordID? = nil, version: Int64? = nil, field: Int64? = nil, generation: Int64
    ) {
        self.purpose = purpose
        self.organization = organization
        self.project = project
        self.environment = environment
        self.secret = secret
        self.record = record
        self.version = version
        self.field = field
        self.generation = generation
    }

    /// Nine parts in a fixed order, each behind its length in four bytes; an absent part has length 0, and no present part is empty (SPEC §3.2).
    package var associatedData: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Self.byteCountWithoutLabel + purpose.rawValue.utf8.count) { buffer, count in
            var writer = unsafe PartWriter(UnsafeMutableRawBufferPointer(buffer))
            writer.write(purpose.rawValue)
            writer.write(organization)
            writer.write(project)
            writer.write(environment)
            writer.write(secret)
            writer.write(record)
            writer.write(version)
            writer.write(field)
            writer.write(generation)
            count = writer.position
        }
    }

    /// Nine lengths, five ids and three integers.
    private static let byteCountWithoutLabel = 9 * 4 + 5 * 16 + 3 * 8
}

/// Fills a buffer that is known to be large enough. `CanonicalWriter` writes the same bytes; this runs at every open, and allots once.
@safe
private struct PartWriter {
    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var position = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) { unsafe self.buffer = buffer }

    mutating func write(_ label: String) {
        var label = label
        label.withUTF8 { bytes in
            length(bytes.count)
            unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[position...]).copyMemory(from: UnsafeRawBufferPointer(bytes))
            position += bytes.count
        }
    }

    mutating func write(_ id: RecordID<some Any>?) {
        guard let id else { return length(0) }
        length(RecordID<AnyKind>.byteCount)
        store(id.high)
        store(id.low)
    }

    mutating func write(_ value: Int64?) {
        guard let value else { return length(0) }
        length(8)
        store(UInt64(bitPattern: value))
    }

    private mutating func length(_ byteCount: Int) { store(UInt32(byteCount)) }

    private mutating func store<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer) {
        unsafe buffer.storeBytes(of: value.bigEndian, toByteOffset: position, as: Integer.self)
        position += MemoryLayout<Integer>.size
    }
}
