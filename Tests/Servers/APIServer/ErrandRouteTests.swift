import Model
import TacitWire
import TestKit
import Testing

@testable import APIServer
@testable import Secrets

/// `POST /v1/requests`: what is read of a wish, what is told of a reply.
@Suite struct ErrandRouteTests {
    private static let secrets = "/v1/projects/default/environments/dev/secrets"

    /// A vault with `open/one` and `hidden`, a request rule, and the badge of an agent.
    private func bed() async throws -> (Bed, badge: String) {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let token = try await client.ask("POST", "/v1/step-up", octets: Bed.password).json(StepUp.self).token
        client.add(header: "\(WireHeader.stepUp): \(token)")
        let policy = #"{"name":"p","agent_id":"claude","allowed_keys":["open/*"],"capabilities":["broker"]}"#
        let rule = #"{"name":"r","agent_id":"claude","keys":["open/*"],"hosts":["api.example.com"],"methods":["GET","POST"],"paths":["/v1/**"]}"#
        let document = #"{"policies":[\#(policy)],"request_rules":[\#(rule)]}"#.replacing("\"", with: "\\\"")
        #expect(try await client.ask("PUT", "/v1/policy", json: #"{"document":"\#(document)"}"#).status == 200)
        for name in ["open%2Fone", "hidden"] {
            let parts = [("secret", #"{"fields":[{"name":"value","kind":"secret"}]}"#), ("field-0", "CANARY-a value of many letters")]
            #expect(try await client.ask("PUT", "\(Self.secrets)/\(name)", parts: parts).status == 201)
        }
        let badge = try await client.ask("POST", "/v1/agents", json: #"{"name":"claude"}"#).json(AgentAdded.self).badge
        return (bed, "\(WireHeader.badge): \(badge)")
    }

    @Test("a wish is read strictly, judged, and refused where there is no broker; a hidden name is as an absent one")
    func wishes() async throws {
        let (bed, badge) = try await bed()
        let client = try bed.connect()
        func body(_ name: String = "open/one", _ url: String = "https://api.example.com/v1/x", _ more: String = "") -> String {
            #"{"scope":"default/dev","secret":"\#(name)","url":"\#(url)","purpose":"w"\#(more)}"#
        }
        for (text, status, code) in [
            (body(), 503, "broker.unavailable"), (body("open/one", "https://evil.example/"), 403, "destination_not_allowed"),
            (body("open/one", "https://api.example.com/../x"), 422, "request.invalid"),
            (body("open/one", "https://api.example.com/v1/x", #","method":"BREW""#), 422, "request.invalid"),
            (body("open/one", "https://api.example.com/v1/x", #","headers":[{"name":"Authorization","value":"x"}]"#), 422, "request.invalid"),
            (body("open/one", "https://api.example.com/v1/x", #","headers":[{"name":"X-A","value":"x","place":"y"}]"#), 400, "request.malformed"),
            (body("open/one", "https://api.example.com/v1/x", #","body":"*","body_encoding":"base64""#), 422, "request.invalid"),
            (body("open/one", "https://api.example.com/v1/x", #","body":"*","body_encoding":"hex""#), 400, "request.malformed"),
            (body("open/one", "https://api.example.com/v1/x", #","timeout_seconds":0"#), 422, "request.invalid"),
            (body("open/one", "https://api.example.com/v1/x", #","max_output_bytes":65537"#), 422, "request.invalid"),
            (body("open/one", "https://api.example.com/v1/x", #","place":"bearer""#), 400, "request.malformed"),
            (#"{"scope":"default/dev","secret":"open/one","purpose":"w"}"#, 400, "request.malformed"),
        ] {
            let answer = try await client.ask("POST", WirePath.requests, json: text, headers: [badge])
            #expect(answer.status == status, "\(text)")
            #expect(answer.code == code, "\(text)")
        }
        let answers = [
            try await client.ask("POST", WirePath.requests, json: body("hidden"), headers: [badge]),
            try await client.ask("POST", WirePath.requests, json: body("absent"), headers: [badge]),
        ]
        #expect(answers[0].status == 404 && answers[0].text == answers[1].text)
    }

    @Test("a body that is no text is told in base64")
    func replies() throws {
        func told(_ body: [UInt8]) -> ErrandAnswer {
            let reply = ErrandReply(
                status: 201, fields: [("a", "b")], body: body, isTruncated: true)
            return ErrandAnswer(ErrandResult(reply: reply, duration: .milliseconds(1250), entry: 7))
        }
        let text = told(Array("é".utf8))
        #expect(text.body == "é" && text.bodyEncoding == .text && text.status == 201 && text.truncated && text.withheld == nil)
        #expect(text.headers == [HeaderField(name: "a", value: "b")] && text.durationMs == 1250 && text.auditEntry == 7)
        let bytes = told([0xFF, 0x00])
        #expect(bytes.body == "/wA=" && bytes.bodyEncoding == .base64)
    }
}
