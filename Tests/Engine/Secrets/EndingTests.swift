import Auditing
import Brokering
import Model
import Policies
import Storage
import Synchronization
import TestKit
import Testing

@testable import Secrets

/// What ends while something is being allowed: a freeze and a revocation either find what an agent gets, or are seen by whoever gives it.
@Suite struct EndingTests {
    enum Ending: CaseIterable {
        case freeze, revocation

        var code: String { self == .freeze ? "agents.frozen" : EngineError.denied(.badBadge).code }

        func happens(to agent: String = "coder", in bench: VaultBench) async throws {
            switch self {
            case .freeze: _ = try await bench.vault.panic(by: bench.nobody())
            case .revocation: try await bench.open.revokeAgent(VaultBench.segment(agent), by: bench.person())
            }
        }
    }

    /// Something that happens once, when a store is called, or when it has done what it was asked.
    private final class Moment: Sendable {
        private let body = Mutex<(call: String, body: @Sendable () async throws -> Void)?>(nil)

        func arm(at call: String, _ body: @escaping @Sendable () async throws -> Void) { self.body.withLock { $0 = (call, body) } }

        func pass(_ call: String) async throws {
            let due = body.withLock { armed -> (@Sendable () async throws -> Void)? in
                guard let known = armed, known.call == call else { return nil }
                armed = nil
                return known.body
            }
            try await due?()
        }
    }

    private struct Scene {
        let bench: VaultBench
        let before = Moment()
        let after = Moment()

        init(_ capabilities: [Capability] = [.envInject, .fileInject, .maskedReturn, .referenceOnly], rules: String = "") async throws {
            bench = VaultBench(wrapping: { [before, after] store in
                HookedStore(store, before: { try await before.pass($0) }, after: { try await after.pass($0) })
            })
            try await bench.create()
            try await bench.set("app/key", bench.canary().secret)
            try await bench.allow(capabilities, agent: "*", rules: rules)
            _ = try await bench.open.addAgent(VaultBench.segment("coder"), by: bench.person())
        }

        static func withTokens() async throws -> Scene { try await Scene([.broker], rules: TokenTests.rules) }

        /// The agent that was added, by its badge.
        func agent() async throws -> Asker {
            var agent = try await bench.open.agent(named: VaultBench.segment("coder"), for: bench.person())
            agent.source = .mcp
            return agent
        }

        func run(_ change: (inout RunWish) -> Void = { _ in }) throws -> RunWish {
            var wish = RunWish(arguments: ["curl"], scope: VaultBench.dev)
            wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
            change(&wish)
            return wish
        }

        /// A run of a person's that has the agent's tokens.
        func personsRun() async throws -> PreparedRun {
            try await bench.open.prepareRun(run { $0.agent = VaultBench.segment("coder") }, by: bench.person())
        }
    }

    @Test("a run that was allowed before does not begin, and leaves no token and no broker", arguments: Ending.allCases)
    func run(_ ending: Ending) async throws {
        let scene = try await Scene()
        let own = try await scene.bench.open.prepareRun(scene.run(), by: scene.agent())
        try await ending.happens(in: scene.bench)
        #expect(await ErrandTests.code { try await scene.bench.vault.start(own) {} } == ending.code)
        #expect(scene.bench.runners.jobs.isEmpty && scene.bench.vault.runs.all.isEmpty)
        #expect(try await scene.bench.verify().missingOutcomes.isEmpty)
        let other = try await Scene.withTokens()
        let persons = try await other.personsRun()
        try await ending.happens(in: other.bench)
        #expect(await ErrandTests.code { try await other.bench.vault.start(persons) {} } == ending.code)
        #expect(other.bench.runners.jobs.isEmpty && other.bench.brokers.running == 0)
    }

    @Test("a run that has the agent's tokens is stopped, whoever started it, and one that is a person's alone is not", arguments: Ending.allCases)
    func wholeAgents(_ ending: Ending) async throws {
        let scene = try await Scene.withTokens()
        let stopped = Flag(false)
        _ = try await scene.bench.vault.start(scene.personsRun()) { stopped.set() }
        _ = try await scene.bench.vault.start(scene.bench.open.prepareRun(scene.run(), by: scene.bench.person())) {
            Issue.record("a person's run was stopped")
        }
        try await ending.happens(in: scene.bench)
        #expect(stopped.isSet)
    }

    @Test("another agent's run goes on when one is revoked") func others() async throws {
        let scene = try await Scene.withTokens()
        _ = try await scene.bench.open.addAgent(VaultBench.segment("other"), by: scene.bench.person())
        _ = try await scene.bench.vault.start(scene.personsRun()) { Issue.record("another agent's run was stopped") }
        try await Ending.revocation.happens(to: "other", in: scene.bench)
    }

    @Test("a session file whose value is being opened is removed again", arguments: Ending.allCases) func files(_ ending: Ending) async throws {
        let scene = try await Scene()
        let bench = scene.bench
        var wish = InjectionWish(
            scope: VaultBench.dev, secrets: [.init(reference: try SecretReference(parsing: "app/key"))], purpose: "a test")
        wish.content = .values
        let (agent, asked) = (try await scene.agent(), wish)
        scene.before.arm(at: "field") { try await ending.happens(in: bench) }
        #expect(await ErrandTests.code { try await bench.open.inject(asked, by: agent) } == ending.code)
        #expect(try bench.files.drafts.isEmpty && bench.open.files.count(of: #require(agent.holder)) == 0)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a session that is being woken does not stay awake", arguments: Ending.allCases) func sessions(_ ending: Ending) async throws {
        let scene = try await Scene()
        let bench = scene.bench
        let agent = try await scene.agent()
        switch ending {
        case .freeze: scene.after.arm(at: "commit") { try bench.open.freeze.begin(at: bench.machine.wall) }
        case .revocation: scene.before.arm(at: "record") { try await ending.happens(in: bench) }
        }
        let wish = SessionWish(place: VaultBench.dev, covers: ["app/key"], purpose: "a test")
        #expect(await ErrandTests.code { try await bench.open.wakeSession(wish, by: agent) } == ending.code)
        #expect(try bench.open.awakeSessions(for: bench.person()).isEmpty)
    }

    @Test("a token that an agent asked for is none, and its broker ends, whenever the end comes", arguments: Ending.allCases, [true, false])
    func tokens(_ ending: Ending, whileStarting: Bool) async throws {
        let scene = try await Scene.withTokens()
        let bench = scene.bench
        let agent = try await scene.agent()
        let first = Flag(false)
        let body: @Sendable () async throws -> Void = {
            guard !first.isSet else { return }
            first.set()
            try await ending.happens(in: bench)
        }
        bench.brokers.play { script in if whileStarting { script.starting = body } else { script.opening = body } }
        let wish = AgentTokenWish(scope: VaultBench.dev, reference: try SecretReference(parsing: "app/key"), purpose: "a test")
        #expect(await ErrandTests.code { try await bench.open.token(wish, by: agent) } == ending.code)
        #expect(bench.brokers.running == 0)
        #expect(try await bench.open.grants { $0.revokedAt == nil }.isEmpty)
    }

    @Test("what is written of an act when a freeze begins releases nothing, and says how it ended") func intents() async throws {
        let scene = try await Scene()
        let (bench, agent) = (scene.bench, try await scene.agent())
        scene.after.arm(at: "commit") { try bench.open.freeze.begin(at: bench.machine.wall) }
        let masked = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        #expect(await ErrandTests.code { try await bench.open.masked(masked, by: agent) } == "agents.frozen")
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a request that was allowed when its token ended goes nowhere, and the log says so", arguments: [nil] + Ending.allCases.map(Optional.some))
    func requests(_ ending: Ending?) async throws {
        let scene = try await Scene.withTokens()
        let bench = scene.bench
        let token = try #require(try await scene.personsRun().door?.tokens.first)
        let door = try #require(bench.brokers.doors.last)
        let asked = AskedRequest(
            scheme: "https", host: "api.stripe.com", port: 443, method: "GET", path: "/v1/x",
            uses: [.init(grant: token, place: .bearer, occurrences: 1)])
        scene.before.arm(at: "field") {
            if let ending { return try await ending.happens(in: bench) }
            _ = try await bench.open.revokeTokens(.all, by: bench.person())
        }
        guard case .refuse(let denial) = await door.judge.judge(asked) else { throw TestFailure("the request was let go") }
        #expect(denial?.code == ending?.code ?? "token.revoked")
        #expect(try await bench.log().contains { $0.action == .known(.request) && $0.phase.result == denial?.code })
    }

    @Test("an agent whose revocation cannot be stored has lost what it had all the same") func unstored() async throws {
        let scene = try await Scene()
        let (bench, agent, stopped) = (scene.bench, try await scene.agent(), Flag(false))
        _ = try await bench.open.wakeSession(SessionWish(place: VaultBench.dev, covers: ["app/key"], purpose: "a test"), by: agent)
        _ = try await bench.vault.start(bench.open.prepareRun(scene.run(), by: agent)) { stopped.set() }
        scene.before.arm(at: "commit") {
            scene.before.arm(at: "commit") { throw StoreError.full }
            throw StoreError.full
        }
        #expect(await ErrandTests.code { try await Ending.revocation.happens(in: bench) } == "store.full")
        #expect(try stopped.isSet && bench.open.awakeSessions(for: bench.person()).isEmpty)
    }
}

extension AuditPhase {
    fileprivate var result: String? { if case .outcome(_, let result) = self { result } else { nil } }
}
