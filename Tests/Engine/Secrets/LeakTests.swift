import Approvals
import Auditing
import Brokering
import Envelopes
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// The table "what leaked, and which command ends it" of docs/THREAT-MODEL.md: a test for each line, of the line's name. Each holds the leaked thing, sees that
/// it is worth something, runs the command, and tries again; where the table says that something is not ended, that is tried, too.
@Suite("Leaks") struct LeakTests {
    private func bench() async throws -> VaultBench { try await RotationTests.bench() }

    @Test("one value") func value() async throws {
        let bench = try await bench()
        let leaked = try await bench.reveal("app/key", field: "value")
        try await bench.set("app/key", "CANARY-replaced".secret)
        #expect(try await bench.reveal("app/key", field: "value") != leaked)
        // As a version it stays, until its secret is purged.
        #expect(try await bench.reveal("app/key", version: 4, field: "value") == leaked)
        _ = try await bench.open.delete(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        try await bench.open.purge(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        try await bench.set("app/key", "CANARY-again".secret)
        await #expect(throws: EngineError.versionNotFound) { try await bench.reveal("app/key", version: 4, field: "value") }
    }

    @Test("the password, without the file") func password() async throws {
        let bench = try await bench()
        try await bench.lock()
        try await bench.unlock()
        try await bench.vault.changePassword(current: VaultBench.password.secret, to: "brand new password".secret, by: bench.person())
        try await bench.lock()
        await #expect(throws: EngineError.wrongPassword) { try await bench.unlock() }
    }

    @Test("a copy of the file, without the password") func file() async throws {
        let bench = try await bench()
        let copy = VaultBench(store: try await StoreDump(of: bench.store).load(), isMade: true)
        await #expect(throws: EngineError.wrongPassword) { try await copy.unlock("a guess at it") }
        let dump = try await StoreDump(of: bench.store)
        for bytes in dump.records.map(\.content) + dump.fields.map(\.ciphertext.sealed) {
            #expect(bytes.firstRange(of: Array("CANARY".utf8)) == nil && bytes.firstRange(of: Array("many/".utf8)) == nil)
        }
    }

    @Test("the password and a copy of the file") func passwordAndFile() async throws {
        let bench = try await bench()
        let thief = try await Thief(bench)
        #expect(try await thief.opened(in: bench) == Thief.Loot(values: 25, names: 12, ofOrganization: 3, entries: true))
        try await bench.vault.changePassword(current: VaultBench.password.secret, to: "brand new password".secret, by: bench.person())
        await #expect(throws: EngineError.wrongPassword) { try await thief.copy(of: bench).unlock() }
        // A new password alone leaves every key as it was, and so does a new root key all that it does not wrap.
        #expect(try await thief.opened(in: bench).values == 25)
        #expect(try await thief.unwrappedKeys(in: bench) == 3)
        _ = try await bench.vault.rotateRoot(password: "brand new password".secret, by: bench.person())
        #expect(try await thief.unwrappedKeys(in: bench) == 0)
        #expect(try await thief.opened(in: bench).values == 25)
        try await bench.rotate(RotationTests.everything)
        try await bench.set("app/after", "CANARY-after".secret)
        #expect(try await thief.opened(in: bench) == Thief.Loot(values: 0, names: 0, ofOrganization: 3, entries: true))
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        // What the table says is left: entries of before.
        #expect(try await thief.opened(in: bench) == Thief.Loot(values: 0, names: 0, ofOrganization: 0, entries: true))
        // And the copy is what it was.
        let old = try await thief.copyOfThen()
        try await old.unlock()
        #expect(try await old.reveal("app/key", field: "value") == "CANARY-3")
    }

    @Test("the root key") func rootKey() async throws {
        let bench = try await bench()
        let thief = try await Thief(bench)
        #expect(try await thief.unwrappedKeys(in: bench) == 3)
        _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
        #expect(try await thief.unwrappedKeys(in: bench) == 0)
    }

    @Test("a project key") func projectKey() async throws {
        let bench = try await bench()
        let thief = try await Thief(bench, projectKeysOnly: true)
        let before = try await thief.opened(in: bench)
        #expect(before.values == 25 && before.names == 12 && before.ofOrganization == 0)
        try await bench.rotate(RotationTests.shop)
        try await bench.set("app/after", "CANARY-after".secret)
        let after = try await thief.opened(in: bench)
        // Those of the other project, whose key is as it was.
        #expect(after.values == 2 && after.names == 2)
        // Whoever unwrapped data keys by it before still has those: a reseal ends that.
        let careful = try await Thief(bench, from: thief, withDataKeys: true)
        #expect(try await careful.opened(in: bench).values == 25)
        try await bench.rotate(RotationTests.everything)
        #expect(try await careful.opened(in: bench).values == 0)
    }

    @Test("a data key") func dataKey() async throws {
        let bench = try await bench()
        let thief = try await Thief(bench, from: Thief(bench, projectKeysOnly: true), withDataKeys: true, dataKeysOnly: true)
        #expect(try await thief.opened(in: bench).values == 25)
        try await bench.rotate(RotationTests.shop)
        #expect(try await thief.opened(in: bench).values == 25)
        try await bench.rotate(RotationTests.everything)
        #expect(try await thief.opened(in: bench).values == 0)
    }

    @Test("the organization key, or a key that is derived from it (tokens, log, look-ups)") func organizationKey() async throws {
        let bench = try await bench()
        let thief = try await Thief(bench)
        let leaked = try bench.open.keyring.keys
        _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
        try await bench.rotate(RotationTests.everything)
        // Other rotations do not change it.
        let before = try await thief.opened(in: bench)
        #expect(before.ofOrganization == 3 && before.entries)
        let row = try #require(try await StoreDump(of: bench.store).records.first)
        #expect(leaked.isGenuine(row))
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        try await bench.set("app/after", "CANARY-after".secret)
        // The entries of its time it opens, in every copy; names, policy and requests no more.
        let left = try await thief.opened(in: bench)
        #expect(left == Thief.Loot(values: 0, names: 0, ofOrganization: 0, entries: true))
        try await bench.lock()
        let dump = try await StoreDump(of: bench.store)
        let (keys, organization) = (try leaked.audit(dump.entries[0].organization), dump.entries[0].organization)
        let cut = try #require(dump.checkpoints.compactMap { try? SignedCheckpoint(parsing: $0.note) }.first { $0.next != nil }).size
        for stored in dump.entries {
            let context = AuditWriter.context(organization, index: stored.index)
            #expect(((try? keys.seal.open(document: stored.sealed, context: context)) != nil) == (stored.index < cut))
        }
        // It finds nothing by a name, and no row of it is believed.
        #expect(dump.records.allSatisfy { $0.lookup != leaked.lookup($0.kind, parent: $0.parent, name: "default") && !leaked.isGenuine($0) })
        var forged = dump
        let position = try forged.position(.vault)
        forged.records[position].mac = leaked.code(over: forged.records[position])
        await #expect(throws: EngineError.recordsDisagree) { try await bench.restarted(on: try await forged.load()).unlock() }
        // Nor is an entry.
        forged = dump
        let last = try #require(dump.entries.last)
        let context = AuditWriter.context(organization, index: last.index + 1)
        let first = try keys.seal.open(document: dump.entries[0].sealed, context: AuditWriter.context(organization, index: 0))
        let sealed = try keys.seal.seal(document: first, context: context)
        let link = try #require(LogHead(organization: organization, chain: last.chain, frontier: Self.frontier(over: dump.entries)))
        var head = link
        forged.entries.append(
            StoredEntry(organization: organization, index: last.index + 1, sealed: sealed, chain: head.append(sealed, key: keys.chain)))
        await #expect(throws: EngineError.logBroken) { try await bench.restarted(on: try await forged.load()).unlock() }
        // Nor a token that it draws.
        try await bench.unlock()
        let grant = GrantID(random: .system)
        let shape = try #require(TokenShape.neutral())
        let token = try #require(leaked.fakeTokens.token(of: grant, shaped: shape))
        #expect(try await bench.open.grant(recognising: Array(token.text.utf8)) == nil)
    }

    private static func frontier(over entries: [StoredEntry]) -> MerkleFrontier {
        var head = LogHead(organization: entries[0].organization)
        let key = try? ChainKey(SecretValue(copying: unsafe [UInt8](repeating: 0, count: 32).span.bytes))
        if let key { for entry in entries { _ = head.append(entry.sealed, key: key) } }
        return head.frontier
    }

    @Test("the recovery key, without the file") func recovery() async throws {
        let bench = try await bench()
        let leaked = try await bench.open.replaceRecovery(by: bench.person())
        _ = try await bench.open.replaceRecovery(by: bench.person())
        try await bench.lock()
        await #expect(throws: EngineError.wrongRecoveryKey) {
            _ = try await bench.vault.recover(with: leaked, newPassword: "thief's password".secret, by: bench.nobody(), at: bench.terminal)
        }
    }

    @Test("the recovery key and a copy of the file") func recoveryAndFile() async throws {
        let bench = try await bench()
        let leaked = try await bench.open.replaceRecovery(by: bench.person())
        let thief = try await Thief(bench)
        // It opens the copy, and with that all keys of then.
        let copy = try await thief.copyOfThen()
        _ = try await copy.vault.recover(with: leaked, newPassword: "thief's password".secret, by: copy.nobody(), at: copy.terminal)
        #expect(try await copy.reveal("app/key", field: "value") == "CANARY-3")
        _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
        try await bench.rotate(RotationTests.everything)
        #expect(try await thief.unwrappedKeys(in: bench) == 0)
        #expect(try await thief.opened(in: bench).values == 0)
        let now = try await thief.copy(of: bench)
        await #expect(throws: EngineError.wrongRecoveryKey) {
            _ = try await now.vault.recover(with: leaked, newPassword: "thief's password".secret, by: now.nobody(), at: now.terminal)
        }
    }

    @Test("an old copy of the file, with the password of then") func oldCopy() async throws {
        let bench = try await bench()
        let dump = try await StoreDump(of: bench.store)
        try await bench.vault.changePassword(current: VaultBench.password.secret, to: "brand new password".secret, by: bench.person())
        _ = try await bench.vault.rotateRoot(password: "brand new password".secret, by: bench.person())
        try await bench.rotate(RotationTests.everything)
        _ = try await bench.open.delete(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        try await bench.open.purge(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        // Nothing of ours reaches it.
        let copy = VaultBench(store: try await dump.load(), isMade: true)
        try await copy.unlock()
        #expect(try await copy.reveal("app/key", field: "value") == "CANARY-3")
        // On the machine that saw the newer vault it is refused.
        let put = bench.restarted(on: try await dump.load())
        await #expect(throws: EngineError.rollbackSuspected) { try await put.unlock() }
    }

    @Test("the memory of an unlocked keeper") func keeperMemory() async throws {
        let bench = try await bench()
        let thief = try await Thief(bench)
        try await bench.vault.changePassword(current: VaultBench.password.secret, to: "brand new password".secret, by: bench.person())
        _ = try await bench.vault.rotateRoot(password: "brand new password".secret, by: bench.person())
        try await bench.rotate(RotationTests.everything)
        #expect(try await thief.unwrappedKeys(in: bench) == 0)
        let leaked = try bench.open.keyring.keys
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        #expect(try await thief.opened(in: bench) == Thief.Loot(values: 0, names: 0, ofOrganization: 0, entries: true))
        #expect(try await StoreDump(of: bench.store).records.allSatisfy { !leaked.isGenuine($0) })
    }
}
