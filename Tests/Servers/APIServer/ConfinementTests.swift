import Auditing
import Glibc
import HTTPTypes
import Model
import Secrets
import TacitWire
import TestKit
import Testing

@testable import APIServer

/// What a whole agent may ask of the keeper from its sandbox, and who it is there.
@Suite struct ConfinementTests {
    private static let secrets = "/v1/projects/default/environments/dev/secrets"

    @Test(
        "it may look, have requests made, and ask for more",
        arguments: [
            (HTTPRequest.Method.get, "/v1/status"), (.get, secrets), (.get, "\(secrets)/a%2Fb/masked"), (.post, "/v1/exists"),
            (.post, "/v1/requests"),
            (.get, "/v1/sessions"), (.post, "/v1/sessions"), (.post, "/v1/sessions/sleep"), (.get, "/v1/rules"),
            (.post, "/v1/rules/acknowledgements"),
            (.post, "/v1/access-requests"), (.get, "/v1/access-requests/1a"),
        ])
    func open(_ method: HTTPRequest.Method, _ path: String) { #expect(ConfinementMiddleware.isOpen(method, path)) }

    @Test(
        "what would lead out of it, or is a person's, is not on the list, nor is what looks like something that is",
        arguments: [
            (HTTPRequest.Method.post, "/v1/runs"), (.post, "/v1/sessions/files"), (.post, "/v1/agent-tokens"), (.post, "/v1/unlock"),
            (.post, "/v1/step-up"), (.post, "/v1/recovery"), (.post, "/v1/vault"), (.post, "/v1/password"), (.post, "/v1/lock"), (.post, "/v1/panic"),
            (.delete, "/v1/panic"), (.put, "/v1/policy"), (.get, "/v1/policy"), (.get, "/v1/agents"), (.get, "/v1/audit"), (.get, "/v1/doctor"),
            (.get, "/v1/traffic"), (.post, "/v1/tokens"), (.get, "/v1/projects"), (.get, "\(secrets)/a"), (.get, "\(secrets)/a/value"),
            (.post, "\(secrets)/a/reveal"), (.delete, "\(secrets)/a"), (.put, "\(secrets)/a"), (.post, "\(secrets)/a/masked"),
            (.get, "/v1/approvals"),
            (.post, "/v1/approvals/1a"), (.get, "/v1/status/"), (.get, "//v1/status"), (.post, "/v1/status"), (.get, "/v1/access-requests/"),
            (.get, "/v1/access-requests/1a/x"), (.get, "/v1/projects//environments/dev/secrets"), (.get, "/v1/projects/a/b/environments/dev/secrets"),
            (.get, "\(secrets)/a/b/masked"), (.get, "*"), (.get, ""),
        ])
    func closed(_ method: HTTPRequest.Method, _ path: String) { #expect(!ConfinementMiddleware.isOpen(method, path)) }

    /// A keeper that serves the agent `bot` at a socket of its own, and whose other callers are a person's.
    private struct Scene {
        let bed: Bed
        let person: Client
        let badges: [String: String]
        let server: KeeperServer
        let agent: ConfinedAgent
        let door: any ConfinedDoor
        let path: String
        private let directory: TemporaryDirectory

        init() async throws {
            directory = try TemporaryDirectory("tacit-confined")
            path = directory.path("keeper.sock")
            var kept: KeeperServer?
            bed = try await Bed { kept = $0 }
            person = try await bed.withVault()
            person.add(header: "\(WireHeader.stepUp): \(try await Scene.stepUp(person))")
            let document = #"{\"policies\":[{\"name\":\"p\",\"agent_id\":\"*\",\"allowed_keys\":[\"open/*\"],\"capabilities\":[\"masked_return\"]}]}"#
            #expect(try await person.ask("PUT", "/v1/policy", json: #"{"document":"\#(document)"}"#).status == 200)
            let parts = [("secret", #"{"fields":[{"name":"value","kind":"secret"}]}"#), ("field-0", "CANARY-a value of many letters")]
            #expect(try await person.ask("PUT", "\(ConfinementTests.secrets)/open%2Fone", parts: parts).status == 201)
            var badges: [String: String] = [:]
            for name in ["bot", "other"] {
                badges[name] = try await person.ask("POST", "/v1/agents", json: #"{"name":"\#(name)"}"#).json(AgentAdded.self).badge
            }
            self.badges = badges
            let origin = Origin(userID: geteuid(), userName: "someone", host: "host", process: 1, executable: "/bin/tacit", platform: "test")
            let owner = Secrets.Asker(standing: .person(steppedUp: true), source: .cli, origin: origin)
            let (id, name) = try #require(try await bed.vault.opened(for: owner).agent(badge: badges["bot"] ?? ""))
            server = try #require(kept)
            agent = ConfinedAgent(id: id, name: name, userName: "someone")
            door = server.serve(agent, at: try UnixSocket.listener(at: path))
        }

        private static func stepUp(_ client: Client) async throws -> String {
            try await client.ask("POST", "/v1/step-up", octets: Bed.password).json(StepUp.self).token
        }

        func connect() throws -> Client { try Client(of: bed, at: path) }

        func actor(_ client: Client) async throws -> TacitWire.Asker { try await client.ask("GET", "/v1/status").json(VaultStatus.self).actor }
    }

    @Test("whoever comes by its socket is that agent, also one who elsewhere would be a person, and has what the agent may have")
    func badge() async throws {
        let scene = try await Scene()
        let inside = try scene.connect()
        #expect(try await scene.actor(inside) == TacitWire.Asker(kind: .agent, name: "bot"))
        #expect(try await inside.ask("GET", "\(Self.secrets)/open%2Fone/masked").json(MaskedValue.self).masked == "********ters")
        #expect(try await inside.ask("GET", "\(Self.secrets)/absent/masked").code == "secret.not-found")
        #expect(try await inside.ask("GET", "/v1/status").json(VaultStatus.self).revealGraceUntil == nil)
        #expect(try await inside.ask("GET", "\(Self.secrets)/open%2Fone/value").code == "unavailable")
    }

    @Test("what it shows besides makes it nobody else: a badge, its own as well, and the token of a person's connection are refused")
    func shown() async throws {
        let scene = try await Scene()
        let token = try await scene.person.ask("POST", "/v1/step-up", octets: Bed.password).json(StepUp.self).token
        let badges = ["other", "bot"].compactMap { scene.badges[$0] }
        for header in badges.map({ "\(WireHeader.badge): \($0)" }) + ["\(WireHeader.stepUp): \(token)", "\(WireHeader.badge): x"] {
            let inside = try scene.connect()
            #expect(try await inside.ask("GET", "/v1/status", headers: [header]).status == 403, "\(header.prefix(20))")
            #expect(try await scene.actor(inside) == TacitWire.Asker(kind: .agent, name: "bot"))
        }
    }

    @Test("no password is taken: a right one makes nobody a person, and wrong ones count for nothing")
    func passwords() async throws {
        let scene = try await Scene()
        let inside = try scene.connect()
        for password in [Bed.password] + Array(repeating: "CANARY-wrong", count: 20) {
            for path in ["/v1/step-up", "/v1/step-up?grace=reveal", "/v1/unlock", "/v1/slots/password", "/v1/rotations/root"] {
                let answer = try await inside.ask("POST", path, octets: password)
                #expect(answer.status == 403 && answer.code == "unavailable" && answer.header(WireHeader.stepUp) == nil)
            }
        }
        let form = try await inside.ask("POST", "/v1/password", parts: [("current", Bed.password), ("new", "CANARY-a new password")])
        #expect(form.code == "unavailable")
        #expect(try await scene.actor(inside) == TacitWire.Asker(kind: .agent, name: "bot"))
        #expect(try await scene.person.ask("POST", "/v1/step-up", octets: Bed.password).status == 200)
    }

    @Test("revoked, it is nobody; while the vault is locked it has nothing, and has it again when it is unlocked")
    func ends() async throws {
        let scene = try await Scene()
        let inside = try scene.connect()
        #expect(try await scene.person.ask("POST", "/v1/lock").status == 200)
        #expect(try await inside.ask("GET", Self.secrets).code == "vault.locked")
        #expect(try await inside.ask("POST", "/v1/unlock", octets: Bed.password).code == "unavailable")
        #expect(try await inside.ask("GET", "/v1/status").json(VaultStatus.self).state == .locked)
        scene.person.dropHeaders()
        #expect(try await scene.person.ask("POST", "/v1/unlock", octets: Bed.password).status == 200)
        #expect(try await inside.ask("GET", Self.secrets).status == 200)
        let token = try await scene.person.ask("POST", "/v1/step-up", octets: Bed.password).json(StepUp.self).token
        #expect(try await scene.person.ask("DELETE", "/v1/agents/bot", headers: ["\(WireHeader.stepUp): \(token)"]).status == 204)
        for client in [inside, try scene.connect()] { #expect(try await client.ask("GET", Self.secrets).code == "badge.unknown") }
    }

    @Test("a door that is closed ends its connections, and takes no other") func closing() async throws {
        let scene = try await Scene()
        let inside = try scene.connect()
        #expect(try await inside.ask("GET", "/v1/status").status == 200)
        scene.door.end()
        scene.door.end()
        #expect(try await eventually { inside.isClosed })
        #expect(try await eventually { (try? scene.connect()) == nil })
        #expect(try await scene.person.ask("GET", "/v1/status").status == 200)
    }

    @Test("what nobody can listen at is closed, and the agent's other door stays open") func unusable() async throws {
        let scene = try await Scene()
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        #expect(unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0)
        defer { close(ends[0]) }
        let door = scene.server.serve(scene.agent, at: ends[1])
        var byte: UInt8 = 0
        // Where it is closed, its other end reads that.
        #expect(try await eventually { unsafe read(ends[0], &byte, 1) == 0 })
        door.end()
        #expect(try await scene.connect().ask("GET", "/v1/status").status == 200)
    }

    @Test("of more connections than it may have those that were silent longest are closed, and nobody else waits for them") func flood() async throws
    {
        let scene = try await Scene()
        // They come faster than those before them are closed.
        var silent: [Client] = []
        for _ in 0..<(4 * ConfinedListener.limit) { silent.append(try scene.connect()) }
        let asking = try scene.connect()
        #expect(try await asking.ask("GET", Self.secrets).status == 200)
        #expect(try await scene.bed.connect().ask("GET", "/v1/status").status == 200)
        #expect(try await eventually { silent.count { !$0.isClosed } == ConfinedListener.limit - 1 })
        #expect(silent.last?.isClosed == false && silent.first?.isClosed == true)
        // One that begins a request and does not end it is no better.
        for _ in 0..<ConfinedListener.limit { try await scene.connect().send("GET /v1/status HTTP/1.1\r\nHost: k\r\nX: ") }
        #expect(try await scene.connect().ask("GET", Self.secrets).status == 200)
    }

    @Test("what is refused is written down as tried by the agent from its sandbox") func log() async throws {
        let scene = try await Scene()
        let inside = try scene.connect()
        for path in ["/v1/step-up", "/v1/runs"] { #expect(try await inside.ask("POST", path, octets: "CANARY-guess").code == "unavailable") }
        let log = try await scene.person.ask("GET", "/v1/audit?limit=100").text
        for action in ["step-up.failed", "run"] { #expect(log.contains(#""action":"\#(action)""#)) }
        #expect(log.contains("[sandbox]") && !log.contains("CANARY"))
    }
}
