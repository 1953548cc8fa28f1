import Auditing
import Brokering
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// Who gets a fake token in the place of a value without a word about it: programs that an agent starts, and whole agents.
@Suite struct AgentDoorTests {
    private func bench(_ capabilities: String, more policy: String = "", keys: String = "app/*") async throws -> VaultBench {
        let bench = try await ErrandTests.bench()
        _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
        let json = #"""
            {"policies":[{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":[\#(capabilities)]\#(policy)}],
             "request_rules":[{\#(ErrandTests.rule.replacing("app/*", with: keys))}]}
            """#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        return bench
    }

    /// The agent that was added, by its badge.
    private func agent(_ bench: VaultBench) async throws -> Asker {
        var agent = try await bench.open.agent(named: SegmentName("coder", of: .agent), for: bench.person())
        agent.source = .mcp
        return agent
    }

    private func wish(_ names: [String]) throws -> RunWish {
        var wish = RunWish(arguments: ["curl"], scope: VaultBench.dev)
        wish.secrets = try names.map { .init(reference: try SecretReference(parsing: $0)) }
        return wish
    }

    @Test(
        "an agent's program gets a token where the policy has requests with the secret, also where it could have the value, and the broker as its way out"
    )
    func tokens() async throws {
        for capabilities in [#""broker""#, #""broker","env_inject""#] {
            let bench = try await bench(capabilities)
            let run = try await bench.open.prepareRun(wish(["app/key"]), by: agent(bench))
            let door = try #require(bench.brokers.doors.last)
            let token = try #require(door.setup.tokens.first)
            #expect(run.job.values.map(\.value.text) == [token.value.text] && run.job.values.map(\.kind) == [.plain])
            #expect(run.job.sandbox?.hasDoor == true && run.job.sandbox?.isRequired == true && run.job.proxy != nil)
            let use = RequestWish.TokenUse(grant: token.key, place: .bearer, occurrences: 1)
            let asked = AskedRequest(scheme: "https", host: "api.stripe.com", port: 443, method: "GET", path: "/v1/x", uses: [use])
            guard case .allow(let leave) = await door.judge.judge(asked) else { throw TestFailure("a listed request was refused") }
            #expect(leave.releases.map(\.value.text) == [try await bench.reveal("app/key")])
        }
    }

    @Test("it gets the value where the policy has no request with the secret, and nothing where it has neither") func values() async throws {
        let bench = try await bench(#""broker","env_inject""#, keys: "app/other")
        let run = try await bench.open.prepareRun(wish(["app/key"]), by: agent(bench))
        #expect(run.job.values.map(\.value.text) == [try await bench.reveal("app/key")] && run.job.sandbox?.hasDoor == false && run.job.proxy == nil)
        let without = try await self.bench(#""broker""#, keys: "app/other")
        #expect(await ErrandTests.code { try await without.open.prepareRun(wish(["app/key"]), by: agent(without)) } == "not_permitted")
        #expect(bench.brokers.started + without.brokers.started == 0)
    }

    @Test("a run with a token of one secret and the value of another is refused, since the value could leave by the broker") func both() async throws
    {
        let bench = try await bench(#""broker","env_inject""#, keys: "app/key")
        try await bench.set("app/other", bench.canary().secret)
        let agent = try await agent(bench)
        #expect(await ErrandTests.code { try await bench.open.prepareRun(wish(["app/key", "app/other"]), by: agent) } == "request.invalid")
        #expect(bench.brokers.started == 0 && bench.runners.opened.isEmpty)
        #expect(try await bench.log().contains { $0.action == .known(.run) && $0.decision == .deny(code: "request.invalid", rule: nil) })
        // Of a name that it may not know the answer is as of one that is not there.
        #expect(await ErrandTests.code { try await bench.open.prepareRun(wish(["app/key", "db/key"]), by: agent) } == "secret.not-found")
    }

    @Test("a policy that lets programs run without a sandbox lets them so with tokens, too; one that does not, does not") func sandbox() async throws
    {
        let bench = try await bench(#""broker""#, more: #","unsandboxed":"allow""#)
        #expect(try await bench.open.prepareRun(wish(["app/key"]), by: agent(bench)).job.sandbox == nil)
        #expect(bench.brokers.doors.count == 1)
    }

    @Test("a plain field beside the token is left out: that it could be used by requests is no right to read it") func plainFields() async throws {
        let bench = try await bench(#""broker""#)
        var write = VaultBench.write("app/db", bench.canary().secret, field: "user", kind: .plain)
        write.fields.append(.init(name: VaultBench.segment("password"), kind: .secret, value: bench.canary().secret))
        write.bindings = [("PGUSER", VaultBench.segment("user")), ("PGPASSWORD", VaultBench.segment("password"))]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        let agent = try await agent(bench)
        #expect(try await bench.open.prepareRun(wish(["app/db"]), by: agent).job.values.map(\.variable) == ["PGPASSWORD"])
        #expect(await ErrandTests.code { try await bench.open.prepareRun(wish(["app/db#user"]), by: agent) } == "request.invalid")
    }

    @Test("who is no agent that was added gets no token") func strangers() async throws {
        let bench = try await bench(#""broker""#)
        #expect(await ErrandTests.code { try await bench.open.prepareRun(wish(["app/key"]), by: bench.nobody()) } != nil)
        #expect(bench.brokers.started == 0)
    }

    @Test("a whole agent has its project and what the policy lets it read, and nothing of its starter's environment but what a terminal needs")
    func whole() async throws {
        let bench = try await bench(#""broker""#, more: #","reads":["/srv/tools"]"#)
        var wish = try wish(["app/key"])
        (wish.agent, wish.isSandboxed) = (try SegmentName("coder", of: .agent), true)
        wish.environment = ["PATH": "/usr/bin", "TERM": "xterm", "LC_ALL": "C", "AWS_SECRET_ACCESS_KEY": "x", "SSH_AUTH_SOCK": "/run/x"]
        let job = try await bench.open.prepareRun(wish, by: bench.person()).job
        #expect(job.environment == ["PATH": "/usr/bin", "TERM": "xterm", "LC_ALL": "C"])
        let sandbox = try #require(job.sandbox)
        #expect(sandbox.hasDoor && sandbox.isRequired && sandbox.writesThrough && sandbox.reads == ["/srv/tools"])
        wish.isSandboxed = false
        let free = try await bench.open.prepareRun(wish, by: bench.person()).job
        #expect(free.environment == wish.environment && free.sandbox == nil)
    }
}
