import Auditing
import Brokering
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// Fake tokens in the files of agents' runs.
@Suite struct FileTokenTests {
    private func run(_ bench: VaultBench, by asker: Asker? = nil, stop: @escaping @Sendable () -> Void = {}) async throws -> StartedRun {
        var wish = RunWish(arguments: ["make"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/key"))]
        let given = if let asker { asker } else { try await agent(bench) }
        return try await bench.vault.start(bench.open.prepareRun(wish, by: given), stop: stop)
    }

    private func agent(_ bench: VaultBench, _ name: String = "coder") async throws -> Asker {
        var agent = try await bench.open.agent(named: VaultBench.segment(name), for: bench.person())
        agent.source = .mcp
        return agent
    }

    private func misuses(_ bench: VaultBench) async throws -> [String] {
        try await bench.log().filter { $0.action == .known(.tokenMisuse) }.compactMap(\.decision.code)
    }

    private func bytes(_ text: String) -> [[UInt8]] { [Array("sk_live_of-nobody".utf8), Array(text.utf8)] }

    @Test("the token of another agent, one that is over, and the agent's own are refused, once written down in a run, and whose they are with them")
    func kinds() async throws {
        let bench = try await TokenTests.bench()
        let own = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        let expiring = try await bench.open.issueToken(TokenTests.wish(life: .seconds(60)), by: bench.person())
        let (first, other) = (try await run(bench), try await run(bench, by: agent(bench, "other")))
        for texts in [bytes("tacit_nobody"), []] { #expect(await !bench.vault.isTrap(texts, inFileOf: first)) }
        for _ in 0..<3 { #expect(await bench.vault.isTrap(bytes(own.text), inFileOf: first)) }
        #expect(try await misuses(bench) == ["token.in-file"])
        #expect(await bench.vault.isTrap(bytes(own.text), inFileOf: other))
        bench.machine.advance(.seconds(61))
        #expect(await bench.vault.isTrap(bytes(expiring.text), inFileOf: first))
        _ = try await bench.open.revokeTokens(.those([own.view.id]), by: bench.person())
        let later = try await run(bench)
        #expect(await bench.vault.isTrap(bytes(own.text), inFileOf: later))
        #expect(try await Set(misuses(bench)) == ["token.in-file", "token.foreign", "token.expired", "token.revoked"])
        let entry = try #require(try await bench.log().first { $0.action == .known(.tokenMisuse) })
        #expect(entry.subjects.first?.secret != nil && entry.subjects.first?.record == own.view.id.cast())
        #expect(try bench.open.misuses(for: bench.person()).map(\.code).contains("token.in-file"))
    }

    @Test("where the policy says so, the agent is frozen, and its run ends") func freezes() async throws {
        let bench = try await TokenTests.bench()
        let json =
            #"{"policies":[{"name":"p","agent_id":"*","allowed_keys":["app/*"],"capabilities":["broker"],"on_misuse":"freeze"}]\#(TokenTests.rules)}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        let own = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        let stopped = Flag(false)
        let run = try await run(bench) { stopped.set() }
        #expect(await bench.vault.isTrap(bytes(own.text), inFileOf: run))
        #expect(stopped.isSet)
        await #expect(throws: EngineError.denied(.frozenAlone)) { try await bench.open.checkStands(run.access.asker.holder) }
    }

    @Test("what left while the vault was locked is looked up at the next unlock; a person's files are nobody's matter") func locked() async throws {
        let bench = try await TokenTests.bench()
        let own = try await bench.open.issueToken(TokenTests.wish(life: .seconds(7 * 86_400)), by: bench.person())
        let (run, person) = (try await run(bench), try await run(bench, by: bench.person()))
        #expect(await !bench.vault.isTrap(bytes(own.text), inFileOf: person))
        bench.machine.advance(.seconds(86_400))
        try await bench.vault.lockIfIdle()
        #expect(!bench.vault.isUnlocked)
        for _ in 0..<2 { #expect(await !bench.vault.isTrap(bytes(own.text), inFileOf: run)) }
        try await bench.unlock()
        #expect(try await misuses(bench) == ["token.in-file"])
        try await bench.relock()
        #expect(try await misuses(bench) == ["token.in-file"])
    }

    @Test("where the store cannot say, or the log cannot be written, the file does not leave") func failures() async throws {
        let isBroken = Flag(false)
        let bench = try await TokenTests.bench(wrapping: { store in
            HookedStore(store, before: { call in if isBroken.isSet, call == "record" || call == "commit" { throw StoreError.full } })
        })
        let own = try await bench.open.issueToken(TokenTests.wish(), by: bench.person())
        let run = try await run(bench)
        isBroken.set(true)
        #expect(await bench.vault.isTrap(bytes(own.text), inFileOf: run))
        isBroken.set(false)
        #expect(await !bench.vault.isTrap(bytes("tacit_nobody"), inFileOf: run))
    }
}
