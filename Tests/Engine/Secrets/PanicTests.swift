import Auditing
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// A freeze of every agent: what it ends, what it refuses, that it lasts, and who lifts it.
@Suite struct PanicTests {
    private func code(_ body: () async throws -> some Any) async -> String? { await ErrandTests.code(body) }

    @Test("every agent is refused everything, with and without a badge, and a person nothing") func refused() async throws {
        let bench = try await TokenTests.bench()
        let (agent, name) = (try bench.agent(), VaultBench.name("app/key"))
        let masked = FieldReference(scope: VaultBench.dev, name: name)
        _ = try await bench.open.masked(masked, by: agent)
        _ = try await bench.vault.panic(by: bench.person(steppedUp: false))
        for asker in [agent, bench.nobody()] {
            #expect(await code { try await bench.open.masked(masked, by: asker) } == "agents.frozen")
            #expect(await code { try await bench.open.list(VaultBench.dev, ListFilter(), by: asker) } == "agents.frozen")
            #expect(await code { try await bench.open.listSessions(by: asker) } == "agents.frozen")
            #expect(await code { try await bench.open.sleep(SleepWish(), by: asker) } == "agents.frozen")
            #expect(await code { try await ErrandTests.request(bench, by: asker) } == "agents.frozen")
            // A name that nothing has is answered in the same way.
            #expect(await code { try await ErrandTests.request(bench, "app/none", by: asker) } == "agents.frozen")
            var wish = RunWish(arguments: ["curl"], scope: VaultBench.dev)
            wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
            #expect(await code { try await bench.open.prepareRun(wish, by: asker) } == "agents.frozen")
            #expect(await code { try await bench.open.agents(by: asker) } == "not_permitted")
        }
        var run = RunWish(arguments: ["claude"], scope: VaultBench.dev)
        (run.secrets, run.agent) = ([.init(reference: try SecretReference(parsing: "app/key"))], VaultBench.segment("coder"))
        #expect(await code { try await bench.open.prepareRun(run, by: bench.person()) } == "agents.frozen")
        #expect(await code { try await bench.open.issueToken(TokenTests.wish(), by: bench.person()) } == "agents.frozen")
        _ = try await bench.reveal("app/key")
        #expect(try await bench.log().contains { $0.decision.code == "agents.frozen" })
        #expect(bench.vault.stateNow.warnings.contains { $0.contains("agents are frozen") })
    }

    @Test("it ends tokens, sessions, files, brokers and agents' runs, and says how many") func ends() async throws {
        let bench = try await TokenTests.bench()
        try await bench.allow([.broker, .envInject], agent: "*", rules: TokenTests.rules)
        _ = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        let agent = try bench.agent()
        var session = SessionWish(place: VaultBench.dev, covers: ["app/key"], purpose: "a test")
        session.life = .seconds(600)
        _ = try await bench.open.wakeSession(session, by: agent)
        try await ErrandTests.request(bench, by: agent)
        var wish = RunWish(arguments: ["curl"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
        let stopped = Flag(false)
        let run = try await bench.vault.start(bench.open.prepareRun(wish, by: agent)) { stopped.set() }
        let persons = try await bench.vault.start(bench.open.prepareRun(wish, by: bench.person())) { Issue.record("a person's run was stopped") }
        let frozen = try await bench.vault.panic(by: bench.nobody())
        // The run of the agent has a token and a broker of its own.
        #expect([frozen.tokens, frozen.sessions, frozen.brokers, frozen.runs] == [2, 1, 2, 1] && frozen.since != nil)
        #expect(try stopped.isSet && bench.brokers.running == 0 && bench.open.awakeSessions(for: bench.person()).isEmpty)
        #expect(try await bench.open.tokens(by: bench.person()).map(\.state) == [.revoked, .revoked])
        for run in [run, persons] { await bench.vault.finish(run, result: "done", detail: []) }
        let again = try await bench.vault.panic(by: bench.nobody())
        #expect(again == Frozen(since: frozen.since))
    }

    @Test("it lasts over a lock and a restart, until a person who was asked again lifts it") func lasts() async throws {
        let bench = try await TokenTests.bench()
        let since = try await bench.vault.panic(by: bench.person(steppedUp: false)).since
        try await bench.relock()
        #expect(try bench.open.freeze.since == since)
        #expect(Set(try await bench.open.agents(by: bench.person()).map(\.isFrozen)) == [true])
        try await bench.lock()
        let next = bench.restarted()
        try await next.unlock()
        let masked = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        #expect(await code { try await next.open.masked(masked, by: next.agent()) } == "agents.frozen")
        for asker in [try next.agent(), next.nobody(), next.person(steppedUp: false)] {
            #expect(await code { try await next.open.thawAgents(by: asker) } != nil)
        }
        #expect(await code { try await next.open.masked(masked, by: next.agent()) } == "agents.frozen")
        try await next.open.thawAgents(by: next.person())
        #expect(Set(try await next.open.agents(by: next.person()).map(\.isFrozen)) == [false])
        _ = try await next.open.masked(masked, by: next.agent())
        #expect(await code { try await next.open.thawAgents(by: next.person()) } == "request.invalid")
        try await next.relock()
        _ = try await next.open.masked(masked, by: next.agent())
        #expect(try await next.open.book.records(.panic).isEmpty)
    }

    @Test("a row of a freeze that was taken away or put back is found at unlock") func tampered() async throws {
        let bench = try await TokenTests.bench()
        _ = try await bench.vault.panic(by: bench.person())
        try await bench.lock()
        let frozen = try await StoreDump(of: bench.store)
        var without = frozen
        without.records.remove(at: try frozen.position(.panic))
        let next = bench.restarted(on: try await without.load())
        await #expect(throws: EngineError.recordsDisagree) { try await next.unlock() }
        try await bench.unlock()
        try await bench.open.thawAgents(by: bench.person())
        try await bench.lock()
        var with = try await StoreDump(of: bench.store)
        with.records.append(frozen.records[try frozen.position(.panic)])
        let other = bench.restarted(on: try await with.load())
        await #expect(throws: EngineError.recordsDisagree) { try await other.unlock() }
    }

    @Test("while the vault is locked it waits for the unlock, which freezes before anybody is let in") func whileLocked() async throws {
        let bench = try await TokenTests.bench()
        _ = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        try await bench.lock()
        let frozen = try await bench.vault.panic(by: bench.nobody())
        #expect(frozen.since == nil)
        let next = bench.restarted()
        try await next.unlock()
        #expect(try next.open.freeze.since != nil)
        #expect(try await next.open.tokens(by: next.person()).map(\.state) == [.revoked])
        #expect(try await next.log().contains { $0.action == .known(.agentsFreeze) && $0.decision.effect == .allow })
        try await next.open.thawAgents(by: next.person())
        try await next.relock()
        #expect(try next.open.freeze.since == nil, "what waited was done once")
    }

    @Test("an agent's own door does not freeze, and a store that fails keeps nobody from being frozen") func doors() async throws {
        let fails = Flag(false)
        let bench = try await TokenTests.bench(wrapping: { store in
            HookedStore(store, before: { call in if fails.isSet, call == "commit" { throw StoreError.full } })
        })
        var door = bench.nobody()
        door.source = .mcp
        for asker in [try bench.agent(), door] { #expect(await code { try await bench.vault.panic(by: asker) } == "not_permitted") }
        #expect(try bench.open.freeze.since == nil)
        try await bench.lock()
        #expect(await code { try await bench.vault.panic(by: door) } == "not_permitted")
        try await bench.unlock()
        #expect(try bench.open.freeze.since == nil)
        fails.set()
        #expect(await code { try await bench.vault.panic(by: bench.person()) } != nil)
        fails.set(false)
        let masked = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        #expect(await code { try await bench.open.masked(masked, by: bench.agent()) } == "agents.frozen")
    }
}
