import Crypto
import Foundation
import MCPSession
import Synchronization

/// A session of two tools, with a clock, nonces and a key that tests know, and the events of a transcript's steps.
struct Bench {
    var session: MCPSession
    private let clock: BenchClock

    init() {
        let clock = BenchClock()
        self.clock = clock
        session = MCPSession(
            server: ServerDescription(name: "fixture", title: "Fixture", version: "0.1", instructions: "Be kind."), tools: [Self.echo, Self.wait],
            states: clock.states(principal: "tester"))
    }

    mutating func perform(_ step: JSONObject) -> [MCPSession.Action] {
        if let line = Transcript.line(of: step) { return session.receive(line: line) }
        if step["oversize"] != nil { return session.receive(.oversize) }
        if step["end"] != nil { return session.inputEnded() }
        if step["abandon"] != nil { return session.abandon() }
        if let seconds = step["pass"]?.integer {
            clock.pass(seconds)
            return []
        }
        if let call = step["progress"]?.integer {
            let (value, total) = (step["value"]?.integer ?? 0, step["of"]?.integer)
            return session.progress(CallID(Int(call)), value, of: total, message: step["message"]?.string)
        }
        if let call = step["giveUp"]?.integer { return session.giveUp(CallID(Int(call))) }
        if let call = step["ask"]?.integer { return session.finish(CallID(Int(call)), .asks(Self.question(step))) }
        guard let call = step["finish"]?.integer else { return [] }
        return session.finish(CallID(Int(call)), Self.outcome(step))
    }

    private static let item = Schema.arguments([.required("name", .string("A name.", atLeast: 1))])
    private static let echo = ToolDescription(
        name: "echo", title: "Echo", description: "Says it back.",
        input: .arguments([
            .required("text", .string("What to say.", atMost: 20)),
            .optional("count", .integer("How often.", atLeast: 1, atMost: 10, default: 1)),
            .optional("tone", .string("How.", oneOf: ["soft", "loud"], default: "soft")),
            .optional("items", .array("Things.", of: item, atLeast: 1, atMost: 2)),
        ]),
        output: .result([.required("text", .string("What was said."))]), hints: [.readOnly, .idempotent], meta: ["test/first": true])
    private static let wait = ToolDescription(
        name: "wait", title: "Wait", description: "Takes long.", input: .arguments([]), hints: [.destructive, .openWorld])

    private static func outcome(_ step: JSONObject) -> ToolOutcome {
        if let structured = step["structured"]?.object { return ToolOutcome(structured: structured) }
        if let text = step["error"]?.string { return .failure(text) }
        if let data = step["image"]?.string { return ToolOutcome([.image(base64: data, mimeType: "image/png")]) }
        if let data = step["audio"]?.string { return ToolOutcome([.audio(base64: data, mimeType: "audio/wav")]) }
        if let text = step["resource"]?.string { return ToolOutcome([.resource(uri: "test://a", mimeType: "text/plain", text: text)]) }
        return ToolOutcome([.text(step["text"]?.string ?? "")])
    }

    /// A question whose items are named by their kinds.
    private static func question(_ step: JSONObject) -> ToolQuestion {
        let items: [(String, InputRequest)] = (step["items"]?.array ?? []).compactMap(\.string).compactMap { kind in
            switch kind {
            case "box": ("box", .form(.box("Shall it be?", "approve", "Let it be")))
            case "name": ("name", .form(InputForm("Who?", "name", .string("A name."))))
            case "page": ("page", .page(message: "Please look", url: "https://example.com/1"))
            case "sample":
                (
                    "sample",
                    .sampling(["messages": [["role": "user", "content": ["type": "text", "text": "Hm?"]]], "maxTokens": 5])
                )
            case "roots": ("roots", .roots)
            default: nil
            }
        }
        return ToolQuestion(
            step: Int(step["step"]?.integer ?? 1), items, memory: step["memory"]?.object ?? [:],
            fallback: step["fallback"]?.string.map(ToolOutcome.failure))
    }
}

/// Time that passes when it is told to, and nonces that count.
final class BenchClock: Sendable {
    /// The key of every state in the transcripts and vectors: the bytes 0 to 31.
    static let key = SymmetricKey(data: (0..<32).map { UInt8($0) })

    private let seconds = Atomic<Int64>(1000)
    private let nonces = Atomic<UInt8>(0)

    func pass(_ seconds: Int64) { self.seconds.add(seconds, ordering: .relaxed) }

    func states(principal: String) -> RequestStates {
        RequestStates(
            principal: principal, now: { self.seconds.load(ordering: .relaxed) },
            nonce: { Array(repeating: 0, count: 15) + [self.nonces.add(1, ordering: .relaxed).newValue] },
            code: { Array(HMAC<SHA256>.authenticationCode(for: $0, using: Self.key)) })
    }
}
