import Auditing
import Envelopes
import Model
import Storage

/// Builds a vault of what a backup holds, under keys of its own, in a store that nobody sees yet.
struct RestoreWork {
    /// The vault that is being built; it has no log yet.
    let vault: OpenVault
    private let birth: VaultBirth
    private let digestKey: DigestKey
    private var digest = RecordsDigest()
    private var change = Change()
    private var byteCount = 0
    private var projects: [ProjectID: (project: ProjectAtHand, name: SegmentName)] = [:]
    private var places: [EnvironmentID: Place] = [:]
    private var secret: SecretRecord?
    private var tally = BackupTally()

    /// So much is stored in one transaction.
    private static let portion = (operations: 4096, byteCount: 8 << 20)

    /// `password` opens the vault.
    init(password: SecretValue, in staged: any StagedStore, _ foundation: Vault.Foundation) async throws {
        let foundation = foundation.forgetting
        birth = try await VaultBirth(password: password, foundation: foundation, store: staged.store)
        vault = try birth.vault(foundation: foundation, store: staged.store, digest: RecordsDigest())
        digestKey = try vault.keyring.auditKeys().digest
        change = birth.change
    }

    /// Reads a backup and stores all of it.
    mutating func read(_ source: BackupSource, _ opening: BackupKey.Opening) async throws -> BackupSummary {
        let hash = vault.foundation.passwordHash
        var reader = BackupReader(opening, hash: hash)
        while try await reader.fill(from: source) { while let event = try reader.next() { try await take(event) } }
        let (head, counts) = try reader.finished()
        try await flush()
        return try tally.summary(head, counts)
    }

    /// Writes the first entry, which names the backup's last checkpoint, and opens what was built as any vault is opened. Returns the way in.
    func finish(_ summary: BackupSummary, by asker: Asker) async throws -> OpenedSlot {
        let open = try birth.vault(foundation: vault.foundation, store: vault.store, digest: digest)
        try await open.writer.record([open.authorizer.entry(.vaultRestore, by: asker, detail: summary.facts)])
        try await open.writer.checkpoint()
        let slot = try birth.slot()
        _ = try await VaultOpening(foundation: vault.foundation, store: vault.store, lasting: vault.lasting).open(slot)
        return slot
    }

    private mutating func take(_ event: BackupEvent) async throws {
        tally.take(event)
        switch event {
        case .item(.origin), .item(.end), .item(.version): break
        case .item(.project(let id, let createdAt, let document)):
            let project = try await vault.names.makeProject(document.name, id: id, createdAt: createdAt, change: &change)
            projects[id] = (project, document.name)
        case .item(.environment(let id, let project, let createdAt, let document)):
            guard let (outer, name) = projects[project] else { throw BackupError.malformed }
            try vault.names.makeEnvironment(document.name, in: outer, id: id, createdAt: createdAt, change: &change)
            let scope = Scope(project: name, environment: document.name)
            places[id] = Place(organization: vault.organization, project: project, environment: id, scope: scope)
        case .item(.policy(let id, let createdAt, let policy)):
            change.put(try vault.policyRow(policy, id: id, createdAt: createdAt), replacing: nil)
        case .item(.secret(let backed)):
            guard let place = places[backed.environment] else { throw BackupError.malformed }
            // The rows of projects have to be there before their keys are asked for.
            if secret == nil { try await flush() }
            let record = backed.record(in: place)
            try await vault.shelf.put(record, metadata: backed.metadata, into: &change)
            secret = record
        case .version(let number, let manifest, let values):
            guard let secret else { throw BackupError.malformed }
            let fields = zip(manifest.fields, values).map { (field: $0, value: $1) }
            try await vault.shelf.seal(fields, as: number, of: secret, now: manifest.createdAt, into: &change)
            byteCount += values.reduce(0) { $0 + $1.byteCount }
        }
        if change.operations.count >= Self.portion.operations || byteCount >= Self.portion.byteCount { try await flush() }
    }

    private mutating func flush() async throws {
        for row in change.added { digest.add(row, key: digestKey) }
        let (batch, store) = (Batch(change.operations), vault.store)
        (change, byteCount) = (Change(), 0)
        guard !batch.operations.isEmpty else { return }
        do {
            // Whoever stores waits for the disk.
            try await withTaskExecutorPreference(store.writingExecutor) { for result in try await store.commit([batch]) { try result.get() } }
        } catch StoreError.conflict {
            // Two things of one name or id: no vault has them.
            throw BackupError.malformed
        }
    }
}

extension BackupSummary {
    /// What the first entry of a restored vault says of where it comes from.
    fileprivate var facts: [AuditFact] {
        [
            AuditFact("backup", head.backup), AuditFact("made", head.createdAt), AuditFact("vault", head.organization),
            AuditFact("checkpoint", origin.line), AuditFact("verifier-key", origin.verifierKey),
        ] + counts.facts
    }
}

extension Vault.Foundation {
    /// The same without anything that is kept of the vault on this machine: what is built beside it leaves no trace there.
    var forgetting: Self {
        var foundation = self
        (foundation.memory, foundation.pending) = (NoStateFile(), NoStateFile())
        (foundation.backoff, foundation.checkpoint) = (NoStateFile(), NoStateFile())
        foundation.reserve = NoReserve()
        return foundation
    }
}

/// A file that keeps nothing.
private struct NoStateFile: StateFile {
    func load() -> [UInt8]? { nil }
    func store(_ bytes: [UInt8]) {}
    func append(_ bytes: [UInt8]) {}
}
