import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// What sessions give an agent, whose they are, and how they end.
@Suite struct AgentSessionTests {
    /// A vault with `app/key` and `app/other` (both tagged `live`) and `db/key`, and a policy for `coder` and for programs without a badge.
    static func bench(
        _ kind: String = #""require_session""#, capabilities: String = #""masked_return","env_inject","file_inject""#, on made: VaultBench? = nil
    ) async throws -> VaultBench {
        let bench = if let made { made } else { try await VaultBench.unlocked() }
        for name in ["app/key", "app/other"] {
            var write = VaultBench.write(name, bench.canary().secret)
            write.tags = ["live"]
            _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        }
        try await bench.set("db/key", bench.canary().secret)
        let policies = ["coder", "unidentified", "second"].map {
            #"{"name":"\#($0)","agent_id":"\#($0)","allowed_keys":["app/*"],"capabilities":[\#(capabilities)],"unsandboxed":"allow"}"#
        }
        let json = #"{"policies":[\#(policies.joined(separator: ","))],"tag_rules":[{"name":"rule","kind":\#(kind),"tags":["live"]}]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        return bench
    }

    static func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch { return (error as? any Diagnosable)?.code ?? "\(error)" }
    }

    static func mask(_ bench: VaultBench, _ name: String = "app/key", by asker: Asker? = nil) async -> String? {
        await code { _ = try await bench.open.masked(.init(scope: VaultBench.dev, name: VaultBench.name(name)), by: try asker ?? bench.agent()) }
    }

    @discardableResult static func wake(
        _ bench: VaultBench, _ covers: [String] = ["app/key"], by asker: Asker? = nil, _ change: (inout SessionWish) -> Void = { _ in }
    ) async throws -> SessionView {
        var wish = SessionWish(place: VaultBench.dev, covers: covers, purpose: "a test")
        change(&wish)
        return try await bench.open.wakeSession(wish, by: try asker ?? bench.agent()).session
    }

    /// A program without a badge.
    static func stranger(_ bench: VaultBench, process: Int32 = 77, start: UInt64 = 5) -> Asker {
        var asker = bench.nobody()
        asker.origin.process = process
        asker.processStart = start
        return asker
    }

    @Test("a session meets the rule for what it covers and for nothing else") func covers() async throws {
        let bench = try await Self.bench()
        #expect(await Self.mask(bench) == "session_required")
        let session = try await Self.wake(bench)
        #expect(session.covers == ["app/key"] && session.agent == "coder" && !session.isPersons)
        #expect(await Self.mask(bench) == nil)
        #expect(await Self.mask(bench, "app/other") == "session_required")
        #expect(await Self.mask(bench, "db/key") == "secret.not-found")
    }

    @Test("tags and environments are covered where they are meant", arguments: ["tag:live", "env:dev", "tacit://default/dev/app/key"])
    func kinds(cover: String) async throws {
        let bench = try await Self.bench()
        try await Self.wake(bench, [cover])
        #expect(await Self.mask(bench) == nil)
        let elsewhere = try await Self.bench()
        #expect(await Self.code { try await Self.wake(elsewhere, ["env:prod"]) } == "environment.not-found")
        try await Self.wake(elsewhere, ["tag:other"])
        #expect(await Self.mask(elsewhere) == "session_required")
    }

    @Test("a session of one agent is nothing to another, and a badge's is nothing to a program without one") func owners() async throws {
        let bench = try await Self.bench()
        try await Self.wake(bench)
        var other = try bench.agent("second")
        other.standing = .agent(AgentID(random: bench.random.bytes), VaultBench.segment("second"))
        #expect(await Self.mask(bench, by: other) == "session_required")
        #expect(await Self.mask(bench, by: Self.stranger(bench)) == "session_required")
        // It can neither see it, end it, nor wake one for somebody else.
        #expect(try await bench.open.listSessions(by: other).isEmpty)
        #expect(try bench.open.awakeSessions(for: other).isEmpty)
        var all = SleepWish()
        #expect(try await bench.open.sleep(all, by: other) == Slumber())
        all.ids = [try bench.open.awakeSessions(for: bench.agent())[0].id]
        #expect(try await bench.open.sleep(all, by: Self.stranger(bench)) == Slumber())
        all.agent = VaultBench.segment("coder")
        #expect(await Self.code { _ = try await bench.open.sleep(all, by: other) } == "not_permitted")
        #expect(await Self.code { try await Self.wake(bench, by: other) { $0.agent = VaultBench.segment("coder") } } == "not_permitted")
        #expect(await Self.mask(bench) == nil)
    }

    @Test("without a badge a session is the process's that woke it, and its number alone is not enough") func processes() async throws {
        let bench = try await Self.bench()
        try await Self.wake(bench, by: Self.stranger(bench))
        #expect(await Self.mask(bench, by: Self.stranger(bench)) == nil)
        #expect(await Self.mask(bench, by: Self.stranger(bench, process: 78)) == "session_required")
        #expect(await Self.mask(bench, by: Self.stranger(bench, start: 6)) == "session_required")
    }

    @Test("a session ends by its time, by idleness, by its agent, by a person and by the lock", arguments: 0..<6)
    func ends(way: Int) async throws {
        let bench = try await Self.bench()
        let session = try await Self.wake(bench) { $0.life = .seconds(600) }
        switch way {
        case 0:
            for _ in 0..<3 {
                bench.machine.advance(.seconds(199))
                #expect(await Self.mask(bench) == nil)
            }
            bench.machine.advance(.seconds(4))
        case 1: bench.machine.advance(.seconds(300))
        case 2: #expect(try await bench.open.sleep(SleepWish(), by: bench.agent()) == Slumber(sessions: 1, files: 0))
        case 3:
            var wish = SleepWish()
            wish.ids = [session.id]
            #expect(try await bench.open.sleep(wish, by: bench.person(steppedUp: false)).sessions == 1)
        case 4: try await bench.relock()
        default:
            // A clock that is set back makes nothing longer.
            bench.machine.advance(.seconds(301))
            bench.machine.setWall(by: .seconds(-3600))
        }
        #expect(await Self.mask(bench) == "session_required")
        try await bench.vault.upkeep()
        let log = try await bench.log()
        #expect(log.contains { $0.action == .known(.sessionWake) && $0.detail.contains(AuditFact("session", session.id)) })
        if way != 4 { #expect(log.contains { $0.action == .known(.sessionSleep) && $0.detail.contains(AuditFact("session", session.id)) }) }
        #expect(try bench.open.awakeSessions(for: bench.person()).isEmpty)
    }

    @Test("a session that is used stays awake, to its end and no longer") func patience() async throws {
        let bench = try await Self.bench()
        try await Self.wake(bench) { ($0.life, $0.patience) = (.seconds(900), .seconds(120)) }
        for _ in 0..<8 {
            bench.machine.advance(.seconds(110))
            #expect(await Self.mask(bench) == nil)
        }
        bench.machine.advance(.seconds(21))
        #expect(await Self.mask(bench) == "session_required")
    }

    @Test("a use in a session says so in the log, and the purpose is quoted") func log() async throws {
        let bench = try await Self.bench()
        let session = try await Self.wake(bench) { $0.purpose = "see\u{202E}\u{7}\nthis " + String(repeating: "x", count: 400) }
        #expect(session.purpose.hasPrefix("seethis xxx") && session.purpose.unicodeScalars.count == 300)
        #expect(await Self.mask(bench) == nil)
        let intent = try await bench.log().last { $0.action == .known(.secretMasked) && $0.phase == .intent }
        #expect(intent?.detail.contains(AuditFact("session", session.id)) == true)
    }

    @Test("names that may not be known, absent ones and foreign places are refused alike; bad wishes are no sessions")
    func refusals() async throws {
        let bench = try await Self.bench()
        for cover in ["db/key", "db/none", "app/none", "tacit://other/prod/app/key"] {
            #expect(await Self.code { try await Self.wake(bench, [cover]) } == "secret.not-found", "\(cover)")
        }
        for cover in ["", "tag:", "tag:a b", "env:../x", "app/key#value", "app/key?version=1", "a:b"] {
            #expect(await Self.code { try await Self.wake(bench, [cover]) } != nil, "\(cover)")
        }
        #expect(await Self.code { try await Self.wake(bench, []) } == "request.invalid")
        #expect(await Self.code { try await Self.wake(bench, Array(repeating: "app/key", count: 33)) } == "request.invalid")
        for life in [Duration.seconds(59), .seconds(8 * 3600 + 1), .seconds(-5)] {
            #expect(await Self.code { try await Self.wake(bench) { $0.life = life } } == "request.invalid")
        }
        for purpose in ["", " \n", "\u{200B}"] {
            #expect(await Self.code { try await Self.wake(bench) { $0.purpose = purpose } } == "request.invalid")
        }
        #expect(try bench.open.awakeSessions(for: bench.person()).isEmpty)
    }

    @Test("a person wakes a session for a registered agent; it ends with its badge") func person() async throws {
        let bench = try await Self.bench()
        let badge = try await bench.open.addAgent(VaultBench.segment("second"), by: bench.person())
        let found = try #require(try await bench.open.agent(badge: badge))
        var asker = try bench.agent()
        asker.standing = .agent(found.id, found.name)
        let person = bench.person(steppedUp: false)
        #expect(await Self.code { try await Self.wake(bench, by: person) } == "request.invalid")
        #expect(await Self.code { try await Self.wake(bench, by: person) { $0.agent = VaultBench.segment("nobody") } } == "agent.not-found")
        let session = try await Self.wake(bench, by: person) { $0.agent = VaultBench.segment("second") }
        #expect(session.isPersons)
        #expect(await Self.mask(bench, by: asker) == nil)
        #expect(await Self.mask(bench) == "session_required")
        #expect(try await bench.open.listSessions(by: person).map(\.id) == [session.id])
        try await bench.open.revokeAgent(VaultBench.segment("second"), by: bench.person())
        #expect(await Self.mask(bench, by: asker) == "session_required")
    }

    @Test("an agent has a limited number of sessions") func limit() async throws {
        let bench = try await Self.bench()
        for _ in 0..<AgentSessionBook.limitPerHolder { try await Self.wake(bench) }
        #expect(await Self.code { try await Self.wake(bench) } == "session.too-many")
        bench.machine.advance(.seconds(301))
        try await Self.wake(bench)
    }

    @Test("a list says what is still missing, and the same of what may not be listed as of nothing") func requires() async throws {
        let bench = try await Self.bench()
        func view() async throws -> SecretView? { try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.agent()).views.first }
        #expect(try await view()?.requires == ["session"])
        #expect(try await view()?.usableWith == ["reference_only", "masked_return", "env_inject", "file_inject"])
        try await Self.wake(bench)
        #expect(try await view()?.requires == [])
        #expect(try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.agent()).views.map(\.name.description) == ["app/key", "app/other"])
    }
}
