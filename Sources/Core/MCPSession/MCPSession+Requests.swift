// The versions that begin with a handshake. The stateless version joins in `receive(_:in:)`: what carries its `_meta` goes another way.

extension MCPSession {
    mutating func receive(_ message: JSONRPCMessage, in batch: Int?) -> [Action] {
        switch message {
        case .request(let id, let method, let params):
            do { return try respond(id, method, params, in: batch) } catch { return answer(JSONRPCMessage.answer(id, failure: error), in: batch) }
        case .notification(let method, let params):
            return notice(method, params) + answer(nil, in: batch)
        case .response:
            return answer(nil, in: batch)
        case .malformed(let id, let failure):
            return answer(JSONRPCMessage.answer(id, failure: failure), in: batch)
        }
    }

    private mutating func respond(_ id: RequestID, _ method: String, _ params: JSONValue?, in batch: Int?) throws(RPCFailure) -> [Action] {
        guard callIDs[id] == nil else { throw .invalidRequest("a request with this id is still under way") }
        let params = try Self.parameters(params)
        let result: JSONValue
        switch method {
        case "ping":
            result = [:]
        case "initialize":
            guard batch == nil else { throw .invalidRequest("`initialize` does not stand in a batch") }
            result = try initialize(params)
        case "server/discover":
            throw .methodNotFound(
                "this server does not serve `server/discover`: begin with `initialize` (\(ProtocolVersion.latest.rawValue) or earlier)")
        default:
            guard let handshake else { throw .invalidRequest("begin with `initialize`") }
            switch method {
            case "tools/list": result = try toolList(params, handshake)
            case "tools/call": return try call(id, params, handshake, in: batch)
            default: throw .methodNotFound("this server has no such method: it offers tools only")
            }
        }
        return answer(JSONRPCMessage.answer(id, result: result), in: batch)
    }

    private mutating func initialize(_ params: JSONObject) throws(RPCFailure) -> JSONValue {
        guard handshake == nil else { throw .invalidRequest("`initialize` was answered before") }
        guard let asked = params["protocolVersion"]?.string else { throw .invalidParameters("`protocolVersion` must be a string") }
        guard params["capabilities"]?.object != nil else { throw .invalidParameters("`capabilities` must be an object") }
        guard let info = params["clientInfo"]?.object, let name = info["name"]?.string, let clientVersion = info["version"]?.string else {
            throw .invalidParameters("`clientInfo` must have a name and a version")
        }
        let version = ProtocolVersion.negotiated(asked)
        handshake = Handshake(version: version, client: ClientInfo(name: name, version: clientVersion))
        var serverInfo: JSONObject = ["name": .string(server.name)]
        if version.hasStructuredContent { serverInfo["title"] = .string(server.title) }
        serverInfo["version"] = .string(server.version)
        return [
            "protocolVersion": .string(version.rawValue),
            "capabilities": ["tools": ["listChanged": false]],
            "serverInfo": .object(serverInfo),
            "instructions": .string(server.instructions),
        ]
    }

    /// The whole list in one page: a cursor was never given out.
    private func toolList(_ params: JSONObject, _ handshake: Handshake) throws(RPCFailure) -> JSONValue {
        guard params["cursor"] ?? .null == .null else { throw .invalidParameters("`cursor` was not given out by this server") }
        return ["tools": .array(tools.map { $0.document(in: handshake.version) })]
    }

    private mutating func call(_ id: RequestID, _ params: JSONObject, _ handshake: Handshake, in batch: Int?) throws(RPCFailure) -> [Action] {
        guard let name = params["name"]?.string else { throw .invalidParameters("`name` must be a string") }
        guard let tool = tools.first(where: { $0.name == name }) else { throw .invalidParameters("there is no such tool: tools/list has the names") }
        let token = try Self.progressToken(params)
        let offered = try Self.arguments(params)
        let arguments: JSONValue
        do { arguments = try tool.input.completed(offered) } catch {
            return answer(JSONRPCMessage.answer(id, result: refusal(error).document(in: handshake.version)), in: batch)
        }
        let call = freshCall()
        calls[call] = PendingCall(request: id, batch: batch, progressToken: token)
        callIDs[id] = call
        let action = ToolCall(id: call, name: name, arguments: arguments.object ?? [:], wantsProgress: token != nil, client: handshake.client)
        return [.call(action)]
    }

    private mutating func notice(_ method: String, _ params: JSONValue?) -> [Action] {
        guard method == "notifications/cancelled", let request = params?.object?["requestId"].flatMap(RequestID.init),
            let id = callIDs[request], let call = forget(id)
        else { return [] }
        return [.cancel(id)] + answer(nil, in: call.batch)
    }

    private static func parameters(_ params: JSONValue?) throws(RPCFailure) -> JSONObject {
        guard let params else { return [:] }
        guard let object = params.object else { throw .invalidParameters("`params` must be an object") }
        return object
    }

    /// Absent and null arguments are none: some clients write a missing map as null.
    private static func arguments(_ params: JSONObject) throws(RPCFailure) -> JSONValue {
        guard let arguments = params["arguments"], arguments != .null else { return [:] }
        guard arguments.object != nil else { throw .invalidParameters("`arguments` must be an object") }
        return arguments
    }

    private static func progressToken(_ params: JSONObject) throws(RPCFailure) -> JSONValue? {
        guard let meta = params["_meta"] else { return nil }
        guard let meta = meta.object else { throw .invalidParameters("`_meta` must be an object") }
        guard let token = meta["progressToken"] else { return nil }
        guard RequestID(token) != nil else { throw .invalidParameters("`progressToken` must be a string or an integer") }
        return token
    }
}
