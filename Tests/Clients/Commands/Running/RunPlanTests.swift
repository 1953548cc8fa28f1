import ArgumentParser
import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("What `tacit run` is told")
struct RunPlanTests {
    @Test(
        "a key and its variable",
        arguments: [
            ("api", "api", nil), ("stripe/api-key", "stripe/api-key", nil), ("db#password", "db#password", nil), ("db=URL", "db", "URL"),
            ("smtp#password=SMTP_PASSWORD", "smtp#password", "SMTP_PASSWORD"),
            ("tacit://shop/prod/db#url?version=3", "tacit://shop/prod/db#url?version=3", nil),
            ("tacit://shop/prod/db?version=3=DB", "tacit://shop/prod/db?version=3", "DB"), ("db?version=2", "db?version=2", nil),
        ] as [(String, String, String?)])
    func keys(_ text: String, _ reference: String, _ variable: String?) throws {
        #expect(try RunPlan.secret(text) == RunSecret(reference: reference, variable: variable))
    }

    @Test(
        "no key, and no word of it is repeated",
        arguments: [
            "", "=", "a=", "=A", "a b", "a=1A", "a=A-B", "a=A B", "../a", "a=A=", "tacit://a/b", "CANARY value", "db?version=0", "CANARY=CANARY-x",
        ])
    func malformed(_ text: String) {
        let failure = #expect(throws: CommandFailure.self) { try RunPlan.secret(text) }
        #expect(failure?.status == .usage && failure?.message.contains("CANARY") == false && failure?.hint?.contains("CANARY") == false)
    }

    @Test("spans", arguments: [("1s", 1), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("2d", 172_800), ("1w", 604_800)])
    func spans(_ text: String, _ seconds: Int) throws { #expect(try RunSpan.seconds(text) == seconds) }

    @Test("no spans", arguments: ["", "30", "s", "0s", "-1s", "1.5s", "1m1h", "1s1s", "999999999999999999999s", "99999w", "1 s", "１s"])
    func malformedSpans(_ text: String) { #expect(throws: CommandFailure.self) { try RunSpan.seconds(text) } }

    @Test("the command stands behind `--`, which may be left out before a word")
    func command() throws {
        #expect(try RunPlan.command(in: ["--", "ls", "-l"]) == ["ls", "-l"])
        #expect(try RunPlan.command(in: ["ls", "--", "-l"]) == ["ls", "--", "-l"])
        #expect(try RunPlan.command(in: ["--", "--", "x"]) == ["--", "x"])
        for words in [[], ["--"], ["--", ""], ["--al", "ls"], ["-x"], ["--", "a\0b"]] {
            #expect(throws: CommandFailure.self) { try RunPlan.command(in: words) }
        }
    }

    @Test("the keys of the file stand in only when nothing is named")
    func usualKeys() throws {
        let file = [ProjectFile.Key(variable: "DB", reference: "db", position: FilePosition(line: 1))]
        let none = RunPlan.Choice()
        #expect(try RunPlan.secrets(none) { file } == [RunSecret(reference: "db", variable: "DB")])
        #expect(try RunPlan.secrets(RunPlan.Choice(keys: ["api"])) { file } == [RunSecret(reference: "api")])
        #expect(try RunPlan.secrets(RunPlan.Choice(input: "api")) { file } == [RunSecret(reference: "api", stdin: true)])
        #expect(try RunPlan.secrets(RunPlan.Choice(takesAll: true)) { file } == [])
        for keys in [nil, []] as [[ProjectFile.Key]?] {
            let failure = #expect(throws: CommandFailure.self) { try RunPlan.secrets(none) { keys } }
            #expect(failure?.status == .usage && failure?.hint?.contains("tacit run -k") == true)
        }
    }

    @Test("the caller's environment is passed on without what is Tacit's own")
    func environment() {
        let environment = ["PATH": "/bin", "TACIT_VAULT": "/x", "TACIT_PROJECT": "p", "TACITURN": "kept"]
        #expect(RunPlan.inherited(environment) == ["PATH": "/bin", "TACITURN": "kept"])
    }

    @Test("quick reading says what the parser says, or nothing")
    func quick() throws {
        let random = SeededRandom()
        let words = [
            "-k", "--key", "api", "db=DB", "--all", "--stdin", "tok", "--env-prefix", "A_", "--preserve-env", "--timeout", "5s", "--no-mask", "-p",
            "shop",
            "-e", "dev", "--project", "--json", "--password-fd", "7", "--", "ls", "-l", "--help", "-kapi", "--timeout=3s", "-x",
        ]
        var read = 0
        for _ in 0..<1000 {
            let arguments = ["run"] + (0..<random.int(in: 0...7)).map { _ in words[random.int(in: 0...(words.count - 1))] } + ["--", "ls"]
            guard let quick = RunOptions(quick: arguments) else { continue }
            read += 1
            let parsed = try #require(try TacitCommand.parseAsRoot(arguments) as? RunCommand, "\(arguments)")
            #expect(parsed.keys == quick.choice.keys && parsed.all == quick.choice.takesAll && parsed.input == quick.choice.input, "\(arguments)")
            #expect(parsed.prefix == quick.prefix && parsed.preservesEnvironment == quick.preservesEnvironment, "\(arguments)")
            #expect(parsed.timeout == quick.timeout && parsed.isUnmasked == quick.isUnmasked, "\(arguments)")
            #expect(parsed.scope.project == quick.scope.project && parsed.scope.environment == quick.scope.environment, "\(arguments)")
            #expect(parsed.global.json == quick.global.json && parsed.global.passwordDescriptor == quick.global.passwordDescriptor, "\(arguments)")
            #expect(try RunPlan.command(in: parsed.words) == RunPlan.command(in: ["--"] + quick.words), "\(arguments)")
        }
        #expect(read > 50)
    }

    @Test("exit codes")
    func endings() {
        func status(_ change: (inout RunEnding) -> Void) -> Int32 {
            var ending = RunEnding()
            change(&ending)
            return ending.status
        }
        #expect(status { $0.exit = .exited(code: 0) } == 0)
        #expect(status { $0.exit = .exited(code: 255) } == 255)
        #expect(status { $0.exit = .signaled(9) } == 137)
        #expect(status { ($0.exit, $0.hasTimedOut) = (.signaled(15), true) } == 124)
        #expect(status { $0.exit = .failed(RunFailure(status: 127, code: "run.program-not-found", message: "no")) } == 127)
        #expect(status { _ in } == 125)
        #expect(status { $0.outputError = EPIPE } == 141)
        #expect(status { $0.outputError = ENOSPC } == 125)
        #expect(RunEnding.status(ofProblem: "run.program-not-found") == 127)
        #expect(RunEnding.status(ofProblem: "run.program-not-executable") == 126)
        #expect(RunEnding.status(ofProblem: "vault.locked") == 125)
    }
}
