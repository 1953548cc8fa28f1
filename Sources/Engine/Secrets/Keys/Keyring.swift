import Envelopes
import Model
import Storage
import Synchronization

/// The keys of an unlocked vault. It is the only thing that holds them, and it is dropped at lock.
final class Keyring: Sendable {
    let organization: OrganizationID
    private let rootState: Mutex<(key: any RootKey, generation: Int64)>
    let organizationState: Mutex<OrganizationState>
    private let store: any VaultStore
    private let projects = Mutex<[ProjectID: ProjectKeys]>([:])

    /// A project's keys as far as they were unwrapped.
    struct ProjectKeys: Sendable {
        var byGeneration: [Int64: WrappingKey] = [:]
        var newest: Int64?
    }

    init(
        organization: OrganizationID, root: any RootKey, rootGeneration: Int64, organizationKey: WrappingKey, organizationGeneration: Int64,
        store: any VaultStore
    ) throws {
        self.organization = organization
        rootState = Mutex((root, rootGeneration))
        let keys = try OrganizationKeys(organizationKey, generation: organizationGeneration)
        organizationState = Mutex(try OrganizationState(keys, of: organization))
        self.store = store
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
        let (root, wrapping) = rootState.withLock { $0 }
        let stored = try await store.keys(of: project.cast(), in: organization)
        guard let row = stored.first(where: { (generation ?? $0.generation) == $0.generation && $0.wrapping == wrapping }) else {
            throw EngineError.unreadable
        }
        let key = try await root.unwrap(row.wrapped, context: projectContext(project, generation: row.generation, wrapping: row.wrapping))
        keep(key, of: project, generation: row.generation, isNewest: generation == nil)
        return (key, row.generation)
    }

    /// Every key of some projects.
    func allKeys(of projects: [ProjectID]) async throws -> [ProjectID: ProjectKeys] {
        var all: [ProjectID: ProjectKeys] = [:]
        for project in projects {
            var keys = ProjectKeys()
            for row in try await store.keys(of: project.cast(), in: organization) {
                let (key, generation) = try await projectKey(project, generation: row.generation)
                keys.byGeneration[generation] = key
                keys.newest = max(keys.newest ?? 0, generation)
            }
            all[project] = keys
        }
        return all
    }

    /// A project's key as a row under another root key. The key is at hand from now on: nobody has to unwrap it while the root key changes.
    func rewrapped(_ project: ProjectID, generation: Int64, under root: WrappingKey, wrapping: Int64, random: RandomBytes) async throws -> StoredKey {
        _ = try await projectKey(project)
        let (key, _) = try await projectKey(project, generation: generation)
        let wrapped = try root.wrap(key, context: projectContext(project, generation: generation, wrapping: wrapping), random: random)
        return StoredKey(organization: organization, owner: project.cast(), generation: generation, wrapping: wrapping, wrapped: wrapped)
    }

    /// Makes a project's first key, or its next; the caller stores the row.
    func makeProjectKey(_ project: ProjectID, generation: Int64 = 1, random: RandomBytes) async throws -> (key: WrappingKey, row: StoredKey) {
        let key = WrappingKey.generate(random: random)
        let (root, wrapping) = rootState.withLock { $0 }
        let wrapped = try await root.wrap(key, context: projectContext(project, generation: generation, wrapping: wrapping))
        return (key, StoredKey(organization: organization, owner: project.cast(), generation: generation, wrapping: wrapping, wrapped: wrapped))
    }

    /// Takes up a project's next key, once it is stored.
    func adopt(_ key: WrappingKey, of project: ProjectID, generation: Int64) { keep(key, of: project, generation: generation, isNewest: true) }

    /// Forgets which keys are the newest; they are read again. Keys that were unwrapped stay until the lock: a reader may still have a row under one that a
    /// rotation has just destroyed.
    func forgetNewest() { projects.withLock { known in for project in known.keys { known[project]?.newest = nil } } }

    private func keep(_ key: WrappingKey, of project: ProjectID, generation: Int64, isNewest: Bool) {
        projects.withLock { known in
            var keys = known[project] ?? ProjectKeys()
            keys.byGeneration[generation] = key
            // What was read before a rotation began is not the newest after it.
            if isNewest { keys.newest = max(keys.newest ?? 0, generation) }
            known[project] = keys
        }
    }

    /// The associated data of a project's key: its own generation stands as version, the root's as generation.
    func projectContext(_ project: ProjectID, generation: Int64, wrapping: Int64) -> SealContext {
        SealContext(.projectKey, organization: organization, project: project, version: generation, generation: wrapping)
    }

    private func cached(_ project: ProjectID, _ generation: Int64?) -> (key: WrappingKey, generation: Int64)? {
        projects.withLock { known in
            guard let keys = known[project], let wanted = generation ?? keys.newest, let key = keys.byGeneration[wanted] else { return nil }
            return (key, wanted)
        }
    }
}
