import Foundation
import MCPSession
import Testing

@Suite struct ModelTests {
    @Test("a thousand random sessions do exactly what the model of the protocol says")
    func sessions() {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["SEED"].flatMap(UInt64.init) ?? UInt64.random(in: .min ... .max)
        let count = environment["ROUNDS"].flatMap(Int.init) ?? 1000
        print("model seed \(seed)")
        var seen: [String: Int] = [:]
        for number in 0..<UInt64(count) {
            var walk = Walk(seed: seed &+ number)
            walk.run()
            #expect(walk.difference == nil, "SEED=\(seed &+ number) ROUNDS=1: \(walk.difference ?? "")")
            if walk.difference != nil { return }
            for shape in walk.seen { seen[shape, default: 0] += 1 }
        }
        // The walks must come by everything, or their agreement says little.
        for shape in Self.everything where count >= 1000 { #expect(seen[shape, default: 0] > 0, "no session came by: \(shape)") }
    }

    private static let everything = [
        "call echo 2026-07-28", "call echo 2026-07-28 reply", "call echo 2025-11-25 reply", "call wait 2024-11-05", "result stateless input_required",
        "result stateless server/discover", "result stateless tools/list", "result handshake tools/list", "result handshake outcome",
        "result stateless outcome", "error -32700", "error -32600", "error -32601", "error -32602", "error -32021", "error -32022", "ask", "wait",
        "cancel", "take back", "progress", "stop", "batch",
    ]
}

/// One session beside the model, until both have ended or they differ.
private struct Walk {
    private var bench = Bench()
    private var model = SessionModel()
    private var random: RandomSession
    /// What was expected and what came, at the first event where they differ.
    private(set) var difference: String?
    private(set) var seen: Set<String> = []

    init(seed: UInt64) { random = RandomSession(seed: seed) }

    mutating func run() {
        for number in 0..<400 {
            let event = number < 300 ? random.event(model) : model.isEnding ? .abandon : .end
            let (expected, actions) = perform(event)
            let shapes = actions.map(Shape.init)
            guard shapes.map(\.text) == expected else {
                difference = "\(describe(event)) expected \(expected), got \(shapes.map(\.text))"
                return
            }
            for shape in shapes { seen.formUnion(shape.kinds) }
            for (state, handed) in zip(shapes.compactMap(\.state), model.justHanded) { model.handed[state] = handed }
            model.justHanded = []
            if expected.last == "stop" { return }
        }
        difference = "the session did not come to its end"
    }

    private mutating func perform(_ event: RandomSession.Event) -> ([String], [MCPSession.Action]) {
        switch event {
        case .line(let line): return (model.receive(line: line), bench.session.receive(line: line))
        case .finish(let call, let isError):
            let outcome = ToolOutcome([.text("done")], isError: isError)
            return (model.finish(call, isError: isError), bench.session.finish(CallID(call), outcome))
        case .ask(let call, let items, let step, let hasFallback):
            var document: JSONObject = [
                "ask": .integer(Int64(call)), "items": .array(items.map(JSONValue.string)), "step": .integer(Int64(step)),
            ]
            if hasFallback { document["fallback"] = "nobody to ask" }
            return (model.ask(call, items, step: step, fallback: hasFallback ? "" : nil), bench.perform(document))
        case .progress(let call, let value): return (model.progress(call, value), bench.session.progress(CallID(call), value))
        case .giveUp(let call): return (model.giveUp(call), bench.session.giveUp(CallID(call)))
        case .pass(let seconds):
            model.now += seconds
            return ([], bench.perform(["pass": .integer(seconds)]))
        case .end: return (model.end(), bench.session.inputEnded())
        case .abandon: return (model.abandon(), bench.session.abandon())
        }
    }

    private func describe(_ event: RandomSession.Event) -> String {
        if case .line(let line) = event { return String(decoding: line, as: UTF8.self) }
        return "\(event)"
    }
}

/// An action in a few words, and whether a message has what its era demands and nothing of the other.
private struct Shape {
    let text: String
    /// The words without ids and numbers.
    let kinds: [String]
    var state: String?

    init(_ action: MCPSession.Action) {
        switch action {
        case .send(let line):
            let message = (try? JSONValue(parsing: line)) ?? .null
            let parts = (message.array ?? [message]).map { Self.words($0.object ?? [:]) }
            text = message.array == nil ? parts[0].text : "[\(parts.map(\.text).joined(separator: "; "))]"
            kinds = parts.map(\.kind) + (message.array == nil ? [] : ["batch"])
            state = message.object?["result"]?.object?["requestState"]?.string
        case .call(let call):
            let stateless = call.version.isStateless
            let keys = call.reply.map { reply in ["box", "other", "roots"].filter { reply[$0] != nil }.joined(separator: ",") }
            let reply = call.reply.map { " reply \($0.state.step)" + (stateless ? " [\(keys ?? "")]" : "") } ?? ""
            text = "call \(call.id.number) \(call.name) \(call.version.rawValue)\(reply)"
            kinds = ["call \(call.name) \(call.version.rawValue)" + (reply.isEmpty ? "" : " reply")]
        case .wait(let id): (text, kinds) = ("wait \(id.number)", ["wait"])
        case .cancel(let id): (text, kinds) = ("cancel \(id.number)", ["cancel"])
        case .stop: (text, kinds) = ("stop", ["stop"])
        }
    }

    private static func words(_ message: JSONObject) -> (text: String, kind: String) {
        let id = message["id"]?.text ?? ""
        let params = message["params"]?.object ?? [:]
        switch message["method"]?.string {
        case "notifications/progress"?:
            return ("progress \(params["progressToken"]?.text ?? "") \(params["progress"]?.text ?? "")", "progress")
        case "notifications/cancelled"?: return ("take back \(params["requestId"]?.text ?? "")", "take back")
        case let method?: return ("ask \(id) \(method)", "ask")
        case nil: break
        }
        if let error = message["error"]?.object { return ("error \(id) \(error["code"]?.text ?? "")", "error \(error["code"]?.text ?? "")") }
        let kind = words(ofResult: message["result"]?.object ?? [:])
        return ("result \(id) \(kind)", "result " + kind.prefix { $0 != " " } + " " + (kind.split(separator: " ").dropFirst().first ?? ""))
    }

    private static func words(ofResult result: JSONObject) -> String {
        let kind =
            if result["supportedVersions"] != nil { "server/discover" } else if result["tools"] != nil {
                "tools/list"
            } else if let version = result[
                "protocolVersion"]?.string
            { "initialize \(version)" } else if result["requestState"] != nil {
                "input_required \((result["inputRequests"]?.object?.members ?? []).map(\.name).sorted().joined(separator: ","))"
            } else if result["content"] != nil { result["isError"] == true ? "failed outcome" : "outcome" } else { "empty" }
        let isCacheable = kind == "server/discover" || kind == "tools/list"
        let members = Set(result.members.map(\.name)).intersection(["resultType", "_meta", "ttlMs", "cacheScope"])
        if members.isEmpty { return "handshake \(kind)" }
        let type: JSONValue = kind.hasPrefix("input_required") ? "input_required" : "complete"
        let demanded: Set = isCacheable ? ["resultType", "_meta", "ttlMs", "cacheScope"] : ["resultType", "_meta"]
        return members == demanded && result["resultType"] == type ? "stateless \(kind)" : "of no era: \(members)"
    }
}
