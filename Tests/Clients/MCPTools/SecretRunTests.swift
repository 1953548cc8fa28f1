import MCPSession
import Synchronization
import TacitWire
import Testing

@testable import MCPTools

@Suite struct SecretRunTests {
    private static let arguments: JSONValue = [
        "argv": ["psql", "-c", "select 1"], "secrets": [["name": "DATABASE_URL"], ["name": "db#password", "var": "PW"]], "purpose": "check",
        "cwd": "/srv", "stdin": "hé", "timeout_seconds": 30, "max_output_bytes": 1024,
    ]

    @Test(
        "what in the arguments looks like a variable is told, unless a shell replaces it",
        arguments: [
            (["curl", "-H", "Authorization: Bearer $STRIPE_API_KEY", "x"], ["$STRIPE_API_KEY"]),
            (["psql", "${DB_URL}", "$DB_URL", "${DB_URL}"], ["${DB_URL}", "$DB_URL"]),
            (["sh", "-c", "echo $A"], []), (["/usr/bin/env", "bash", "-c", "echo $A"], []), (["curl", "cost: $5", "$x", "a$"], []), (["$HOME"], []),
        ])
    func literalVariables(argv: [String], found: [String]) { #expect(RunWish.literalVariables(argv) == found) }

    @Test("the run time is counted from the program's start, whatever the call waited for before")
    func duration() {
        let now = Mutex(ContinuousClock.now)
        let record = RunRecord(limit: 1024) { now.withLock { $0 } }
        now.withLock { $0 += .seconds(40) }
        record.take(.started(process: 7))
        now.withLock { $0 += .milliseconds(1500) }
        record.take(.exit(.exited(code: 0)))
        now.withLock { $0 += .seconds(9) }
        #expect(record.current.duration == .milliseconds(1500))
        let refused = RunRecord(limit: 1024)
        refused.take(.exit(.exited(code: 0)))
        #expect(refused.current.duration == .zero)
    }

    @Test("compressed output ends a stream, which is said; a hit on a value that could be guessed withholds the whole answer")
    func withheld() async throws {
        func answer(_ parts: [RunOutput.Withheld]) async throws -> JSONObject {
            let keeper = StubKeeper {
                $0.run = { _, _, receive in
                    receive(.started(process: 7))
                    receive(.stdout(Array("before".utf8)))
                    receive(.stderr(Array("beside".utf8)))
                    receive(.report(Array(try WireJSON.encode(RunReport(masked: true, output: RunOutput(withheld: parts))))))
                    receive(.exit(.exited(code: 0)))
                    return nil
                }
            }
            return try #require(try await Desk(keeper).call("secret_run", Self.arguments).structured)
        }
        let compressed = try await answer([.init(stream: "stdout", reason: "compressed", bytes: 9)])
        #expect(compressed["stdout"] == "before" && compressed["stderr"] == "beside")
        let part = try #require(compressed["output"]?.object?["withheld"]?.array?.first?.object)
        #expect(
            part["stream"] == "stdout" && part["reason"] == "compressed" && part["bytes"] == 9
                && part["message"]?.string?.contains("unredactable") == true)
        let guessed = try await answer([.init(stream: "stdout", reason: "guessable", secret: "db#name", bytes: 9)])
        #expect(guessed["stdout"] == "" && guessed["stderr"] == "")
        let parts = guessed["output"]?.object?["withheld"]?.array?.compactMap(\.object) ?? []
        #expect(parts.map { $0["stream"] } == ["stdout", "stderr"] && parts.map { $0["bytes"] } == [15, 6])
        #expect(parts.allSatisfy { $0["secret"] == "db#name" && $0["reason"] == "guessable" })
    }

    @Test("a run is asked for as the arguments say, and its frames become one answer")
    func run() async throws {
        let seen = Mutex<(RunRequest, [UInt8])?>(nil)
        let keeper = StubKeeper {
            $0.run = { request, input, receive in
                seen.withLock { $0 = (request, input) }
                receive(.started(process: 7))
                receive(.stdout(Array("one ".utf8)))
                receive(.stderr(Array("warn [REDACTED:DATABASE_URL]".utf8)))
                receive(.stdout(Array("two\n".utf8)))
                let report = RunReport(
                    masked: true,
                    redactions: [.init(name: "DATABASE_URL", view: "base64", count: 2), .init(name: "db#password", view: "raw", count: 1)],
                    scannedBytes: 30, unscanned: ["db#password is shorter than 8 characters"])
                receive(.report(Array(try WireJSON.encode(report))))
                receive(.exit(.exited(code: 3)))
                return "audit-17"
            }
        }
        let outcome = try await Desk(keeper).call("secret_run", Self.arguments)
        var structured = try #require(outcome.structured, "\(outcome.text)")
        #expect(outcome.text == JSONValue.object(structured).text)
        #expect((structured["duration_ms"]?.integer ?? -1) >= 0)
        structured["duration_ms"] = nil
        #expect(
            JSONValue.object(structured).text
                == #"{"exit_code":3,"timed_out":false,"stdout":"one two\n","stderr":"warn [REDACTED:DATABASE_URL]","truncated":false,"redactions":3,"#
                + #""redacted":[{"name":"DATABASE_URL","form":"base64","count":2},{"name":"db#password","form":"raw","count":1}],"#
                + #""not_scanned":["db#password is shorter than 8 characters"],"notes":[],"#
                + #""secrets_used":[{"name":"DATABASE_URL"},{"name":"db#password","var":"PW"}],"audit_id":"audit-17"}"#)
        let (request, input) = try #require(seen.withLock { $0 })
        #expect(input.isEmpty)
        #expect(
            request
                == RunRequest(
                    argv: ["psql", "-c", "select 1"], cwd: "/srv", scope: "shop/dev",
                    secrets: [RunSecret(reference: "DATABASE_URL"), RunSecret(reference: "db#password", variable: "PW")], timeoutSeconds: 30,
                    purpose: "check", input: "hé"))
    }

    @Test("standard input that is too long to be told beforehand is sent, and that is said")
    func longInput() async throws {
        let text = String(repeating: "x", count: RunRequest.longestInput + 1)
        let seen = Mutex<(RunRequest, [UInt8])?>(nil)
        let keeper = StubKeeper {
            $0.run = { request, input, receive in
                seen.withLock { $0 = (request, input) }
                receive(.exit(.exited(code: 0)))
                return nil
            }
        }
        var arguments = try #require(Self.arguments.object)
        arguments["stdin"] = .string(text)
        #expect(try await Desk(keeper).call("secret_run", .object(arguments)).structured != nil)
        let (request, input) = try #require(seen.withLock { $0 })
        #expect(input == Array(text.utf8))
        #expect(request.input == nil && request.sendsInput == true)
    }

    @Test("a secret goes where it is said, in the version that is said; what contradicts itself is refused")
    func places() async throws {
        let seen = Mutex<[RunSecret]>([])
        let keeper = StubKeeper {
            $0.run = { request, _, receive in
                seen.withLock { $0 = request.secrets }
                receive(.exit(.exited(code: 0)))
                return nil
            }
        }
        func call(_ secret: JSONValue, stdin: String? = nil) async throws -> String {
            var arguments: JSONObject = ["argv": ["a"], "secrets": [secret], "purpose": "check"]
            arguments["stdin"] = stdin.map(JSONValue.string)
            return try await Desk(keeper).call("secret_run", .object(arguments)).text
        }
        _ = try await call(["name": "db#password", "as": "stdin", "version": 3])
        #expect(seen.withLock { $0 } == [RunSecret(reference: "db#password?version=3", stdin: true)])
        _ = try await call(["name": "db", "as": "env", "var": "PW"])
        #expect(seen.withLock { $0 } == [RunSecret(reference: "db", variable: "PW")])
        _ = try await call(["name": "db", "as": "file", "var": "CERT"])
        #expect(seen.withLock { $0 } == [RunSecret(reference: "db", variable: "CERT", file: true)])
        _ = try await call(["name": "db", "as": "file"], stdin: "text")
        #expect(seen.withLock { $0 } == [RunSecret(reference: "db", file: true)])
        let header: JSONValue = ["name": "db", "as": "stdin", "before": "Authorization: Bearer ", "after": "\n"]
        #expect(try await call(header).contains(#""secrets_used":[{"name":"db","as":"stdin"}]"#), "the text is not told back")
        #expect(seen.withLock { $0 } == [RunSecret(reference: "db", stdin: true, before: "Authorization: Bearer ", after: "\n")])
        let refused: [(JSONValue, String?)] = [
            (["name": "db", "before": "x"], nil), (["name": "db", "as": "env", "after": ""], nil),
            (["name": "db", "as": "file", "before": "x"], nil),
            (["name": "db", "as": "stdin", "before": .string(String(repeating: "é", count: 513))], nil),
            (["name": "db", "as": "stdin", "after": "\0"], nil), (["name": "db", "as": "stdin", "before": 1], nil),
            (["name": "db", "as": "stdin", "var": "PW"], nil), (["name": "db", "as": "stdin"], "text"),
            (["name": "db?version=1", "version": 2], nil),
            (["name": "db", "as": "argument"], nil), (["name": "db", "version": 0], nil),
        ]
        for (secret, stdin) in refused { #expect(try await call(secret, stdin: stdin).contains("invalid_arguments"), "\(secret.text)") }
    }

    @Test("what is said of text in the wrong place names the field and the step")
    func textElsewhere() async throws {
        let arguments: JSONValue = ["argv": ["a"], "secrets": [["name": "db", "after": "x"]], "purpose": "check"]
        let text = try await Desk(StubKeeper()).call("secret_run", arguments).text
        #expect(text.contains("`after` is text around a secret that is sent `as` stdin") && text.contains("or leave `after` out"), "\(text)")
    }

    @Test("a model that wrote a variable into a header of curl is told how curl gets one")
    func curlNote() throws {
        func notes(_ argv: JSONValue) throws -> String {
            try RunWish(["argv": argv, "secrets": [], "purpose": "p"], in: Place(project: "shop", environment: "dev")).notes.joined()
        }
        #expect(try notes(["/usr/bin/curl", "-H", "Authorization: Bearer $KEY"]).contains(#""-H","@-""#))
        #expect(try !notes(["psql", "$KEY"]).contains("curl"))
        #expect(try notes(["curl", "x"]).isEmpty)
    }

    @Test("a run that was stopped or signalled keeps its output")
    func stopped() async throws {
        let keeper = StubKeeper {
            $0.run = { _, _, receive in
                receive(.stdout(Array("begun".utf8)))
                receive(.timedOut)
                receive(.exit(.signaled(9)))
                return nil
            }
        }
        let structured = try #require(try await Desk(keeper).call("secret_run", Self.arguments).structured)
        #expect(structured["exit_code"] == 137)
        #expect(structured["timed_out"] == true)
        #expect(structured["stdout"] == "begun")
    }

    @Test("what could not be scanned is never passed over in silence")
    func withoutReport() async throws {
        let structured = try #require(try await Desk(StubKeeper()).call("secret_run", Self.arguments).structured)
        #expect(structured["not_scanned"] == ["the keeper did not say what was scanned"])
    }

    @Test("long output and bytes that are no UTF-8 are told")
    func notes() async throws {
        let keeper = StubKeeper {
            $0.run = { _, _, receive in
                for _ in 0..<100 { receive(.stdout(Array(repeating: 0x61, count: 1000))) }
                receive(.stderr([0x78, 0xFF, 0x79]))
                receive(.exit(.exited(code: 0)))
                return nil
            }
        }
        let structured = try #require(try await Desk(keeper).call("secret_run", Self.arguments).structured)
        #expect(structured["truncated"] == true)
        #expect(structured["stdout"]?.string?.contains("[... 98976 bytes left out ...]") == true)
        #expect(structured["stderr"] == "x\u{FFFD}y")
        #expect(structured["notes"]?.array?.count == 2)
    }

    @Test(
        "what Tacit itself could not run is an error",
        arguments: [
            (RunFailure(status: 125, code: "run.accident-guard", message: "guard"), "command_blocked"),
            (
                RunFailure(status: 127, code: "run.program-not-found", message: "there is no program `x`", hint: "give its full path"),
                "invalid_arguments"
            ),
            (RunFailure(status: 126, code: "run.program-not-executable", message: "no"), "invalid_arguments"),
            (RunFailure(status: 125, code: "run.too-large", message: "large"), "too_large"),
            (RunFailure(status: 125, code: "run.runner-failed", message: "gone"), "unavailable"),
        ])
    func failures(_ failure: RunFailure, _ code: String) async throws {
        let keeper = StubKeeper {
            $0.run = { _, _, receive in
                receive(.exit(.failed(failure)))
                return nil
            }
        }
        #expect(try await Desk(keeper).call("secret_run", Self.arguments).error?["code"]?.string == code)
    }

    @Test("a stream that ends without an exit is an error")
    func cut() async throws {
        let keeper = StubKeeper { $0.run = { _, _, _ in nil } }
        #expect(try await Desk(keeper).call("secret_run", Self.arguments).error?["code"] == "unavailable")
    }

    @Test("progress is told at every pause, and a keeper that never ends a run is given up")
    func progress() async throws {
        let (ticks, tick) = AsyncStream<Void>.makeStream()
        let heard = Mutex<[Int64]>([])
        let keeper = StubKeeper { $0.run = { _, _, _ in try await Self.never() } }
        let desk = Desk(keeper) { _ in
            for await _ in ticks { return }
            throw CancellationError()
        }
        // The time limit, and a minute in which a person may be asked and the keeper end the run.
        for _ in 0..<18 { tick.yield() }
        let outcome = try await desk.call("secret_run", Self.arguments) { done, total, _ in
            #expect(total == 30)
            heard.withLock { $0.append(done) }
        }
        #expect(outcome.error?["code"] == "timeout")
        #expect(heard.withLock { $0 } == [5, 10, 15, 20, 25] + [Int64](repeating: 30, count: 13))
    }

    @Test("progress says that a person is waited for until the program runs, and then for how long it does")
    func waiting() async throws {
        let (ticks, tick) = AsyncStream<Void>.makeStream()
        let (allowances, allow) = AsyncStream<Void>.makeStream()
        let (ends, end) = AsyncStream<Void>.makeStream()
        let heard = Mutex<[String]>([])
        let keeper = StubKeeper {
            $0.run = { _, _, receive in
                for await _ in allowances { break }
                receive(.started(process: 7))
                tick.yield()
                for await _ in ends { break }
                receive(.exit(.exited(code: 0)))
                return nil
            }
        }
        let desk = Desk(keeper) { _ in
            for await _ in ticks { return }
            throw CancellationError()
        }
        for _ in 0..<2 { tick.yield() }
        _ = try await desk.call("secret_run", Self.arguments) { _, _, words in
            guard let words else { return }
            switch heard.withLock({
                $0.append(words); return $0.count
            }) {
            case 2: allow.yield()
            case 3: end.yield()
            default: break
            }
        }
        let waiting = "waiting for a person, who decides with `tacit approvals approve CODE` or `deny CODE`; `tacit approvals` shows the code"
        #expect(heard.withLock { $0 } == [waiting, waiting, "running for 5 s"])
    }

    @Test("five runs go on at once; the sixth is turned away and the next is taken when one has ended")
    func limit() async throws {
        let (starts, start) = AsyncStream<Void>.makeStream()
        let (ends, end) = AsyncStream<Void>.makeStream()
        let keeper = StubKeeper {
            $0.run = { _, _, receive in
                start.yield()
                for await _ in ends { break }
                receive(.exit(.exited(code: 0)))
                return nil
            }
        }
        let desk = Desk(keeper)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<5 { group.addTask { try await desk.call("secret_run", Self.arguments).isError } }
            var started = 0
            for await _ in starts {
                started += 1
                if started == 5 { break }
            }
            let sixth = try await desk.call("secret_run", Self.arguments)
            #expect(sixth.error?["code"] == "rate_limited")
            #expect(sixth.error?["retryable"] == true)
            end.finish()
            for try await isError in group { #expect(!isError) }
        }
        #expect(try await desk.call("secret_run", Self.arguments).isError == false)
    }

    @Test("cancelling a call cancels the run")
    func cancellation() async throws {
        let (starts, start) = AsyncStream<Void>.makeStream()
        let (stops, stop) = AsyncStream<Void>.makeStream()
        let keeper = StubKeeper {
            $0.run = { _, _, _ in
                start.yield()
                defer { stop.yield() }
                return try await Self.never()
            }
        }
        let desk = Desk(keeper)
        let call = Task { try await desk.call("secret_run", Self.arguments) }
        for await _ in starts { break }
        call.cancel()
        for await _ in stops { break }
        #expect(try await call.value.isError)
    }

    private static func never() async throws -> String? {
        try await Desk.never()
        return nil
    }
}
