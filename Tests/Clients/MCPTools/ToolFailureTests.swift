import MCPSession
import TacitWire
import Testing

@testable import MCPTools

@Suite struct ToolFailureTests {
    @Test(
        "each of the keeper's problems becomes one kind of failure",
        arguments: [
            (Problem("vault.locked", "the vault is locked", status: 423), "vault_locked", false),
            (Problem("vault.absent", "no vault", status: 404), "unavailable", false),
            (Problem("secret.not-found", "x", status: 404), "not_found", false),
            (Problem("version.not-found", "there is no such version", status: 404), "not_found", false),
            (Problem("not_permitted", "no", status: 403, rule: "ci"), "not_permitted", false),
            (Problem("something", "no", status: 403), "not_permitted", false),
            (Problem("blocked_by_rule", "no", status: 403, rule: "r"), "blocked_by_rule", false),
            (Problem("session_required", "no", status: 403, rule: "r"), "session_required", false),
            (Problem("acknowledgement_required", "no", status: 403, rule: "r"), "acknowledgement_required", false),
            (Problem("approval_required", "no", status: 403, rule: "r"), "approval_required", false),
            (Problem("command_blocked", "no", status: 403, rule: "r"), "command_blocked", false),
            (Problem("unavailable", "no", status: 403, hint: "tell the person that it is missing", rule: "r"), "unavailable", false),
            (Problem("secret.expired", "expired", status: 409), "unavailable", false),
            (Problem("request.invalid", "wrong", status: 400, hint: "do"), "invalid_arguments", false),
            (Problem("run.too-many", "five", status: 429), "rate_limited", true),
            (Problem("rate", "slow", status: 429, retryAfter: 9), "rate_limited", true),
            (Problem("run.unavailable", "gone", status: 503), "unavailable", true),
            (Problem("badge.missing", "no badge", status: 503, hint: "add it"), "unavailable", false),
            (Problem("badge.refused", "no badge", status: 503, hint: "add it"), "unavailable", false),
            (Problem("audit.full", "full", status: 507), "unavailable", false),
            (Problem("body", "large", status: 413), "too_large", false),
            (Problem("slow", "slow", status: 504), "timeout", true),
            (Problem("odd", "odd", status: 302), "internal", false),
        ])
    func problems(_ problem: Problem, _ code: String, _ isRetryable: Bool) async throws {
        let error = try #require(try await error(problem))
        #expect(error["code"]?.string == code)
        #expect(error["retryable"]?.bool == isRetryable)
        #expect(error["details"]?.object?["rule"]?.string == problem.rule)
        #expect(error["details"]?.object?["retry_after"]?.integer == (problem.retryAfter ?? (code == "rate_limited" ? 5 : nil)).map(Int64.init))
        #expect(error["next_step"]?.string?.isEmpty == false)
        #expect(error.members.map(\.name) == ["code", "message", "next_step", "retryable", "details"])
    }

    @Test("what a rule asks for is told as a tool to call, or as words for the person")
    func ruleSteps() async throws {
        let session = try #require(try await error(Problem("session_required", "no", status: 403, rule: "r")))
        #expect(session["next_step"]?.string?.hasPrefix("Call session_wake") == true)
        let acknowledgement = try #require(try await error(Problem("acknowledgement_required", "no", status: 403, rule: "r")))
        #expect(acknowledgement["details"]?.object?["rule_id"]?.string == "r")
        let sandbox = try #require(try await error(Problem("unavailable", "no", status: 403, hint: "tell the person so", rule: "r")))
        #expect(sandbox["next_step"] == "Tell the person so.")
        let program = try #require(try await error(Problem("command_blocked", "no", status: 403, rule: "r")))
        #expect(program["next_step"]?.string?.hasPrefix("Call rule_list") == true)
    }

    @Test("what is wrong with the call itself is told as such: no person is asked for a version that never was")
    func stepsOfTheCall() async throws {
        let version = try #require(try await error(Problem("version.not-found", "there is no such version", status: 404)))
        #expect(version["code"] == "not_found" && version["next_step"]?.string?.contains("secret_list") == true)
        #expect(version["details"]?.object?.members.isEmpty == true)
        let name = try #require(try await error(Problem("odd", "no", status: 400, hint: "write NAME")))
        #expect(name["next_step"] == "Write NAME.")
    }

    @Test("a call that waits for a person names its request, and says to check it and to repeat the very call")
    func approvalSteps() async throws {
        var problem = Problem("approval_required", "no", status: 403, rule: "r")
        problem.request = "0a1b"
        let waiting = try #require(try await error(problem))
        #expect(waiting["details"]?.object?["request_id"]?.string == "0a1b")
        #expect(waiting["next_step"]?.string?.contains("access_check") == true)
        #expect(waiting["next_step"]?.string?.contains("repeat this very call") == true)
        var denied = Problem("not_permitted", "a person denied it", status: 403, rule: "r")
        denied.request = "0a1b"
        #expect(try #require(try await error(denied))["next_step"]?.string?.hasPrefix("Do not repeat this call") == true)
        let many = try #require(try await error(Problem("rate_limited", "ten", status: 403)))
        #expect(many["code"] == "rate_limited" && many["next_step"]?.string?.contains("tacit approvals") == true)
        #expect(try await error(Problem("request.not-found", "x", status: 404))?["message"]?.string?.contains("request") == true)
    }

    @Test("a name that is absent and one that may not be known get the same answer, whatever the keeper added")
    func sameAnswer() async throws {
        let absent = try await error(Problem("secret.not-found", "there is no such secret", status: 404, hint: "see `tacit list`"))
        let hidden = try await error(Problem("not_found", "CANARY-other words", status: 404, hint: "CANARY", rule: "CANARY-rule"))
        #expect(absent != nil && absent == hidden)
    }

    @Test("an error that is not known tells nothing")
    func unknown() async throws {
        struct Leaky: Error { let text = "CANARY-inside" }
        let error = try #require(try await error(Leaky()))
        #expect(error["code"] == "internal")
        #expect(!JSONValue.object(error).text.contains("CANARY"))
    }

    @Test("arguments that do not hold are refused in the tools' own form, and never repeated")
    func arguments() async throws {
        let desk = Desk(StubKeeper())
        let offered: [(String, JSONValue)] = [
            ("secret_status", ["topic": "CANARY"]), ("secret_list", ["CANARY": 1]), ("secret_list", ["limit": 201]), ("secret_exists", [:]),
            ("secret_exists", ["names": ["CANARY", 1]]), ("secret_get_masked", ["secret_name": ""]),
            ("secret_run", ["argv": ["a"], "secrets": [], "purpose": "p"]),
            ("secret_run", ["argv": ["a"], "secrets": [["name": "A", "value": "CANARY"]], "purpose": "p"]),
            ("secret_run", ["argv": ["a"], "secrets": [["name": "A"]]]),
            ("secret_run", ["argv": "CANARY", "secrets": [["name": "A"]], "purpose": "p"]),
            ("secret_run", ["argv": ["a"], "secrets": [["name": "A"]], "purpose": "p", "timeout_seconds": 301]),
            ("secret_run", ["argv": ["a"], "secrets": [["name": "A"]], "purpose": "p", "max_output_bytes": 65_537]),
            ("secret_run", ["argv": ["a\0CANARY"], "secrets": [["name": "A"]], "purpose": "p"]),
            ("secret_run", ["argv": ["a"], "secrets": [["name": "A"]], "purpose": "p", "cwd": "CANARY"]),
            ("secret_run", ["argv": [""], "secrets": [["name": "A"]], "purpose": "p"]),
        ]
        for (tool, arguments) in offered {
            let outcome = try await desk.call(tool, arguments)
            #expect(outcome.error?["code"] == "invalid_arguments", "\(tool) \(outcome.text)")
            #expect(!outcome.text.contains("CANARY"))
        }
    }

    private func error(_ thrown: some Error & Sendable) async throws -> JSONObject? {
        try await Desk(StubKeeper { $0.failure = thrown }).call("secret_exists", ["names": ["A"]]).error
    }
}
