import Auditing
import Envelopes
import Model
import Storage
import TestKit

@testable import Secrets

/// Somebody who has keys of a moment, and tries each of them on all that lies in a vault later.
struct Thief: Sendable {
    /// What opens: fields, names sealed under project keys, rows sealed under the organization key, the log.
    struct Loot: Sendable, Equatable {
        var values = 0
        var names = 0
        var ofOrganization = 0
        var entries = false
    }

    private let dump: StoreDump
    private var root: WrappingKey?
    private var organization: (key: WrappingKey, generation: Int64)?
    private var projects: [ProjectID: WrappingKey] = [:]
    private var dataKeys: [FieldAddress: DataKey] = [:]

    /// Takes every key of an unlocked vault, and a copy of the file.
    init(_ bench: VaultBench, projectKeysOnly: Bool = false) async throws {
        dump = try await StoreDump(of: bench.store)
        let keyring = try bench.open.keyring
        if !projectKeysOnly { (root, organization) = (keyring.localRoot, (keyring.keys.key, keyring.keys.generation)) }
        for row in dump.records where row.kind == .project { projects[row.id.cast()] = try await keyring.projectKey(row.id.cast()).key }
        if !projectKeysOnly { dataKeys = Places(dump).dataKeys(in: dump, under: projects) }
    }

    /// Another's keys, and the data keys that were unwrapped with them from the copy of then.
    init(_ bench: VaultBench, from other: Thief, withDataKeys: Bool, dataKeysOnly: Bool = false) async throws {
        self = other
        if withDataKeys { dataKeys = Places(dump).dataKeys(in: dump, under: projects) }
        if dataKeysOnly { (root, organization, projects) = (nil, nil, [:]) }
    }

    func copyOfThen() async throws -> VaultBench { VaultBench(store: try await dump.load(), isMade: true) }

    func copy(of bench: VaultBench) async throws -> VaultBench { VaultBench(store: try await StoreDump(of: bench.store).load(), isMade: true) }

    /// How many keys the root key unwraps.
    func unwrappedKeys(in bench: VaultBench) async throws -> Int {
        guard let root else { return 0 }
        return try await StoreDump(of: bench.store).keys.count { row in
            let contexts = [
                SealContext(.organizationKey, organization: row.organization, version: row.generation, generation: row.wrapping),
                SealContext(
                    .projectKey, organization: row.organization, project: row.owner.cast(), version: row.generation, generation: row.wrapping),
            ]
            return contexts.contains { (try? root.unwrapWrappingKey(row.wrapped, context: $0)) != nil }
        }
    }

    func opened(in bench: VaultBench) async throws -> Loot {
        let now = try await StoreDump(of: bench.store)
        let places = Places(now)
        var loot = Loot()
        let unwrapped = places.dataKeys(in: now, under: projects)
        for field in now.fields {
            let candidates = [unwrapped[field.key.address], dataKeys[field.key.address]].compactMap(\.self)
            if candidates.contains(where: { places.opens(field, with: $0) }) { loot.values += 1 }
        }
        loot.names = now.records.count { places.opensName($0, with: projects) }
        if let organization { loot.ofOrganization = now.records.count { places.opensName($0, with: organization.key) } }
        if let key = try organization.map({ try SealingKey(material: $0.key.derive(.auditSeal)) }) {
            loot.entries = now.entries.contains {
                (try? key.open(document: $0.sealed, context: AuditWriter.context($0.organization, index: $0.index))) != nil
            }
        }
        return loot
    }
}

/// Where the rows of a dump lie.
private struct Places {
    private var projects: [AnyRecordID: ProjectID] = [:]
    private var environments: [AnyRecordID: EnvironmentID] = [:]

    init(_ dump: StoreDump) {
        for row in dump.records where row.kind == .environment { projects[row.id] = row.parent?.cast() }
        for row in dump.records where row.kind == .secret {
            environments[row.id] = row.parent?.cast()
            projects[row.id] = row.parent.flatMap { projects[$0] }
        }
    }

    private func context(_ purpose: Purpose, _ field: StoredDataKey, generation: Int64) -> SealContext {
        SealContext(
            purpose, organization: field.organization, project: projects[field.address.secret.cast()],
            environment: environments[field.address.secret.cast()], secret: field.address.secret, version: field.address.version,
            field: field.address.ordinal, generation: generation)
    }

    /// The data keys that some project key unwraps, whatever generation the row says.
    func dataKeys(in dump: StoreDump, under keys: [ProjectID: WrappingKey]) -> [FieldAddress: DataKey] {
        var found: [FieldAddress: DataKey] = [:]
        for field in dump.fields {
            for (key, generation) in keys.values.flatMap({ key in (1...4).map { (key, Int64($0)) } }) where found[field.key.address] == nil {
                found[field.key.address] = try? key.unwrapDataKey(
                    field.key.wrapped, context: context(.dataKey, field.key, generation: generation))
            }
        }
        return found
    }

    func opens(_ field: SealedField, with key: DataKey) -> Bool {
        (Int64(1)...4).contains { seal in
            let context = context(field.key.address.ordinal == 0 ? .manifest : .value, field.key, generation: seal)
            return field.key.address.ordinal == 0
                ? (try? key.open(document: field.ciphertext.sealed, context: context)) != nil
                : (try? key.open(field.ciphertext.sealed, context: context)) != nil
        }
    }

    func opensName(_ row: Record, with keys: [ProjectID: WrappingKey]) -> Bool {
        guard [.environment, .secret].contains(row.kind), let project = projects[row.id] else { return false }
        return keys.values.contains { opensName(row, with: $0, in: project) }
    }

    /// The row of a project, of an agent, or of the organization itself.
    func opensName(_ row: Record, with key: WrappingKey) -> Bool {
        guard [.organization, .project, .agent].contains(row.kind) else { return false }
        return opensName(row, with: key, in: row.kind == .project ? row.id.cast() : nil)
    }

    private func opensName(_ row: Record, with key: WrappingKey, in project: ProjectID?) -> Bool {
        guard let metadata = metadata(of: row) else { return false }
        let environment: EnvironmentID? = row.kind == .environment ? row.id.cast() : environments[row.id]
        let place = MetadataPlace(
            organization: row.organization, project: project, environment: environment, record: row.id, revision: row.revision)
        return (try? metadata.open(under: key, place: place)) != nil
    }

    private func metadata(of row: Record) -> SealedMetadata? {
        guard row.kind == .secret else { return try? SealedRecord(decoding: row.content).metadata }
        guard let environment = environments[row.id], let project = projects[row.id] else { return nil }
        let place = Place(organization: row.organization, project: project, environment: environment, scope: VaultBench.dev)
        return try? SecretRecord(row, place: place).metadata
    }
}
