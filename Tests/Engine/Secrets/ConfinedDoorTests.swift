import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// A whole agent at the socket in its sandbox: it is itself there, whatever else it could be taken for, and nobody's password is taken.
@Suite struct ConfinedDoorTests {
    private struct Scene {
        let bench: VaultBench
        let agent: ConfinedAgent
        /// As it comes, on a connection that elsewhere would be a person's.
        var door: DoorFacts { DoorFacts(peer: VaultBench.peer(), connection: 1, agent: agent) }

        init() async throws {
            bench = try await ErrandTests.bench()
            _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
            let asker = try await bench.open.agent(named: SegmentName("coder", of: .agent), for: bench.person())
            guard case .agent(let id, let name) = asker.standing else { throw TestFailure("no agent") }
            agent = ConfinedAgent(id: id, name: name, userName: "ada")
        }

        func asker(_ credentials: Credentials = Credentials()) async throws -> Asker {
            try await bench.vault.asker(at: door, source: .mcp, credentials)
        }

        func run(isSandboxed: Bool = true) async throws -> PreparedRun {
            var wish = RunWish(arguments: ["claude"], scope: VaultBench.dev)
            wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
            (wish.agent, wish.isSandboxed) = (agent.name, isSandboxed)
            return try await bench.open.prepareRun(wish, by: bench.person())
        }
    }

    @Test("the keeper listens for a whole agent as long as its run goes on, and for no other program") func life() async throws {
        let scene = try await Scene()
        let started = try await scene.bench.vault.start(scene.run()) {}
        let door = try #require(scene.bench.confinedDoors.doors.first)
        #expect(door.agent == scene.agent && !door.isEnded)
        await scene.bench.vault.finish(started, result: "done", detail: [])
        #expect(door.isEnded)
        let free = try await scene.run(isSandboxed: false)
        var wish = RunWish(arguments: ["curl"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
        let tool = try await scene.bench.open.prepareRun(wish, by: scene.bench.open.agent(named: scene.agent.name, for: scene.bench.person()))
        #expect(free.job.sandbox == nil && tool.job.sandbox?.hasDoor == true && tool.job.sandbox?.hasKeeper == false)
        #expect(scene.bench.confinedDoors.doors.count == 1)
    }

    @Test("a run that does not begin closes it") func unbegun() async throws {
        let scene = try await Scene()
        scene.bench.runners.fail(with: .runnersGone)
        let run = try await scene.run()
        #expect(await ErrandTests.code { try await scene.bench.vault.start(run) {} } != nil)
        #expect(scene.bench.confinedDoors.doors.map(\.isEnded) == [true])
    }

    @Test("who comes by it is its agent, and nothing else that is shown or known of it counts") func standing() async throws {
        let scene = try await Scene()
        let asker = try await scene.asker()
        #expect(asker.standing == .agent(scene.agent.id, scene.agent.name) && asker.isConfined && asker.origin.userName == "ada")
        #expect(!scene.bench.vault.isHeldByPerson(scene.door) && scene.bench.vault.isHeldByPerson(scene.bench.terminal))
        _ = try await scene.bench.vault.stepUp(
            password: VaultBench.password.secret, opensGrace: true, by: scene.bench.nobody(), at: scene.bench.terminal)
        #expect(scene.bench.vault.revealGrace(scene.door) == nil && scene.bench.vault.revealGrace(scene.bench.terminal) != nil)
        for credentials in [Credentials(badge: "x"), Credentials(stepUpToken: "x")] {
            #expect(await ErrandTests.code { try await scene.asker(credentials) } == "badge.unknown")
        }
    }

    @Test("a password that comes by it is not tried, right or wrong") func passwords() async throws {
        let scene = try await Scene()
        let (vault, asker) = (scene.bench.vault, try await scene.asker())
        for text in [VaultBench.password, "a wrong password"] {
            let attempts: [() async throws -> Any] = [
                { try await vault.unlock(password: text.secret, lease: nil, by: asker, at: scene.door) },
                { try await vault.stepUp(password: text.secret, opensGrace: true, by: asker, at: scene.door) },
                { try await vault.changePassword(current: text.secret, to: "another good password".secret, by: asker) },
                { try await vault.rotateRoot(password: text.secret, by: asker) },
            ]
            for attempt in attempts { #expect(await ErrandTests.code(attempt) == "unavailable") }
        }
        try await scene.bench.lock()
        let locked = try await scene.asker()
        #expect(
            await ErrandTests.code { try await vault.unlock(password: VaultBench.password.secret, lease: nil, by: locked, at: scene.door) }
                == "unavailable")
        #expect(!vault.isUnlocked)
        try await scene.bench.unlock()
    }

    @Test("one that asked while the vault was locked gets nothing of one that was opened meanwhile; a revoked one is refused") func between()
        async throws
    {
        let scene = try await Scene()
        try await scene.bench.lock()
        let asker = try await scene.asker()
        #expect(asker.standing == .unidentified && asker.isConfined)
        try await scene.bench.unlock()
        #expect(await ErrandTests.code { try scene.bench.vault.opened(for: asker) } == "vault.locked")
        #expect(try await scene.asker().agent == scene.agent.id)
        try await scene.bench.open.revokeAgent(scene.agent.name, by: scene.bench.person())
        #expect(await ErrandTests.code { try await scene.asker() } == "badge.unknown")
    }

    @Test("its session_sleep ends what it has, but for the broker that is its way out") func sleep() async throws {
        let scene = try await Scene()
        let run = try await scene.run()
        let asker = try await scene.asker()
        try await ErrandTests.request(scene.bench, by: asker)
        #expect(scene.bench.brokers.running == 2)
        _ = try await scene.bench.open.sleep(SleepWish(), by: asker)
        #expect(scene.bench.brokers.running == 1)
        _ = try await scene.bench.open.sleep(SleepWish(), by: scene.bench.open.agent(named: scene.agent.name, for: scene.bench.person()))
        #expect(scene.bench.brokers.running == 0)
        withExtendedLifetime(run) {}
    }
}
