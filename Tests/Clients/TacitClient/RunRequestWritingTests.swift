import FoundationEssentials
import TacitWire
import TestKit
import Testing

@testable import TacitClient

@Suite("A run's request, written by hand")
struct RunRequestWritingTests {
    @Test("is what the server reads, whatever stands in it")
    func roundTrip() throws {
        let random = SeededRandom()
        for _ in 0..<200 {
            let request = Self.request(random)
            let read = try WireJSON.decodeStrictly(RunRequest.self, from: Data(request.json))
            #expect(read == request)
        }
    }

    @Test("leaves out what is not said, as the general encoder does")
    func omissions() throws {
        let request = RunRequest(argv: ["true"])
        let (own, general) = (String(decoding: request.json, as: UTF8.self), String(decoding: try WireJSON.encode(request), as: UTF8.self))
        #expect(own.count == general.count)
        #expect(!own.contains("terminal") && !own.contains("cwd"))
    }

    private static func request(_ random: SeededRandom) -> RunRequest {
        func flag() -> Bool { random.int(in: 0...1) == 1 }
        func text() -> String {
            let scalars = ["a", "Z", "_", "=", "\"", "\\", "\n", "\t", "\u{0}", "\u{1F}", "/", "é", "🗝", "\u{2028}", " "]
            return (0..<random.int(in: 0...6)).map { _ in scalars[random.int(in: 0...(scalars.count - 1))] }.joined()
        }
        func perhaps<Value>(_ value: Value) -> Value? { flag() ? value : nil }
        var request = RunRequest(argv: ["run"] + (0..<random.int(in: 0...4)).map { _ in text() })
        (request.cwd, request.scope, request.environmentPrefix, request.purpose) = (
            perhaps(text()), perhaps(text()), perhaps(text()), perhaps(text())
        )
        request.agent = perhaps(text())
        for _ in 0..<random.int(in: 0...5) { request.environment[text()] = text() }
        for _ in 0..<random.int(in: 0...3) {
            request.secrets.append(
                RunSecret(
                    reference: text(), variable: perhaps(text()), stdin: perhaps(flag()), file: perhaps(flag()), before: perhaps(text()),
                    after: perhaps(text())))
        }
        (request.all, request.preserveEnvironment, request.maskOutput) = (flag(), flag(), flag())
        (request.timeoutSeconds, request.fileMask) = (perhaps(random.int(in: 1...9999)), perhaps(0o027))
        (request.input, request.sendsInput, request.sandbox, request.writeThrough) = (
            perhaps(text()), perhaps(flag()), perhaps(flag()), perhaps(flag())
        )
        request.reads = perhaps((0..<random.int(in: 0...3)).map { _ in text() })
        request.terminal = perhaps(
            RunTerminal(
                rows: UInt16(random.int(in: 0...300)), columns: 80, input: flag(), output: flag(), error: true, term: perhaps(text()),
                modes: perhaps(
                    RunTerminalModes(input: UInt32(random.int(in: 0...70000)), output: 5, local: 0x8A3B, characters: [3, 28, 127, 0, 255]))))
        return request
    }
}
