import Envelopes
import Model
import Storage
import Synchronization

/// The keys of an unlocked vault. It is the only thing that holds them, and it is dropped at lock.
final class Keyring: Sendable {
    let organization: OrganizationID
    private let rootState: Mutex<(key: any RootKey, generation: Int64)>
    /// Wraps the metadata keys of what belongs to no project.
    let organizationKey: WrappingKey
    let organizationGeneration: Int64
    let rows: MACKey
    let blindIndex: MACKey
    /// Hashes badges, and later fake tokens.
    let tokens: MACKey
    private let store: any VaultStore
    private let projects = Mutex<[ProjectID: [Int64: WrappingKey]]>([:])

    init(
        organization: OrganizationID, root: any RootKey, rootGeneration: Int64, organizationKey: WrappingKey, organizationGeneration: Int64,
        store: any VaultStore
    ) throws {
        self.organization = organization
        rootState = Mutex((root, rootGeneration))
        self.organizationKey = organizationKey
        self.organizationGeneration = organizationGeneration
        self.store = store
        rows = try MACKey(material: organizationKey.derive(.rowMAC))
        blindIndex = try MACKey(material: organizationKey.derive(.blindIndex))
        tokens = try MACKey(material: organizationKey.derive(.token))
    }

    var root: any RootKey { rootState.withLock { $0.key } }
    var rootGeneration: Int64 { rootState.withLock { $0.generation } }
    /// The root key itself, when it lies in this process and not in a KMS.
    var localRoot: WrappingKey? { (root as? LocalRootKey)?.key }

    /// Takes a new root key, once everything is wrapped under it.
    func replaceRoot(_ key: any RootKey, generation: Int64) { rootState.withLock { $0 = (key, generation) } }

    /// A project's key of one generation, or of the newest; unwrapped once.
    func projectKey(_ project: ProjectID, generation: Int64? = nil) async throws -> (key: WrappingKey, generation: Int64) {
        if let known = cached(project, generation) { return known }
        let stored = try await store.keys(of: project.cast(), in: organization)
        guard let row = stored.first(where: { generation == nil || $0.generation == generation }) else { throw EngineError.unreadable }
        let key = try await root.unwrap(row.wrapped, context: projectContext(project, generation: row.generation, wrapping: row.wrapping))
        projects.withLock { $0[project, default: [:]][row.generation] = key }
        return (key, row.generation)
    }

    /// Makes a project's first key; the caller stores the row.
    func makeProjectKey(_ project: ProjectID, random: RandomBytes) async throws -> (key: WrappingKey, row: StoredKey) {
        let key = WrappingKey.generate(random: random)
        let wrapped = try await root.wrap(key, context: projectContext(project, generation: 1, wrapping: rootGeneration))
        return (key, StoredKey(organization: organization, owner: project.cast(), generation: 1, wrapping: rootGeneration, wrapped: wrapped))
    }

    /// The associated data of a project's key: its own generation stands as version, the root's as generation.
    func projectContext(_ project: ProjectID, generation: Int64, wrapping: Int64) -> SealContext {
        SealContext(.projectKey, organization: organization, project: project, version: generation, generation: wrapping)
    }

    /// The keyed index under which a name is found, without the name being stored.
    func lookup(_ kind: RecordKind, parent: AnyRecordID?, name: String) -> [UInt8] {
        var writer = CanonicalWriter(capacity: 64)
        writer.write(kind.rawValue)
        writer.write(optional: parent) { $0.write($1) }
        writer.write(name)
        return blindIndex.code(over: writer.bytes)
    }

    private func cached(_ project: ProjectID, _ generation: Int64?) -> (key: WrappingKey, generation: Int64)? {
        projects.withLock { known in
            guard let generations = known[project], let wanted = generation ?? generations.keys.max(), let key = generations[wanted]
            else { return nil }
            return (key, wanted)
        }
    }
}
