import Foundation
import MCPSession
import Testing

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
        var session = Self.session()
        for index in steps.indices {
            let actions = Self.perform(steps[index], on: &session)
            steps[index]["expect"] = .array(actions.map(Self.document))
        }
    }

    static func session() -> MCPSession {
        let item = Schema.arguments([.required("name", .string("A name.", atLeast: 1))])
        let echo = ToolDescription(
            name: "echo", title: "Echo", description: "Says it back.",
            input: .arguments([
                .required("text", .string("What to say.", atMost: 20)),
                .optional("count", .integer("How often.", atLeast: 1, atMost: 10, default: 1)),
                .optional("tone", .string("How.", oneOf: ["soft", "loud"], default: "soft")),
                .optional("items", .array("Things.", of: item, atLeast: 1, atMost: 2)),
            ]),
            output: .result([.required("text", .string("What was said."))]), hints: [.readOnly, .idempotent], meta: ["test/first": true])
        let wait = ToolDescription(name: "wait", title: "Wait", description: "Takes long.", input: .arguments([]), hints: [.destructive, .openWorld])
        let server = ServerDescription(name: "fixture", title: "Fixture", version: "0.1", instructions: "Be kind.")
        return MCPSession(server: server, tools: [echo, wait])
    }

    static func perform(_ step: JSONObject, on session: inout MCPSession) -> [MCPSession.Action] {
        if let line = line(of: step) { return session.receive(line: line) }
        if step["oversize"] != nil { return session.receive(.oversize) }
        if step["end"] != nil { return session.inputEnded() }
        if step["abandon"] != nil { return session.abandon() }
        if let call = step["progress"]?.integer {
            let (value, total) = (step["value"]?.integer ?? 0, step["of"]?.integer)
            return session.progress(CallID(Int(call)), value, of: total, message: step["message"]?.string)
        }
        guard let call = step["finish"]?.integer else { return [] }
        return session.finish(CallID(Int(call)), outcome(step))
    }

    /// The bytes of a step that is a line: a message, a text or hexadecimal digits.
    static func line(of step: JSONObject) -> [UInt8]? {
        step["receive"]?.bytes ?? (step["line"]?.string).map { Array($0.utf8) } ?? (step["hex"]?.string).map(bytes(hexadecimal:))
    }

    private static func outcome(_ step: JSONObject) -> ToolOutcome {
        if let structured = step["structured"]?.object { return ToolOutcome(structured: structured) }
        if let text = step["error"]?.string { return .failure(text) }
        if let data = step["image"]?.string { return ToolOutcome([.image(base64: data, mimeType: "image/png")]) }
        if let data = step["audio"]?.string { return ToolOutcome([.audio(base64: data, mimeType: "audio/wav")]) }
        if let text = step["resource"]?.string { return ToolOutcome([.resource(uri: "test://a", mimeType: "text/plain", text: text)]) }
        return ToolOutcome([.text(step["text"]?.string ?? "")])
    }

    /// An action as the transcripts write it. A line that is sent must be one line of JSON.
    private static func document(_ action: MCPSession.Action) -> JSONValue {
        switch action {
        case .send(let line):
            #expect(line.last == 0x0A && !line.dropLast().contains(0x0A))
            let message = try? JSONValue(parsing: line)
            #expect(message?.bytes == Array(line.dropLast()))
            return ["send": message ?? .null]
        case .call(let call):
            return [
                "call": [
                    "id": .integer(Int64(call.id.number)), "name": .string(call.name), "arguments": .object(call.arguments),
                    "progress": .bool(call.wantsProgress), "client": .string("\(call.client.name) \(call.client.version)"),
                ]
            ]
        case .cancel(let id): return ["cancel": .integer(Int64(id.number))]
        case .stop: return "stop"
        }
    }
}

func bytes(hexadecimal digits: String) -> [UInt8] {
    let characters = Array(digits)
    return stride(from: 0, to: characters.count, by: 2).compactMap { UInt8(String(characters[$0...($0 + 1)]), radix: 16) }
}
