import Model
import Policies
import TacitWire
import TestKit
import Testing

@testable import APIServer
@testable import Secrets

@Suite("Sessions, rules and session files over the API")
struct SessionRouteTests {
    private static let secrets = "/v1/projects/default/environments/dev/secrets"

    /// A vault with `open/one` and `hidden`, both tagged, a rule of this kind, and the badges of two agents.
    private func bed(_ rule: String) async throws -> (Bed, badges: [String]) {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let token = try await client.ask("POST", "/v1/step-up", octets: Bed.password).json(StepUp.self).token
        client.add(header: "\(WireHeader.stepUp): \(token)")
        let policy = #"{"name":"p","agent_id":"*","allowed_keys":["open/*"],"capabilities":["masked_return"]}"#
        let document = #"{"policies":[\#(policy)],"tag_rules":[{"name":"careful","kind":\#(rule),"tags":["live"]}]}"#
        let body = document.replacing("\"", with: "\\\"")
        #expect(try await client.ask("PUT", "/v1/policy", json: #"{"document":"\#(body)"}"#).status == 200)
        for name in ["open%2Fone", "hidden"] {
            let parts = [
                ("secret", #"{"fields":[{"name":"value","kind":"secret"}],"tags":["live"]}"#), ("field-0", "CANARY-a value of many letters"),
            ]
            #expect(try await client.ask("PUT", "\(Self.secrets)/\(name)", parts: parts).status == 201)
        }
        var badges: [String] = []
        for name in ["bot", "other"] {
            let badge = try await client.ask("POST", "/v1/agents", json: #"{"name":"\#(name)"}"#).json(AgentAdded.self).badge
            badges.append("\(WireHeader.badge): \(badge)")
        }
        return (bed, badges)
    }

    private func mask(_ client: Client, _ badge: String) async throws -> String? {
        let answer = try await client.ask("GET", "\(Self.secrets)/open%2Fone/masked", headers: [badge])
        return answer.status == 200 ? nil : answer.code
    }

    @Test("the status tells a frozen agent that it is, and a badge that opens nothing has a code of its own")
    func stopped() async throws {
        let (bed, badges) = try await bed(#""require_session""#)
        let (client, person) = (try bed.connect(), try bed.connect())
        #expect(try await client.ask("GET", "/v1/status", headers: [badges[0]]).json(VaultStatus.self).actor.frozen == nil)
        #expect(try await person.ask("POST", "/v1/panic").status == 200)
        #expect(try await client.ask("GET", "/v1/status", headers: [badges[0]]).json(VaultStatus.self).actor.frozen == true)
        let token = try await person.ask("POST", "/v1/step-up", octets: Bed.password).json(StepUp.self).token
        let status = try await person.ask("GET", "/v1/status", headers: ["\(WireHeader.stepUp): \(token)"]).json(VaultStatus.self)
        #expect(status.actor.kind == .person && status.actor.frozen == nil)
        #expect(try await person.ask("DELETE", "/v1/agents/bot", headers: ["\(WireHeader.stepUp): \(token)"]).status == 204)
        let gone = try await client.ask("GET", "/v1/status", headers: [badges[0]])
        #expect(gone.status == 403 && gone.code == "badge.unknown")
    }

    @Test("an agent wakes a session of its own, sees it, and ends it; another agent can do none of that")
    func sessions() async throws {
        let (bed, badges) = try await bed(#""require_session""#)
        let (client, thief) = (try bed.connect(), try bed.connect())
        #expect(try await mask(client, badges[0]) == "session_required")
        let wish = #"{"scope":"default/dev","covers":["open/one"],"purpose":"why","ttl_seconds":60,"idle_seconds":60}"#
        let woken = try await client.ask("POST", "/v1/sessions", json: wish, headers: [badges[0]])
        #expect(woken.status == 201)
        let session = try woken.json(SessionSummary.self)
        #expect(session.agent == "bot" && session.wokenBy == .agent && session.covers == ["open/one"] && (session.auditEntry ?? 0) > 0)
        #expect(try await mask(client, badges[0]) == nil)
        #expect(try await mask(thief, badges[1]) == "session_required")
        #expect(try await thief.ask("GET", "/v1/sessions", headers: [badges[1]]).json(Page<SessionSummary>.self).items.isEmpty)
        let sleep = #"{"ids":["\#(session.id)"]}"#
        let nothing = try await thief.ask("POST", "/v1/sessions/sleep", json: sleep, headers: [badges[1]]).json(SessionsEnded.self)
        #expect(nothing == SessionsEnded(sessions: 0, files: 0))
        let forOther = #"{"scope":"default/dev","covers":["open/one"],"purpose":"why","agent":"bot"}"#
        #expect(try await thief.ask("POST", "/v1/sessions", json: forOther, headers: [badges[1]]).status == 403)
        let status = try await client.ask("GET", "/v1/status?scope=default%2Fdev", headers: [badges[0]]).json(VaultStatus.self)
        #expect(status.sessions?.map(\.id) == [session.id])
        #expect(status.actor.capabilities == ["reference_only", "masked_return"])
        #expect(try await thief.ask("GET", "/v1/status", headers: [badges[1]]).json(VaultStatus.self).sessions == nil)
        let ended = try await client.ask("POST", "/v1/sessions/sleep", json: "{}", headers: [badges[0]]).json(SessionsEnded.self)
        #expect(ended == SessionsEnded(sessions: 1, files: 0))
        #expect(try await mask(client, badges[0]) == "session_required")
    }

    @Test("a rule is listed and acknowledged; what may not be listed is as absent as what is not there, byte for byte")
    func rules() async throws {
        let (bed, badges) = try await bed(#""require_confirmation","by":"agent""#)
        let client = try bed.connect()
        let rules = try await client.ask("GET", "/v1/rules?scope=default%2Fdev&name=open%2Fone", headers: [badges[0]]).json(RuleList.self)
        #expect(rules.items.map(\.rule) == ["careful"] && rules.items.first?.strength == "ceremony")
        #expect(rules.programs.isEmpty && rules.unlistedPrograms)
        let wish = #"{"scope":"default/dev","name":"open/one","rule":"careful","purpose":"why"}"#
        let taken = try await client.ask("POST", "/v1/rules/acknowledgements", json: wish, headers: [badges[0]])
        #expect(taken.status == 201)
        #expect(try taken.json(RuleAcknowledged.self).strength == "ceremony")
        #expect(try await mask(client, badges[0]) == nil)
        #expect(try await mask(client, badges[1]) == "acknowledgement_required")
        for path in ["/v1/rules?scope=default%2Fdev&name=NAME"] {
            let (hidden, absent) = (path.replacing("NAME", with: "hidden"), path.replacing("NAME", with: "absent"))
            let answers = [
                try await client.ask("GET", hidden, headers: [badges[0]]), try await client.ask("GET", absent, headers: [badges[0]]),
            ]
            #expect(answers[0].status == 404 && answers[0].text == answers[1].text)
        }
        for body in [wish, #"{"scope":"default/dev","covers":["open/one"],"purpose":"why"}"#] {
            let path = body.contains("covers") ? "/v1/sessions" : "/v1/rules/acknowledgements"
            let answers = [
                try await client.ask("POST", path, json: body.replacing("open/one", with: "hidden"), headers: [badges[0]]),
                try await client.ask("POST", path, json: body.replacing("open/one", with: "absent"), headers: [badges[0]]),
            ]
            #expect(answers[0].status == 404 && answers[0].text == answers[1].text)
        }
    }

    @Test("what goes through a pipe lies on no disk, wherever the pipe does", arguments: [(false, nil, false), (true, nil, true), (false, 1, true)])
    func pipes(place: Bool, reads: Int?, expected: Bool) {
        let file = InjectedFile(
            id: "f", content: .values, place: SessionFilePlace(path: "/tmp/f", isInMemory: place), variables: [],
            expiresAt: Timestamp(nanoseconds: 0), entry: 1)
        let wish = FileInjection(scope: "default/dev", secrets: [], purpose: "w", content: .values, reads: reads)
        #expect(FileInjected(file, wish).inMemory == expected)
    }

    @Test("what a session file cannot be is refused, and so is what a body should not have")
    func malformed() async throws {
        let (bed, badges) = try await bed(#""notify""#)
        let client = try bed.connect()
        let (files, proposals) = ("/v1/sessions/files", WirePath.accessRequests)
        let secret = #"{"reference":"open/one"}"#
        for (path, body, status) in [
            (files, #"{"scope":"default/dev","secrets":[\#(secret)],"purpose":"w","content":"values"}"#, 403),
            (files, #"{"scope":"default/dev","secrets":[{"reference":"hidden"}],"purpose":"w"}"#, 404),
            (files, #"{"scope":"default/dev","secrets":[\#(secret)],"purpose":"w","path":"/tmp/x"}"#, 400),
            (files, #"{"scope":"default/dev","secrets":[\#(secret)],"purpose":"w","content":"plain"}"#, 400),
            (files, #"{"scope":"default/dev","secrets":[{"reference":"open/one","stdin":true}],"purpose":"w"}"#, 422),
            (files, #"{"scope":"default/dev","secrets":[{"reference":"open/one","before":"x"}],"purpose":"w"}"#, 422),
            (files, #"{"scope":"default/dev","secrets":[{"reference":"open/one","after":""}],"purpose":"w"}"#, 422),
            (files, #"{"scope":"default/dev","secrets":[\#(secret)],"purpose":""}"#, 422),
            ("/v1/sessions", #"{"scope":"default","covers":["open/one"],"purpose":"w"}"#, 400),
            ("/v1/sessions", #"{"scope":"default/dev","covers":[],"purpose":"w"}"#, 422),
            ("/v1/sessions", #"{"scope":"default/dev","covers":["open/one"],"purpose":"w","ttl_seconds":100000}"#, 422),
            (proposals, #"{"scope":"default/dev","names":[],"file":"/srv/.env","capability":"env_inject","reason":"w"}"#, 422),
            (proposals, #"{"scope":"default/dev","names":[],"file":".env","reason":"w"}"#, 422),
            (proposals, #"{"scope":"default/dev","names":[],"file":"/srv/\u202e.env","reason":"w"}"#, 422),
            (proposals, #"{"scope":"default/dev","names":[],"file":"/srv/.env","reason":"w"}"#, 201),
            ("/v1/sessions/sleep", #"{"what":"everything"}"#, 400), ("/v1/rules/acknowledgements", #"{"name":"open/one"}"#, 400),
        ] { #expect(try await client.ask("POST", path, json: body, headers: [badges[0]]).status == status, "\(body)") }
        #expect(try await client.ask("GET", "/v1/rules?secret=x", headers: [badges[0]]).status == 400)
    }
}
