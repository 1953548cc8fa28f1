import Auditing
import Envelopes
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// Every write, with the store breaking at each of its calls in turn, before or after the call was done.
@Suite struct FailureTests {
    /// A write, and how to see that it is there: nil when it is not, or the reason why it is there in part.
    struct Write: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let act: @Sendable (VaultBench) async throws -> Void
        let isThere: @Sendable (VaultBench) async throws -> Bool

        init(
            _ what: String, _ act: @escaping @Sendable (VaultBench) async throws -> Void,
            isThere: @escaping @Sendable (VaultBench) async throws -> Bool
        ) {
            testDescription = what
            self.act = act
            self.isThere = isThere
        }
    }

    static let old = "CANARY-old-value"
    static let new = "CANARY-new-value"

    static func base() async throws -> StoreDump {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", old.secret)
        _ = try await bench.open.writer.checkpoint()
        try await bench.set("app/deleted", old.secret)
        _ = try await bench.open.delete(VaultBench.name("app/deleted"), in: VaultBench.dev, by: bench.person())
        try await bench.open.createProject(VaultBench.segment("empty"), by: bench.person())
        _ = try await bench.open.addAgent(VaultBench.segment("known"), by: bench.person())
        try await bench.allow([.broker], agent: "known", rules: TokenTests.rules)
        _ = try await bench.open.issueToken(TokenTests.wish(agent: "known"), by: bench.person())
        try await bench.lock()
        return try await StoreDump(of: bench.store)
    }

    static let writes: [Write] = [
        Write("set, a new secret") {
            try await $0.set("app/new", new.secret)
        } isThere: {
            try await $0.holds("app/new", new, or: nil)
        },
        Write("set, a new version") {
            try await $0.set("app/key", new.secret)
        } isThere: {
            try await $0.holds("app/key", new, or: old)
        },
        Write("set, one field more") {
            _ = try await $0.open.set(VaultBench.write("app/key", new.secret, field: "more"), in: VaultBench.dev, by: $0.person())
        } isThere: { bench in
            let fields = try await bench.open.show(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person()).fields
            #expect(try await bench.reveal("app/key", field: "value") == old)
            return fields.count == 2 ? try await bench.reveal("app/key", field: "more") == new : false
        },
        Write("rename") { bench in
            var patch = MetadataPatch()
            patch.name = VaultBench.name("app/renamed")
            _ = try await bench.open.patch(VaultBench.name("app/key"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        } isThere: { bench in
            let names = try await bench.names()
            #expect(names == ["app/key"] || names == ["app/renamed"])
            return names == ["app/renamed"]
        },
        Write("delete") {
            _ = try await $0.open.delete(VaultBench.name("app/key"), in: VaultBench.dev, by: $0.person())
        } isThere: {
            try await $0.names().isEmpty
        },
        Write("undelete") {
            _ = try await $0.open.undelete(VaultBench.name("app/deleted"), in: VaultBench.dev, by: $0.person())
        } isThere: {
            try await $0.names() == ["app/deleted", "app/key"]
        },
        Write("purge") {
            try await $0.open.purge(VaultBench.name("app/deleted"), in: VaultBench.dev, by: $0.person())
        } isThere: { bench in
            let dump = try await StoreDump(of: bench.store)
            let secrets = dump.records.filter { $0.kind == .secret }.count
            #expect(dump.versions.count == secrets && dump.fields.count == 2 * secrets)
            return try await !bench.names(deleted: true).contains("app/deleted")
        },
        Write("rollback") { bench in
            _ = try await bench.open.rollback(VaultBench.name("app/key"), in: VaultBench.dev, to: 1, expectedRevision: nil, by: bench.person())
        } isThere: { bench in
            #expect(try await bench.reveal("app/key") == old)
            return try await bench.open.history(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person()).count == 2
        },
        Write("import") { bench in
            let writes = ["app/key", "app/i1", "app/i2"].map { VaultBench.write($0, new.secret) }
            _ = try await bench.open.importSecrets(
                ImportWish(secrets: writes, conflict: .overwrite, isDryRun: false), in: VaultBench.dev, by: bench.person())
        } isThere: { bench in
            var there: [Bool] = []
            for name in ["app/key", "app/i1", "app/i2"] { there.append(try await bench.holds(name, new, or: name == "app/key" ? old : nil)) }
            #expect(Set(there).count == 1)
            return there[0]
        },
        Write("copy") { bench in
            var wish = CopyWish(from: PlaceMoment(scope: VaultBench.dev), to: VaultBench.scope("empty/dev"))
            wish.approved = try await bench.open.copy(wish, by: bench.person()).lines.map(\.step)
            _ = try await bench.open.copy(wish, by: bench.person())
        } isThere: { bench in
            let there = try await bench.open.list(VaultBench.scope("empty/dev"), ListFilter(), by: bench.person()).views
            if !there.isEmpty { #expect(try await bench.reveal("app/key", in: VaultBench.scope("empty/dev")) == old) }
            return !there.isEmpty
        },
        Write("project create") {
            try await $0.open.createProject(VaultBench.segment("made"), by: $0.person())
        } isThere: { bench in
            let isThere = try await bench.open.projects(by: bench.person()).contains { $0.name.description == "made" }
            if isThere { try await bench.set("app/probe", new.secret, in: VaultBench.scope("made/dev")) }
            return isThere
        },
        Write("project rename") {
            try await $0.open.renameProject(VaultBench.segment("empty"), to: VaultBench.segment("full"), by: $0.person())
        } isThere: {
            try await $0.open.projects(by: $0.person()).contains { $0.name.description == "full" }
        },
        Write("project delete") {
            try await $0.open.deleteProject(VaultBench.segment("empty"), by: $0.person())
        } isThere: {
            try await $0.open.projects(by: $0.person()).count == 1
        },
        Write("policy apply") {
            try await $0.allow([.maskedReturn])
        } isThere: { bench in
            let view = try await bench.open.showPolicy(by: bench.person())
            #expect(try bench.open.policy.version == view?.version ?? 0)
            return view?.version == 2
        },
        Write("agent add") {
            _ = try await $0.open.addAgent(VaultBench.segment("fresh"), by: $0.person())
        } isThere: {
            try await $0.open.agents(by: $0.person()).count == 2
        },
        Write("agent revoke") {
            try await $0.open.revokeAgent(VaultBench.segment("known"), by: $0.person())
        } isThere: {
            try await $0.open.agents(by: $0.person()).first?.revokedAt != nil
        },
        Write("agent reset-output") {
            _ = try await $0.open.resetOutput(of: VaultBench.segment("known"), by: $0.person())
        } isThere: {
            try await $0.log().contains { $0.action == .known(.agentResetOutput) }
        },
        Write("token issue") {
            _ = try await $0.open.issueToken(TokenTests.wish(agent: "known"), by: $0.person())
        } isThere: {
            try await $0.open.tokens(by: $0.person()).count == 2
        },
        Write("token revoke") {
            _ = try await $0.open.revokeTokens(.all, by: $0.person())
        } isThere: {
            try await $0.open.tokens(by: $0.person()).first?.state == .revoked
        },
        Write("panic") {
            _ = try await $0.vault.panic(by: $0.person())
        } isThere: { bench in
            let isThere = try await bench.open.book.records(.panic).count == 1
            let isRevoked = try await bench.open.tokens(by: bench.person()).first?.state == .revoked
            #expect(isThere == isRevoked)
            // A freeze holds before it is stored, and one that could not be is stored at the lock.
            let isFrozen = try bench.open.freeze.since != nil
            #expect(!isThere || isFrozen)
            return isFrozen
        },
        Write("slot add") {
            _ = try await $0.open.addPasswordSlot("another password".secret, by: $0.person())
        } isThere: {
            try await $0.opens("another password")
        },
        Write("recovery replace") {
            _ = try await $0.open.replaceRecovery(by: $0.person())
        } isThere: {
            try await $0.open.slots(by: $0.person()).contains { $0.isRecovery }
        },
        Write("password change") {
            try await $0.vault.changePassword(current: VaultBench.password.secret, to: "another password".secret, by: $0.person())
        } isThere: { bench in
            let (isNew, isOld) = (try await bench.opens("another password"), try await bench.opens(VaultBench.password))
            #expect(isNew != isOld)
            return isNew
        },
        Write("root rotate") {
            _ = try await $0.vault.rotateRoot(password: VaultBench.password.secret, by: $0.person())
        } isThere: { bench in
            let generations = Set(try await StoreDump(of: bench.store).keys.map(\.wrapping))
            #expect(generations.count == 1)
            return generations == [2]
        },
        Write("organization rotate") {
            _ = try await $0.vault.rotateOrganization(by: $0.person())
        } isThere: { bench in
            let dump = try await StoreDump(of: bench.store)
            let (generations, keys) = (dump.keys.filter { $0.owner == $0.organization.cast() }.map(\.generation), try bench.open.keyring.keys)
            #expect(generations == [keys.generation] && dump.records.allSatisfy { keys.isGenuine($0) })
            #expect(try await bench.reveal("app/key") == old)
            return generations == [2]
        },
        prune,
        rotation("rotation of a project", RotationTests.shop), rotation("reseal", RotationTests.everything),
        rotation("rotation, ahead", RotationTests.shop, portions: 3), rotation("reseal, ahead", RotationTests.everything, portions: 3),
    ]

    /// What broke leaves it begun or not, by some portions on, or done; every value can be read, and going on ends it.
    private static func rotation(_ what: String, _ wish: RotationWish, portions: Int = 1) -> Write {
        Write(what) {
            try await $0.rotate(wish, portion: 2, portions: portions)
        } isThere: { bench in
            let isUnderway = try await bench.open.rotation(by: bench.person()).rotation != nil
            let found = try await RotationTests.generations(bench)
            #expect(found.used.isSubset(of: found.keys))
            #expect(try await bench.reveal("app/key") == old)
            let isDone = !isUnderway && found.keys == [2]
            #expect(isUnderway || found.keys.count == 1)
            let copy = VaultBench(store: try await StoreDump(of: bench.store).load(), isMade: true)
            try await copy.unlock()
            try await copy.rotate(wish, portion: 2)
            let after = try await RotationTests.generations(copy)
            #expect(after.keys == [isDone ? 3 : 2] && after.used == after.keys)
            #expect(try await copy.reveal("app/key") == old)
            _ = try await copy.open.undelete(VaultBench.name("app/deleted"), in: VaultBench.dev, by: copy.person())
            #expect(try await copy.reveal("app/deleted") == old)
            return isDone
        }
    }

    @Test("a write is there when it was acknowledged, and otherwise there or not, never in part", arguments: writes) func write(_ write: Write)
        async throws
    {
        let base = try await Self.base()
        // The calls of the unlock break for the first write alone: they are the same for all.
        let first = write.testDescription == Self.writes[0].testDescription ? 1 : try await Self.unlockCalls(base) + 1
        var breaks = 0
        for moment in FailingStore.Moment.allCases {
            for number in first...200 {
                let bench = VaultBench(store: try await base.load(), isMade: true) { FailingStore($0, failing: number, moment) }
                var isAcknowledged = false
                do {
                    try await bench.unlock()
                    try await write.act(bench)
                    isAcknowledged = true
                } catch {}
                guard try await bench.hasFailed else { break }
                try await Self.check(write, bench, isAcknowledged: isAcknowledged, "call \(number), \(moment.rawValue)")
                breaks += 1
            }
        }
        #expect(breaks >= 2)
    }

    static func unlockCalls(_ base: StoreDump) async throws -> Int {
        let bench = VaultBench(store: try await base.load(), isMade: true) { FailingStore($0, failing: .max, .before) }
        try await bench.unlock()
        return try await (bench.vault.store() as? FailingStore)?.callCount ?? 0
    }

    /// The keeper that saw the failure goes on, and one that is started anew sees the same.
    private static func check(_ write: Write, _ bench: VaultBench, isAcknowledged: Bool, _ place: String) async throws {
        if !bench.vault.isUnlocked { try await bench.unlockAny() }
        let isThere = try await write.isThere(bench)
        #expect(isThere || !isAcknowledged, "\(place): acknowledged, and not there")
        try await bench.set("app/later", Self.new.secret)
        let report = try await bench.verify()
        #expect(report.verdict.isIntact, "\(place): \(report.verdict.message)")
        try await bench.lock()
        let next = bench.restarted()
        try await next.unlockAny()
        #expect(try await write.isThere(next) == isThere, "\(place): not the same after a restart")
        #expect(try await next.reveal("app/later") == Self.new)
        #expect(try await next.verify().verdict.isIntact)
    }

    @Test("a vault is made whole or not at all") func creation() async throws {
        for moment in FailingStore.Moment.allCases {
            for number in 1...50 {
                let bench = VaultBench { FailingStore($0, failing: number, moment) }
                do { try await bench.create() } catch {
                    #expect(!bench.vault.isUnlocked)
                    #expect(bench.runners.isAlive == false)
                    do { try await bench.create() } catch EngineError.vaultExists { try await bench.unlock() }
                }
                guard try await bench.hasFailed else { break }
                try await bench.set("app/key", Self.new.secret)
                try await bench.relock()
                #expect(try await bench.reveal("app/key") == Self.new)
                #expect(try await bench.verify().verdict.isIntact)
            }
        }
    }

    @Test("recovery sets the new password or leaves the old, and the key that was shown opens") func recovery() async throws {
        let bench = try await VaultBench.unlocked()
        let key = try await bench.open.replaceRecovery(by: bench.person())
        try await bench.lock()
        let base = try await StoreDump(of: bench.store)
        for moment in FailingStore.Moment.allCases {
            for number in 1...50 {
                let bench = VaultBench(store: try await base.load(), isMade: true) { FailingStore($0, failing: number, moment) }
                var fresh: RecoveryKey?
                do {
                    fresh = try await bench.vault.recover(with: key, newPassword: "another password".secret, by: bench.nobody(), at: bench.terminal)
                } catch { #expect(!bench.vault.isUnlocked) }
                guard try await bench.hasFailed else { break }
                if let fresh {
                    try await bench.lock()
                    _ = try await bench.restarted().vault.recover(
                        with: fresh, newPassword: "third password".secret, by: bench.nobody(), at: bench.terminal)
                } else {
                    try await bench.unlockAny()
                }
            }
        }
    }

    @Test("no value leaves when its entry could not be stored") func release() async throws {
        let base = try await Self.base()
        for moment in FailingStore.Moment.allCases {
            for number in 1...50 {
                let bench = VaultBench(store: try await base.load(), isMade: true) { FailingStore($0, failing: number, moment) }
                var value: String?
                do {
                    try await bench.unlock()
                    value = try await bench.reveal("app/key")
                } catch {}
                guard try await bench.hasFailed else { break }
                if !bench.vault.isUnlocked { try await bench.unlock() }
                let intents = try await bench.log().filter { $0.action == .known(.secretReveal) && $0.phase == .intent }
                if value != nil { #expect(intents.count == 1) }
                let report = try await bench.verify()
                #expect(report.verdict.isIntact)
            }
        }
    }

    @Test("a lock drops the keys although the log cannot be written, and is written down at the next unlock") func lock() async throws {
        let broken = Flag(false)
        let bench = VaultBench { HookedStore($0) { name in if name == "commit", broken.isSet { throw StoreError.full } } }
        try await bench.create()
        broken.set()
        try await bench.lock()
        #expect(!bench.vault.isUnlocked)
        let next = bench.restarted()
        try await next.unlock()
        #expect(try await next.log().contains { $0.action == .known(.vaultLock) && $0.detail.contains(.whileLocked) })
    }

    @Test("an act while locked is refused when it cannot be written down") func pending() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.lock()
        bench.pending.fail(true)
        #expect(throws: TestFailure.self) { try bench.open }
        bench.pending.fail(false)
        #expect(throws: EngineError.locked) { try bench.open }
        try await bench.unlock()
    }
}

extension VaultBench {
    /// Whether the call that was to break has come.
    var hasFailed: Bool { get async throws { try await (vault.store() as? FailingStore)?.hasFailed ?? false } }

    /// The secrets there are, but for the one that is written afterwards.
    fileprivate func names(deleted: Bool = false) async throws -> [String] {
        var filter = ListFilter()
        filter.includesDeleted = deleted
        return try await open.list(Self.dev, filter, by: person()).views.map(\.name.description).filter { $0 != "app/later" }
    }

    /// Whether a secret has the new value; it may also have the old one, or not be there.
    fileprivate func holds(_ name: String, _ new: String, or old: String?) async throws -> Bool {
        let isThere = try await open.exists([Self.name(name)], in: Self.dev, by: person()).first?.exists ?? false
        guard isThere else {
            #expect(old == nil)
            return false
        }
        let value = try await reveal(name)
        #expect(value == new || value == old)
        return value == new
    }

    /// Whether a password opens the vault, tried by a keeper that was started anew.
    fileprivate func opens(_ password: String) async throws -> Bool {
        let next = VaultBench(store: try await StoreDump(of: store).load(), isMade: true)
        do { try await next.unlock(password) } catch EngineError.wrongPassword { return false }
        return true
    }

    /// Unlocks with the password of before or after a change.
    fileprivate func unlockAny() async throws { do { try await unlock() } catch EngineError.wrongPassword { try await unlock("another password") } }
}
