import MCPSession
import TacitWire
import Testing

@testable import MCPTools

@Suite struct SecretTokenTests {
    private func outcome(_ wish: JSONObject, _ change: (inout StubKeeper.Script) -> Void = { _ in }) async throws -> (
        answer: JSONObject?, error: JSONObject?, questions: [String]
    ) {
        let keeper = StubKeeper(change)
        let outcome = try await Desk(keeper).call("secret_token", .object(wish))
        return (outcome.structured, outcome.error, keeper.questions)
    }

    @Test("a token is asked for by its secret, and told with the address at which it is good") func answers() async throws {
        let plain = try await outcome(["secret_name": "API_KEY", "purpose": "why"])
        #expect(plain.questions == ["token shop/dev API_KEY why 3600"])
        #expect(plain.answer?["token"] == "sk-fake" && plain.answer?["provider"] == "openai" && plain.answer?["token_id"] == "t1")
        #expect(plain.answer?["base_url"] == "http://127.0.0.1:4711/via/openai/v1" && plain.answer?["audit_id"] == "15")
        #expect(plain.answer?["env"] == [["name": "OPENAI_API_KEY", "value": "sk-fake"]] && plain.answer?["expires_at"] == "2026-01-02T04:04:05Z")
        #expect(try await outcome(["secret_name": "API_KEY", "purpose": "why", "ttl_seconds": 60]).questions == ["token shop/dev API_KEY why 60"])
    }

    @Test(
        "no longer than eight hours, and with a purpose", arguments: [["ttl_seconds": 28_801], ["ttl_seconds": 59], ["purpose": ""]] as [JSONObject])
    func closed(_ change: JSONObject) async throws {
        var wish: JSONObject = ["secret_name": "API_KEY", "purpose": "why"]
        for name in ["ttl_seconds", "purpose"] { if let value = change[name] { wish[name] = value } }
        let refused = try await outcome(wish)
        #expect(refused.error?["code"] == "invalid_arguments" && refused.questions.isEmpty)
    }

    @Test("what the keeper refuses has its next step") func refused() async throws {
        let problem = Problem("unavailable", "no service that Tacit knows", status: 403, hint: "use secret_request")
        let refused = try await outcome(["secret_name": "API_KEY", "purpose": "why"]) { $0.failure = problem }
        #expect(refused.answer == nil && refused.error?["code"] == "unavailable")
    }
}
