import Envelopes
import Model
import Storage

/// A record whose content is a time, some clear facts and a sealed document: organization, project, environment, agent and policy.
struct SealedRecord: Sendable {
    var createdAt: Timestamp
    var revokedAt: Timestamp?
    var metadata: SealedMetadata

    init(createdAt: Timestamp, revokedAt: Timestamp? = nil, metadata: SealedMetadata) {
        self.createdAt = createdAt
        self.revokedAt = revokedAt
        self.metadata = metadata
    }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        createdAt = try reader.timestamp()
        revokedAt = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        metadata = try SealedMetadata(from: &reader)
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 256)
        writer.write(byte: 1)
        writer.write(createdAt)
        writer.write(optional: revokedAt)
        metadata.write(to: &writer)
        return writer.bytes
    }
}

/// The sealed part of a record that has nothing but a name.
struct NameDocument: Sendable {
    var name: SegmentName

    init(name: SegmentName) { self.name = name }

    init(decoding bytes: [UInt8], of thing: NamedThing) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        name = try SegmentName(reader.text(), of: thing)
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 80)
        writer.write(byte: 1)
        writer.write(name.description)
        return writer.bytes
    }
}

/// The sealed part of an agent: its name and the hash of its badge.
struct AgentDocument: Sendable {
    var name: SegmentName
    var badgeHash: [UInt8]
    /// The generation of the organization key that the hash is under, where it is a former one; nil for the one that the document is under.
    var generation: Int64?

    init(name: SegmentName, badgeHash: [UInt8]) {
        self.name = name
        self.badgeHash = badgeHash
    }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        let isOlder = try reader.isOlder()
        name = try SegmentName(reader.text(), of: .agent)
        badgeHash = try reader.data()
        generation = isOlder ? try reader.int64() : nil
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 128)
        writer.write(byte: generation == nil ? 1 : 2)
        writer.write(name.description)
        writer.write(badgeHash)
        if let generation { writer.write(generation) }
        return writer.bytes
    }
}

extension CanonicalReader {
    /// Whether a document names a former generation of the organization key: its first byte says so.
    mutating func isOlder() throws -> Bool {
        let version = try byte()
        guard (1...2).contains(version) else { throw EngineError.unreadable }
        return version == 2
    }
}

/// The sealed part of one version of the policy.
struct StoredPolicy: Sendable {
    var version: Int64
    var json: [UInt8]
    /// The YAML text it was made from; only shown.
    var text: String?

    /// By what its row is found.
    var name: String { "version/\(version)" }

    init(version: Int64, json: [UInt8], text: String?) {
        self.version = version
        self.json = json
        self.text = text
    }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        version = try reader.int64()
        json = try reader.data()
        text = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: json.count * 2 + 64)
        writer.write(byte: 1)
        writer.write(version)
        writer.write(json)
        writer.write(optional: text)
        return writer.bytes
    }
}

/// The vault's own record, in clear: which organization it holds, under which generation of the root key.
struct VaultRecord: Sendable {
    var createdAt: Timestamp
    var rootGeneration: Int64

    init(createdAt: Timestamp, rootGeneration: Int64) {
        self.createdAt = createdAt
        self.rootGeneration = rootGeneration
    }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        createdAt = try reader.timestamp()
        rootGeneration = try reader.int64()
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 40)
        writer.write(byte: 1)
        writer.write(createdAt)
        writer.write(rootGeneration)
        return writer.bytes
    }
}

/// One way to open the root key, as its record keeps it.
struct SlotRecord: Sendable {
    var createdAt: Timestamp
    /// The generation of the root key it opens.
    var rootGeneration: Int64
    var slot: Slot

    init(createdAt: Timestamp, rootGeneration: Int64, slot: Slot) {
        self.createdAt = createdAt
        self.rootGeneration = rootGeneration
        self.slot = slot
    }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        createdAt = try reader.timestamp()
        rootGeneration = try reader.int64()
        slot = try Slot(decoding: reader.data())
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 320)
        writer.write(byte: 1)
        writer.write(createdAt)
        writer.write(rootGeneration)
        writer.write(slot.encoded())
        return writer.bytes
    }
}
