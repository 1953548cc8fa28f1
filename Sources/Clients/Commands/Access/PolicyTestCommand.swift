import ArgumentParser
import Policies
import TacitWire

/// `tacit policy test`
struct PolicyTestCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Ask the tests that are written in a policy.",
        discussion: """
            Tests stand in the file, under `tests`. With a file neither vault nor keeper is needed, so that it can be checked where it is kept. \
            Ends with 1 when a test fails, and with 2 when the file has a mistake.

            EXAMPLES
              tacit policy test policy.yaml
              generate-policy | tacit policy test -
              tacit policy test
            """)

    @Argument(help: ArgumentHelp("The YAML file; - for standard input. Without it, the policy in force.", valueName: "file"))
    var file: String?
    @Flag(name: .customLong("explain"), help: "Explain passed tests too.")
    var explainsAll = false
    @OptionGroup var options: GlobalOptions

    /// What `--json` prints.
    struct Report: Encodable {
        var passed: Int
        var failed: Int
        var tests: [Test]

        struct Test: Encodable {
            var name: String
            var passed: Bool
            var expected: String?
            var got: String?
            var hint: String?
            var explanation: [String]
        }
    }

    func perform(in context: CommandContext) throws {
        let results = try document(in: context).testResults()
        let failed = results.count { !$0.passed }
        let console = Console(context)
        if options.json {
            let tests = results.map {
                Report.Test(
                    name: $0.name, passed: $0.passed, expected: $0.difference?.expected, got: $0.difference?.got, hint: $0.hint,
                    explanation: $0.explanation)
            }
            console.say(json: Report(passed: results.count - failed, failed: failed, tests: tests))
        } else {
            for result in results { say(result, console) }
            if results.isEmpty { console.note("the policy has no tests: write some under `tests`") }
            console.say("\(results.count - failed) passed, \(failed) failed")
        }
        if failed > 0 { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func document(in context: CommandContext) throws -> PolicyDocument {
        if let file { return try PolicyText(path: file, in: context).document }
        let door = try VaultDoor(context, options, to: "read the policy")
        return try PolicyText.document(of: door.get(WirePath.policy))
    }

    private func say(_ result: PolicyTestResult, _ console: Console) {
        let style = console.style
        console.say("\(result.passed ? style.green("ok    ") : style.red("FAILED")) \(result.name)")
        if let difference = result.difference { console.say("         expected \(difference.expected), got \(difference.got)") }
        if let hint = result.hint { console.say("         hint: \(hint)") }
        guard explainsAll || !result.passed else { return }
        for line in result.explanation { console.say("         \(style.dim(line))") }
    }
}
