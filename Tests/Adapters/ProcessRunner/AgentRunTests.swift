import Glibc
import Model
import TacitWire
import Testing

@testable import ProcessRunner

@Suite("An agent's run")
struct AgentRunTests {
    @Test("output, error output and exit code arrive")
    func streams() throws {
        let run = try TestRun(.agent("sh", "-c", "echo out; echo err >&2; exit 7")).finish()
        #expect(run.output == "out\n")
        #expect(run.errors == "err\n")
        #expect(run.exit == .exited(code: 7))
    }

    @Test("the environment holds PATH, USER, LANG, TERM, a private HOME and the bindings, nothing else")
    func environment() throws {
        let run = try TestRun(
            .agent("python3", "-c", "import os; print(sorted(os.environ)); print(os.environ['API_KEY'], os.environ['HOME'], os.getcwd())"),
            [.variable("API_KEY", "CANARY-env-1")]
        ).finish()
        let lines = run.output.split(separator: "\n")
        #expect(lines.first == "['API_KEY', 'HOME', 'LANG', 'PATH', 'TERM', 'USER']" || lines.first?.contains("LC_CTYPE") == true, "\(run.errors)")
        #expect(lines.last?.contains("/tmp/tacit-run-") == true)
    }
}
