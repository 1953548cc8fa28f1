import Model
import TacitWire
import TestKit
import Testing

@testable import APIServer

@Suite("Who asks over the API")
struct WhoAsksTests {
    private static let secrets = "/v1/projects/default/environments/dev/secrets"

    /// A vault with an agent that may see masks below `open/`, and its badge.
    private func bedWithAgent() async throws -> (Bed, badge: String) {
        let bed = try await Bed()
        let client = try await bed.withVault()
        client.add(header: "\(WireHeader.stepUp): \(try await token(client))")
        let document = #"{\"policies\":[{\"name\":\"p\",\"agent_id\":\"bot\",\"allowed_keys\":[\"open/*\"],\"capabilities\":[\"masked_return\"]}]}"#
        #expect(try await client.ask("PUT", "/v1/policy", json: #"{"document":"\#(document)"}"#).status == 200)
        for name in ["open%2Fone", "hidden"] {
            let parts = [("secret", #"{"fields":[{"name":"value","kind":"secret"}]}"#), ("field-0", "CANARY-a value of many letters")]
            #expect(try await client.ask("PUT", "\(Self.secrets)/\(name)", parts: parts).status == 201)
        }
        let badge = try await client.ask("POST", "/v1/agents", json: #"{"name":"bot"}"#).json(AgentAdded.self).badge
        return (bed, badge)
    }

    private func token(_ client: Client) async throws -> String {
        try await client.ask("POST", "/v1/step-up", octets: Bed.password).json(StepUp.self).token
    }

    @Test("a step-up is worth something on its own connection only")
    func boundToken() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let token = try await token(client)
        bed.becomeStranger()
        let thief = try bed.connect()
        let header = "\(WireHeader.stepUp): \(token)"
        #expect(try await thief.ask("GET", "/v1/status", headers: [header]).json(VaultStatus.self).actor.kind == .unidentified)
        #expect(try await thief.ask("GET", "/v1/slots", headers: [header]).status == 403)
        #expect(try await client.ask("GET", "/v1/slots", headers: [header]).status == 200)
        let again = try bed.connect()
        #expect(try await again.ask("GET", "/v1/slots", headers: [header, header]).status == 403)
    }

    @Test("a wrong, doubled or empty token is none", arguments: ["", "0", String(repeating: "0", count: 32)])
    func wrongToken(token: String) async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let right = try await self.token(client)
        let header = "\(WireHeader.stepUp): \(right)"
        for headers in [["\(WireHeader.stepUp): \(token)"], [header, header]] {
            #expect(try await client.ask("POST", "/v1/slots/recovery", headers: headers).code == "step-up.required")
        }
        #expect(try await client.ask("POST", "/v1/slots/recovery", headers: [header]).status == 200)
    }

    @Test("who shows a badge is that agent, whatever else it shows")
    func badge() async throws {
        let (bed, badge) = try await bedWithAgent()
        let client = try bed.connect()
        let token = try await token(client)
        let headers = ["\(WireHeader.badge): \(badge)", "\(WireHeader.stepUp): \(token)", "\(WireHeader.source): cli"]
        let actor = try await client.ask("GET", "/v1/status", headers: headers).json(VaultStatus.self).actor
        #expect(actor == Asker(kind: .agent, name: "bot"))
        #expect(try await client.ask("GET", "\(Self.secrets)/open%2Fone/value", headers: headers).status == 403)
        #expect(try await client.ask("GET", "\(Self.secrets)/open%2Fone/masked", headers: headers).json(MaskedValue.self).masked == "********ters")
        for forged in ["\(WireHeader.badge): ", "\(WireHeader.badge): \(badge)x", "\(WireHeader.badge): \(badge), \(badge)"] {
            #expect(try await client.ask("GET", "/v1/status", headers: [forged]).status == 403)
        }
    }

    @Test("a hidden name is answered as an absent one, byte for byte, head and body")
    func hiddenNames() async throws {
        let (bed, badge) = try await bedWithAgent()
        let client = try bed.connect()
        client.add(header: "\(WireHeader.badge): \(badge)")
        for suffix in ["", "/value", "/masked", "/versions", "/value?field=value", "/masked?version=1"] {
            let hidden = try await client.ask("GET", "\(Self.secrets)/hidden\(suffix)")
            let absent = try await client.ask("GET", "\(Self.secrets)/absent\(suffix)")
            #expect(hidden == absent, "\(suffix): \(hidden.text) \(absent.text)")
            #expect((400..<500).contains(hidden.status))
        }
        for (method, suffix, json) in [("DELETE", "", nil), ("PATCH", "", "{}"), ("POST", "/purge", nil), ("POST", "/rollback", #"{"version":1}"#)]
            as [(String, String, String?)]
        {
            let hidden = try await client.ask(method, "\(Self.secrets)/hidden\(suffix)", json: json)
            let absent = try await client.ask(method, "\(Self.secrets)/absent\(suffix)", json: json)
            #expect(hidden == absent, "\(method) \(suffix)")
        }
        let list = try await client.ask("GET", Self.secrets).json(Page<SecretSummary>.self)
        #expect(list.items.map(\.name) == ["open/one"])
        let exists = try await client.ask("POST", "/v1/exists", json: #"{"scope":"default/dev","names":["hidden","absent"]}"#).json(
            Page<Existence>.self)
        #expect(exists.items.map(\.exists) == [false, false])
    }

    @Test("a refusal shows neither the value nor the name that was asked for")
    func silence() async throws {
        let (bed, badge) = try await bedWithAgent()
        let client = try bed.connect()
        client.add(header: "\(WireHeader.badge): \(badge)")
        for path in [
            "\(Self.secrets)/CANARYname", "\(Self.secrets)/CANARYname/value?field=CANARYfield", "/v1/projects/CANARYname/environments",
            "/v1/agents/CANARYname",
        ] {
            let answer = try await client.ask("GET", path)
            #expect(!answer.text.contains("CANARY") && !answer.lines.joined().contains("CANARY"))
        }
        let wrong = try await client.ask("POST", "/v1/unlock", octets: "CANARY-wrong")
        #expect(!wrong.text.contains("CANARY"))
    }

    @Test("the status tells the asker why it is not a person; a problem does not, whatever the name")
    func doubt() async throws {
        let (bed, _) = try await bedWithAgent()
        let client = try bed.connect()
        #expect(try await client.ask("GET", "/v1/status").json(VaultStatus.self).actor == Asker(kind: .person))
        bed.peer.place = .behind("make")
        let behind = try bed.connect()
        let doubt = try await behind.ask("GET", "/v1/status").json(VaultStatus.self).actor.doubt
        #expect(doubt?.code == "asker.behind-program" && doubt?.message.contains("(make)") == true && doubt?.hint.contains("--password-fd") == true)
        let hidden = try await behind.ask("GET", "\(Self.secrets)/hidden/masked")
        let absent = try await behind.ask("GET", "\(Self.secrets)/absent/masked")
        #expect(hidden == absent && hidden.code == "secret.not-found" && !hidden.text.contains("make"))
        bed.becomePerson()
        bed.peer.isOwnProgram = false
        let other = try await bed.connect().ask("GET", "/v1/status").json(VaultStatus.self).actor
        #expect(other.kind == .unidentified && other.doubt?.code == "asker.other-program")
    }

    @Test("a reveal grace is told to the terminal that has it, and spares it the question")
    func grace() async throws {
        let (bed, _) = try await bedWithAgent()
        let client = try bed.connect()
        #expect(try await client.ask("GET", "/v1/status").json(VaultStatus.self).revealGraceUntil == nil)
        let granted = try await client.ask("POST", "/v1/step-up?grace=reveal", octets: Bed.password).json(StepUp.self).revealGraceUntil
        let another = try bed.connect()
        #expect(try await another.ask("GET", "/v1/status").json(VaultStatus.self).revealGraceUntil == granted && granted != nil)
        #expect(try await another.ask("GET", "\(Self.secrets)/hidden/value").status == 200)
        #expect(try await another.ask("POST", "/v1/slots/recovery").code == "step-up.required", "the grace is for reveals")
        bed.becomeStranger()
        #expect(try await bed.connect().ask("GET", "/v1/status").json(VaultStatus.self).revealGraceUntil == nil)
        bed.becomePerson()
        bed.clock.advance(by: .seconds(301))
        #expect(try await another.ask("GET", "/v1/status").json(VaultStatus.self).revealGraceUntil == nil)
        #expect(try await another.ask("GET", "\(Self.secrets)/hidden/value").code == "step-up.required")
    }

    @Test("anybody may ask for the status, and learns nothing of others' runs")
    func status() async throws {
        let (bed, _) = try await bedWithAgent()
        bed.becomeStranger()
        let status = try await bed.connect().ask("GET", "/v1/status").json(VaultStatus.self)
        #expect(status.actor.kind == .unidentified && status.runs.isEmpty)
    }
}
