import Auditing
import Envelopes
import Model
import Policies
import Storage
import Synchronization
import TestKit
import Testing

@testable import Secrets

/// Backups: what is in them, who gets one, and what a new vault is that was made of one.
@Suite struct BackupTests {
    static let password = "CANARY-backup-password"
    private static let other = VaultBench.scope("shop/prod")
    static let recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

    /// A vault with something of every kind.
    static func bench() async throws -> VaultBench {
        let bench = try await VaultBench.unlocked()
        let person = bench.person()
        try await bench.open.createProject(VaultBench.segment("shop"), by: person)
        try await bench.open.createEnvironment(other.environment, in: other.project, by: person)
        for _ in 0..<3 { try await bench.set("app/key", bench.canary().secret) }
        var write = SecretWrite(
            name: VaultBench.name("db/main"),
            fields: [
                .init(name: VaultBench.segment("user"), kind: .plain, value: "app".secret),
                .init(name: VaultBench.segment("password"), kind: .secret, value: bench.canary().secret),
            ])
        (write.tags, write.description, write.note, write.url) = (["prod", "db"], "the main one", "CANARY-note", "https://db.example")
        (write.expiry, write.bindings) = (.after(.seconds(3600)), [("PGPASSWORD", VaultBench.segment("password"))])
        _ = try await bench.open.set(write, in: other, by: person)
        try await bench.set("gone", bench.canary().secret)
        _ = try await bench.open.delete(VaultBench.name("gone"), in: VaultBench.dev, by: person)
        _ = try await bench.open.addAgent(VaultBench.segment("known"), by: person)
        try await bench.allow([.broker], agent: "known", rules: TokenTests.rules)
        try await bench.allow([.broker, .maskedReturn], agent: "known", rules: TokenTests.rules)
        _ = try await bench.open.issueToken(TokenTests.wish(agent: "known"), by: person)
        return bench
    }

    /// The bytes of a backup.
    static func file(
        of bench: VaultBench, sealedTo sealing: BackupKey.Sealing = .password(password.secret), by asker: Asker? = nil
    ) async throws -> [UInt8] {
        let backup = try await bench.open.beginBackup(sealedTo: sealing, by: asker ?? bench.person())
        return try await bytes(of: backup, bench)
    }

    static func bytes(of backup: BackupUnderway, _ bench: VaultBench) async throws -> [UInt8] {
        var file: [UInt8] = []
        _ = try await bench.open.write(backup) { piece, _ in file += piece }
        return file
    }

    static func source(_ file: [UInt8]) -> BackupSource {
        let pieces = CutFile(file)
        return { await pieces.next() }
    }

    /// A machine on which there is no vault yet, and what a backup is restored to on it.
    static func restored(_ file: [UInt8], on bench: VaultBench = VaultBench()) async throws -> (bench: VaultBench, done: Vault.Restored) {
        let done = try await bench.vault.restore(
            from: source(file), opening: .password(password.secret), password: VaultBench.password.secret, by: bench.nobody(), at: bench.terminal)
        return (bench, done)
    }

    /// All that a person can see of a vault, value by value.
    static func everything(_ bench: VaultBench) async throws -> [String] {
        let open = try bench.open
        var lines: [String] = []
        for place in try await open.allPlaces() {
            try await open.forEachPage(of: place) { page in
                for secret in page {
                    let metadata = try await open.shelf.metadata(secret)
                    lines.append("\(place) \(metadata)".replacing("\(place.organization)", with: "") + " \(BackedSecret(secret, metadata))")
                }
                let access = try await open.authorizer.authorize(Act(.healthCheck, .masked, .person), by: bench.person(), on: [])
                try await open.forEachVersion(of: page, access) { secret, number, manifest, values in
                    lines.append("\(secret.id) \(number) \(manifest) \(values.map(\.text))")
                }
            }
        }
        for (id, createdAt, policy) in try await open.policies() { lines.append("\(id) \(createdAt) \(policy)") }
        return lines
    }

    @Test("a new vault has everything that the old one had, under keys, a log and an id of its own") func restored() async throws {
        let bench = try await Self.bench()
        let file = try await Self.file(of: bench)
        let (fresh, done) = try await Self.restored(file)
        #expect(try await Self.everything(fresh) == Self.everything(bench))
        #expect(try await Self.everything(bench).count == 3 + 5 + 2)
        let old = try bench.open
        #expect(try fresh.open.organization == done.organization)
        #expect(done.organization != old.organization)
        let (key, before) = (try fresh.open.verifierKey, try old.verifierKey)
        #expect(done.verifierKey != before && key == done.verifierKey)
        let first = try #require(try await fresh.log().first)
        #expect(first.action == .known(.vaultRestore))
        let checkpoint = try #require(try await old.store.lastCheckpoint(in: old.organization))
        let named = try #require(first.detail.first { $0.key == "checkpoint" }?.value)
        #expect(String(decoding: checkpoint.note, as: UTF8.self).replacing("\n", with: " ").hasPrefix(named) && named.contains("\(old.organization)"))
        #expect(first.detail.contains(AuditFact("verifier-key", before)))
        #expect(try await fresh.verify().verdict.isIntact)
        // It opens again with its password, and with the checks of every vault.
        try await fresh.relock()
        #expect(try await Self.everything(fresh) == Self.everything(bench))
        // And what was stored goes on from there.
        try await fresh.set("app/key", fresh.canary().secret)
        #expect(try await fresh.open.history(VaultBench.name("app/key"), in: VaultBench.dev, by: fresh.person()).count == 4)
    }

    @Test("no agent, token, approval, session, slot or entry of the log is in a backup, and nothing of it in clear") func left() async throws {
        let bench = try await Self.bench()
        let file = try await Self.file(of: bench)
        for text in ["CANARY", "app/key", "shop", "known", "prod"] { #expect(!file.contains(text.utf8), "\(text)") }
        let (fresh, _) = try await Self.restored(file)
        let kinds = try await StoreDump(of: try #require(fresh.staging.published)).records.map(\.kind)
        #expect(Set(kinds) == [.vault, .slot, .organization, .project, .environment, .secret, .policy])
        #expect(try await fresh.open.agents(by: fresh.person()).isEmpty)
    }

    @Test("a vault of many secrets and large values comes back whole, and is never held whole") func large() async throws {
        let bench = try await VaultBench.unlocked()
        let writes = (0..<1100).map { VaultBench.write("n/\($0)", "CANARY-\($0)".secret) }
        _ = try await bench.open.importSecrets(.init(secrets: writes, conflict: .error, isDryRun: false), in: VaultBench.dev, by: bench.person())
        for number in 0..<4 {
            let value = SecretValue(copying: unsafe [UInt8](repeating: UInt8(number), count: SecretValue.maximumByteCount - number).span.bytes)
            try await bench.set("large", value)
        }
        let backup = try await bench.open.beginBackup(sealedTo: .password(Self.password.secret), by: bench.person())
        var (file, largest): ([UInt8], Int) = ([], 0)
        let counts = try await bench.open.write(backup) { piece, _ in
            file += piece
            largest = max(largest, piece.count)
        }
        #expect(largest <= 66_000 && counts.secrets == 1101 && counts.versions == 1104)
        let (fresh, _) = try await Self.restored(file)
        #expect(try await Self.everything(fresh) == Self.everything(bench))
    }

    @Test("only a person who was asked again gets a backup; agents get none, and their tries are in the log") func who() async throws {
        let bench = try await Self.bench()
        await #expect(throws: EngineError.stepUpRequired) { try await Self.file(of: bench, by: bench.person(steppedUp: false)) }
        await #expect(throws: EngineError.denied(.personOnly)) { try await Self.file(of: bench, by: bench.agent()) }
        await #expect(throws: EngineError.denied(.personOnly)) { try await Self.file(of: bench, by: bench.nobody()) }
        await #expect(throws: EngineError.passwordTooShort) { try await Self.file(of: bench, sealedTo: .password("short".secret)) }
        let file = try await Self.file(of: bench)
        let opening = BackupKey.Opening.password(Self.password.secret)
        await #expect(throws: EngineError.denied(.personOnly)) {
            try await bench.vault.checkBackup(from: Self.source(file), opening: opening, by: bench.agent())
        }
        await #expect(throws: EngineError.denied(.personOnly)) {
            try await bench.open.drill(from: Self.source(file), opening: opening, by: bench.agent())
        }
        await #expect(throws: EngineError.stepUpRequired) {
            try await bench.open.drill(from: Self.source(file), opening: opening, by: bench.person(steppedUp: false))
        }
        await #expect(throws: EngineError.denied(.personOnly)) {
            try await VaultBench().vault.restore(
                from: Self.source(file), opening: opening, password: "long enough".secret, by: bench.agent(), at: bench.terminal)
        }
        await #expect(throws: EngineError.vaultExists) { try await Self.restored(file, on: bench) }
        try await bench.relock()
        let lines = try await bench.log().map(AuditTrailTests.line)
        for line in [
            "backup.make administer deny(step-up.required)", "backup.make administer deny(\(EngineError.denied(.personOnly).code))",
            "backup.check none deny(\(EngineError.denied(.personOnly).code))",
            "backup.drill administer deny(\(EngineError.denied(.personOnly).code))",
            "backup.make administer intent allow record sealed-to=password",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(lines.contains { $0.hasPrefix("backup.make administer outcome(handed over) allow record secrets=3 versions=5 policies=2 bytes=") })
    }

    @Test("a backup that breaks off says so in the log, and nobody has to wait for it") func broken() async throws {
        let bench = try await Self.bench()
        let backup = try await bench.open.beginBackup(sealedTo: .password(Self.password.secret), by: bench.person())
        await #expect(throws: CancellationError.self) { try await bench.open.write(backup) { _, _ in throw CancellationError() } }
        _ = try await Self.file(of: bench)
        try await bench.relock()
        #expect(try await bench.log().map(AuditTrailTests.line).contains("backup.make administer outcome(broken off) allow record"))
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("whatever is wrong with a backup, no vault appears, and nothing is left beside its place") func wrong() async throws {
        let bench = try await Self.bench()
        let file = try await Self.file(of: bench)
        let fresh = VaultBench()
        for count in stride(from: 0, through: file.count - 1, by: 97) {
            await #expect(throws: BackupError.self) { try await Self.restored(Array(file.prefix(count)), on: fresh) }
        }
        var changed = file
        changed[file.count / 2] ^= 1
        await #expect(throws: BackupError.self) { try await Self.restored(changed, on: fresh) }
        await #expect(throws: BackupError.wrongPassword) {
            try await fresh.vault.restore(
                from: Self.source(file), opening: .password("another".secret), password: "long enough".secret, by: fresh.nobody(), at: fresh.terminal)
        }
        await #expect(throws: EngineError.passwordTooShort) {
            try await fresh.vault.restore(
                from: Self.source(file), opening: .password(Self.password.secret), password: "short".secret, by: fresh.nobody(), at: fresh.terminal)
        }
        #expect(fresh.staging.published == nil && fresh.staging.isOpen == 0 && fresh.runners.isAlive == false)
        // What was wrong before keeps nobody from restoring.
        _ = try await Self.restored(file, on: fresh)
        #expect(fresh.staging.isOpen == 0 && fresh.staging.published != nil && fresh.runners.isAlive == true)
    }

    @Test("a store that fails at any call leaves no vault, or a whole one") func failing() async throws {
        let file = try await Self.file(of: try await Self.bench())
        for moment in FailingStore.Moment.allCases {
            for number in 1...200 {
                let fresh = VaultBench()
                let failing = Mutex<FailingStore?>(nil)
                fresh.staging.wrap { memory in
                    let store = FailingStore(memory, failing: number, moment)
                    failing.withLock { $0 = store }
                    return store
                }
                do { _ = try await Self.restored(file, on: fresh) } catch {
                    #expect(fresh.staging.published == nil && fresh.staging.isOpen == 0, "call \(number), \(moment)")
                }
                guard failing.withLock({ $0?.hasFailed }) == true else { break }
                try #require(number < 200)
            }
        }
        let fresh = VaultBench()
        fresh.staging.refuseToPublish()
        await #expect(throws: StoreError.full) { try await Self.restored(file, on: fresh) }
        #expect(fresh.staging.isOpen == 0)
    }

    @Test("while one backup, restore or drill goes on, another is told so") func busy() async throws {
        let bench = try await Self.bench()
        let file = try await Self.file(of: bench)
        let first = try await bench.open.beginBackup(sealedTo: .password(Self.password.secret), by: bench.person())
        var errors: [EngineError] = []
        _ = try await bench.open.write(first) { _, _ in
            guard errors.isEmpty else { return }
            do { _ = try await Self.file(of: bench) } catch let error as EngineError { errors.append(error) }
            do {
                _ = try await bench.open.drill(from: Self.source(file), opening: .password(Self.password.secret), by: bench.person())
            } catch let error as EngineError { errors.append(error) }
        }
        #expect(errors == [.backupBusy, .backupBusy])
        _ = try await Self.file(of: bench)
    }

    @Test("what a schedule was granted is backups to its recipients, for a program without a badge too, and no more often than is good")
    func scheduled() async throws {
        let bench = try await Self.bench()
        let recipients = [try AgeRecipient(parsing: Self.recipient)]
        await #expect(throws: EngineError.stepUpRequired) {
            try await bench.open.grantBackups(to: recipients, by: bench.person(steppedUp: false))
        }
        await #expect(throws: EngineError.denied(.personOnly)) { try await bench.open.grantBackups(to: recipients, by: bench.nobody()) }
        let grant = try await bench.open.grantBackups(to: recipients, by: bench.person())
        let backup = try await bench.open.beginBackup(by: grant, by: bench.nobody())
        guard case .recipients(let file) = backup.head.lock else { throw TestFailure("sealed to something else") }
        #expect(String(decoding: file.prefix(21), as: UTF8.self) == "age-encryption.org/v1")
        _ = try await Self.bytes(of: backup, bench)
        await #expect(throws: EngineError.backupTooSoon(seconds: 599)) { try await bench.open.beginBackup(by: grant, by: bench.nobody()) }
        bench.machine.advance(.seconds(601))
        _ = try await Self.bytes(of: try await bench.open.beginBackup(by: grant, by: bench.nobody()), bench)
        // Nobody's own recipient, no longer than was granted, and no agent's whatever it brings.
        var forged = grant
        forged.recipients.append(try AgeRecipient(parsing: "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"))
        var longer = grant
        longer.expiresAt = grant.expiresAt.advanced(by: .seconds(1))
        bench.machine.advance(.seconds(601))
        for wrong in [forged, longer] {
            await #expect(throws: EngineError.denied(.backupNotGranted)) { try await bench.open.beginBackup(by: wrong, by: bench.nobody()) }
        }
        await #expect(throws: EngineError.denied(.personOnly)) { try await bench.open.beginBackup(by: grant, by: bench.agent()) }
        _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
        await #expect(throws: EngineError.denied(.backupNotGranted)) { try await bench.open.beginBackup(by: grant, by: bench.nobody()) }
        let renewed = try await bench.open.grantBackups(to: recipients, by: bench.person())
        bench.machine.advance(.seconds(401 * 24 * 3600))
        await #expect(throws: (any Error).self) { try await bench.open.beginBackup(by: renewed, by: bench.nobody()) }
    }
}
