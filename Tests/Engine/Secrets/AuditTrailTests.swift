import Auditing
import Envelopes
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// What each verb leaves in the log: action, mode, phase, decision, subject, detail.
@Suite struct AuditTrailTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let act: @Sendable (VaultBench) async throws -> Void
        let lines: [String]

        init(_ what: String, _ lines: String..., act: @escaping @Sendable (VaultBench) async throws -> Void) {
            testDescription = what
            self.lines = lines
            self.act = act
        }
    }

    private static let key = VaultBench.name("app/key")
    private static func segment(_ text: String) -> SegmentName { VaultBench.segment(text) }
    private static func reference(_ name: String = "app/key", version: Int64? = nil) -> FieldReference {
        FieldReference(scope: VaultBench.dev, name: VaultBench.name(name), version: version)
    }

    static let secrets: [Row] = [
        Row("set, new", "secret.set write allow default/dev/app/new v1 #") { try await $0.set("app/new", "CANARY-x".secret) },
        Row("set, next", "secret.set write allow default/dev/app/key v2 #") { try await $0.set("app/key", "CANARY-x".secret) },
        Row(
            "set, keeping a field", "secret.set write intent allow default/dev/app/key #",
            "secret.set write outcome(done) allow default/dev/app/key v2 #"
        ) { _ = try await $0.open.set(VaultBench.write("app/key", "CANARY-x".secret, field: "more"), in: VaultBench.dev, by: $0.person()) },
        Row(
            "reveal", "secret.reveal reveal intent allow default/dev/app/key v1 #",
            "secret.reveal reveal outcome(done) allow default/dev/app/key v1 #"
        ) { _ = try await $0.open.reveal(reference(), by: $0.person(), withinGrace: false) },
        Row("reveal, absent", "secret.reveal reveal deny(secret.not-found) default/dev/no") {
            _ = try? await $0.open.reveal(reference("no"), by: $0.person(), withinGrace: false)
        },
        Row(
            "reveal, no such version", "secret.reveal reveal intent allow default/dev/app/key v7 #",
            "secret.reveal reveal outcome(version.not-found) allow default/dev/app/key v7 #"
        ) { _ = try? await $0.open.reveal(reference(version: 7), by: $0.person(), withinGrace: false) },
        Row("reveal, not asked again", "secret.reveal reveal deny(step-up.required) default/dev/app/key v1 #") {
            _ = try? await $0.open.reveal(reference(), by: $0.person(steppedUp: false), withinGrace: false)
        },
        Row(
            "masked", "secret.masked masked intent allow default/dev/app/key v1 #",
            "secret.masked masked outcome(done) allow default/dev/app/key v1 #"
        ) { _ = try await $0.open.masked(reference(), by: $0.person()) },
        Row("show", "secret.show reference intent allow default/dev/app/key #", "secret.show reference outcome(done) allow default/dev/app/key #") {
            _ = try await $0.open.show(key, in: VaultBench.dev, by: $0.person())
        },
        Row("history", "secret.show reference intent allow default/dev/app/key #", "secret.show reference outcome(done) allow default/dev/app/key #")
        { _ = try await $0.open.history(key, in: VaultBench.dev, by: $0.person()) },
        Row(
            "exists", "secret.exists reference intent allow default/dev/app/key #, default/dev/no",
            "secret.exists reference outcome(done) allow default/dev/app/key #, default/dev/no"
        ) { _ = try await $0.open.exists([key, VaultBench.name("no")], in: VaultBench.dev, by: $0.person()) },
        Row("list", "secret.list list intent allow default/dev @", "secret.list list outcome(done) allow default/dev @") {
            _ = try await $0.open.list(VaultBench.dev, ListFilter(), by: $0.person())
        },
        Row("list, absent", "secret.list list deny(project.not-found) no/no") {
            _ = try? await $0.open.list(VaultBench.scope("no/no"), ListFilter(), by: $0.person())
        },
        Row("delete and undelete", "secret.delete write allow default/dev/app/key #", "secret.undelete write allow default/dev/app/key #") {
            _ = try await $0.open.delete(key, in: VaultBench.dev, by: $0.person())
            _ = try await $0.open.undelete(key, in: VaultBench.dev, by: $0.person())
        },
        Row("purge", "secret.delete write allow default/dev/app/key #", "secret.purge write allow default/dev/app/key #") {
            _ = try await $0.open.delete(key, in: VaultBench.dev, by: $0.person())
            try await $0.open.purge(key, in: VaultBench.dev, by: $0.person())
        },
        Row(
            "rollback", "secret.rollback write intent allow default/dev/app/key v1 #",
            "secret.rollback write outcome(done) allow default/dev/app/key v1 #"
        ) { _ = try await $0.open.rollback(key, in: VaultBench.dev, to: 1, expectedRevision: nil, by: $0.person()) },
        Row("rename", "secret.rename write allow default/dev/app/key # new-name=app/new") {
            try await patch($0) { $0.name = VaultBench.name("app/new") }
        },
        Row("tag", "secret.tag write allow default/dev/app/key # changed=tags,note") {
            try await patch($0) {
                $0.addTags = ["a"]
                $0.note = "n"
            }
        }, Row("renew", "secret.renew write allow default/dev/app/key # changed=expiry") { try await patch($0) { $0.expiry = .after(.seconds(60)) } },
        Row(
            "import", "secret.import write intent allow default/dev @ secrets=2",
            "secret.import write outcome(done) allow default/dev/A v1 #, default/dev/B v1 #"
        ) { try await importTwo($0, isDryRun: false) },
        Row("import, dry", "secret.import write intent allow default/dev @ secrets=2", "secret.import write outcome(dry-run) allow default/dev @") {
            try await importTwo($0, isDryRun: true)
        },
        Row(
            "import, conflict", "secret.import write intent allow default/dev @ secrets=1",
            "secret.import write outcome(request.invalid) allow default/dev @"
        ) { bench in
            let wish = ImportWish(secrets: [VaultBench.write("app/key", "CANARY-x".secret)], conflict: .error, isDryRun: false)
            _ = try? await bench.open.importSecrets(wish, in: VaultBench.dev, by: bench.person())
        },
    ]

    static let exports: [Row] = [
        Row("export, planned", "secret.export list intent allow default/dev @", "secret.export list outcome(plan) allow default/dev @") {
            _ = try await $0.open.exportPlan(of: VaultBench.dev, after: nil, limit: 10, by: $0.person())
        },
        Row(
            "export", "secret.set write allow default/dev/B v1 #", "secret.export reveal intent allow default/dev/app/key v1 #, default/dev/B v1 #",
            "secret.export reveal outcome(done) allow default/dev/app/key v1 #, default/dev/B v1 #"
        ) { bench in
            try await bench.set("B", "CANARY-x".secret)
            _ = try await export(bench, ("app/key", 1), ("B", 1))
        },
        Row(
            "export, one of them expired", "secret.renew write allow default/dev/app/key # changed=expiry",
            "secret.set write allow default/dev/B v1 #",
            "secret.export reveal intent allow default/dev/B v1 # expired=1", "secret.export reveal outcome(done) allow default/dev/B v1 #"
        ) { bench in
            try await patch(bench) { $0.expiry = .after(.seconds(60)) }
            bench.machine.advance(.seconds(61))
            try await bench.set("B", "CANARY-x".secret)
            _ = try await export(bench, ("app/key", 1), ("B", 1))
        },
        Row("export, not asked again", "secret.export reveal deny(step-up.required) default/dev") {
            _ = try? await export($0, ("app/key", 1), by: $0.person(steppedUp: false))
        },
        Row("export, changed meanwhile", "secret.export reveal deny(plan.changed) default/dev") { _ = try? await export($0, ("app/key", 2)) },
        Row("export, absent", "secret.export reveal deny(project.not-found) no/no") { bench in
            let item = ExportItem(name: key, version: 1)
            _ = try? await bench.open.export([item], from: VaultBench.scope("no/no"), by: bench.person())
        },
    ]

    private static func export(_ bench: VaultBench, _ items: (String, Int64)..., by asker: Asker? = nil) async throws -> [ExportedSecret] {
        let items = items.map { ExportItem(name: VaultBench.name($0.0), version: $0.1) }
        return try await bench.open.export(items, from: VaultBench.dev, by: asker ?? bench.person())
    }

    static let comparisons: [Row] = [
        Row(
            "compare", "secret.compare masked intent allow default/dev/app/key v1 #, default/dev/app/key v1 #",
            "secret.compare masked outcome(done) allow default/dev/app/key v1 #, default/dev/app/key v1 #"
        ) { bench in
            let reference = FieldReference(scope: VaultBench.dev, name: key)
            _ = try await bench.open.compare(.secrets(from: reference, to: reference), by: bench.person())
        },
        Row("health", "health.check masked intent allow", "health.check masked outcome(done) allow") {
            _ = try await $0.open.health(by: $0.person())
        },
        Row(
            "environment history", "environment.history list intent allow default/dev @", "environment.history list outcome(done) allow default/dev @"
        ) {
            _ = try await $0.open.history(of: VaultBench.dev, limit: 1, by: $0.person())
        },
        Row(
            "restore, planned", "environment.restore masked intent allow default/dev @ as-of=2020-09-13T12:26:40.000000000Z",
            "environment.restore masked outcome(plan) allow default/dev @"
        ) { bench in
            let then = PlaceMoment(scope: VaultBench.dev, time: Timestamp(nanoseconds: 1_600_000_000_000_000_000))
            _ = try await bench.open.copy(CopyWish(from: then, to: VaultBench.dev, isExact: true), by: bench.person())
        },
        Row(
            "restore", "environment.restore write intent allow default/dev @ as-of=2020-09-13T12:26:40.000000000Z",
            "environment.restore write outcome(done) allow default/dev/app/key #"
        ) { bench in
            let then = PlaceMoment(scope: VaultBench.dev, time: Timestamp(nanoseconds: 1_600_000_000_000_000_000))
            var wish = CopyWish(from: then, to: VaultBench.dev, isExact: true)
            wish.approved = [CopyStep(name: key, kind: .delete, versions: .init(nil, 1))]
            _ = try await bench.open.copy(wish, by: bench.person())
        },
    ]

    static let backups: [Row] = [
        Row(
            "backup", "backup.make administer intent allow record sealed-to=password",
            "backup.make administer outcome(handed over) allow record secrets=1 versions=1 policies=0 bytes=B"
        ) { _ = try await BackupTests.file(of: $0) },
        Row("backup, not asked again", "backup.make administer deny(step-up.required)") {
            _ = try? await BackupTests.file(of: $0, by: $0.person(steppedUp: false))
        },
        Row(
            "backup that broke off", "backup.make administer intent allow record sealed-to=password",
            "backup.make administer outcome(store.full) allow record"
        ) { bench in
            let backup = try await bench.open.beginBackup(sealedTo: .password(BackupTests.password.secret), by: bench.person())
            _ = try? await bench.open.write(backup) { _, _ in throw StoreError.full }
        },
        Row(
            "backup by schedule", "backup.schedule administer allow until=T recipients=\(BackupTests.recipient)",
            "backup.make administer intent allow record sealed-to=recipients granted=schedule",
            "backup.make administer outcome(handed over) allow record secrets=1 versions=1 policies=0 bytes=B"
        ) { bench in
            let grant = try await bench.open.grantBackups(to: [AgeRecipient(parsing: BackupTests.recipient)], by: bench.person())
            _ = try await BackupTests.bytes(of: try await bench.open.beginBackup(by: grant, by: bench.person()), bench)
        },
        Row(
            "check and drill", "backup.make administer intent allow record sealed-to=password",
            "backup.make administer outcome(handed over) allow record secrets=1 versions=1 policies=0 bytes=B", "backup.check none intent allow",
            "backup.check none outcome(done) allow", "backup.drill administer intent allow", "backup.drill administer outcome(done) allow"
        ) { bench in
            let (file, opening) = (try await BackupTests.file(of: bench), BackupKey.Opening.password(BackupTests.password.secret))
            _ = try await bench.vault.checkBackup(from: BackupTests.source(file), opening: opening, by: bench.person())
            _ = try await bench.open.drill(from: BackupTests.source(file), opening: opening, by: bench.person())
        },
        Row(
            "check and drill of what is none", "backup.check none intent allow", "backup.check none outcome(backup.unknown) allow",
            "backup.drill administer intent allow", "backup.drill administer outcome(backup.unknown) allow"
        ) { bench in
            let opening = BackupKey.Opening.password(BackupTests.password.secret)
            _ = try? await bench.vault.checkBackup(from: BackupTests.source([]), opening: opening, by: bench.person())
            _ = try? await bench.open.drill(from: BackupTests.source([]), opening: opening, by: bench.person())
        },
    ]

    static let administration: [Row] = [
        Row("projects", "project.list list intent allow", "project.list list outcome(done) allow") {
            _ = try await $0.open.projects(by: $0.person())
        },
        Row("environments", "environment.list list intent allow", "environment.list list outcome(done) allow") {
            _ = try await $0.open.environments(of: segment("default"), by: $0.person())
        },
        Row(
            "project create, rename, delete", "project.create write allow web @", "project.rename write allow web → site @",
            "project.delete write allow site @"
        ) {
            try await $0.open.createProject(segment("web"), by: $0.person())
            try await $0.open.renameProject(segment("web"), to: segment("site"), by: $0.person())
            try await $0.open.deleteProject(segment("site"), by: $0.person())
        },
        Row(
            "environment create, rename, delete", "environment.create write allow default/prod @",
            "environment.rename write allow default/prod → live @", "environment.delete write allow default/live @"
        ) {
            try await $0.open.createEnvironment(segment("prod"), in: segment("default"), by: $0.person())
            try await $0.open.renameEnvironment(segment("prod"), in: segment("default"), to: segment("live"), by: $0.person())
            try await $0.open.deleteEnvironment(segment("live"), in: segment("default"), by: $0.person())
        }, Row("policy apply", "policy.apply administer allow v1 record") { try await $0.allow([.maskedReturn]) },
        Row("policy show", "policy.show administer intent allow", "policy.show administer outcome(done) allow") {
            _ = try await $0.open.showPolicy(by: $0.person())
        },
        Row("policy explain", "policy.explain administer intent allow", "policy.explain administer outcome(done) allow") {
            let inquiry = PolicyInquiry(agent: .unidentified, scope: VaultBench.dev, name: key, capability: .reveal)
            _ = try await $0.open.explainPolicy(inquiry, by: $0.person())
        }, Row("agents", "agent.list list intent allow", "agent.list list outcome(done) allow") { _ = try await $0.open.agents(by: $0.person()) },
        Row("agent add, revoke", "agent.add administer allow bot record", "agent.revoke administer allow bot record") {
            _ = try await $0.open.addAgent(segment("bot"), by: $0.person())
            try await $0.open.revokeAgent(segment("bot"), by: $0.person())
        },
        Row(
            "token issue, list, revoke", "policy.apply administer allow v1 record", "agent.add administer allow bot record",
            "token.issue administer allow default/dev/app/key v1 # token=T for=bot ttl=1h", "token.list list intent allow",
            "token.list list outcome(done) allow", "token.revoke administer allow bot record tokens=1", "token.revoke administer allow tokens=0"
        ) { bench in
            try await bench.allow([.broker], agent: "bot", rules: TokenTests.rules)
            _ = try await bench.open.addAgent(segment("bot"), by: bench.person())
            _ = try await bench.open.issueToken(TokenTests.wish(agent: "bot", life: .seconds(3600)), by: bench.person())
            _ = try await bench.open.tokens(by: bench.person())
            _ = try await bench.open.revokeTokens(.agent(segment("bot")), by: bench.person())
            _ = try await bench.open.revokeTokens(.all, by: bench.person())
        },
        Row(
            "freeze, thaw", "agents.freeze administer allow sessions=0 files=0 brokers=0 runs=0 tokens=0", "agents.thaw administer allow"
        ) {
            _ = try await $0.vault.panic(by: $0.person(steppedUp: false))
            try await $0.open.thawAgents(by: $0.person())
        },
        Row("output reset", "agent.reset-output administer allow unidentified withheld=0") {
            _ = try await $0.open.resetOutput(of: segment("unidentified"), by: $0.person())
        }, Row("slots", "slot.list list intent allow", "slot.list list outcome(done) allow") { _ = try await $0.open.slots(by: $0.person()) },
        Row("slot add, remove", "slot.add administer allow record", "slot.remove administer allow record") {
            let id = try await $0.open.addPasswordSlot("another password".secret, by: $0.person())
            try await $0.open.removeSlot(id, by: $0.person())
        }, Row("recovery", "slot.replace-recovery administer allow record") { _ = try await $0.open.replaceRecovery(by: $0.person()) },
        Row("password", "password.change administer allow record") {
            try await $0.vault.changePassword(current: VaultBench.password.secret, to: "another password".secret, by: $0.person())
        },
        Row("root", "root.rotate administer allow generation=2 rewrapped=2") {
            _ = try await $0.vault.rotateRoot(password: VaultBench.password.secret, by: $0.person())
        },
        Row(
            "rotation", "rotation.begin administer allow @ rotation=project keys=1 versions=1", "rotation.step administer allow @ versions=1 rows=2",
            "rotation.step administer allow @ versions=0 rows=0", "rotation.end administer allow @ rotation=project versions=1 rows=2 destroyed=1"
        ) { try await $0.rotate(RotationTests.shop) },
        Row(
            "reseal", "rotation.begin administer allow rotation=reseal keys=1 versions=1", "rotation.step administer intent allow",
            "rotation.step administer outcome(moved) allow versions=1 rows=2", "rotation.step administer allow versions=0 rows=0",
            "rotation.end administer allow rotation=reseal versions=1 rows=2 destroyed=1"
        ) { try await $0.rotate(RotationTests.everything) },
        Row(
            "organization", "rotation.begin administer allow rotation=organization generation=2 verifier-key=K",
            "rotation.end administer allow rotation=organization generation=2 rows=6 tokens=0"
        ) { _ = try await $0.vault.rotateOrganization(by: $0.person()) },
        Row("rotation, shown", "rotation.show administer intent allow", "rotation.show administer outcome(done) allow") {
            _ = try await $0.open.rotation(by: $0.person())
        },
        Row("step-up", "step-up administer allow") {
            _ = try await $0.vault.stepUp(password: VaultBench.password.secret, opensGrace: false, by: $0.nobody(), at: $0.terminal)
        },
        Row("step-up with grace", "step-up administer allow reveal-grace=5m") {
            _ = try await $0.vault.stepUp(password: VaultBench.password.secret, opensGrace: true, by: $0.nobody(), at: $0.terminal)
        }, Row("unlock again, with a lease", "vault.unlock administer allow lease=8h") { try await $0.unlock(lease: .seconds(8 * 3600)) },
        Row("lock and unlock", "vault.lock administer allow", "vault.unlock administer allow") { try await $0.relock() },
        Row("audit read", "audit.read administer allow") { _ = try await $0.open.auditEntries(from: 0, limit: 1, by: $0.person()) },
        Row("audit export", "audit.export administer allow") { _ = try await $0.open.storedEntries(from: 0, limit: 1, by: $0.person()) },
        Row("audit verify", "audit.verify administer allow") { _ = try await $0.open.verifyAudit(trusted: [], by: $0.person()) },
        Row("audit prove", "audit.prove administer allow") { _ = try await $0.open.prove(ProofWish(.entry(0)), by: $0.person()) },
        Row("audit prune", "audit.read administer allow", "audit.prune administer allow entries=4 anchor=4 root=R") { bench in
            let cut = try SignedCheckpoint(parsing: try await bench.open.checkpoint(by: bench.person())?.note ?? []).size
            _ = try await bench.open.auditEntries(from: 0, limit: 1, by: bench.person())
            _ = try await bench.open.prune(before: bench.machine.clock.now().advanced(by: .seconds(1)), to: cut, by: bench.person())
        },
        Row("checkpoint", "audit.checkpoint administer allow") { _ = try await $0.open.checkpoint(by: $0.person()) },
        Row("checkpoints", "audit.read administer allow") { _ = try await $0.open.checkpoints(by: $0.person()) },
    ]

    @Test("every verb about secrets leaves its entries", arguments: secrets + exports + comparisons) func secret(row: Row) async throws {
        try await check(row)
    }

    @Test("every verb of administration leaves its entries", arguments: administration + backups) func administer(row: Row) async throws {
        try await check(row)
    }

    private func check(_ row: Row) async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        let before = try await bench.log().count + 1
        try await row.act(bench)
        let entries = try await bench.log(from: Int64(before))
        #expect(entries.map(Self.line) == row.lines)
        #expect(entries.allSatisfy { $0.source == .known(.cli) && $0.actor.kind == .known(.person) || $0.decision.effect == .deny })
        #expect(entries.allSatisfy { $0.actor.userName == "ada" && $0.actor.process == 4242 && $0.actor.executable == "/usr/bin/tacit" })
        let report = try await bench.verify()
        #expect(report.verdict.isIntact)
        #expect(report.missingOutcomes.isEmpty)
    }

    private static func shown(_ fact: AuditFact) -> String {
        ["token": "T", "verifier-key": "K", "root": "R", "until": "T", "bytes": "B"][fact.key] ?? fact.value
    }

    /// `T` stands for the id of a token or for a time, `B` for a number of bytes, `K` for a key that verifies,
    /// `#` for the ids of project, environment and secret, `@` for those of a project or environment.
    static func line(_ entry: AuditEntry) -> String {
        let phase: String? =
            switch entry.phase {
            case .single: nil
            case .intent: "intent"
            case .outcome(_, let result): "outcome(\(result))"
            }
        let decision = entry.decision.code.map { "deny(\($0))" } ?? "\(entry.decision.effect)"
        let subjects = entry.subjects.map { subject in
            let ids = subject.secret != nil && subject.project != nil && subject.environment != nil ? "#" : subject.project != nil ? "@" : nil
            return [subject.name, subject.version.map { "v\($0)" }, ids, subject.record == nil ? nil : "record"].compactMap(\.self).joined(
                separator: " ")
        }
        let detail = entry.detail.map { "\($0.key)=\(Self.shown($0))" }.joined(separator: " ")
        return [entry.action.text, entry.mode.text, phase, decision, subjects.joined(separator: ", "), detail].compactMap(\.self).filter {
            !$0.isEmpty
        }.joined(separator: " ")
    }

    private static func patch(_ bench: VaultBench, _ change: (inout MetadataPatch) -> Void) async throws {
        var patch = MetadataPatch()
        change(&patch)
        _ = try await bench.open.patch(key, in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
    }

    private static func importTwo(_ bench: VaultBench, isDryRun: Bool) async throws {
        let writes = ["A", "B"].map { VaultBench.write($0, "CANARY-x".secret) }
        _ = try await bench.open.importSecrets(
            ImportWish(secrets: writes, conflict: .error, isDryRun: isDryRun), in: VaultBench.dev, by: bench.person())
    }

    @Test("a patch that changes nothing but tags and expiry together says so") func facts() {
        var patch = MetadataPatch()
        (patch.removeTags, patch.expiry, patch.url) = (["a"], .never, "")
        #expect(patch.facts == [AuditFact("changed", "expiry,tags,url")])
    }

    @Test("identical denials become one entry with a count") func coalesced() async throws {
        let bench = try await VaultBench.unlocked()
        for _ in 0..<50 {
            await #expect(throws: EngineError.notFound(.secret)) {
                _ = try await bench.open.masked(FieldReference(scope: VaultBench.dev, name: Self.key), by: bench.agent())
            }
        }
        #expect(try await bench.log().filter { $0.decision.effect == .deny }.count == 1)
        bench.machine.advance(.seconds(61))
        try await bench.vault.upkeep()
        #expect(try await bench.log().filter { $0.decision.effect == .deny }.map(\.repeated) == [1, 49])
        for _ in 0..<3 { _ = try? await bench.open.masked(FieldReference(scope: VaultBench.dev, name: Self.key), by: bench.agent()) }
        try await bench.relock()
        #expect(try await bench.log().filter { $0.decision.effect == .deny }.map(\.repeated) == [1, 49, 1, 2])
    }

    @Test("many different denials of one agent do not fill the log") func folded() async throws {
        let bench = try await VaultBench.unlocked()
        for number in 0..<200 {
            let name = VaultBench.name("n\(number)")
            _ = try? await bench.open.masked(FieldReference(scope: VaultBench.dev, name: name), by: bench.agent())
        }
        try await bench.relock()
        let denials = try await bench.log().filter { $0.decision.effect == .deny }
        #expect(denials.count < 50)
        #expect(denials.reduce(0) { $0 + $1.repeated } == 200)
    }
}
