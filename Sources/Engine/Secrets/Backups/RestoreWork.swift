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
    private var gathered = RestorePortion()
    /// What is sealed and stored while more is read; each is stored behind the one before.
    private var underway: [Task<[DigestedRow], any Error>] = []
    private var projects: [ProjectID: (project: ProjectAtHand, name: SegmentName)] = [:]
    private var places: [EnvironmentID: Place] = [:]
    private var secret: SecretRecord?
    private var tally = BackupTally()

    /// How many portions are sealed and stored while one is read.
    private static let mostUnderway = 2

    /// `password` opens the vault.
    init(password: SecretValue, in staged: any StagedStore, _ foundation: Vault.Foundation) async throws {
        let foundation = foundation.forgetting
        birth = try await VaultBirth(password: password, foundation: foundation, store: staged.store)
        vault = try birth.vault(foundation: foundation, store: staged.store, digest: RecordsDigest())
        digestKey = try vault.keyring.keys.audit(vault.organization).digest
        gathered.add(birth.change)
    }

    /// Reads a backup and stores all of it.
    mutating func read(_ source: BackupSource, _ opening: BackupKey.Opening) async throws -> BackupSummary {
        var reader = BackupReader(opening, hash: vault.foundation.passwordHash)
        do {
            while try await reader.fill(from: source) { while let event = try reader.next() { try await take(event) } }
            let (head, counts) = try reader.finished()
            begin()
            try await settle(but: 0)
            return try tally.summary(head, counts)
        } catch {
            // Nobody stores anything once this is over.
            for portion in underway { _ = await portion.result }
            throw error
        }
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
            var change = Change()
            let project = try await vault.names.makeProject(document.name, id: id, createdAt: createdAt, change: &change)
            gathered.add(change)
            projects[id] = (project, document.name)
        case .item(.environment(let id, let project, let createdAt, let document)):
            guard let (outer, name) = projects[project] else { throw BackupError.malformed }
            var change = Change()
            try vault.names.makeEnvironment(document.name, in: outer, id: id, createdAt: createdAt, change: &change)
            gathered.add(change)
            let scope = Scope(project: name, environment: document.name)
            places[id] = Place(organization: vault.organization, project: project, environment: id, scope: scope)
        case .item(.policy(let id, let createdAt, let policy)):
            var change = Change()
            change.put(try vault.policyRow(policy, id: id, createdAt: createdAt), replacing: nil)
            gathered.add(change)
        case .item(.secret(let backed)):
            guard let place = places[backed.environment] else { throw BackupError.malformed }
            // The rows of projects have to be there before their keys are asked for.
            if secret == nil {
                begin()
                try await settle(but: 0)
            }
            let record = backed.record(in: place)
            gathered.add(record, backed.metadata)
            secret = record
        case .version(let number, let manifest, let values):
            guard let secret else { throw BackupError.malformed }
            gathered.add(manifest, values, as: number, of: secret)
        }
        guard gathered.isFull else { return }
        begin()
        try await settle(but: Self.mostUnderway)
    }

    /// Begins to seal and store what is gathered.
    private mutating func begin() {
        let (portion, vault, before) = (gathered, vault, underway.last)
        gathered = RestorePortion()
        guard !portion.isEmpty else { return }
        // Owned by this restore, which waits for all of them.
        underway.append(
            Task {
                let (operations, rows) = try await portion.sealed(in: vault)
                _ = try await before?.value
                try await Self.store(Batch(operations), in: vault.store)
                return rows
            })
    }

    /// Waits for all but the last so many portions.
    private mutating func settle(but count: Int) async throws {
        while underway.count > count {
            for row in try await underway[0].value { digest.add(row, key: digestKey) }
            underway.removeFirst()
        }
    }

    private static func store(_ batch: Batch, in store: any VaultStore) async throws {
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
