import Glibc
import Model
import NIOCore
import Secrets
import TacitWire
import TestKit
import Testing

@testable import APIServer

@Suite("Runs over the API")
struct RunTests {
    private func bed() async throws -> (Bed, Client) {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let parts = [("secret", #"{"fields":[{"name":"value","kind":"secret"}]}"#), ("field-0", "CANARY-value")]
        #expect(try await client.ask("PUT", "/v1/projects/default/environments/dev/secrets/key", parts: parts).status == 201)
        return (bed, client)
    }

    /// The same, and the badge of an agent that may run programs with the secret.
    private func bedOfAgent() async throws -> (Bed, badge: String) {
        let (bed, client) = try await bed()
        let token = try await client.ask("POST", "/v1/step-up", octets: Bed.password).json(StepUp.self).token
        client.add(header: "\(WireHeader.stepUp): \(token)")
        let policy = #"{\"policies\":[{\"name\":\"p\",\"agent_id\":\"bot\",\"allowed_keys\":[\"*\"],\"capabilities\":[\"env_inject\"]}]}"#
        #expect(try await client.ask("PUT", "/v1/policy", json: #"{"document":"\#(policy)"}"#).status == 200)
        let badge = try await client.ask("POST", "/v1/agents", json: #"{"name":"bot"}"#).json(AgentAdded.self).badge
        return (bed, "\(WireHeader.badge): \(badge)")
    }

    private func opening(_ request: RunRequest) throws -> [UInt8] {
        let json = Array(try WireJSON.encode(request))
        return [UInt8(json.count >> 24 & 255), UInt8(json.count >> 16 & 255), UInt8(json.count >> 8 & 255), UInt8(json.count & 255)] + json
    }

    private func chunk(_ bytes: [UInt8]) -> [UInt8] { Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10] }

    private func begin(
        _ client: Client, _ request: RunRequest = RunRequest(argv: ["true"], secrets: [RunSecret(reference: "key")]), headers: [String] = []
    ) async throws {
        try await client.send(Array(Client.head("POST", "/v1/runs", ["Transfer-Encoding: chunked"] + headers).utf8) + chunk(try opening(request)))
    }

    /// The frames that come until the end of the answer.
    private func frames(_ client: Client) async throws -> [RunFrame] {
        var decoder = RunFrameDecoder(from: .runner)
        var frames: [RunFrame] = []
        while case let chunk = try await client.chunk(), !chunk.isEmpty {
            decoder.append(chunk)
            while let frame = try decoder.next() { frames.append(frame) }
        }
        return frames
    }

    private func say(_ frames: RunFrame..., to end: Int32) {
        let bytes = frames.flatMap(\.encoded)
        _ = unsafe send(end, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Whether exactly these frames come to the runner next; without frames, whether its end does.
    private func hear(_ end: Int32, _ expected: RunFrame...) async throws -> Bool {
        let expected = expected.flatMap(\.encoded)
        return try await blocking {
            var heard: [UInt8] = []
            var bytes = [UInt8](repeating: 0, count: 4096)
            repeat {
                let count = unsafe read(end, &bytes, bytes.count)
                guard count >= 0 else { throw TestFailure("nothing came to the runner (errno \(errno))") }
                heard += bytes.prefix(count)
                if count == 0 { break }
            } while heard.count < expected.count || expected.isEmpty
            return heard == expected
        }
    }

    /// How the last run ended, as the log has it.
    private func outcome(_ bed: Bed) async throws -> String? {
        let client = try bed.connect()
        let token = try await client.ask("POST", "/v1/step-up", octets: Bed.password).json(StepUp.self).token
        let items = try await client.ask("GET", "/v1/audit", headers: ["\(WireHeader.stepUp): \(token)"]).json(Page<AuditItem>.self).items
        return items.last { $0.phase?.hasPrefix("outcome") == true }?.phase.flatMap { $0.split(separator: " ").last.map(String.init) }
    }

    @Test("frames go both ways, and the outcome is written")
    func whole() async throws {
        let (bed, client) = try await bed()
        bed.runners.tell(["a note", "two\u{1F600}"])
        try await begin(client)
        let head = try await client.head()
        #expect(head.status == 200 && head.header("transfer-encoding") == "chunked")
        #expect(head.header(WireHeader.notices).flatMap(WirePath.decoded) == "a note\ntwo\u{1F600}")
        #expect(head.header(WireHeader.auditEntry).flatMap { Int($0) } != nil)
        #expect(bed.runners.jobs.first?.values.map(\.variable) == ["KEY"])
        let status = try await bed.connect().ask("GET", "/v1/status").json(VaultStatus.self)
        #expect(status.runs.map(\.program) == ["true"])
        try await client.send(chunk(RunFrame.stdin(Array("hello".utf8)).encoded) + chunk(RunFrame.stdinEnd.encoded))
        #expect(try await hear(bed.runners.last, .stdin(Array("hello".utf8)), .stdinEnd))
        say(.started(process: 5), .stdout(Array("out".utf8)), .exit(.exited(code: 3)), to: bed.runners.last)
        #expect(try await frames(client) == [.started(process: 5), .stdout(Array("out".utf8)), .exit(.exited(code: 3))])
        #expect(bed.vault.runs.all.isEmpty)
        #expect(try await outcome(bed) == "done")
    }

    @Test("an answer to a guess goes to the keeper, and no further")
    func answered() async throws {
        let (bed, client) = try await bed()
        try await begin(client)
        _ = try await client.head()
        say(.answered(Array("key".utf8)), .mayLeave, to: bed.runners.last)
        #expect(try await hear(bed.runners.last, .leave))
        say(.stdout(Array("out".utf8)), .answered(Array("key".utf8)), .exit(.exited(code: 0)), to: bed.runners.last)
        #expect(try await frames(client) == [.stdout(Array("out".utf8)), .exit(.exited(code: 0))])
    }

    @Test("whether output may leave is the keeper's word: the fourth answer is withheld, and no client says otherwise")
    func mayLeave() async throws {
        let (bed, badge) = try await bedOfAgent()
        let client = try bed.connect()
        try await begin(client, headers: [badge])
        #expect(try await client.head().status == 200)
        let runner = bed.runners.last
        for _ in 0..<3 {
            say(.answered(Array("key".utf8)), .mayLeave, to: runner)
            #expect(try await hear(runner, .leave))
        }
        for frames in [[RunFrame.answered(Array("key".utf8)), .mayLeave], [.mayLeave]] {
            for frame in frames { say(frame, to: runner) }
            #expect(try await hear(runner, .withhold))
        }
        try await client.send(chunk(RunFrame.leave.encoded))
        #expect(try await hear(runner), "what breaks the rules ends the run")
    }

    @Test("a file with a fake token is refused by the keeper's word, others of the run go on, and a text that is none is no matter")
    func traps() async throws {
        let (bed, badge) = try await bedOfAgent()
        let client = try bed.connect()
        try await begin(client, headers: [badge])
        #expect(try await client.head().status == 200)
        let runner = bed.runners.last
        let hand = try bed.connect()
        hand.add(header: "\(WireHeader.stepUp): \(try await hand.ask("POST", "/v1/step-up", octets: Bed.password).json(StepUp.self).token)")
        let policy =
            #"{\"policies\":[{\"name\":\"p\",\"agent_id\":\"bot\",\"allowed_keys\":[\"*\"],\"capabilities\":[\"broker\"]}],\"#
            + #""request_rules\":[{\"name\":\"r\",\"agent_id\":\"bot\",\"keys\":[\"*\"],\"hosts\":[\"api.example.com\"],\"paths\":[\"/**\"]}]}"#
        #expect(try await hand.ask("PUT", "/v1/policy", json: #"{"document":"\#(policy)"}"#).status == 200)
        let issued = try await hand.ask("POST", "/v1/tokens", json: #"{"agent":"bot","scope":"default/dev","secret":"key"}"#)
        let token = try issued.json(TokenIssued.self).token
        for (texts, word) in [([token, "tacit_nobody"], RunFrame.refuse), (["tacit_nobody"], .leave), ([], .leave), ([token], .refuse)] {
            for text in texts { say(.candidate(Array(text.utf8)), to: runner) }
            say(.mayLeave, to: runner)
            #expect(try await hear(runner, word), "\(texts)")
        }
        say(.candidate([]), .exit(.exited(code: 0)), to: runner)
        #expect(try await frames(client) == [.exit(.exited(code: 0))])
    }

    @Test("a client that has no more to say still hears the run to its end")
    func halfClosed() async throws {
        let (bed, client) = try await bed()
        try await begin(client)
        _ = try await client.head()
        try await client.send(chunk(RunFrame.stdinEnd.encoded) + Array("0\r\n\r\n".utf8))
        #expect(try await hear(bed.runners.last, .stdinEnd))
        // Each piece goes all the way round before the next: by the second one the body's end has long been read.
        for piece in ["late", "later", "last"] {
            say(.stdout(Array(piece.utf8)), to: bed.runners.last)
            #expect(try await client.chunk() == RunFrame.stdout(Array(piece.utf8)).encoded)
            #expect(try await bed.connect().ask("GET", "/v1/status").json(VaultStatus.self).runs.count == 1)
        }
        say(.exit(.exited(code: 0)), to: bed.runners.last)
        #expect(try await frames(client) == [.exit(.exited(code: 0))])
    }

    @Test("when the client is gone the runner hears it, and the outcome says so")
    func clientGone() async throws {
        let (bed, client) = try await bed()
        try await begin(client)
        _ = try await client.head()
        client.close()
        #expect(try await hear(bed.runners.last))
        #expect(try await eventually { bed.vault.runs.all.isEmpty })
        #expect(try await outcome(bed) == "broken-off")
    }

    @Test("a client that goes before the answer begins leaves no run behind")
    func clientGoneEarly() async throws {
        let (bed, _) = try await bed()
        for _ in 0..<10 {
            let client = try bed.connect()
            try await begin(client)
            client.close()
        }
        #expect(try await eventually { bed.vault.runs.all.isEmpty })
        #expect(try await bed.connect().ask("GET", "/v1/projects").status == 200)
    }

    @Test("when the runner is gone the client is told, and does not take it for success")
    func runnerGone() async throws {
        let (bed, client) = try await bed()
        try await begin(client)
        _ = try await client.head()
        bed.runners.closeLast()
        let frames = try await frames(client)
        guard case .exit(.failed(let failure)) = frames.last else { return #expect(Bool(false), "\(frames)") }
        #expect(failure.code == "run.lost" && failure.status == 125)
        #expect(try await outcome(bed) == "run.lost")
    }

    @Test("bytes of a runner that are no frames end the run")
    func hostileRunner() async throws {
        let (bed, client) = try await bed()
        try await begin(client)
        _ = try await client.head()
        _ = unsafe write(bed.runners.last, "\u{7F}rubbish", 8)
        #expect(try await frames(client).count == 1)
        #expect(try await hear(bed.runners.last))
    }

    @Test(
        "bytes of a client that are no frames end the run",
        arguments: [[0x7F], RunFrame.stdout([1]).encoded, [1, 0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]])
    func hostileClient(bytes: [UInt8]) async throws {
        let (bed, client) = try await bed()
        try await begin(client)
        _ = try await client.head()
        try await client.send(chunk(bytes))
        #expect(try await hear(bed.runners.last))
        #expect(try await frames(client).count == 1)
        #expect(try await eventually { bed.vault.runs.all.isEmpty })
    }

    @Test("a person's lock stops runs at once, says why, and waits for no client that does not read")
    func lock() async throws {
        let (bed, client) = try await bed()
        try await begin(client)
        _ = try await client.head()
        #expect(try await bed.connect().ask("POST", "/v1/lock").status == 200)
        #expect(try await hear(bed.runners.last))
        guard case .exit(.failed(let failure)) = try await frames(client).last else { return #expect(Bool(false)) }
        #expect(failure.code == "run.stopped")
        #expect(try await eventually { bed.vault.runs.all.isEmpty })
    }

    @Test("what is refused is a problem, and the connection goes on when the body has ended")
    func refusals() async throws {
        let (bed, client) = try await bed()
        bed.runners.fail(with: RunFailure(status: 127, code: "run.program-not-found", message: "there is no such program"))
        try await begin(client)
        #expect(try await client.answer().code == "run.program-not-found")
        try await client.send("0\r\n\r\n")
        #expect(try await client.ask("GET", "/v1/status").status == 200)
        #expect(bed.vault.runs.all.isEmpty)
        bed.runners.fail(with: nil)
        for (request, code) in [
            (RunRequest(argv: []), "request.invalid"), (RunRequest(argv: ["a"], timeoutSeconds: 0), "request.invalid"),
            (RunRequest(argv: ["a"], maskOutput: false), "request.invalid"),
            (RunRequest(argv: ["a"], secrets: [RunSecret(reference: "nokey")]), "secret.not-found"),
            (RunRequest(argv: ["a"], all: true), "step-up.required"),
        ] {
            let client = try bed.connect()
            try await begin(client, request)
            #expect(try await client.answer().code == code)
        }
    }

    @Test("text around a secret goes to standard input, 1 KiB at most, and nowhere else")
    func textAround() async throws {
        let (bed, client) = try await bed()
        let longest = String(repeating: "é", count: RunSecret.longestText / 2)
        let secret = RunSecret(reference: "key", stdin: true, before: "Authorization: Bearer ", after: longest)
        try await begin(client, RunRequest(argv: ["true"], secrets: [secret]))
        #expect(try await client.head().status == 200)
        let value = try #require(bed.runners.jobs.last?.values.first)
        #expect(value.variable == nil && value.text == InputText(before: "Authorization: Bearer ", after: longest))
        let refused: [(RunSecret, String)] = [
            (RunSecret(reference: "key", before: "x"), "`before` is text around"), (RunSecret(reference: "key", after: ""), "`after` is text around"),
            (RunSecret(reference: "key", stdin: false, file: true, after: "x"), "`after` is text around"),
            (RunSecret(reference: "key", stdin: true, before: longest + "x"), "`before` has 1 KiB"),
            (RunSecret(reference: "key", stdin: true, before: "x", after: "\0"), "`after` has 1 KiB"),
        ]
        for (secret, words) in refused {
            let client = try bed.connect()
            try await begin(client, RunRequest(argv: ["true"], secrets: [secret]))
            let answer = try await client.answer()
            #expect(answer.code == "request.invalid" && answer.text.contains(words), "\(answer.text)")
        }
        #expect(bed.runners.jobs.count == 1)
    }

    @Test("an opening that is too large, cut or no JSON is refused")
    func badOpenings() async throws {
        let (bed, _) = try await bed()
        for (bytes, status) in [([0x7F, 0, 0, 0], 413), ([0, 0, 0, 2, 0x7B, 0x7B], 400), (Array("\u{0}\u{0}\u{0}\u{2}{}".utf8), 400)]
            as [([UInt8], Int)]
        {
            let client = try bed.connect()
            try await client.send(Array(Client.head("POST", "/v1/runs", ["Transfer-Encoding: chunked"]).utf8) + chunk(bytes))
            #expect(try await client.answer().status == status)
        }
        let client = try bed.connect()
        try await client.send(Array(Client.head("POST", "/v1/runs", ["Transfer-Encoding: chunked"]).utf8) + chunk([0, 0]) + Array("0\r\n\r\n".utf8))
        #expect(try await client.answer().status == 400)
    }

    @Test("a run outlives the time a request may take")
    func longRun() async throws {
        let bed = try await Bed { $0.requestLimit = .seconds(3) }
        let client = try await bed.withVault()
        try await begin(client, RunRequest(argv: ["true"]))
        #expect(try await client.head().status == 200)
        // A request that began later and never comes whole: when its time is over, so would be the run's.
        let late = try bed.connect()
        try await late.send("GET /v1/status HTTP/1.1\r\n")
        #expect(try await late.rest().isEmpty)
        try await client.send(chunk(RunFrame.stdinEnd.encoded))
        #expect(try await hear(bed.runners.last, .stdinEnd))
        say(.exit(.exited(code: 0)), to: bed.runners.last)
        #expect(try await frames(client).count == 1)
    }
}
