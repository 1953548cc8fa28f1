import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

@Suite struct SessionTests {
    @Test("in a session for looking only, changes and runs ask again; a plain unlock ends that") func readOnly() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        func asker(_ token: String? = nil) async throws -> Asker {
            try await bench.vault.asker(at: bench.terminal, source: .cli, Credentials(stepUpToken: token))
        }
        func write() async throws {
            _ = try await bench.open.set(VaultBench.write("app/key", bench.canary().secret), in: VaultBench.dev, by: asker())
        }
        func run(_ token: String? = nil) async throws {
            var wish = RunWish(arguments: ["curl"], scope: VaultBench.dev)
            wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
            _ = try await bench.open.prepareRun(wish, by: asker(token))
        }
        try await bench.unlock()
        try await write()
        try await run()
        try await bench.unlock(isReadOnly: true)
        await #expect(throws: EngineError.stepUpRequired) { try await write() }
        await #expect(throws: EngineError.stepUpRequired) { try await run() }
        _ = try await bench.open.list(VaultBench.dev, ListFilter(), by: asker())
        let (token, _) = try await bench.vault.stepUp(
            password: VaultBench.password.secret, opensGrace: false, by: asker(), at: bench.terminal)
        try await run(token)
        await #expect(throws: EngineError.stepUpRequired) { try await run() }
        try await bench.unlock()
        try await write()
    }

    private func standing(_ bench: VaultBench, _ door: DoorFacts, source: AuditSource = .cli, _ credentials: Credentials = Credentials()) async throws
        -> Standing
    { try await bench.vault.asker(at: door, source: source, credentials).standing }

    private func stepUp(_ bench: VaultBench, _ door: DoorFacts, grace: Bool = false) async throws -> (token: String, graceUntil: Timestamp?) {
        try await bench.vault.stepUp(password: VaultBench.password.secret, opensGrace: grace, by: bench.nobody(), at: door)
    }

    @Test("the peer next to the leader of an unlocked session is a person; others are not") func peers() async throws {
        let bench = try await VaultBench.unlocked()
        #expect(try await standing(bench, bench.door(2)) == .person(steppedUp: false))
        #expect(try await standing(bench, bench.door(2, isNextToLeader: false)) == .unidentified)
        #expect(try await standing(bench, bench.door(2, terminal: 9)) == .unidentified)
        #expect(try await standing(bench, bench.door(2), source: .mcp) == .unidentified)
        var other = bench.door(2)
        other.peer.userID = 1001
        #expect(try await standing(bench, other) == .unidentified)
        var ended = bench.door(2)
        ended.peer.session = nil
        #expect(try await standing(bench, ended) == .unidentified)
        try await bench.lock()
        #expect(try await standing(bench, bench.door(2)) == .unidentified)
    }

    @Test("the keeper's own program next to the leader is a person; whatever else is there is told why it is not") func doubts() async throws {
        let bench = try await VaultBench.unlocked()
        let cases: [(StandingDoubt, @Sendable (inout Peer) -> Void)] = [
            (.otherProgram, { $0.isOwnProgram = false }), (.behind("make"), { $0.place = .behind("make") }), (.adopted, { $0.place = .adopted }),
            (.belowFirstProcess, { $0.place = .belowFirstProcess }), (.leaderless, { ($0.place, $0.session) = (.leaderless, nil) }),
            (.hidden, { ($0.place, $0.session) = (.hidden, nil) }), (.leaderless, { $0.session = nil }), (.otherUser, { $0.userID = 0 }),
            (.otherSession, { $0.session = KernelSession(id: 9, leaderStart: 9, terminal: 9) }),
            // The same id, and another process that begins with it.
            (.otherSession, { $0.session?.leaderStart += 1 }), (.otherSession, { $0.session?.terminal += 1 }),
        ]
        for (doubt, change) in cases {
            var door = bench.door(2)
            change(&door.peer)
            let asker = try await bench.vault.asker(at: door, source: .cli, Credentials())
            #expect(asker.standing == .unidentified && asker.doubt == doubt)
            let token = try await stepUp(bench, door).token
            let asked = try await bench.vault.asker(at: door, source: .cli, Credentials(stepUpToken: token))
            #expect(asked.standing == .person(steppedUp: true) && asked.doubt == nil, "a password makes a person of whoever gives it")
        }
        #expect(try await bench.vault.asker(at: bench.door(2), source: .mcp, Credentials()).doubt == .agentsDoor)
        #expect(try await bench.vault.asker(at: bench.door(2), source: .cli, Credentials()).doubt == nil)
        try await bench.unlock(lease: .seconds(8 * 3600))
        bench.machine.advance(.seconds(3600))
        #expect(try await bench.vault.asker(at: bench.terminal, source: .cli, Credentials()).doubt == .idle)
    }

    @Test("nobody at the door speaks as the keeper") func keeperSource() async throws {
        let bench = try await VaultBench.unlocked()
        for source in [AuditSource.keeper, .broker] {
            #expect(try await bench.vault.asker(at: bench.terminal, source: source, Credentials()).source == .api)
        }
    }

    @Test("a password given with one command makes that connection a person's, and no other") func stepUp() async throws {
        let bench = try await VaultBench.unlocked()
        let door = bench.door(5, terminal: 9, isNextToLeader: false)
        let token = try await stepUp(bench, door).token
        #expect(try await standing(bench, door, Credentials(stepUpToken: token)) == .person(steppedUp: true))
        #expect(try await standing(bench, door) == .unidentified)
        #expect(try await standing(bench, door, Credentials(stepUpToken: String(token.reversed()))) == .unidentified)
        #expect(try await standing(bench, bench.door(6), Credentials(stepUpToken: token)) == .person(steppedUp: false))
        #expect(try await standing(bench, door, source: .mcp, Credentials(stepUpToken: token)) == .unidentified)
        try await bench.vault.connectionEnded(5)
        #expect(try await standing(bench, door, Credentials(stepUpToken: token)) == .unidentified)
        #expect(bench.vault.isUnlocked)
    }

    @Test("acts that ask again refuse a person who was not asked") func stepUpActs() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        let (open, person) = (try bench.open, bench.person(steppedUp: false))
        let reference = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        let verbs: [@Sendable () async throws -> Void] = [
            { _ = try await open.reveal(reference, by: person, withinGrace: false) },
            { try await open.purge(reference.name, in: reference.scope, by: person) },
            { _ = try await open.applyPolicy(json: [], text: nil, expectedVersion: nil, by: person) },
            { _ = try await open.addAgent(VaultBench.segment("a"), by: person) }, { try await open.revokeAgent(VaultBench.segment("a"), by: person) },
            { _ = try await open.addPasswordSlot("CANARY-password".secret, by: person) }, { _ = try await open.replaceRecovery(by: person) },
            { try await open.removeSlot(SlotID(random: .system), by: person) }, { try await open.acceptClock(by: person) },
            {
                var wish = RunWish(arguments: ["env"], scope: VaultBench.dev)
                wish.takesAll = true
                _ = try await open.prepareRun(wish, by: person)
            },
        ]
        for (number, verb) in verbs.enumerated() { await #expect(throws: EngineError.stepUpRequired, "verb \(number)") { try await verb() } }
        _ = try await open.reveal(reference, by: person, withinGrace: true)
        _ = try await open.masked(reference, by: person)
        _ = try await open.set(VaultBench.write("app/key", bench.canary().secret), in: VaultBench.dev, by: person)
    }

    @Test("a reveal grace holds five minutes, in the terminal it was opened in") func grace() async throws {
        let bench = try await VaultBench.unlocked()
        #expect(bench.vault.revealGrace(bench.terminal) == nil)
        let outside = try await stepUp(bench, bench.door(3, terminal: 9), grace: true)
        #expect(outside.graceUntil == nil)
        #expect(try await stepUp(bench, bench.door(4), grace: true).graceUntil != nil)
        let until = try #require(bench.vault.revealGrace(bench.door(5)))
        #expect((Duration.seconds(299)...Duration.seconds(301)).contains(until.duration(since: bench.machine.wall)))
        #expect(bench.vault.revealGrace(bench.door(5, isNextToLeader: false)) == nil)
        #expect(bench.vault.revealGrace(bench.door(5, terminal: 9)) == nil)
        var other = bench.door(5)
        other.peer.isOwnProgram = false
        #expect(bench.vault.revealGrace(other) == nil)
        bench.machine.advance(.seconds(299))
        #expect(bench.vault.revealGrace(bench.door(5)) != nil)
        bench.machine.setWall(by: .seconds(-3600))
        bench.machine.advance(.seconds(2))
        #expect(bench.vault.revealGrace(bench.door(5)) == nil)
        _ = try await stepUp(bench, bench.door(4), grace: true)
        try await bench.relock()
        #expect(bench.vault.revealGrace(bench.door(5)) == nil)
    }

    @Test("a locked vault that a command's password opens is open as long as that command") func visitor() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.lock()
        let (first, second) = (bench.door(5, terminal: 9), bench.door(6, terminal: 9, isNextToLeader: false))
        let token = try await stepUp(bench, first).token
        #expect(try await standing(bench, first, Credentials(stepUpToken: token)) == .person(steppedUp: true))
        #expect(try await standing(bench, first) == .unidentified)
        let other = try await stepUp(bench, second).token
        try await bench.vault.connectionEnded(5)
        #expect(bench.vault.isUnlocked)
        #expect(try await standing(bench, second, Credentials(stepUpToken: other)) == .person(steppedUp: true))
        try await bench.vault.connectionEnded(99)
        try await bench.vault.connectionEnded(6)
        #expect(!bench.vault.isUnlocked)
        #expect(bench.runners.isAlive == false)
    }

    @Test("an unlocked session keeps the vault open when a command with a password ends") func visitorBesideSession() async throws {
        let bench = try await VaultBench.unlocked()
        _ = try await stepUp(bench, bench.door(5, terminal: 9))
        try await bench.vault.connectionEnded(5)
        #expect(bench.vault.isUnlocked)
    }

    @Test("the vault locks fifteen minutes after a person's last act; agents' acts do not count") func idleLock() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.allow([.maskedReturn])
        bench.machine.advance(.seconds(14 * 60))
        _ = try bench.vault.opened(for: bench.person())
        bench.machine.advance(.seconds(14 * 60))
        _ = try bench.vault.opened(for: try bench.agent())
        try await bench.vault.lockIfIdle()
        #expect(bench.vault.isUnlocked)
        bench.machine.advance(.seconds(61))
        #expect(throws: EngineError.locked) { try bench.vault.opened(for: try bench.agent()) }
        #expect(try await standing(bench, bench.terminal) == .unidentified)
        try await bench.vault.upkeep()
        #expect(!bench.vault.isUnlocked)
        try await bench.unlock()
        #expect(try await bench.log().contains { $0.action == .known(.vaultLock) && $0.actor.kind == .known(.system) })
    }

    @Test("typing into a run counts as an act, looking at the status does not") func activity() async throws {
        let bench = try await VaultBench.unlocked()
        bench.machine.advance(.seconds(14 * 60))
        bench.vault.personTyped()
        bench.machine.advance(.seconds(14 * 60))
        _ = bench.vault.stateNow
        _ = try await standing(bench, bench.terminal)
        bench.machine.advance(.seconds(61))
        try await bench.vault.lockIfIdle()
        #expect(!bench.vault.isUnlocked)
    }

    @Test("a lease lets agents go on when persons have lost their standing") func lease() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.lock()
        try await bench.unlock(lease: .seconds(8 * 3600))
        bench.machine.advance(.seconds(3600))
        try await bench.vault.lockIfIdle()
        _ = try bench.vault.opened(for: try bench.agent())
        #expect(try await standing(bench, bench.terminal) == .unidentified)
        try await bench.unlock()
        #expect(try await standing(bench, bench.terminal) == .person(steppedUp: false))
        bench.machine.advance(.seconds(7 * 3600 + 1))
        try await bench.vault.lockIfIdle()
        #expect(!bench.vault.isUnlocked)
    }

    @Test("who lost the standing during a lease does not get it back by another's password")
    func noRevival() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.unlock(lease: .seconds(8 * 3600))
        let (second, third) = (bench.door(7, terminal: 2), bench.door(8, terminal: 3, isNextToLeader: false))
        let token = try await stepUp(bench, third).token
        bench.machine.advance(.seconds(3600))
        #expect(try await standing(bench, third, Credentials(stepUpToken: token)) == .unidentified)
        _ = try await stepUp(bench, bench.door(9, terminal: 4, isNextToLeader: false))
        _ = try await bench.vault.unlock(password: VaultBench.password.secret, lease: nil, by: bench.nobody(), at: second)
        #expect(try await standing(bench, second) == .person(steppedUp: false))
        #expect(try await standing(bench, bench.terminal) == .unidentified)
        #expect(try await standing(bench, third, Credentials(stepUpToken: token)) == .unidentified)
    }

    @Test("a lease given by a command outside any session holds when the command has ended") func leaseByVisitor() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.lock()
        let door = bench.door(5, isNextToLeader: false)
        _ = try await bench.vault.unlock(password: VaultBench.password.secret, lease: .seconds(60), by: bench.nobody(), at: door)
        try await bench.vault.connectionEnded(5)
        #expect(bench.vault.isUnlocked)
        bench.machine.advance(.seconds(61))
        try await bench.vault.lockIfIdle()
        #expect(!bench.vault.isUnlocked)
    }

    @Test("two unlocks at once open one vault") func racingUnlocks() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.lock()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 { group.addTask { try await bench.unlock() } }
            try await group.waitForAll()
        }
        let unlocks = try await bench.log().filter { $0.action == .known(.vaultUnlock) && $0.decision.effect == .allow }
        #expect(unlocks.count == 6)
        #expect(bench.runners.preparations == 2)
        #expect(try await bench.verify().verdict.isIntact)
    }
}
