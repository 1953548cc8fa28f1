import Foundation
import Testing

@testable import MCPSession

/// vectors/mcp/transcripts: each file is a session, each line an event and the actions it must give.
@Suite struct TranscriptTests {
    @Test("a session gives exactly the actions of its transcript", arguments: try Transcript.files())
    func transcript(_ file: URL) throws {
        var transcript = try Transcript(file)
        let asWritten = transcript.text
        transcript.replay()
        if transcript.text == asWritten { return }
        if ProcessInfo.processInfo.environment["RECORD"] != nil { try Data(transcript.text.utf8).write(to: file) }
        for (written, replayed) in zip(asWritten.split(separator: "\n"), transcript.text.split(separator: "\n")) {
            #expect(replayed == written, "\(file.lastPathComponent)")
        }
        Issue.record("\(file.lastPathComponent) differs from what the session does")
    }

    @Test("as many transcripts are there as COUNT says")
    func count() throws {
        let written = try String(contentsOf: Transcript.folder.appending(path: "COUNT"), encoding: .utf8)
        #expect(try Transcript.files().count == Int(written.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test("no transcript repeats what a peer offered in an error")
    func nothingRepeated() throws {
        for file in try Transcript.files() {
            for step in try Transcript(file).steps { #expect(step["expect"]?.text.contains("CANARY") != true, "\(file.lastPathComponent)") }
        }
    }
}

/// One file of vectors/mcp/transcripts.
struct Transcript {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../vectors/mcp/transcripts").standardized

    static func files() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "jsonl" }.sorted { $0.path < $1.path }
    }

    var header: JSONValue
    var steps: [JSONObject]

    init(_ file: URL) throws {
        let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
        header = try #require(lines.first)
        steps = lines.dropFirst().compactMap(\.object)
        #expect(steps.count == lines.count - 1)
    }

    var text: String { ([header] + steps.map(JSONValue.object)).map { $0.text + "\n" }.joined() }

    /// Puts what a fresh session does into every step.
    mutating func replay() {
        var bench = Bench()
        for index in steps.indices {
            let actions = bench.perform(steps[index])
            steps[index]["expect"] = .array(actions.map(Self.document))
        }
    }

    /// The bytes of a step that is a line: a message, a text or hexadecimal digits.
    static func line(of step: JSONObject) -> [UInt8]? {
        step["receive"]?.bytes ?? (step["line"]?.string).map { Array($0.utf8) } ?? (step["hex"]?.string).map(bytes(hexadecimal:))
    }

    /// An action as the transcripts write it. A line that is sent must be one line of JSON.
    private static func document(_ action: MCPSession.Action) -> JSONValue {
        switch action {
        case .send(let line):
            #expect(line.last == 0x0A && !line.dropLast().contains(0x0A))
            let message = try? JSONValue(parsing: line)
            #expect(message?.bytes == Array(line.dropLast()))
            return ["send": message ?? .null]
        case .call(let call): return ["call": .object(document(call))]
        case .wait(let id): return ["wait": .integer(Int64(id.number))]
        case .cancel(let id): return ["cancel": .integer(Int64(id.number))]
        case .stop: return "stop"
        }
    }
}

extension Transcript {
    /// A call as the transcripts write it; what is not said is empty, or of a version with a handshake.
    private static func document(_ call: ToolCall) -> JSONObject {
        var document: JSONObject = [
            "id": .integer(Int64(call.id.number)), "name": .string(call.name), "arguments": .object(call.arguments),
            "progress": .bool(call.wantsProgress), "client": .string("\(call.client.name) \(call.client.version)"),
        ]
        if call.version.isStateless { document["version"] = .string(call.version.rawValue) }
        if !call.capabilities.isEmpty { document["can"] = call.capabilities.document }
        guard let reply = call.reply else { return document }
        var answers = JSONObject()
        for (key, answer) in reply.answers.sorted(by: { $0.key < $1.key }) { answers[key] = .object(answer.document) }
        document["reply"] = [
            "step": .integer(Int64(reply.state.step)), "nonce": .string(reply.state.nonce), "memory": .object(reply.state.memory),
            "answers": .object(answers),
        ]
        return document
    }
}

func bytes(hexadecimal digits: String) -> [UInt8] {
    let characters = Array(digits)
    return stride(from: 0, to: characters.count, by: 2).compactMap { UInt8(String(characters[$0...($0 + 1)]), radix: 16) }
}
