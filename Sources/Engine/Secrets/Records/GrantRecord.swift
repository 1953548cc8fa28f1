import Model

/// What a fake token stands for, as its row keeps it: whose it is, and how long it is good. The row lies in the secret; the token is stored nowhere.
struct GrantRecord: Sendable {
    var agent: AgentID
    /// The run that it ends with; nil for one that is good in every run of the agent.
    var run: AnyRecordID?
    var issuedAt: Timestamp
    var expiresAt: Timestamp
    var revokedAt: Timestamp?
    var metadata: SealedMetadata

    init(agent: AgentID, run: AnyRecordID? = nil, issuedAt: Timestamp, expiresAt: Timestamp, revokedAt: Timestamp? = nil, metadata: SealedMetadata) {
        (self.agent, self.run) = (agent, run)
        (self.issuedAt, self.expiresAt, self.revokedAt) = (issuedAt, expiresAt, revokedAt)
        self.metadata = metadata
    }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw EngineError.unreadable }
        agent = try reader.id()
        run = try reader.optional { reader throws(CanonicalError) in try reader.id() }
        issuedAt = try reader.timestamp()
        expiresAt = try reader.timestamp()
        revokedAt = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        metadata = try SealedMetadata(from: &reader)
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 256)
        writer.write(byte: 1)
        writer.write(agent)
        writer.write(optional: run)
        writer.write(issuedAt)
        writer.write(expiresAt)
        writer.write(optional: revokedAt)
        metadata.write(to: &writer)
        return writer.bytes
    }

    func state(at now: Timestamp) -> TokenState { revokedAt != nil ? .revoked : now >= expiresAt ? .expired : .live }

    /// Since when it is good for nothing; nil while it is live.
    func end(at now: Timestamp) -> Timestamp? { revokedAt ?? (now >= expiresAt ? expiresAt : nil) }
}

/// The sealed part of a grant: what its token looks like, and which field it stands for.
struct GrantDocument: Sendable, Equatable {
    /// By name.
    var shape: String
    /// Nil for the field that stands for the secret.
    var field: SegmentName?
    /// The service of the catalogue that it is for; nil where none is known.
    var provider: String?
    /// The generation of the organization key that its token was drawn under, where it is a former one; nil for the one that the document is under.
    var generation: Int64?

    init(shape: String, field: SegmentName? = nil, provider: String? = nil) {
        (self.shape, self.field, self.provider) = (shape, field, provider)
    }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        let isOlder = try reader.isOlder()
        shape = try reader.text()
        field = try reader.optional { reader throws(CanonicalError) in try reader.text() }.map { try SegmentName($0, of: .field) }
        provider = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        generation = isOlder ? try reader.int64() : nil
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 96)
        writer.write(byte: generation == nil ? 1 : 2)
        writer.write(shape)
        writer.write(optional: field?.description)
        writer.write(optional: provider)
        if let generation { writer.write(generation) }
        return writer.bytes
    }
}
