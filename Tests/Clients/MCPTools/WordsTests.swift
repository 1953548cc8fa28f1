import MCPSession
import TacitWire
import Testing

@testable import MCPTools

/// What led a model astray that knew nothing but the tools' words (docs/AGENT-TASKS.md).
@Suite("Words that lead on")
struct WordsTests {
    private let wish: JSONValue = ["names": ["API_KEY"], "reason": "why"]

    private func error(_ tool: String, _ arguments: JSONValue, _ change: (inout StubKeeper.Script) -> Void) async throws -> (
        code: String, message: String, next: String
    ) {
        let error = try #require(try await Desk(StubKeeper(change)).call(tool, arguments).error)
        return (error["code"]?.string ?? "", error["message"]?.string ?? "", error["next_step"]?.string ?? "")
    }

    private func answer(_ tool: String, _ arguments: JSONValue, _ change: (inout StubKeeper.Script) -> Void = { _ in }) async throws -> JSONObject {
        try #require(try await Desk(StubKeeper(change)).call(tool, arguments).structured)
    }

    @Test("a right that is there already, or that could never help, leads to the call that does")
    func rightsThatAreThere() async throws {
        let there = Problem("request.invalid", "you have this right already", status: 400, hint: "make the call; what it still asks for is there")
        let refused = try await error("access_request", wish) { $0.failure = there }
        #expect(refused.code == "invalid_arguments" && refused.message.contains("already") && refused.next.contains("Make the call"))
        let useless = Problem("unavailable", "the policy lists the programs", status: 403, hint: "use secret_run, or write references")
        let file = try await error("access_request", ["names": ["API_KEY"], "reason": "why", "capability": "file_inject"]) { $0.failure = useless }
        #expect(file.code == "unavailable" && file.next == "Use secret_run, or write references.")
        #expect(try await error("access_request", ["reason": "why"]) { _ in }.message.contains("`names`"))
    }

    @Test("a badge that opens nothing is told to the person: no request of the agent's would get anywhere, either")
    func unknownBadge() async throws {
        let problem = Problem(
            "badge.unknown", "the agent's badge is unknown or revoked", status: 403, hint: "if it was revoked on purpose, stop", rule: "badge")
        for (tool, arguments) in [("secret_list", [:]), ("access_request", wish)] as [(String, JSONValue)] {
            let refused = try await error(tool, arguments) { $0.failure = problem }
            #expect(refused.code == "unavailable" && !refused.next.contains("access_request"), "\(refused.next)")
            #expect(refused.next == "Tell the person: the agent's badge is unknown or revoked; if it was revoked on purpose, stop.")
        }
        let status = try await answer("secret_status", [:]) { $0.failure = problem }
        #expect(status["vault"] == "unknown" && status["next_step"]?.string?.hasPrefix("Tell the person: the agent's badge") == true)
    }

    @Test("an agent that is frozen hears from the status that it has to stop, and nothing that reads as its own task")
    func frozen() async throws {
        let status = try await answer("secret_status", [:]) {
            $0.status.actor.frozen = true
            $0.status.warnings = ["agents are frozen since 2026: let them act again with `tacit panic --thaw`"]
        }
        #expect(status["next_step"]?.string?.hasPrefix("Stop, and tell the person.") == true)
        #expect(status["agent"]?.object?["capabilities"]?.array?.isEmpty == true)
    }

    @Test("a secret that may be there already is not replaced by mistake: the words are the same for hidden and absent names")
    func imports() async throws {
        let asked = try await answer("secret_import", wish)
        let words = try #require(asked["tell_user"]?.string)
        #expect(
            words.contains("do not store it anew") && words.contains("`tacit set API_KEY -p shop -e dev`")
                && asked["cli_command"] == "tacit set API_KEY -p shop -e dev")
        let elsewhere = try await answer("secret_import", ["names": ["API_KEY"], "reason": "why", "environment": "prod"])
        #expect(elsewhere["cli_command"]?.string?.hasSuffix(" -p shop -e prod") == true, "wherever that is typed")
        let done = try await answer("access_check", ["request_id": "0a"]) { $0.request.standing = .done }
        #expect(done["cli_command"] == nil)
    }

    @Test("a new version of what the agent may list is asked for as one, beside what it does not know of")
    func rotation() async throws {
        let known = SecretSummary(name: "API_KEY", version: 3, updatedAt: "2026-01-02T03:04:05Z", usableWith: [])
        let alone = try await answer("secret_import", wish) { $0.page = Page(items: [known]) }
        let words = try #require(alone["tell_user"]?.string)
        #expect(
            words.hasPrefix(
                "I need a new version of API_KEY, which is there as version 3. In a terminal of your own: `tacit set API_KEY -p shop -e dev`."),
            "\(words)")
        #expect(!words.contains("anew"))
        let both = try await answer("secret_import", ["names": ["API_KEY", "other"], "reason": "why"]) { $0.page = Page(items: [known]) }
        let more = try #require(both["tell_user"]?.string)
        #expect(more.hasPrefix("I need a new version of API_KEY, which is there as version 3. I need a value for other: a new secret, or"), "\(more)")
    }

    @Test("while the vault is locked nothing is left to be put to sleep")
    func sleepWhileLocked() async throws {
        let ended = try await answer("session_sleep", [:]) { $0.failure = Problem("vault.locked", "the vault is locked", status: 423) }
        #expect(ended["sessions_ended"] == 0 && ended["files_removed"] == 0 && ended["ended_session"] == false)
    }

    @Test("values that the policy keeps out of files lead to references; an environment that is not there, to the usual one")
    func waysBack() async throws {
        let file: JSONValue = ["secrets": [["name": "API_KEY"]], "purpose": "why", "content": "values"]
        let refused = try await error("secret_inject", file) { $0.failure = Problem("not_permitted", "no", status: 403, rule: "r") }
        #expect(
            refused.code == "not_permitted" && refused.next.contains("content=references") && refused.next.contains("at once where no right helps"))
        let place = try await error("secret_list", ["environment": "nowhere"]) { $0.failure = Problem("not_found", "no", status: 404) }
        #expect(place.code == "not_found" && place.message.contains("environment") && place.next.contains("Leave `environment` out"))
        let covers = try await error("session_wake", ["covers": ["api/*"], "purpose": "why"]) { _ in }
        #expect(covers.code == "invalid_arguments" && covers.message.contains("wildcards"))
    }

    @Test("a program that may never have a secret, or that runs any code, is told apart from one that is not listed")
    func programs() async throws {
        func next(_ hint: String?) async throws -> String {
            try await error("secret_list", [:]) { $0.failure = Problem("command_blocked", "no", status: 403, hint: hint, rule: "r") }.next
        }
        #expect(try await next("access_request").contains("Call rule_list"))
        #expect(try await next("rule_list names others") == "rule_list names others.")
        let missing = try await error("secret_run", ["argv": ["x"], "secrets": [["name": "API_KEY"]], "purpose": "why"]) {
            $0.failure = Problem("run.program-not-found", "there is no program `x`", status: 422)
        }
        #expect(missing.next.contains("not installed"))
    }

    @Test("a run that was stopped, or that failed in an empty directory, says what to do")
    func endings() async throws {
        let base: JSONObject = ["argv": ["x"], "secrets": .array([["name": "API_KEY"]]), "purpose": "why"]
        func notes(_ frames: [RunFrame], cwd: String? = nil) async throws -> String {
            var arguments = base
            arguments["cwd"] = cwd.map(JSONValue.string)
            let answer = try await answer("secret_run", .object(arguments)) {
                $0.run = { _, _, receive in
                    frames.forEach(receive)
                    return nil
                }
            }
            return answer["notes"]?.array?.compactMap(\.string).joined(separator: " ") ?? ""
        }
        #expect(try await notes([.timedOut, .exit(.signaled(15))]).contains("timeout_seconds"))
        #expect(try await notes([.exit(.exited(code: 2))]).contains("as cwd"))
        #expect(try await notes([.exit(.exited(code: 2))], cwd: "/tmp") == "")
        #expect(try await notes([.exit(.exited(code: 0))]) == "")
    }
}
