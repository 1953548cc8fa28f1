import Auditing
import Envelopes
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

@Suite struct SlotTests {
    @Test("a changed password opens, the old one does not, and the root key stays") func passwordChange() async throws {
        let bench = try await VaultBench.unlocked()
        let canary = bench.canary()
        try await bench.set("app/key", canary.secret)
        await #expect(throws: EngineError.wrongPassword) {
            try await bench.vault.changePassword(current: "wrong wrong".secret, to: "brand new password".secret, by: bench.person())
        }
        await #expect(throws: EngineError.passwordTooShort) {
            try await bench.vault.changePassword(current: VaultBench.password.secret, to: "short".secret, by: bench.person())
        }
        try await bench.vault.changePassword(current: VaultBench.password.secret, to: "brand new password".secret, by: bench.person())
        try await bench.lock()
        await #expect(throws: EngineError.wrongPassword) { try await bench.unlock() }
        try await bench.unlock("brand new password")
        #expect(try await bench.reveal("app/key") == canary.text)
    }

    @Test("slots are added and removed, but never the last password") func slots() async throws {
        let bench = try await VaultBench.unlocked()
        let first = try await bench.open.slots(by: bench.person())
        #expect(first.map(\.isRecovery) == [false])
        await #expect(throws: EngineError.lastPersonSlot) { try await bench.open.removeSlot(first[0].id, by: bench.person()) }
        let second = try await bench.open.addPasswordSlot("another password".secret, by: bench.person())
        try await bench.lock()
        try await bench.unlock("another password")
        try await bench.open.removeSlot(first[0].id, by: bench.person())
        await #expect(throws: EngineError.lastPersonSlot) { try await bench.open.removeSlot(second, by: bench.person()) }
        try await bench.lock()
        await #expect(throws: EngineError.wrongPassword) { try await bench.unlock() }
        try await bench.unlock("another password")
    }

    @Test("two removals at once leave one password") func racingRemovals() async throws {
        let bench = try await VaultBench.unlocked()
        let first = try #require(try await bench.open.slots(by: bench.person()).first?.id)
        let second = try await bench.open.addPasswordSlot("another password".secret, by: bench.person())
        let open = try bench.open
        let person = bench.person()
        let refusals = await withTaskGroup(of: Bool.self) { group in
            for id in [first, second] {
                group.addTask {
                    do { try await open.removeSlot(id, by: person) } catch { return true }
                    return false
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refusals == 1)
        #expect(try await bench.open.slots(by: bench.person()).count == 1)
    }

    @Test("the recovery key opens with a new password, forces a new key, and closes every old way") func recovery() async throws {
        let bench = try await VaultBench.unlocked()
        let canary = bench.canary()
        try await bench.set("app/key", canary.secret)
        let key = try await bench.open.replaceRecovery(by: bench.person())
        _ = try await bench.open.addPasswordSlot("another password".secret, by: bench.person())
        await #expect(throws: EngineError.alreadyUnlocked) {
            _ = try await bench.vault.recover(with: key, newPassword: "brand new password".secret, by: bench.nobody(), at: bench.terminal)
        }
        try await bench.lock()
        await #expect(throws: EngineError.wrongRecoveryKey) {
            _ = try await bench.vault.recover(
                with: .generate(random: bench.random.bytes), newPassword: "brand new password".secret, by: bench.nobody(), at: bench.terminal)
        }
        let fresh = try await bench.vault.recover(with: key, newPassword: "brand new password".secret, by: bench.nobody(), at: bench.terminal)
        #expect(try await bench.reveal("app/key") == canary.text)
        let actions = try await bench.log().suffix(5).map(\.action)
        #expect(actions.prefix(3) == [.known(.vaultUnlock), .known(.passwordChange), .known(.slotReplaceRecovery)])
        try await bench.lock()
        for old in [VaultBench.password, "another password"] { await #expect(throws: EngineError.wrongPassword) { try await bench.unlock(old) } }
        await #expect(throws: EngineError.wrongRecoveryKey) {
            _ = try await bench.vault.recover(with: key, newPassword: "brand new password".secret, by: bench.nobody(), at: bench.terminal)
        }
        _ = try await bench.vault.recover(with: fresh, newPassword: "yet another one".secret, by: bench.nobody(), at: bench.terminal)
    }

    @Test("the recovery key ends what a keeper that died left of its runs, as the password does") func recoveryEndsRuns() async throws {
        let bench = try await TokenTests.bench()
        let key = try await bench.open.replaceRecovery(by: bench.person())
        var wish = RunWish(arguments: ["claude"], scope: VaultBench.dev)
        (wish.secrets, wish.agent) = ([.init(reference: try SecretReference(parsing: "app/key"))], VaultBench.segment("coder"))
        _ = try await bench.open.prepareRun(wish, by: bench.person())
        let next = bench.restarted()
        _ = try await next.vault.recover(with: key, newPassword: "brand new password".secret, by: next.nobody(), at: next.terminal)
        #expect(try await next.open.tokens(by: next.person()).map(\.state) == [.revoked])
    }

    @Test("a rotated root key leaves log, names and secrets as they were, and the old slot opens nothing") func rotation() async throws {
        let bench = try await VaultBench.unlocked()
        let canary = bench.canary()
        try await bench.set("app/key", canary.secret)
        try await bench.open.createProject(try SegmentName("second", of: .project), by: bench.person())
        try await bench.set("app/key", canary.secret, in: VaultBench.scope("second/dev"))
        let before = try await StoreDump(of: bench.store)
        let note = try #require(try await bench.open.checkpoint(by: bench.person())).note
        let recovery = try await bench.open.replaceRecovery(by: bench.person())

        await #expect(throws: EngineError.wrongPassword) { _ = try await bench.vault.rotateRoot(password: "wrong wrong".secret, by: bench.person()) }
        let result = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
        #expect(result.generation == 2)
        #expect(result.rewrapped == 3)
        let fresh = try #require(result.recovery)
        try await bench.set("app/other", canary.secret)
        try await bench.relock()
        #expect(try await bench.reveal("app/key") == canary.text)
        #expect(try await bench.reveal("app/key", in: VaultBench.scope("second/dev")) == canary.text)
        #expect(try await bench.reveal("app/other") == canary.text)
        #expect(try await bench.open.verifyAudit(trusted: [note], by: bench.person()).verdict.isIntact)
        #expect(try await bench.log().first?.action == .known(.vaultCreate))

        // The slot of before opens the old root key, under which nothing lies any more.
        let after = try await StoreDump(of: bench.store)
        #expect(Set(after.keys.map(\.wrapping)) == [2])
        #expect(Set(after.records.filter { $0.kind == .slot }.map(\.id)).isDisjoint(with: before.records.map(\.id)))
        try await bench.lock()
        await #expect(throws: EngineError.wrongRecoveryKey) {
            _ = try await bench.vault.recover(with: recovery, newPassword: "brand new password".secret, by: bench.nobody(), at: bench.terminal)
        }
        _ = try await bench.vault.recover(with: fresh, newPassword: "brand new password".secret, by: bench.nobody(), at: bench.terminal)
    }

    @Test("a root key is not rotated while several passwords open the vault") func severalPasswords() async throws {
        let bench = try await VaultBench.unlocked()
        _ = try await bench.open.addPasswordSlot("another password".secret, by: bench.person())
        await #expect(throws: EngineError.self) { _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person()) }
    }

    @Test("projects made and secrets set while the root key is rotated are there afterwards") func rotationUnderLoad() async throws {
        let bench = try await VaultBench.unlocked()
        let open = try bench.open
        let person = bench.person()
        let canary = bench.canary()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { try await open.createProject(try SegmentName("p\(number)", of: .project), by: person) }
                group.addTask { _ = try await open.set(VaultBench.write("app/k\(number)", canary.secret), in: VaultBench.dev, by: person) }
            }
            for _ in 0..<3 { group.addTask { _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: person) } }
            try await group.waitForAll()
        }
        try await bench.relock()
        for number in 0..<8 {
            #expect(try await bench.reveal("app/k\(number)") == canary.text)
            try await bench.set("app/key", canary.secret, in: VaultBench.scope("p\(number)/dev"))
        }
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("a slot with a weaker hash is made anew at unlock") func upgrade() async throws {
        let bench = try await VaultBench.unlocked()
        let open = try bench.open
        let root = try #require(open.keyring.localRoot)
        let id = SlotID(random: bench.random.bytes)
        let weak = try PasswordHashParameters(memoryKiB: 8 << 10, passes: 1, lanes: 1, salt: bench.random.bytes(16))
        let slot = try Slot.sealing(
            root: root, password: "weak password".secret, hash: CheapHash(), parameters: weak, organization: open.organization, slot: id)
        let record = SlotRecord(createdAt: open.clock.now(), rootGeneration: 1, slot: slot)
        var change = Change()
        change.put(open.book.make(.slot, id: id.cast(), parent: nil, name: nil, content: record.encoded), replacing: nil)
        try await open.authorizer.state(.slotAdd, by: bench.person(), change: change)
        try await bench.lock()
        #expect(try await bench.unlock("weak password").slotUpgraded)
        #expect(try await bench.open.slots(by: bench.person()).allSatisfy { $0.parameters == "argon2id m=65536,t=3,p=4" })
        try await bench.lock()
        #expect(try await !bench.unlock("weak password").slotUpgraded)
    }
}
