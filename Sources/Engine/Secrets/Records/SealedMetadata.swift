import Envelopes
import Model

/// Names and notes as a record keeps them: sealed under a metadata key of its own, which is wrapped beside it.
struct SealedMetadata: Sendable, Equatable {
    /// The generation of the key that wraps the metadata key.
    var generation: Int64
    var wrapped: [UInt8]
    var sealed: [UInt8]

    /// Seals a record's private part under a fresh metadata key.
    static func seal(
        _ document: [UInt8], under key: WrappingKey, generation: Int64, place: MetadataPlace, random: RandomBytes
    ) throws -> Self {
        let metadataKey = DataKey.generate(random: random)
        return SealedMetadata(
            generation: generation,
            wrapped: try key.wrap(metadataKey, context: place.keyContext(generation), random: random),
            sealed: try metadataKey.seal(document: document, context: place.documentContext, random: random))
    }

    /// As `seal`, under the organization key.
    static func seal(_ document: [UInt8], under keys: OrganizationKeys, place: MetadataPlace, random: RandomBytes) throws -> Self {
        try seal(document, under: keys.key, generation: keys.generation, place: place, random: random)
    }

    /// Opens what is under the organization key.
    func open(under keyring: Keyring, place: MetadataPlace) throws -> [UInt8] { try open(under: keyring.keys(generation).key, place: place) }

    func open(under key: WrappingKey, place: MetadataPlace) throws -> [UInt8] {
        let metadataKey = try key.unwrapDataKey(wrapped, context: place.keyContext(generation))
        return try metadataKey.open(document: sealed, context: place.documentContext)
    }

    /// The same under a fresh metadata key that another key wraps, for another place; nobody reads it.
    func moved(
        from key: WrappingKey, at place: MetadataPlace, to newest: (key: WrappingKey, generation: Int64), at next: MetadataPlace, random: RandomBytes
    ) throws -> Self {
        let moved = try key.reseal(
            WrappedDocument(key: wrapped, document: sealed, in: place.places(generation)), to: newest.key, in: next.places(newest.generation),
            random: random)
        return SealedMetadata(generation: newest.generation, wrapped: moved.key, sealed: moved.document)
    }

    func write(to writer: inout CanonicalWriter) {
        writer.write(generation)
        writer.write(wrapped)
        writer.write(sealed)
    }

    init(generation: Int64, wrapped: [UInt8], sealed: [UInt8]) {
        self.generation = generation
        self.wrapped = wrapped
        self.sealed = sealed
    }

    init(from reader: inout CanonicalReader) throws(CanonicalError) {
        generation = try reader.int64()
        wrapped = try reader.data()
        sealed = try reader.data()
    }
}

/// Where a record's metadata lies, for its associated data.
struct MetadataPlace: Sendable {
    var organization: OrganizationID
    var project: ProjectID?
    var environment: EnvironmentID?
    var record: AnyRecordID
    /// Metadata belongs to one revision of its record: an earlier one does not open in its place.
    var revision: Int64

    /// The policy has purposes of its own.
    var isPolicy = false

    /// The associated data of the wrapped metadata key; `generation` is the wrapping key's.
    func keyContext(_ generation: Int64) -> SealContext { context(isPolicy ? .policyKey : .metadataKey, generation) }

    /// The associated data of the sealed document: sealed once, as every state of a record has a fresh key.
    var documentContext: SealContext { context(isPolicy ? .policy : .metadata, 1) }

    func places(_ generation: Int64) -> WrappedDocument.Places { WrappedDocument.Places(key: keyContext(generation), document: documentContext) }

    private func context(_ purpose: Purpose, _ generation: Int64) -> SealContext {
        SealContext(
            purpose, organization: organization, project: project, environment: environment, record: record, version: revision,
            generation: generation)
    }
}
