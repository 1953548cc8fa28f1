import Foundation
import Redaction
import TacitWire
import Testing

@testable import ProcessRunner

@Suite("The request for a run")
struct RunRequestTests {
    @Test("the least a request says is the command")
    func least() throws {
        let request = try WireJSON.decodeStrictly(RunRequest.self, from: Data(#"{"argv":["true"]}"#.utf8))
        #expect(request == RunRequest(argv: ["true"]))
        #expect(request.maskOutput)
        #expect(!request.all)
    }

    @Test("a full request is read back as it was; variable names are kept letter for letter")
    func full() throws {
        let request = RunRequest(
            argv: ["psql", "-c", "select 1"], cwd: "/tmp", scope: "shop/prod", environment: ["FOO_BAR": "1", "fooBar": "2", "foo_bar": "3"],
            secrets: [
                RunSecret(reference: "db#password", variable: "PGPASSWORD"),
                RunSecret(reference: "key", stdin: true, before: "user = \"", after: "\"\n"),
            ], all: true,
            environmentPrefix: "X_", preserveEnvironment: true, timeoutSeconds: 5,
            terminal: RunTerminal(rows: 24, columns: 80, input: true, output: false, error: true, term: "xterm"), fileMask: 0o27, purpose: "report",
            maskOutput: false)
        #expect(try WireJSON.decodeStrictly(RunRequest.self, from: WireJSON.encode(request)) == request)
    }

    @Test(
        "unknown and misspelt fields are refused",
        arguments: [
            #"{"argv":["true"],"shell":true}"#, #"{"argv":["true"],"secrets":[{"reference":"a","value":"b"}]}"#,
            #"{"argv":["true"],"secrets":[{"reference":"a","stdin":true,"prefix":"b"}]}"#, #"{"argv":["true"],"before":"b"}"#,
            #"{"argv":["true"],"maskoutput":false}"#,
            #"{"argv":["true"],"terminal":{"rows":1,"columns":1,"input":true,"output":true,"error":true,"raw":true}}"#, #"{}"#, #"{"argv":"true"}"#,
        ])
    func unknown(json: String) {
        #expect(throws: WireError.self) { try WireJSON.decodeStrictly(RunRequest.self, from: Data(json.utf8)) }
    }

    @Test("a report adds its streams up, and its handwritten JSON is what a decoder reads")
    func report() throws {
        let report = RunReport(
            masked: true,
            streams: [
                RedactionReport(
                    counts: [.init(name: "a\"\\\n\u{1}é", view: "raw", count: 2)], bytesScanned: 10, unscanned: [.init(reason: "gzip", bytes: 3)]),
                RedactionReport(
                    counts: [.init(name: "a\"\\\n\u{1}é", view: "raw", count: 1), .init(name: "b", view: "hex", count: 1)], bytesScanned: 5),
            ])
        #expect(report.redactions.map(\.count) == [3, 1])
        #expect(report.scannedBytes == 15)
        #expect(report.unscanned == ["3 bytes: gzip"])
        #expect(try WireJSON.decodeStrictly(RunReport.self, from: Data(report.json.utf8)) == report)
        var confined = report
        confined.output = RunOutput(withheld: [
            .init(stream: "stdout", reason: "compressed", bytes: 7), .init(stream: "stderr", reason: "guessable", secret: "a\"b", bytes: 1),
        ])
        confined.sandbox = .missing("no \"namespaces\"")
        confined.files = RunChanges()
        confined.files?.tell("a\"b\n", "it holds \\")
        confined.files?.keep("c", as: "c.tacit-1")
        #expect(try WireJSON.decodeStrictly(RunReport.self, from: Data(confined.json.utf8)) == confined)
        for _ in 0..<100 {
            confined.files?.tell(String(repeating: "\u{1}é", count: 200), "it holds \(String(repeating: "n", count: 256))")
            confined.files?.keep(String(repeating: "\u{1}é", count: 200), as: String(repeating: "\u{1}", count: 256))
        }
        #expect(confined.json.utf8.count < RunFrame.maximumPayload, "a report is one frame")
    }
}
