import MCPSession

/// What a session of `Bench` must do, written down a second time and as plainly as possible: each event gives the shapes of the actions it must cause.
struct SessionModel {
    struct Call {
        var id: String
        var asker: Asker
        var tool: String
        var arguments: String
        var token: String?
        var progress: Int64?
        var rounds = 0
        var batch: Int?
        /// Requests of the server's that are open; nil while the tool runs.
        var open: Set<String>?
        var fallback: String?
        var step = 0
    }
    struct Asker {
        var version: String
        var can: Set<String>
        var isStateless: Bool { version == "2026-07-28" }
    }
    /// A state that the session handed out.
    struct Handed {
        var tool: String
        var arguments: String
        var step: Int
        var expires: Int64
    }

    var now: Int64 = 1000
    var handshake: Asker?
    var calls: [Int: Call] = [:]
    var isEnding = false
    /// What the next state that is seen belongs to, and those seen so far.
    var justHanded: [Handed] = []
    var handed: [String: Handed] = [:]
    private var batches: [Int: (open: Int, answers: [String])] = [:]
    private var lastCall = 0
    private var lastAsked = 0
    private var lastBatch = 0

    var running: [Int] { calls.filter { $0.value.open == nil }.keys.sorted() }
    var waiting: [Int] { calls.filter { $0.value.open != nil }.keys.sorted() }
    var openRequests: [String] { calls.values.flatMap { $0.open ?? [] }.sorted() }

    mutating func receive(line: [UInt8]) -> [String] {
        guard let value = try? JSONValue(parsing: line) else { return ["error null -32700"] }
        guard let messages = value.array else { return receive(value, nil) }
        guard handshake?.version == "2025-03-26", !messages.isEmpty else { return ["error null -32600"] }
        lastBatch += 1
        let batch = lastBatch
        batches[batch] = (messages.count, [])
        return messages.flatMap { receive($0, batch) }
    }

    private mutating func receive(_ message: JSONValue, _ batch: Int?) -> [String] {
        guard let object = message.object else { return answer("error null -32600", batch) }
        let id = object["id"].flatMap(Self.id)
        guard object["jsonrpc"] == "2.0" else { return answer("error \(id ?? "null") -32600", batch) }
        guard let method = object["method"]?.string else {
            guard let body = object["result"] ?? object["error"] else { return answer("error \(id ?? "null") -32600", batch) }
            let result = object["error"] == nil ? body : nil
            return (id.map { answered($0, result) } ?? []) + answer(nil, batch)
        }
        guard object["id"] != nil else { return notice(method, object["params"]?.object ?? [:]) + answer(nil, batch) }
        guard let id else { return answer("error null -32600", batch) }
        return respond(id, method, object["params"], batch)
    }

    private mutating func respond(_ id: String, _ method: String, _ given: JSONValue?, _ batch: Int?) -> [String] {
        func error(_ code: Int) -> String { "error \(id) \(code)" }
        if calls.values.contains(where: { $0.id == id }) { return answer(error(-32600), batch) }
        guard let params = given == nil ? [:] : given?.object else { return answer(error(-32602), batch) }
        guard let meta = params["_meta"] == nil ? [:] : params["_meta"]?.object else { return answer(error(-32602), batch) }
        let named = meta["io.modelcontextprotocol/protocolVersion"]
        let early = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
        let isMarked = meta.members.contains { $0.name.hasPrefix("io.modelcontextprotocol/") } || method == "server/discover"
        let isStateless = named.map { !early.contains($0.string ?? "") } ?? (isMarked && handshake == nil)
        if isStateless, batch != nil { return answer(error(-32600), batch) }
        if isStateless {
            guard let version = named?.string else { return [error(-32602)] }
            guard version == "2026-07-28" else { return [error(-32022)] }
            guard let can = meta["io.modelcontextprotocol/clientCapabilities"]?.object.flatMap(Self.abilities) else { return [error(-32602)] }
            guard [nil, "info"].contains(meta["io.modelcontextprotocol/logLevel"]) else { return [error(-32602)] }
            switch method {
            case "server/discover", "tools/list": return ["result \(id) stateless \(method)"]
            case "tools/call": return call(id, params, meta, Asker(version: version, can: can), nil)
            default: return [error(-32601)]
            }
        }
        switch (method, handshake) {
        case ("ping", _): return answer("result \(id) handshake empty", batch)
        case ("initialize", let earlier):
            guard batch == nil, earlier == nil else { return answer(error(-32600), batch) }
            let asked = params["protocolVersion"]?.string ?? ""
            let version = early.contains(asked) ? asked : "2025-11-25"
            var can = params["capabilities"]?.object.flatMap(Self.abilities) ?? []
            if version < "2025-06-18" { can.subtract(["forms", "pages"]) }
            if version < "2025-11-25" { can.remove("pages") }
            handshake = Asker(version: version, can: can)
            return ["result \(id) handshake initialize \(version)"]
        case ("server/discover", _): return answer(error(-32601), batch)
        case (_, nil): return answer(error(-32600), batch)
        case ("tools/list", _): return answer("result \(id) handshake tools/list", batch)
        case ("tools/call", let asker?): return call(id, params, meta, asker, batch)
        default: return answer(error(-32601), batch)
        }
    }

    private mutating func call(_ id: String, _ params: JSONObject, _ meta: JSONObject, _ asker: Asker, _ batch: Int?) -> [String] {
        guard let tool = params["name"]?.string, ["echo", "wait"].contains(tool) else { return answer("error \(id) -32602", batch) }
        let offered = params["arguments"] ?? [:]
        guard offered.object != nil, params["inputResponses"] == nil || params["inputResponses"]?.object != nil || !asker.isStateless else {
            return answer("error \(id) -32602", batch)
        }
        guard let arguments = RandomSession.completed[tool]?[offered.text] else {
            return answer("result \(id) \(asker.isStateless ? "stateless" : "handshake") failed outcome", batch)
        }
        var reply = ""
        if asker.isStateless, let text = params["requestState"]?.string {
            guard let state = handed[text], state.tool == tool, state.arguments == arguments, now < state.expires else {
                return ["error \(id) -32602"]
            }
            let keys = (params["inputResponses"]?.object?.members ?? []).map(\.name).sorted().joined(separator: ",")
            reply = " reply \(state.step) [\(keys)]"
        }
        lastCall += 1
        calls[lastCall] = Call(id: id, asker: asker, tool: tool, arguments: arguments, token: meta["progressToken"]?.text, batch: batch)
        return ["call \(lastCall) \(tool) \(asker.version)\(reply)"]
    }

    private mutating func notice(_ method: String, _ params: JSONObject) -> [String] {
        guard method == "notifications/cancelled", let id = params["requestId"].flatMap(Self.id),
            let (number, call) = calls.first(where: { $0.value.id == id })
        else { return [] }
        calls[number] = nil
        return ["cancel \(number)"] + (call.open ?? []).sorted().map { "take back \($0)" } + answer(nil, call.batch)
    }

    private mutating func answered(_ request: String, _ result: JSONValue?) -> [String] {
        guard let (number, call) = calls.first(where: { $0.value.open?.contains(request) == true }) else { return [] }
        calls[number]?.open?.remove(request)
        guard result?.object != nil else { return giveUp(number) }
        guard calls[number]?.open?.isEmpty == true else { return [] }
        calls[number]?.open = nil
        return ["call \(number) \(call.tool) \(call.asker.version) reply \(call.step)"]
    }
}

// What tools and the shell do
extension SessionModel {
    mutating func finish(_ number: Int, isError: Bool) -> [String] {
        guard let call = calls[number], call.open == nil else { return [] }
        calls[number] = nil
        let era = call.asker.isStateless ? "stateless" : "handshake"
        return answer("result \(call.id) \(era) \(isError ? "failed " : "")outcome", call.batch) + stop
    }

    mutating func ask(_ number: Int, _ items: [String], step: Int, fallback: String?) -> [String] {
        guard var call = calls[number], call.open == nil else { return [] }
        let needs = ["box": "forms", "name": "forms", "page": "pages", "sample": "sampling", "roots": "roots"]
        let missing = items.contains { !call.asker.can.contains(needs[$0] ?? "") }
        if missing, call.asker.isStateless, fallback == nil {
            calls[number] = nil
            return answer("error \(call.id) -32021", call.batch) + stop
        }
        if missing { return finish(number, isError: true) }
        if call.asker.isStateless {
            calls[number] = nil
            justHanded.append(Handed(tool: call.tool, arguments: call.arguments, step: step, expires: now + 600))
            return answer("result \(call.id) stateless input_required \(items.sorted().joined(separator: ","))", call.batch) + stop
        }
        if isEnding || call.rounds >= 10 || items.isEmpty { return finish(number, isError: true) }
        let methods = [
            "box": "elicitation/create", "name": "elicitation/create", "page": "elicitation/create", "sample": "sampling/createMessage",
            "roots": "roots/list",
        ]
        calls[number] = nil
        lastCall += 1
        call.rounds += 1
        call.step = step
        call.open = []
        var shapes: [String] = []
        for item in items {
            lastAsked += 1
            call.open?.insert("\"server-\(lastAsked)\"")
            shapes.append("ask \"server-\(lastAsked)\" \(methods[item] ?? "")")
        }
        calls[lastCall] = call
        return shapes + ["wait \(lastCall)"]
    }

    mutating func giveUp(_ number: Int) -> [String] {
        guard let call = calls[number], let open = call.open else { return [] }
        calls[number] = nil
        let taken = isEnding ? [] : open.sorted().map { "take back \($0)" }
        return ["cancel \(number)"] + taken + answer("result \(call.id) handshake failed outcome", call.batch) + stop
    }

    mutating func progress(_ number: Int, _ value: Int64) -> [String] {
        guard let call = calls[number], call.open == nil, let token = call.token, value > call.progress ?? .min else { return [] }
        calls[number]?.progress = value
        return ["progress \(token) \(value)"]
    }

    mutating func end() -> [String] {
        isEnding = true
        let shapes = waiting.flatMap { giveUp($0) }
        return shapes.last == "stop" ? shapes : shapes + stop
    }

    mutating func abandon() -> [String] {
        isEnding = true
        let open = calls.keys.sorted()
        calls = [:]
        return open.map { "cancel \($0)" } + stop
    }

    private var stop: [String] { isEnding && calls.isEmpty ? ["stop"] : [] }

    private mutating func answer(_ shape: String?, _ batch: Int?) -> [String] {
        guard let batch, var state = batches[batch] else { return shape.map { [$0] } ?? [] }
        state.open -= 1
        state.answers += shape.map { [$0] } ?? []
        batches[batch] = state.open == 0 ? nil : state
        return state.open == 0 && !state.answers.isEmpty ? ["[\(state.answers.joined(separator: "; "))]"] : []
    }

    static func id(_ value: JSONValue) -> String? {
        switch value {
        case .string, .integer: value.text
        default: nil
        }
    }

    private static func abilities(_ declared: JSONObject) -> Set<String>? {
        guard declared.members.allSatisfy({ $0.value.object != nil }) else { return nil }
        var can = Set(declared.members.map(\.name)).intersection(["sampling", "roots"])
        if let elicitation = declared["elicitation"]?.object {
            if elicitation["form"] != nil || elicitation["url"] == nil { can.insert("forms") }
            if elicitation["url"] != nil { can.insert("pages") }
        }
        return can
    }
}
