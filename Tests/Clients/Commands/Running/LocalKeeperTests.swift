import Glibc
import MCPSession
import MCPTools
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("The keeper as an agent's tools reach it")
struct LocalKeeperTests {
    private static let client = ClientInfo(name: "host\r\nTacit-Step-Up: x", version: "1.0 é")
    private static let place = Place(project: "shop", environment: "dev")
    private static let base = "/v1/projects/shop/environments/dev/secrets"

    private static let answers: [String: FakeKeeper.Answer] = [
        "GET \(base)": { _ in .json(Page<SecretSummary>(items: [])) },
        "POST /v1/exists": { _ in .json(Page(items: [Existence(name: "a", exists: true)])) },
        "GET \(base)/a%2Fb/masked": { _ in .json(MaskedValue(name: "a/b", field: "f", masked: "********", version: 1)) },
    ]

    @Test("sends what a tool asks, who asks, and nothing else")
    func requests() async throws {
        let rig = try Rig(Self.answers)
        try Self.badge("CANARY-badge", of: "claude", rig)
        let keeper = LocalKeeper(rig.context, agent: "claude")
        _ = try await keeper.status(in: Self.place, for: Self.client)
        _ = try await keeper.secrets(
            SecretQuery(place: Self.place, search: "a b", tag: "t&u", expiringWithinDays: 7, limit: 20, cursor: "c/d"), for: Self.client)
        let found = try await keeper.existence(ExistsRequest(scope: "shop/dev", names: ["a"]), for: Self.client)
        let masked = try await keeper.masked("a/b", field: "f", in: Self.place, for: Self.client)
        #expect(found.map(\.exists) == [true] && masked.masked == "********")
        let requests = try #require(rig.keeper?.requests)
        #expect(
            requests.map { "\($0.method) \($0.path)" } == [
                "GET \(Self.base)?limit=20&search=a%20b&tag=t%26u&expiring=7d&cursor=c%2Fd", "POST /v1/exists",
                "GET \(Self.base)/a%2Fb/masked?field=f",
            ])
        for request in requests {
            #expect(request.headers["tacit-source"] == "mcp" && request.headers["tacit-agent-badge"] == "CANARY-badge")
            #expect(request.headers["tacit-reported-model"]?.hasPrefix("hostTacit-Step-Up: x 1.0") == true)
            #expect(request.headers["tacit-step-up"] == nil && !request.path.contains("/value"))
        }
    }

    @Test("carries no badge when no agent is named")
    func unidentified() async throws {
        let rig = try Rig(Self.answers)
        _ = try await LocalKeeper(rig.context, agent: nil).existence(ExistsRequest(scope: "shop/dev", names: ["a"]), for: Self.client)
        #expect(rig.keeper?.requests.map { $0.headers["tacit-agent-badge"] } == [nil])
    }

    @Test("in the sandbox of a whole agent it carries no badge, whoever is named, and nobody is asked for a password") func confined() async throws {
        let rig = try Rig(Self.answers)
        try Self.badge("CANARY-badge", of: "claude", rig)
        rig.terminal = try FakeTerminal()
        var context = rig.context
        #expect(!context.isConfined && PasswordSource(context, descriptor: nil).isThere)
        context.confine()
        #expect(context.paths.socket == LocalPaths.confinedSocket && !PasswordSource(context, descriptor: nil).isThere)
        #expect(throws: CommandFailure.self) { try context.starter.start(context.paths) }
        rig.isConfined = true
        #expect(try rig.run("keeper").messages.contains("whose keeper is outside"))
        _ = try await LocalKeeper(rig.context, agent: "claude").existence(ExistsRequest(scope: "shop/dev", names: ["a"]), for: Self.client)
        #expect(rig.keeper?.requests.map { $0.headers["tacit-agent-badge"] } == [nil])
    }

    @Test("without its badge a named agent asks nothing; once the badge is there it goes on")
    func missingBadge() async throws {
        let rig = try Rig(Self.answers)
        let keeper = LocalKeeper(rig.context, agent: "claude")
        let problem = await #expect(throws: Problem.self) {
            try await keeper.existence(ExistsRequest(scope: "shop/dev", names: ["a"]), for: Self.client)
        }
        #expect(problem?.code == "badge.missing" && problem?.hint?.contains("tacit agent add claude") == true)
        #expect(rig.keeper?.requests.isEmpty == true)
        try Self.badge("CANARY-badge", of: "claude", rig)
        _ = try await keeper.existence(ExistsRequest(scope: "shop/dev", names: ["a"]), for: Self.client)
        #expect(rig.keeper?.requests.count == 1)
    }

    @Test("a badge that opens nothing any more is read anew: an agent that was registered again goes on") func renewedBadge() async throws {
        let rig = try Rig([
            "POST /v1/exists": {
                $0.headers["tacit-agent-badge"] == "CANARY-new"
                    ? .json(Page(items: [Existence(name: "a", exists: true)])) : .problem("badge.unknown", 403, "the agent's badge is unknown")
            }
        ])
        try Self.badge("CANARY-old", of: "claude", rig)
        let keeper = LocalKeeper(rig.context, agent: "claude")
        let request = ExistsRequest(scope: "shop/dev", names: ["a"])
        let problem = await #expect(throws: Problem.self) { try await keeper.existence(request, for: Self.client) }
        #expect(problem?.code == "badge.unknown" && rig.keeper?.requests.count == 1, "the same badge is not shown twice for one call")
        try Self.badge("CANARY-new", of: "claude", rig)
        #expect(try await keeper.existence(request, for: Self.client).map(\.exists) == [true])
    }

    @Test("tells what the keeper says, and finds a keeper that comes later")
    func failures() async throws {
        let rig = try Rig(["POST /v1/exists": { _ in .problem("vault.locked", 423, "the vault is locked") }])
        let request = ExistsRequest(scope: "shop/dev", names: ["a"])
        let locked = await #expect(throws: Problem.self) { try await LocalKeeper(rig.context, agent: nil).existence(request, for: Self.client) }
        #expect(locked?.code == "vault.locked" && locked?.status == 423)
        let lonely = try Rig(nil)
        let keeper = LocalKeeper(lonely.context, agent: nil)
        let absent = await #expect(throws: Problem.self) { try await keeper.existence(request, for: Self.client) }
        #expect(absent?.code == "keeper.absent" && absent?.status == 503)
        let late = try FakeKeeper(lonely.paths.socket, Self.answers)
        _ = try await keeper.existence(request, for: Self.client)
        #expect(late.requests.count == 1)
        late.stop()
    }

    @Test("feeds a run, passes its frames on and gives the entry of the log")
    func run() async throws {
        let rig = try Rig(nil)
        let input = [UInt8](repeating: 0x69, count: 200_000)
        let keeper = try RunKeeper(rig.paths.socket, headers: "tacit-audit-entry: 42\r\n") { run in
            var received = 0
            while case .stdin(let bytes)? = run.next() {
                received += bytes.count
                run.send(.stdinCredit(bytes.count))
            }
            run.send(.stdout(Array("\(received)".utf8)), .exit(.exited(code: 3)))
        }
        let frames = Gathered<RunFrame>()
        let entry = try await LocalKeeper(rig.context, agent: nil).run(RunRequest(argv: ["cat"]), input: input, for: Self.client) { frame in
            if frame.kind != .stdinCredit { frames.add(frame) }
        }
        #expect(entry == "42" && frames.all == [.stdout(Array("200000".utf8)), .exit(.exited(code: 3))])
        withExtendedLifetime(keeper) {}
    }

    @Test("a cancelled call breaks its run off")
    func cancellation() async throws {
        let rig = try Rig(nil)
        let (started, ended) = (Switch(), Switch())
        let keeper = try RunKeeper(rig.paths.socket) { run in
            started.turnOn()
            while run.next() != nil {}
            ended.turnOn()
        }
        let local = LocalKeeper(rig.context, agent: nil)
        let task = Task { try await local.run(RunRequest(argv: ["sleep"]), input: [], for: Self.client) { _ in } }
        while !started.isOn { await Task.yield() }
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
        while !ended.isOn { await Task.yield() }
        withExtendedLifetime(keeper) {}
    }

    private static func badge(_ text: String, of agent: String, _ rig: Rig) throws {
        try PrivateDirectory.make(rig.paths.agents)
        try rig.write(text + "\n", to: "state/tacit/agents/\(agent)")
    }
}

@Suite("An agent's badge")
struct AgentBadgeTests {
    @Test("is read from the owner's file of mode 0600 alone")
    func reading() throws {
        let rig = try Rig(nil)
        try PrivateDirectory.make(rig.paths.agents)
        try rig.write("CANARY-badge\n", to: "state/tacit/agents/good")
        #expect(try AgentBadge.read("good", rig.context) == "CANARY-badge")
        try rig.write("CANARY-badge\n", to: "state/tacit/agents/loose", mode: 0o640)
        try rig.write("", to: "state/tacit/agents/empty")
        try rig.write("two words", to: "state/tacit/agents/words")
        try rig.write("line\r\nTacit-Step-Up: x", to: "state/tacit/agents/lines")
        #expect(unsafe symlink(rig.directory.path("state/tacit/agents/good"), rig.directory.path("state/tacit/agents/link")) == 0)
        #expect(unsafe mkfifo(rig.directory.path("state/tacit/agents/pipe"), 0o600) == 0)
        for agent in ["loose", "empty", "words", "lines", "link", "pipe", "absent", "../good", "a/b", ""] {
            let failure = #expect(throws: CommandFailure.self) { try AgentBadge.read(agent, rig.context) }
            #expect(failure?.message.contains("CANARY") == false)
        }
        var other = rig.context
        other.userID += 1
        #expect(throws: CommandFailure.self) { try AgentBadge.read("good", other) }
    }
}
