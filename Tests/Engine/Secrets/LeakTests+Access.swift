import Approvals
import Auditing
import Brokering
import Envelopes
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// The lines of the table that are about access, and not about keys.
extension LeakTests {
    @Test("an agent's badge") func badge() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", "CANARY-value".secret)
        try await bench.allow([.maskedReturn], agent: "coder")
        let badge = try await bench.open.addAgent(VaultBench.segment("coder"), by: bench.person())
        let asker = try await bench.vault.asker(at: bench.terminal, source: .mcp, Credentials(badge: badge))
        _ = try await bench.open.masked(FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key")), by: asker)
        try await bench.open.revokeAgent(VaultBench.segment("coder"), by: bench.person())
        let after = try? await bench.vault.asker(at: bench.terminal, source: .mcp, Credentials(badge: badge))
        #expect(after?.agent == nil)
        // A new badge of the same name is another one.
        let fresh = try await bench.open.addAgent(VaultBench.segment("coder"), by: bench.person())
        #expect(fresh != badge)
        let again = try? await bench.vault.asker(at: bench.terminal, source: .mcp, Credentials(badge: badge))
        #expect(again?.agent == nil)
    }

    @Test("a fake token") func fakeToken() async throws {
        let bench = try await TokenTests.bench()
        let (view, text) = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        #expect(try await bench.open.grant(recognising: Array(text.utf8))?.record.revokedAt == nil)
        // Rotations of other keys do not end it: it stands for the secret, whatever key that is under.
        try await bench.rotate(RotationTests.everything)
        _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
        let found = try #require(try await bench.open.grant(recognising: Array(text.utf8)))
        #expect(found.id == view.id && found.record.revokedAt == nil)
        #expect(try await bench.open.revokeTokens(.all, by: bench.person()) == 1)
        #expect(try await bench.open.grant(recognising: Array(text.utf8))?.record.revokedAt != nil)
        // That of the organization key ends all.
        let other = try await bench.open.issueToken(TokenTests.wish(), by: bench.person()).text
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        #expect(try await bench.open.grant(recognising: Array(other.utf8))?.record.revokedAt != nil)
    }

    @Test("an agent's session") func agentSession() async throws {
        let bench = try await AgentSessionTests.bench()
        let session = try await AgentSessionTests.wake(bench)
        #expect(await AgentSessionTests.mask(bench) == nil)
        var wish = SleepWish()
        wish.ids = [session.id]
        _ = try await bench.open.sleep(wish, by: bench.person())
        #expect(await AgentSessionTests.mask(bench) != nil)
    }

    @Test("an unlocked terminal, or a password given with one command") func terminal() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", "CANARY-value".secret)
        let token = try await bench.vault.stepUp(password: VaultBench.password.secret, opensGrace: false, by: bench.nobody(), at: bench.terminal)
            .token
        let credentials = Credentials(stepUpToken: token)
        let before = try await bench.vault.asker(at: bench.terminal, source: .cli, credentials)
        #expect(before.standing == .person(steppedUp: true))
        try await bench.lock()
        #expect(throws: EngineError.locked) { try bench.vault.opened(for: before) }
        try await bench.unlock()
        // Another connection of the terminal is a person's again, but not by that token.
        let after = try await bench.vault.asker(at: bench.door(9, terminal: 7, isNextToLeader: false), source: .cli, credentials)
        #expect(after.standing == .unidentified)
    }

    @Test("an authenticator's key") func authenticator() async throws {
        let tests = FactorTests()
        let (bench, key) = try await tests.enrolled()
        let request = try await tests.request(bench)
        try await bench.open.removeFactor(by: bench.person())
        _ = try await bench.open.enrollFactor(by: bench.person())
        await #expect(throws: (any Error).self) {
            _ = try await tests.decide(bench, request, tests.code(key, bench), by: bench.person(steppedUp: false))
        }
        #expect(try await bench.open.requests(by: bench.person()).first?.standing == .pending)
    }

    @Test("nobody knows what, and agents are running") func panic() async throws {
        let bench = try await TokenTests.bench()
        let (_, text) = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        let agent = try bench.agent()
        let reference = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        _ = try await bench.open.masked(reference, by: agent)
        _ = try await bench.vault.panic(by: bench.person())
        await #expect(throws: EngineError.denied(.frozen)) { _ = try await bench.open.masked(reference, by: agent) }
        #expect(try await bench.open.grant(recognising: Array(text.utf8))?.record.revokedAt != nil)
    }

    @Test("the memory of a runner") func runner() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", "CANARY-leaked".secret)
        try await bench.set("app/key", "CANARY-replaced".secret)
        var wish = RunWish(arguments: ["deploy"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
        let run = try await bench.open.prepareRun(wish, by: bench.person())
        #expect(run.job.values.map(\.value.text) == ["CANARY-replaced"])
    }

    @Test("a backup, with its password or an identity that it is sealed to") func backup() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", "CANARY-then".secret)
        let file = try await BackupTests.file(of: bench)
        try await bench.set("app/key", "CANARY-replaced".secret)
        _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
        try await bench.rotate(RotationTests.everything)
        // No rotation ends it, and it has nothing of what came after.
        let (thief, _) = try await BackupTests.restored(file)
        #expect(try await thief.reveal("app/key", field: "value") == "CANARY-then")
    }

    @Test("the grant of a schedule") func schedule() async throws {
        let bench = try await VaultBench.unlocked()
        let grant = try await bench.open.grantBackups(to: [AgeRecipient(parsing: BackupTests.recipient)], by: bench.person())
        _ = try await bench.open.beginBackup(by: grant, by: bench.nobody())
        _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
        await #expect(throws: EngineError.denied(.backupNotGranted)) { try await bench.open.beginBackup(by: grant, by: bench.nobody()) }
        let again = try await bench.open.grantBackups(to: [AgeRecipient(parsing: BackupTests.recipient)], by: bench.person())
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        await #expect(throws: EngineError.denied(.backupNotGranted)) { try await bench.open.beginBackup(by: again, by: bench.nobody()) }
    }

    @Test("a policy that allowed too much") func policy() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", "CANARY-value".secret)
        try await bench.allow([.maskedReturn])
        let reference = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        _ = try await bench.open.masked(reference, by: bench.agent())
        try await bench.allow([.maskedReturn], keys: "other/*")
        await #expect(throws: EngineError.notFound(.secret)) { _ = try await bench.open.masked(reference, by: bench.agent()) }
        #expect(try await bench.log().contains { $0.action == .known(.secretMasked) && $0.actor.agentName == "coder" })
    }
}
