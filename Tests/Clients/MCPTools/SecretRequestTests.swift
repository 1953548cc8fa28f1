import MCPSession
import TacitWire
import Testing

@testable import MCPTools

@Suite struct SecretRequestTests {
    private let wish: JSONObject = ["secret_name": "API_KEY", "url": "https://api.example.com/v1/x", "purpose": "why"]

    private func outcome(_ wish: JSONObject, _ change: (inout StubKeeper.Script) -> Void = { _ in }) async throws -> (
        answer: JSONObject?, error: JSONObject?, questions: [String]
    ) {
        let keeper = StubKeeper(change)
        let outcome = try await Desk(keeper).call("secret_request", .object(wish))
        return (outcome.structured, outcome.error, keeper.questions)
    }

    @Test("a request is asked for as it is worded, and its answer told without what it is about")
    func answers() async throws {
        let plain = try await outcome(wish)
        #expect(plain.questions == ["request shop/dev API_KEY GET https://api.example.com/v1/x [] - why 30 16384"])
        #expect(plain.answer?["status"] == 200 && plain.answer?["body"] == "hello" && plain.answer?["body_encoding"] == "text")
        #expect(plain.answer?["redactions"] == 2 && plain.answer?["truncated"] == false && plain.answer?["audit_id"] == "14")
        #expect(plain.answer?["duration_ms"] == 12 && plain.answer?["note"] == nil)
        var full = wish
        (full["method"], full["body"], full["timeout_seconds"], full["max_output_bytes"]) = ("POST", "a=1", 5, 2048)
        full["headers"] = [["name": "Content-Type", "value": "text/plain"]]
        let posted = try await outcome(full)
        #expect(posted.questions == ["request shop/dev API_KEY POST https://api.example.com/v1/x [Content-Type=text/plain] a=1 why 5 2048"])
        let packed = try await outcome(wish) { ($0.reply.withheld, $0.reply.body) = ("compressed", "") }
        #expect(packed.answer?["note"]?.string?.contains("compressed") == true)
    }

    @Test("no way to attach a credential is an argument", arguments: ["place", "auth", "token", "authorization", "credential"])
    func closed(name: String) async throws {
        var more = wish
        more[name] = "x"
        let refused = try await outcome(more)
        #expect(refused.error?["code"] == "invalid_arguments" && refused.questions.isEmpty)
    }

    @Test("what would tell of a value is withheld, and nothing of the reply is told", arguments: ["guessable", "fuse"])
    func withheld(reason: String) async throws {
        let answer = try await outcome(wish) { ($0.reply.withheld, $0.reply.body) = (reason, "part") }
        #expect(answer.answer == nil && answer.error?["code"] == "output_withheld")
        #expect(answer.error?["message"]?.string?.contains("part") == false)
    }

    @Test(
        "each refusal of policy and broker has its code and next step",
        arguments: [
            (
                Problem("destination_not_allowed", "no", status: 403, hint: "access_request, with `GET x` in its reason", rule: "r"),
                "destination_not_allowed", "Call access_request with the secret, broker as capability"
            ),
            (
                Problem("destination_not_allowed", "no", status: 403, hint: "make the request over https", rule: "r"), "destination_not_allowed",
                "Make the request over https."
            ),
            (
                Problem("rate_limited", "a request rule's rate is used up", status: 429, hint: "wait 9 s", rule: "r", retryAfter: 9), "rate_limited",
                "Wait for details.retry_after seconds"
            ),
            (Problem("request.too-many", "many", status: 429, retryAfter: 5), "rate_limited", "Wait for one"),
            (
                Problem("broker.address-loopback", "own", status: 403, hint: "if it is meant, a person names it"), "destination_not_allowed",
                "If it is meant"
            ),
            (Problem("broker.path-dot-segment", "dots", status: 422, hint: "write it plainly"), "invalid_arguments", "Write it plainly."),
            (Problem("broker.timeout", "slow", status: 504, hint: "try again"), "timeout", "Try again."),
            (Problem("broker.reply-partial", "part", status: 502), "output_withheld", "The request was made."),
            (Problem("broker.host-unreachable", "gone", status: 502, hint: "try again"), "unavailable", "Try again."),
            (Problem("broker.unavailable", "gone", status: 503, hint: "lock and unlock the vault"), "unavailable", "Lock and unlock"),
            (Problem("session.ended", "ended", status: 409), "unavailable", "Repeat the call"),
        ])
    func failures(_ problem: Problem, _ code: String, _ step: String) async throws {
        let error = try #require(try await outcome(wish) { $0.failure = problem }.error)
        #expect(error["code"]?.string == code)
        #expect(error["next_step"]?.string?.hasPrefix(step) == true, "\(error)")
        if let seconds = problem.retryAfter { #expect(error["details"]?.object?["retry_after"]?.integer == Int64(seconds)) }
    }
}
