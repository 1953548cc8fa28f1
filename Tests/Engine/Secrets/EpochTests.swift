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

/// A new organization key: everything that hangs on it is made anew in one transaction, and the log goes on in a new epoch.
@Suite struct EpochTests {
    /// A vault with a row of every kind that there can be, a badge and a live token.
    struct Scene: Sendable {
        var bench: VaultBench
        var badge: String
        var token: String

        /// The grant that the token is found to be of.
        func grant() async throws -> GrantRecord? { try await bench.open.grant(recognising: Array(token.utf8))?.record }
    }

    static func scene(wrapping: @escaping @Sendable (InMemoryStore) -> any VaultStore = { $0 }) async throws -> Scene {
        let bench = try await RotationTests.bench()
        let badge = try await bench.open.addAgent(VaultBench.segment("coder"), by: bench.person())
        _ = try await bench.open.addAgent(VaultBench.segment("gone"), by: bench.person())
        try await bench.open.revokeAgent(VaultBench.segment("gone"), by: bench.person())
        try await bench.allow([.propose, .envInject])
        let proposal = ApprovalRequest.Proposal(scope: "default/dev", names: ["app/asked"], capability: nil)
        _ = try await bench.open.propose(proposal, purpose: "a test", by: bench.agent())
        try await bench.answerGuesses()
        try await bench.allow([.broker, .maskedReturn], agent: "*", rules: TokenTests.rules)
        let token = try await bench.open.issueToken(TokenTests.wish(), by: bench.person()).text
        _ = try await bench.open.enrollFactor(by: bench.person())
        _ = try await bench.open.replaceRecovery(by: bench.person())
        _ = try await bench.vault.panic(by: bench.person())
        try await bench.open.thawAgents(by: bench.person())
        let live = try await bench.open.issueToken(TokenTests.wish(), by: bench.person()).text
        #expect(token != live)
        return Scene(bench: bench, badge: badge, token: live)
    }

    static func check(_ scene: Scene) async throws {
        let bench = scene.bench
        try await RotationTests.check(bench)
        #expect(try await bench.open.agent(badge: scene.badge)?.name.description == "coder")
        #expect(try await bench.open.agents(by: bench.person()).map(\.name.description) == ["coder", "gone"])
        #expect(try await bench.open.showPolicy(by: bench.person())?.version == 2)
        #expect(try await bench.open.factor(by: bench.person())?.isConfirmed == false)
        let (verdict, entries) = (try await bench.verify().verdict, try await bench.log())
        #expect(verdict.isIntact, "\(verdict)")
        #expect(entries.first?.action == .known(.vaultCreate))
    }

    @Test("the organization key is new, everything is under it, and everything is what it was") func whole() async throws {
        let scene = try await Self.scene()
        let bench = scene.bench
        let (before, oldKey) = (try await StoreDump(of: bench.store), try bench.open.keyring.keys)
        let requests = try await bench.open.requests(by: bench.person())
        // While projects get new keys none begins, so that there is no row of that; a freeze has a test of its own, and so have anchors (`PruneTests`).
        #expect(Set(RecordKind.allCases).subtracting(before.records.map(\.kind)) == [.rotation, .epoch, .panic, .anchor])
        let done = try await bench.vault.rotateOrganization(by: bench.person())
        #expect(done.generation == 2 && done.rows == before.records.count && done.tokens == 1)
        #expect(try bench.open.verifierKey == done.verifierKey)
        for round in 1...2 {
            let (dump, keys) = (try await StoreDump(of: bench.store), try bench.open.keyring.keys)
            #expect(keys.generation == 2 && dump.keys.filter { $0.owner == $0.organization.cast() }.map(\.generation) == [2])
            #expect(Set(before.keys.map(\.wrapped)).intersection(dump.keys.map(\.wrapped)).count == before.keys.count - 1)
            #expect(dump.records.allSatisfy { keys.isGenuine($0) && !oldKey.isGenuine($0) })
            #expect(Set(dump.records.compactMap(\.lookup)).isDisjoint(with: before.records.compactMap(\.lookup)))
            let mine = dump.records.filter { ![.secret, .environment, .vault, .slot, .fuse, .panic].contains($0.kind) }
            for row in mine {
                let metadata = row.kind == .grant ? try GrantRecord(decoding: row.content).metadata : try SealedRecord(decoding: row.content).metadata
                #expect(metadata.generation == 2)
            }
            #expect(dump.records.filter { $0.kind == .epoch }.count == 1)
            try await Self.check(scene)
            #expect(try await bench.open.requests(by: bench.person()).map(\.request) == requests.map(\.request))
            #expect(try await bench.open.book.records(.fuse).count == 1)
            if round == 1 { try await bench.relock() }
        }
        // What is made from here on is found, too.
        try await bench.set("app/later", "CANARY-later".secret)
        #expect(try await bench.reveal("app/later") == "CANARY-later")
        #expect(try await bench.open.addAgent(VaultBench.segment("fresh"), by: bench.person()) != scene.badge)
        _ = try await bench.open.undelete(VaultBench.name("app/gone"), in: VaultBench.dev, by: bench.person())
    }

    @Test("agents that are frozen stay so until a person thaws them") func frozen() async throws {
        let bench = try await Self.scene().bench
        _ = try await bench.vault.panic(by: bench.person())
        let since = try #require(try bench.open.freeze.since)
        let before = try #require(try await bench.open.book.records(.panic).first)
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        #expect(try await bench.open.book.records(.panic).first?.lookup != before.lookup)
        for _ in 1...2 {
            #expect(try bench.open.freeze.since == since)
            #expect(try await bench.open.book.records(.panic).count == 1)
            try await bench.relock()
        }
        try await bench.open.thawAgents(by: bench.person())
        #expect(try await bench.open.book.records(.panic).isEmpty)
    }

    @Test("over several epochs, with new root and project keys between them, everything stays what it was") func several() async throws {
        let scene = try await Self.scene()
        let bench = scene.bench
        for generation in 2...4 {
            #expect(try await bench.vault.rotateOrganization(by: bench.person()).generation == Int64(generation))
            _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
            try await bench.rotate(RotationTests.everything)
            try await Self.check(scene)
            #expect(try await bench.open.tokens(by: bench.person()).allSatisfy { $0.state == .revoked })
            #expect(try await scene.grant()?.revokedAt != nil)
            try await bench.relock()
            try await Self.check(scene)
        }
        let epochs = try bench.open.keyring.formerEpochs().epochs
        #expect(epochs.map(\.generation) == [1, 2, 3])
        let (moved, _) = try await BackupTests.restored(try await BackupTests.file(of: bench))
        try await RotationTests.check(moved)
        #expect(try await StoreDump(of: moved.store).records.allSatisfy { $0.kind != .epoch })
    }

    @Test("the log says it with the old keys and the new; the checkpoint between has both signatures and names the new key") func log() async throws {
        let bench = try await Self.scene().bench
        let old = try bench.open.verifierKey
        let done = try await bench.vault.rotateOrganization(by: bench.person())
        let dump = try await StoreDump(of: bench.store)
        let note = try #require(dump.checkpoints.map { try SignedCheckpoint(parsing: $0.note) }.first { $0.next != nil })
        #expect(note.next?.description == done.verifierKey)
        for key in [old, done.verifierKey] { #expect(try note.verdict(verifierKey: key) == .genuine) }
        let entries = try await bench.log()
        let (last, first) = (entries[Int(note.size) - 1], entries[Int(note.size)])
        #expect(last.action == .known(.rotationBegin) && last.detail.contains(AuditFact("verifier-key", done.verifierKey)))
        #expect(first.action == .known(.rotationEnd) && first.detail.contains(AuditFact("rows", done.rows)))
        #expect(last.recordsDigest != first.recordsDigest && first.recordsDigest != nil)
        // Sealed under the key of its own epoch, and no other.
        let log = try bench.open.keyring.logKeys()
        for (index, isOpened) in [(note.size - 1, false), (note.size, true)] {
            let context = AuditWriter.context(dump.entries[0].organization, index: index)
            #expect(((try? log.current.seal.open(document: dump.entries[Int(index)].sealed, context: context)) != nil) == isOpened)
        }
        for checkpoint in dump.checkpoints where checkpoint.size < note.size { #expect(try bench.open.verifierKey(ofSize: checkpoint.size) == old) }
    }

    @Test("old entries are read and verified over several epochs, and one that was rewritten with the old key is found") func rewritten() async throws
    {
        let bench = try await Self.scene().bench
        let old = try bench.open.keyring.keys
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        try await bench.lock()
        // Whoever had the first key seals another entry and chains all that follow in its epoch anew.
        var dump = try await StoreDump(of: bench.store)
        let (keys, organization) = (try old.audit(dump.entries[0].organization), dump.entries[0].organization)
        let context = AuditWriter.context(organization, index: 3)
        var entry = try AuditEntry(decoding: keys.seal.open(document: dump.entries[3].sealed, context: context))
        entry.detail.append(AuditFact("written", "anew"))
        dump.entries[3].sealed = try keys.seal.seal(document: entry.encoded(), context: context)
        let end = try #require(dump.checkpoints.compactMap { try? SignedCheckpoint(parsing: $0.note) }.first { $0.next != nil }?.size)
        var head = LogHead(organization: organization)
        for index in 0..<Int(end) { dump.entries[index].chain = head.append(dump.entries[index].sealed, key: keys.chain) }
        let thief = bench.restarted(on: try await dump.load(), remembers: false)
        try await thief.unlock()
        guard case .broken(let found) = try await thief.verify().verdict else {
            Issue.record("what was rewritten with the old key is believed")
            return
        }
        #expect(found.index <= end)
        // Without a checkpoint of then in the file, the first link of the next epoch shows it.
        let log = try thief.open.keyring.logKeys()
        var verifier = LogVerifier(organization: organization, epochs: log.epochs)
        var first: LogBreak?
        for stored in dump.entries where first == nil {
            first = verifier.take(index: stored.index, sealed: stored.sealed, chain: stored.chain)
        }
        guard case .broken(let link) = first.map(LogVerdict.broken) ?? verifier.finish() else {
            Issue.record("the first link of the next epoch fits to another history")
            return
        }
        #expect(link.index == end)
    }

    @Test("a proof names the key of the epoch that its checkpoint is of, and the log's growth is proved over the end of one")
    func proofs() async throws {
        let bench = try await Self.scene().bench
        let (old, before) = (try bench.open.verifierKey, try #require(try await bench.open.checkpoint(by: bench.person())))
        let size = try SignedCheckpoint(parsing: before.note).size
        let done = try await bench.vault.rotateOrganization(by: bench.person())
        #expect(try await bench.open.prove(ProofWish(.entry(2), size: size), by: bench.person()).verifierKey == old)
        #expect(try await bench.open.prove(ProofWish(.entry(2)), by: bench.person()).verifierKey == done.verifierKey)
        let grown = try await bench.open.prove(ProofWish(.growth(from: nil), kept: before.note), by: bench.person())
        #expect(grown.verifierKey == done.verifierKey && grown.proof.verdict == .proven && grown.proof.checkpoint.size > size)
    }

    @Test("badges stay good, and every token ends: shown again it is a misuse") func badgesAndTokens() async throws {
        let bench = try await TokenTests.bench()
        let badge = try await bench.open.addAgent(VaultBench.segment("third"), by: bench.person())
        let (view, text) = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        let scene = try await RunTokenTests.Scene(bench)
        #expect(try await scene.refusal() == nil)
        let done = try await bench.vault.rotateOrganization(by: bench.person())
        let own = try scene.own
        #expect(done.tokens == 2 && Set(bench.brokers.ended) == [view.id, own])
        for grant in [view.id, own] { #expect(try await scene.refusal(grant) == "token.revoked") }
        let other = try await RunTokenTests.Scene(bench, agent: "other")
        #expect(try await other.refusal(strangers: [Array(text.utf8)]) == "token.revoked")
        #expect(try await bench.log().contains { $0.action == .known(.tokenMisuse) })
        for _ in 1...2 {
            #expect(try await bench.open.agent(badge: badge)?.name.description == "third")
            _ = try await bench.vault.rotateOrganization(by: bench.person())
            try await bench.relock()
        }
        #expect(try await bench.open.agent(badge: badge)?.name.description == "third")
        #expect(try await bench.open.grant(recognising: Array(text.utf8))?.id == view.id)
        let badgeOfNobody = String(badge.dropLast(1)) + (badge.hasSuffix("0") ? "1" : "0")
        #expect(try await bench.open.agent(badge: badgeOfNobody) == nil)
        // A new one is another, and good.
        let fresh = try await bench.open.issueToken(TokenTests.wish(), by: bench.person()).text
        #expect(fresh != text)
        #expect(try await bench.open.grant(recognising: Array(fresh.utf8))?.record.revokedAt == nil)
    }

    @Test("a row that was put back, taken away or edited while the vault is open stops it, and nothing is stored", arguments: 0..<3)
    func laundering(way: Int) async throws {
        let scene = try await Self.scene()
        let bench = scene.bench
        let older = try await StoreDump(of: bench.store)
        _ = try await bench.open.revokeTokens(.all, by: bench.person())
        let id = try await bench.open.show(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person()).id
        let row = try #require(try await bench.open.book.record(.secret, id: id.cast()))
        let factor = try #require(try await bench.open.book.records(.factor).first)
        var change: [Batch.Operation]
        switch way {
        case 0:
            // What stood there once, with the MAC that it had.
            let back = try #require(older.records.last { $0.kind == .grant && $0.revision == 1 })
            let now = try #require(try await bench.open.book.record(.grant, id: back.id))
            change = [.remove(.grant, now.id, replacing: now.revision, in: now.organization), .put(back, replacing: nil)]
        case 1: change = [.remove(.factor, factor.id, replacing: factor.revision, in: factor.organization)]
        default:
            var edited = row
            edited.revision += 1
            edited.content[9] ^= 1
            change = [.put(edited, replacing: row.revision)]
        }
        for result in try await bench.store.commit([Batch(change)]) { try result.get() }
        let before = try await StoreDump(of: bench.store)
        await #expect(throws: EngineError.recordsDisagree) { try await bench.vault.rotateOrganization(by: bench.person()) }
        let after = try await StoreDump(of: bench.store)
        #expect(after.records == before.records && after.keys == before.keys)
        #expect(try await bench.log().allSatisfy { !$0.action.text.hasPrefix("rotation.") })
    }

    @Test("what was made ready under the old key is not stored") func readyBefore() async throws {
        let bench = try await TokenTests.bench()
        let open = try bench.open
        let secret = try await open.show(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person()).id
        let agent = try #require(try await open.agentNames().first { $0.value == "coder" }).key
        let shape = try #require(TokenShape.neutral())
        let made = try open.makeGrant(GrantDraft(agent: agent, secret: secret, shape: shape, life: .seconds(600)))
        var change = Change()
        change.put(made.row, replacing: nil)
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        let late = change
        await #expect(throws: StoreError.conflict(.grant)) { try await open.authorizer.state(.tokenIssue, by: bench.person(), change: late) }
        #expect(try await open.grant(recognising: Array(made.token.text.utf8)) == nil)
        try await bench.relock()
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("whoever reads and writes meanwhile is right, and nothing is left under the old key") func busy() async throws {
        let scene = try await Self.scene()
        let bench = scene.bench
        let (open, person) = (try bench.open, bench.person())
        try await bench.busily { _, number in
            #expect(try await open.agent(badge: scene.badge) != nil)
            if number % 5 == 0 { _ = try await open.list(VaultBench.dev, ListFilter(), by: person) }
        } during: {
            for _ in 0..<6 { _ = try await bench.vault.rotateOrganization(by: person) }
        }
        #expect(try bench.open.keyring.keys.generation == 7)
        let (keys, dump) = (try bench.open.keyring.keys, try await StoreDump(of: bench.store))
        #expect(dump.records.allSatisfy { keys.isGenuine($0) })
        try await Self.check(scene)
        try await bench.relock()
        try await Self.check(scene)
    }

    @Test("two at once are two epochs; a rotation of projects is waited for; a lock ends it as if it had not begun") func alone() async throws {
        let scene = try await Self.scene()
        let bench = scene.bench
        async let one = bench.vault.rotateOrganization(by: bench.person())
        async let two = bench.vault.rotateOrganization(by: bench.person())
        let ends = [try await one.generation, try await two.generation]
        #expect(Set(ends) == [2, 3])
        _ = try await bench.open.beginRotation(RotationTests.shop, by: bench.person())
        await #expect(throws: EngineError.rotationUnderway) { try await bench.vault.rotateOrganization(by: bench.person()) }
        while try await bench.open.rotate(by: bench.person()).phase != .done {}
        try bench.open.rotations.stop()
        let before = try await StoreDump(of: bench.store)
        await #expect(throws: EngineError.locked) { try await bench.vault.rotateOrganization(by: bench.person()) }
        let after = try await StoreDump(of: bench.store)
        #expect(after.records == before.records && after.keys == before.keys && after.entries == before.entries)
        try await bench.relock()
        try await Self.check(scene)
        #expect(try await bench.vault.rotateOrganization(by: bench.person()).generation == 4)
    }

    @Test("it asks the person again, and agents never reach it") func persons() async throws {
        let bench = try await Self.scene().bench
        let dump = try await StoreDump(of: bench.store)
        await #expect(throws: EngineError.stepUpRequired) { try await bench.vault.rotateOrganization(by: bench.person(steppedUp: false)) }
        for asker in [try bench.agent(), bench.nobody()] {
            await #expect(throws: EngineError.denied(.personOnly)) { try await bench.vault.rotateOrganization(by: asker) }
        }
        #expect(try await StoreDump(of: bench.store).keys == dump.keys)
    }

    @Test("a store that fails at any call leaves the vault as it was, or wholly under the new key") func failing() async throws {
        let scene = try await Self.scene()
        try await scene.bench.lock()
        let base = try await StoreDump(of: scene.bench.store)
        var ends: Set<Int64> = []
        for moment in FailingStore.Moment.allCases {
            for number in 1...200 {
                let bench = VaultBench(store: try await base.load(), isMade: true) { FailingStore($0, failing: number, moment) }
                do {
                    try await bench.unlock()
                    _ = try await bench.vault.rotateOrganization(by: bench.person())
                } catch {}
                guard try await bench.hasFailed else { break }
                if !bench.vault.isUnlocked { try await bench.unlock() }
                ends.insert(try bench.open.keyring.keys.generation)
                try await Self.check(Scene(bench: bench, badge: scene.badge, token: scene.token))
                try await bench.lock()
                let next = bench.restarted()
                try await next.unlock()
                try await Self.check(Scene(bench: next, badge: scene.badge, token: scene.token))
                let keys = try next.open.keyring.keys
                #expect(try await StoreDump(of: next.store).records.allSatisfy { keys.isGenuine($0) })
            }
        }
        #expect(ends == [1, 2])
    }

    @Test("a machine that saw a later epoch refuses a copy of before; one that died before it could remember opens") func memory() async throws {
        let scene = try await Self.scene()
        let bench = scene.bench
        let (copy, remembered) = (try await StoreDump(of: bench.store), try bench.memory.load())
        let kept = try bench.checkpoint.load()
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        let now = try await StoreDump(of: bench.store)
        await #expect(throws: EngineError.rollbackSuspected) { try await bench.restarted(on: try await copy.load()).unlock() }
        // The files beside the vault are those of the former epoch.
        let died = bench.restarted(on: try await now.load())
        try died.memory.store(try #require(remembered))
        if let kept { try died.checkpoint.store(kept) }
        #expect(try await died.unlock().warnings.isEmpty)
        try await Self.check(Scene(bench: died, badge: scene.badge, token: scene.token))
        try await died.lock()
        try died.memory.store([UInt8](repeating: 7, count: 120))
        #expect(try await died.unlock().warnings.count == 1)
    }

    @Test("epochs that do not follow each other are refused") func following() async throws {
        let bench = try await Self.scene().bench
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        let epochs = try bench.open.keyring.formerEpochs().epochs
        #expect(throws: Never.self) { try FormerEpochs(epochs.reversed(), before: 3) }
        for wrong in [[], [epochs[0]], [epochs[1]], epochs + [epochs[0]]] {
            #expect(throws: EngineError.recordsDisagree) { try FormerEpochs(wrong, before: 3) }
        }
        #expect(throws: EngineError.recordsDisagree) { try FormerEpochs(epochs, before: 4) }
        let keys = try bench.open.keyring.keys
        let gap = Epoch(of: keys, entries: epochs[1].entries.upperBound + 1..<epochs[1].entries.upperBound + 2, signer: epochs[0].signer)
        #expect(throws: EngineError.recordsDisagree) { try FormerEpochs(epochs + [gap], before: 4) }
        // A row of one that was taken away is missed when the vault is opened.
        try await bench.lock()
        var dump = try await StoreDump(of: bench.store)
        dump.records.remove(at: try dump.position(.epoch))
        await #expect(throws: EngineError.recordsDisagree) { try await bench.restarted(on: try await dump.load()).unlock() }
    }

    @Test("a grant of scheduled backups ends with the key") func schedule() async throws {
        let bench = try await VaultBench.unlocked()
        let recipient = try AgeRecipient(parsing: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p")
        let grant = try await bench.open.grantBackups(to: [recipient], by: bench.person())
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        await #expect(throws: EngineError.denied(.backupNotGranted)) { _ = try await bench.open.beginBackup(by: grant, by: bench.nobody()) }
    }
}
