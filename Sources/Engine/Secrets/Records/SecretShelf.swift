import Auditing
import Envelopes
import Model
import Storage

/// Finds secrets and seals and opens what belongs to them.
struct SecretShelf: Sendable {
    let keyring: Keyring
    let store: any VaultStore
    let book: RecordBook
    let random: RandomBytes

    /// The secret of this name, deleted ones included; nil when there is none.
    func find(_ name: SecretName, in place: Place) async throws -> SecretRecord? {
        try await book.record(.secret, parent: place.environment.cast(), name: name.description).map { try SecretRecord($0, place: place) }
    }

    func metadata(_ secret: SecretRecord) async throws -> SecretMetadata {
        guard let revision = secret.row?.revision else { throw EngineError.unreadable }
        let (key, _) = try await keyring.projectKey(secret.place.project, generation: secret.metadata.generation)
        return try SecretMetadata(decoding: secret.metadata.open(under: key, place: secret.metadataPlace(revision: revision)))
    }

    /// Adds the next state of a secret's row to a change, with its metadata sealed anew.
    func put(_ secret: SecretRecord, metadata: SecretMetadata, into change: inout Change) async throws {
        let (row, generation) = try await row(secret, metadata: metadata)
        change.put(row, replacing: secret.row)
        change.expectNewestKey(of: secret.place.project, generation, in: keyring.organization)
    }

    /// The next state of a secret's row, and the generation of the project's key that it is under.
    func row(_ secret: SecretRecord, metadata: SecretMetadata) async throws -> (row: Record, generation: Int64) {
        let (key, generation) = try await keyring.projectKey(secret.place.project)
        var next = secret
        next.metadata = try SealedMetadata.seal(
            metadata.encoded, under: key, generation: generation, place: secret.metadataPlace(revision: secret.nextRevision), random: random)
        let row = book.make(
            .secret, id: secret.id.cast(), parent: secret.place.environment.cast(), name: metadata.name.description, content: next.content,
            replacing: secret.row)
        return (row, generation)
    }

    /// Puts stored rows of secrets under another key of their project, each held against its MAC and its private part sealed anew as it is: nobody reads it.
    func moved(
        _ rows: ArraySlice<Record>, in place: Place, to newest: (key: WrappingKey, generation: Int64), random: RandomBytes
    ) async throws -> Change {
        guard !rows.isEmpty else { return Change() }
        // Two nonces each, of which the key's comes from here too.
        let random = random.stocking(nonces: 2 * rows.count)
        let keys = keyring.keys
        var (old, change) = (newest, Change(rows: rows.count))
        for row in rows {
            try book.check(row)
            guard row.kind == .secret, row.parent == place.environment.cast() else { throw EngineError.recordsDisagree }
            let (open, metadata) = try SecretRecord.parts(of: row)
            if old.generation != metadata.generation { old = try await keyring.projectKey(place.project, generation: metadata.generation) }
            var next = row
            next.revision += 1
            let moved = try metadata.moved(
                from: old.key, at: place.metadata(of: row.id, revision: row.revision), to: newest,
                at: place.metadata(of: row.id, revision: next.revision), random: random)
            next.content = SecretRecord.content(open, moved)
            next.mac = keys.code(over: next)
            change.put(next, replacing: row)
        }
        change.expectNewestKey(of: place.project, newest.generation, in: keyring.organization)
        return change
    }

    /// What a version consists of.
    func manifest(_ secret: SecretRecord, version: Int64) async throws -> Manifest {
        let field = try await field(secret, version: version, ordinal: 0)
        let (key, context) = try await dataKey(field, of: secret)
        return try Manifest(decoding: key.open(document: field.ciphertext.sealed, context: context(.manifest)))
    }

    /// What each version consists of, newest first.
    func manifests(_ secret: SecretRecord) async throws -> [(number: Int64, manifest: Manifest)] {
        let stored = try await store.versions(of: secret.id, in: keyring.organization)
        guard stored.map(\.number) == (1...max(1, secret.current)).reversed() else { throw EngineError.unreadable }
        var manifests: [(Int64, Manifest)] = []
        for version in stored {
            let manifest = try await manifest(secret, version: version.number)
            guard manifest.createdAt == version.createdAt else { throw EngineError.recordsDisagree }
            manifests.append((version.number, manifest))
        }
        return manifests
    }

    /// Opens one field; the caller shows that it was allowed and written down.
    func open(_ ordinal: Int64, of secret: SecretRecord, version: Int64, access: AuthorizedAccess) async throws -> SecretValue {
        let field = try await field(secret, version: version, ordinal: ordinal)
        let (key, context) = try await dataKey(field, of: secret)
        return try key.open(field.ciphertext.sealed, context: context(.value))
    }

    /// Opens every field of a version, by one read; the caller shows that it was allowed and written down.
    func openAll(of secret: SecretRecord, version: Int64, access: AuthorizedAccess) async throws
        -> (writtenAt: Timestamp, fields: [(field: Manifest.Field, value: SecretValue)])
    {
        guard (1...max(1, secret.current)).contains(version) else { throw EngineError.versionNotFound }
        let stored = try await store.fields(of: secret.id, version: version, in: keyring.organization)
        let (manifest, values) = try await open(SealedVersion(secret: secret.id, number: version, fields: stored), of: secret, access: access)
        return (manifest.createdAt, zip(manifest.fields, values).map { ($0, $1) })
    }

    /// Opens every field of a version that was read already; the caller shows that it was allowed and written down.
    func open(
        _ version: SealedVersion, of secret: SecretRecord, access: AuthorizedAccess
    ) async throws -> (manifest: Manifest, values: [SecretValue]) {
        for (ordinal, field) in version.fields.enumerated() {
            try check(field, lyingAt: FieldAddress(secret: secret.id, version: version.number, ordinal: Int64(ordinal)))
        }
        guard let first = version.fields.first else { throw EngineError.unreadable }
        let (key, context) = try await dataKey(first, of: secret)
        let manifest = try Manifest(decoding: key.open(document: first.ciphertext.sealed, context: context(.manifest)))
        // Every version up to the current one was stored whole: what is missing was taken away.
        guard version.fields.count == manifest.fields.count + 1 else { throw EngineError.unreadable }
        var values: [SecretValue] = []
        for sealed in version.fields.dropFirst() {
            let (key, context) = try await dataKey(sealed, of: secret)
            values.append(try key.open(sealed.ciphertext.sealed, context: context(.value)))
        }
        return (manifest, values)
    }

    private func check(_ field: SealedField, lyingAt address: FieldAddress) throws {
        guard field.key.address == address, field.ciphertext.address == address, field.key.seal == field.ciphertext.seal else {
            throw EngineError.recordsDisagree
        }
    }

    /// Adds a version to a change: its row, its manifest and its fields, each under a data key of its own.
    func seal(
        _ fields: [(field: Manifest.Field, value: SecretValue)], as version: Int64, of secret: SecretRecord, now: Timestamp,
        into change: inout Change
    ) async throws {
        let (key, generation) = try await keyring.projectKey(secret.place.project)
        let stored = StoredVersion(organization: keyring.organization, secret: secret.id, number: version, createdAt: now)
        var operations: [Batch.Operation] = [.insertVersion(stored)]
        let manifest = Manifest(createdAt: now, fields: fields.map(\.field)).encoded
        operations += try seal(secret, version, 0, under: key, generation) { try $0.seal(document: manifest, context: $1(.manifest), random: random) }
        for (position, field) in fields.enumerated() {
            operations += try seal(secret, version, Int64(position + 1), under: key, generation) {
                try $0.seal(field.value, context: $1(.value), random: random)
            }
        }
        change.add(operations)
        change.expectNewestKey(of: secret.place.project, generation, in: keyring.organization)
    }

    private func seal(
        _ secret: SecretRecord, _ version: Int64, _ ordinal: Int64, under key: WrappingKey, _ generation: Int64,
        _ body: (DataKey, (Purpose) -> SealContext) throws -> [UInt8]
    ) throws -> [Batch.Operation] {
        let address = FieldAddress(secret: secret.id, version: version, ordinal: ordinal)
        let dataKey = DataKey.generate(random: random)
        let wrapped = try key.wrap(dataKey, context: secret.place.context(.dataKey, at: address, generation: generation), random: random)
        let sealed = try body(dataKey) { secret.place.context($0, at: address, generation: 1) }
        return [
            .insertDataKey(
                StoredDataKey(organization: keyring.organization, address: address, generation: generation, seal: 1, wrapped: wrapped)),
            .insertCiphertext(StoredCiphertext(organization: keyring.organization, address: address, seal: 1, sealed: sealed)),
        ]
    }

    private func field(_ secret: SecretRecord, version: Int64, ordinal: Int64) async throws -> SealedField {
        guard (1...max(1, secret.current)).contains(version) else { throw EngineError.versionNotFound }
        let address = FieldAddress(secret: secret.id, version: version, ordinal: ordinal)
        // Every version up to the current one was stored whole: what is missing was taken away.
        guard let field = try await store.field(address, in: keyring.organization) else { throw EngineError.unreadable }
        try check(field, lyingAt: address)
        return field
    }

    private func dataKey(_ field: SealedField, of secret: SecretRecord) async throws -> (DataKey, (Purpose) -> SealContext) {
        let (key, _) = try await keyring.projectKey(secret.place.project, generation: field.key.generation)
        let place = secret.place
        let context = place.context(.dataKey, at: field.key.address, generation: field.key.generation)
        let address = field.key.address
        let seal = field.ciphertext.seal
        return (try key.unwrapDataKey(field.key.wrapped, context: context), { place.context($0, at: address, generation: seal) })
    }
}

extension Place {
    /// The associated data of one field of one version. A data key's generation is that of the project key, a ciphertext's the count of reseals.
    func context(_ purpose: Purpose, at address: FieldAddress, generation: Int64) -> SealContext {
        SealContext(
            purpose, organization: organization, project: project, environment: environment, secret: address.secret,
            version: address.version, field: address.ordinal, generation: generation)
    }
}
