import Envelopes
import Model
import Storage

/// Moves fields of one environment under the newest key of its project.
struct FieldMover: Sendable {
    /// How many fields are resealed at a time, how many versions of them beside each other, and behind how many bytes no more are begun.
    static let resealed = 512
    private static let beside = 8
    private static let mostBytes = 8 << 20

    let vault: OpenVault
    let place: Place
    let newest: (key: WrappingKey, generation: Int64)

    /// What replaces the rows of the first `count` fields.
    struct Resealing: Sendable {
        var change = Change()
        var count = 0
        /// Whether as many bytes are gathered as may be at once.
        var isFull = false
    }

    /// Wraps data keys under the newest key: the values stay sealed as they are.
    func rewrap(_ keys: ArraySlice<StoredDataKey>) async throws -> Change {
        let random = vault.random.stocking(nonces: keys.count)
        var (old, operations) = (newest, [Batch.Operation]())
        operations.reserveCapacity(keys.count + 1)
        for stored in keys {
            if old.generation != stored.generation { old = try await vault.keyring.projectKey(place.project, generation: stored.generation) }
            var next = stored
            next.generation = newest.generation
            next.wrapped = try old.key.rewrap(
                dataKey: stored.wrapped, context: place.context(.dataKey, at: stored.address, generation: stored.generation), to: newest.key,
                generation: newest.generation, random: random)
            operations.append(.rewrapDataKey(next, replacing: stored.generation))
        }
        return expectingNewest(operations)
    }

    /// With what holds only while the key is the newest.
    private func expectingNewest(_ operations: [Batch.Operation]) -> Change {
        var change = Change(operations)
        change.expectNewestKey(of: place.project, newest.generation, in: vault.organization)
        return change
    }

    /// Seals values under fresh data keys, which the newest key wraps; as many of them as are not too large together.
    func reseal(_ page: [StoredDataKey], access: AuthorizedAccess) async throws -> Resealing {
        var moved = Resealing()
        var operations: [Batch.Operation] = []
        var byteCount = 0
        while moved.count < page.count, byteCount < Self.mostBytes {
            let wave = Self.versions(in: page[moved.count...])
            let parts = try await withThrowingTaskGroup(of: (Int, Resealed).self) { group in
                for (index, keys) in wave.enumerated() { group.addTask { (index, try await resealed(keys, access: access)) } }
                var parts: [(Int, Resealed)] = []
                for try await part in group { parts.append(part) }
                return parts.sorted { $0.0 < $1.0 }.map(\.1)
            }
            for part in parts {
                operations += part.operations
                byteCount += part.byteCount
            }
            moved.count += wave.reduce(0) { $0 + $1.count }
        }
        moved.isFull = byteCount >= Self.mostBytes
        moved.change = expectingNewest(operations)
        return moved
    }

    private struct Resealed: Sendable {
        var operations: [Batch.Operation] = []
        var byteCount = 0
    }

    /// The first few versions of a page, each with its data keys.
    private static func versions(in page: ArraySlice<StoredDataKey>) -> [ArraySlice<StoredDataKey>] {
        var versions: [ArraySlice<StoredDataKey>] = []
        var rest = page
        while let first = rest.first, versions.count < beside {
            let keys = rest.prefix { $0.address.secret == first.address.secret && $0.address.version == first.address.version }
            versions.append(keys)
            rest = rest.dropFirst(keys.count)
        }
        return versions
    }

    private func resealed(_ keys: ArraySlice<StoredDataKey>, access: AuthorizedAccess) async throws -> Resealed {
        guard let first = keys.first?.address else { return Resealed() }
        let fields = try await vault.store.fields(of: first.secret, version: first.version, in: vault.organization)
        var resealed = Resealed()
        for stored in keys {
            // Whoever purged it meanwhile is noticed by the batch.
            guard let field = fields.first(where: { $0.key == stored }), field.ciphertext.seal == stored.seal else {
                throw StoreError.conflict(.secret)
            }
            let (old, _) = try await vault.keyring.projectKey(place.project, generation: stored.generation)
            let key = try old.unwrapDataKey(
                stored.wrapped, context: place.context(.dataKey, at: stored.address, generation: stored.generation))
            let purpose: Purpose = stored.address.ordinal == 0 ? .manifest : .value
            let fresh = try key.reseal(
                field.ciphertext.sealed, context: place.context(purpose, at: stored.address, generation: stored.seal), random: vault.random)
            resealed.operations += try operations(replacing: stored, with: fresh.key, fresh.sealed)
            resealed.byteCount += fresh.sealed.count
        }
        return resealed
    }

    private func operations(replacing stored: StoredDataKey, with key: DataKey, _ sealed: [UInt8]) throws -> [Batch.Operation] {
        let context = place.context(.dataKey, at: stored.address, generation: newest.generation)
        let wrapped = try newest.key.wrap(key, context: context, random: vault.random)
        let (organization, seal) = (vault.organization, stored.seal + 1)
        return [
            .insertDataKey(
                StoredDataKey(
                    organization: organization, address: stored.address, generation: newest.generation, seal: seal, wrapped: wrapped)),
            .insertCiphertext(StoredCiphertext(organization: organization, address: stored.address, seal: seal, sealed: sealed)),
            .deleteDataKey(stored.address, generation: stored.generation, seal: stored.seal, in: organization),
            .deleteCiphertext(stored.address, seal: stored.seal, in: organization),
        ]
    }
}
