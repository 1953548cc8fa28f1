import MCPSession

/// Events that hosts of any manner may cause, good and bad, made from a seed.
struct RandomSession {
    enum Event {
        case line([UInt8])
        case finish(Int, isError: Bool)
        case ask(Int, [String], step: Int, hasFallback: Bool)
        case progress(Int, Int64)
        case giveUp(Int)
        case pass(Int64)
        case end, abandon
    }

    /// The arguments that hold, as offered and with their defaults.
    static let completed: [String: [String: String]] = [
        "echo": [
            #"{"text":"a"}"#: "a 1", #"{"text":"a","count":1}"#: "a 1", #"{"count":1,"text":"a"}"#: "a 1", #"{"text":"a","count":2}"#: "a 2",
            #"{"text":"b"}"#: "b 1",
        ],
        "wait": ["{}": ""],
    ]

    private var random: SplitMix
    private var lines: [[UInt8]] = []

    init(seed: UInt64) { random = SplitMix(seed) }

    /// What happens next, given what the model knows to be open.
    mutating func event(_ model: SessionModel) -> Event {
        if model.isEnding { return closing(model) }
        switch chance(100) {
        case ..<55: return .line(message(model))
        case ..<60: return .line(damaged(lines.randomElement(using: &random) ?? []))
        case ..<63: return .line(lines.randomElement(using: &random) ?? [0x7B])
        case ..<78: return toolEvent(model)
        case ..<80: return .giveUp(pick(model.waiting + [99]))
        case ..<88: return .line(response(model))
        case ..<91: return .pass([1, 100, 599, 600][chance(4)])
        case ..<96: return .line(batch(model))
        case ..<98: return .progress(pick(model.running + [99]), Int64(chance(5)))
        default: return .end
        }
    }

    private mutating func closing(_ model: SessionModel) -> Event {
        if model.calls.isEmpty || chance(6) == 0 { return .abandon }
        return toolEvent(model)
    }

    private mutating func toolEvent(_ model: SessionModel) -> Event {
        let call = pick(model.running + model.running + model.waiting + [99])
        switch chance(5) {
        case 0, 1: return .finish(call, isError: chance(4) == 0)
        case 2: return .progress(call, Int64(chance(9)))
        default:
            let items = ["box", "page", "sample", "roots", "name"].filter { _ in chance(4) == 0 }
            return .ask(call, items.isEmpty && chance(3) > 0 ? ["box"] : items, step: chance(4), hasFallback: chance(2) == 0)
        }
    }

    private mutating func message(_ model: SessionModel) -> [UInt8] {
        let line = (chance(12) == 0 ? oddity() : chance(9) == 0 ? notification() : request(model)).bytes
        lines.append(line)
        return line
    }

    private mutating func request(_ model: SessionModel) -> JSONValue {
        let isStateless = chance(2) == 0
        var params: JSONObject = [:]
        let methods = ["tools/call", "tools/call", "tools/call", "tools/list", "ping", "server/discover", "initialize", "prompts/list"]
        let method = model.handshake == nil && !isStateless && chance(3) == 0 ? "initialize" : pick(methods)
        if method == "tools/call" { params = call() }
        if method == "initialize" { params = hello() }
        if isStateless {
            params["_meta"] = .object(meta())
            if method == "tools/call", chance(2) == 0 { carry(model, &params) }
        } else if chance(3) == 0 {
            params["_meta"] = ["progressToken": pick(["t", 7, "x"])]
        }
        var request: JSONObject = ["jsonrpc": "2.0", "id": id(), "method": .string(method)]
        if !params.members.isEmpty || chance(2) == 0 { request["params"] = .object(params) }
        return .object(request)
    }

    private mutating func call() -> JSONObject {
        let name = pick(["echo", "echo", "wait", "wait", "other"])
        let offered: [JSONValue] = [
            ["text": "a"], ["text": "a", "count": 1], ["count": 1, "text": "a"], ["text": "a", "count": 2], ["text": "b"], [:], ["text": 5],
            ["made": "up"], 3,
        ]
        var params: JSONObject = chance(20) == 0 ? [:] : ["name": .string(name)]
        let arguments = name == "wait" && chance(3) > 0 ? [:] : pick(offered)
        if arguments != [:] || chance(2) == 0 { params["arguments"] = arguments }
        return params
    }

    private mutating func hello() -> JSONObject {
        let versions = ["2024-11-05", "2025-03-26", "2025-03-26", "2025-06-18", "2025-11-25", "2025-11-25", "2026-07-28", "1999-01-01"]
        return [
            "protocolVersion": .string(pick(versions)), "capabilities": .object(capabilities()), "clientInfo": ["name": "probe", "version": "1.0"],
        ]
    }

    private mutating func meta() -> JSONObject {
        var meta: JSONObject = [:]
        let version = chance(12) == 0 ? pick(["2099-01-01", "2025-11-25", ""]) : "2026-07-28"
        if chance(20) > 0 { meta["io.modelcontextprotocol/protocolVersion"] = .string(version) }
        if chance(20) > 0 { meta["io.modelcontextprotocol/clientCapabilities"] = .object(capabilities()) }
        if chance(8) == 0 { meta["io.modelcontextprotocol/logLevel"] = pick(["info", "loud"]) }
        if chance(3) == 0 { meta["progressToken"] = pick(["t", 7, "x"]) }
        return meta
    }

    private mutating func capabilities() -> JSONObject {
        var capabilities: JSONObject = [:]
        if chance(3) > 0 { capabilities["elicitation"] = pick([[:], ["form": [:]], ["url": [:]], ["form": [:], "url": [:]]]) }
        if chance(2) == 0 { capabilities["sampling"] = [:] }
        if chance(2) == 0 { capabilities["roots"] = [:] }
        return capabilities
    }

    /// Puts a state into a call: its own, another call's, or one that was changed.
    private mutating func carry(_ model: SessionModel, _ params: inout JSONObject) {
        guard let (text, state) = model.handed.sorted(by: { $0.key < $1.key }).randomElement(using: &random) else { return }
        if chance(4) > 0 {
            params["name"] = .string(state.tool)
            let offered = Self.completed[state.tool]?.filter { $0.value == state.arguments }.keys.sorted() ?? []
            params["arguments"] = try? JSONValue(parsing: Array(pick(offered).utf8))
        }
        var bytes = Array(text.utf8)
        if chance(4) == 0 { bytes[chance(bytes.count)] ^= 1 }
        params["requestState"] = .string(String(decoding: bytes, as: UTF8.self))
        if chance(3) > 0 { params["inputResponses"] = pick([["box": ["action": "accept"]], [:], ["other": [:], "roots": ["roots": []]]]) }
    }

    private mutating func notification() -> JSONValue {
        let cancelled: JSONValue = ["jsonrpc": "2.0", "method": "notifications/cancelled", "params": ["requestId": id()]]
        return chance(4) > 0 ? cancelled : ["jsonrpc": "2.0", "method": pick(["notifications/initialized", "ping", "tools/list"])]
    }

    private mutating func response(_ model: SessionModel) -> [UInt8] {
        let open = model.openRequests.compactMap { try? JSONValue(parsing: Array($0.utf8)) }
        let id = pick(open + open + ["server-1", 1])
        let body: JSONObject =
            chance(5) == 0 ? ["error": ["code": -32601, "message": "no"]] : ["result": pick([["action": "accept"], ["roots": []], 5])]
        var response: JSONObject = ["jsonrpc": "2.0", "id": id]
        for member in body.members { response[member.name] = member.value }
        return JSONValue.object(response).bytes
    }

    private mutating func batch(_ model: SessionModel) -> [UInt8] {
        let messages = (0..<chance(4)).map { _ in chance(4) == 0 ? notification() : request(model) }
        return JSONValue.array(messages).bytes
    }

    /// What is no message.
    private mutating func oddity() -> JSONValue {
        pick([
            5, "ping", .null, [:], ["jsonrpc": "2.0", "id": 1], ["jsonrpc": "1.0", "id": 2, "method": "ping"],
            ["jsonrpc": "2.0", "id": .null, "method": "ping"], ["jsonrpc": "2.0", "id": .number(literal: "1.5"), "method": "ping"],
            ["jsonrpc": "2.0", "id": 3, "method": "ping", "params": 5], ["jsonrpc": "2.0", "id": 4, "method": "tools/list", "params": ["_meta": 5]],
        ])
    }

    /// A line with its end cut off: never a message.
    private mutating func damaged(_ line: [UInt8]) -> [UInt8] {
        line.first == UInt8(ascii: "{") && line.count > 1 ? Array(line.prefix(1 + chance(line.count - 1))) : Array("{".utf8)
    }

    private mutating func id() -> JSONValue { pick([1, "1", 2, "a", 3, "b", 4, 5, 6, 7, 8, 9, 10, 11, 12]) }

    private mutating func chance(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    private mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[chance(choices.count)] }
}
