import Foundation
import TacitWire
import TestKit
import Testing

/// Frames held against what a second implementation wrote (docs/SPEC.md §10).
@Suite("Run frame vectors")
struct RunFrameVectorTests {
    struct Table: Decodable {
        let count: Int, cases: [Case], report: String, refusedCount: Int, refused: [Refused]

        struct Case: Decodable { let sender: String, frame: Frame, encoded: String }
        struct Refused: Decodable { let sender: String, name: String, expect: String, encoded: String }
        struct Frame: Decodable { let kind: String, bytes: String?, rows: UInt16?, columns: UInt16?, number: Int?, exit: Exit? }
        struct Exit: Decodable { let how: String, number: Int32, code: String?, message: String?, hint: String? }
    }

    private let table: Table

    init() throws {
        let file = try Data(contentsOf: URL(filePath: "\(GoldenFile.repositoryRoot)/vectors/runs/frames.json"))
        table = try JSONDecoder().decode(Table.self, from: file)
        try #require(table.count == 31 && table.cases.count == 31 && table.refusedCount == 24 && table.refused.count == 24)
    }

    @Test("a frame is written and read as its vector says")
    func frames() throws {
        for scenario in table.cases {
            let frame = try scenario.frame.frame()
            #expect(frame.encoded == (try unhexed(scenario.encoded)), "\(scenario.frame.kind)")
            #expect(try Self.read(scenario) == [frame], "\(scenario.frame.kind)")
        }
        let kinds = Set(try table.cases.map { try $0.frame.frame().kind })
        #expect(kinds == Set(RunFrame.Kind.allCases))
    }

    @Test("what no sender of frames wrote is refused as its vector says")
    func refusals() throws {
        for scenario in table.refused {
            var decoder = RunFrameDecoder(from: try Self.sender(scenario.sender))
            decoder.append(try unhexed(scenario.encoded))
            let error = #expect(throws: RunFrameError.self, "\(scenario.name)") { try decoder.next() }
            let name =
                switch error {
                case .unknownKind?: "unknown-kind"
                case .tooLong?: "too-long"
                case .malformed?: "malformed"
                case nil: "none"
                }
            #expect(name == scenario.expect, "\(scenario.name)")
        }
    }

    @Test("a report has the JSON of its vector")
    func report() throws {
        let redactions = [RunReport.Redaction(name: "stripe/api-key", view: "base64", count: 2)]
        let report = RunReport(masked: true, redactions: redactions, scannedBytes: 4096, unscanned: ["one member was compressed"])
        #expect(String(decoding: try WireJSON.encode(report), as: UTF8.self) == table.report)
        #expect(try WireJSON.decode(RunReport.self, from: Data(table.report.utf8)) == report)
    }

    private static func sender(_ name: String) throws -> RunFrame.Sender {
        try #require(["client": .client, "keeper": .keeper, "runner": .runner][name])
    }

    private static func read(_ scenario: Table.Case) throws -> [RunFrame] {
        var decoder = RunFrameDecoder(from: try Self.sender(scenario.sender))
        decoder.append(try unhexed(scenario.encoded))
        var frames: [RunFrame] = []
        while let frame = try decoder.next() { frames.append(frame) }
        #expect(!decoder.isWithinFrame)
        return frames
    }
}

extension RunFrameVectorTests.Table.Frame {
    fileprivate func frame() throws -> RunFrame {
        switch kind {
        case "stdin": .stdin(try contents())
        case "stdin-end": .stdinEnd
        case "terminal-input": .terminalInput(try contents())
        case "window-size": .windowSize(rows: try #require(rows), columns: try #require(columns))
        case "signal": .signal(Int32(try #require(number)))
        case "resume": .resume
        case "started": .started(process: Int32(try #require(number)))
        case "stdout": .stdout(try contents())
        case "stderr": .stderr(try contents())
        case "stdin-credit": .stdinCredit(try #require(number))
        case "terminal-credit": .terminalCredit(try #require(number))
        case "stopped": .stopped(signal: Int32(try #require(number)))
        case "timed-out": .timedOut
        case "terminal-free": .terminalFree
        case "answered": .answered(try contents())
        case "candidate": .candidate(try contents())
        case "may-leave": .mayLeave
        case "leave": .leave
        case "withhold": .withhold
        case "refuse": .refuse
        case "report": .report(try contents())
        default: .exit(try #require(exit).exit())
        }
    }

    private func contents() throws -> [UInt8] { try unhexed(#require(bytes)) }
}

extension RunFrameVectorTests.Table.Exit {
    fileprivate func exit() throws -> RunExit {
        switch how {
        case "exited": .exited(code: number)
        case "signaled": .signaled(number)
        default:
            .failed(
                RunFailure(status: number, code: try #require(code), message: try #require(message), hint: hint.flatMap { $0.isEmpty ? nil : $0 }))
        }
    }
}

private func unhexed(_ hexadecimal: String) throws -> [UInt8] {
    let digits = try hexadecimal.utf8.map { try #require(Character(Unicode.Scalar($0)).hexDigitValue) }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
