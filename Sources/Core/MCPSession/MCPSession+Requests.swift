extension MCPSession {
    mutating func receive(_ message: JSONRPCMessage, in batch: Int?) -> [Action] {
        switch message {
        case .request(let id, let method, let params):
            do { return try respond(id, method, params, in: batch) } catch { return answer(JSONRPCMessage.answer(id, failure: error), in: batch) }
        case .notification(let method, let params):
            return notice(method, params) + answer(nil, in: batch)
        case .response(let id, let result):
            return (id.map { receive(answer: result, to: $0) } ?? []) + answer(nil, in: batch)
        case .malformed(let id, let failure):
            return answer(JSONRPCMessage.answer(id, failure: failure), in: batch)
        }
    }

    /// Each request goes the way of its own version: what names the stateless one, or is marked as such before there was a handshake, is served alone.
    private mutating func respond(_ id: RequestID, _ method: String, _ params: JSONValue?, in batch: Int?) throws(RPCFailure) -> [Action] {
        guard callIDs[id] == nil else { throw .invalidRequest("a request with this id is still under way") }
        let params = try Self.parameters(params)
        let meta = try Self.meta(params)
        guard isStateless(method, meta) else { return try respondAfterHandshake(id, method, params, meta, in: batch) }
        guard batch == nil else { throw .invalidRequest("version \(ProtocolVersion.july2026.rawValue) has no batches") }
        return try respondStateless(id, method, params, meta)
    }

    private func isStateless(_ method: String, _ meta: JSONObject) -> Bool {
        if let named = RequestContext.version(named: meta) {
            // A version with a handshake, named here, says no more than the handshake did.
            guard let version = named.string.flatMap(ProtocolVersion.init) else { return true }
            return version.isStateless
        }
        return handshake == nil && (method == "server/discover" || RequestContext.isMarked(meta))
    }

    private mutating func respondStateless(
        _ id: RequestID, _ method: String, _ params: JSONObject, _ meta: JSONObject
    ) throws(RPCFailure) -> [Action] {
        let context = try RequestContext(meta: meta)
        switch method {
        case "server/discover":
            return [send(JSONRPCMessage.answer(id, result: context.result(discovery, from: server, isCacheable: true)))]
        case "tools/list":
            return [send(JSONRPCMessage.answer(id, result: context.result(try toolList(params, context), from: server, isCacheable: true)))]
        case "tools/call":
            return try call(id, params, meta, context, in: nil)
        case "initialize":
            throw .methodNotFound("version \(context.version.rawValue) has no `initialize`: \(Self.bothWays)")
        default:
            throw .methodNotFound("this server has no such method: it offers tools only")
        }
    }

    private mutating func respondAfterHandshake(
        _ id: RequestID, _ method: String, _ params: JSONObject, _ meta: JSONObject, in batch: Int?
    ) throws(RPCFailure) -> [Action] {
        let result: JSONObject
        switch method {
        case "ping":
            result = [:]
        case "initialize":
            guard batch == nil else { throw .invalidRequest("`initialize` does not stand in a batch") }
            result = try initialize(params)
        case "server/discover":
            throw .methodNotFound("`server/discover` belongs to version \(ProtocolVersion.july2026.rawValue): \(Self.bothWays)")
        default:
            guard let handshake else { throw .invalidRequest(Self.bothWays) }
            switch method {
            case "tools/list": result = try toolList(params, handshake)
            case "tools/call": return try call(id, params, meta, handshake, in: batch)
            default: throw .methodNotFound("this server has no such method: it offers tools only")
            }
        }
        return answer(JSONRPCMessage.answer(id, result: .object(result)), in: batch)
    }

    private static let bothWays =
        "begin with `initialize` (\(ProtocolVersion.latestWithHandshake.rawValue) or earlier), or say in the `_meta` of every request "
        + "`io.modelcontextprotocol/protocolVersion` (\(ProtocolVersion.july2026.rawValue)) and `io.modelcontextprotocol/clientCapabilities`"

    private mutating func initialize(_ params: JSONObject) throws(RPCFailure) -> JSONObject {
        guard handshake == nil else { throw .invalidRequest("`initialize` was answered before") }
        guard let asked = params["protocolVersion"]?.string else { throw .invalidParameters("`protocolVersion` must be a string") }
        guard let declared = params["capabilities"]?.object else { throw .invalidParameters("`capabilities` must be an object") }
        guard let client = params["clientInfo"].flatMap(ClientInfo.init) else {
            throw .invalidParameters("`clientInfo` must have a name and a version")
        }
        let version = ProtocolVersion.negotiated(asked)
        let capabilities = ClientCapabilities(declared) ?? []
        handshake = RequestContext(version: version, client: client, capabilities: capabilities.known(in: version))
        return [
            "protocolVersion": .string(version.rawValue), "capabilities": Self.capabilities, "serverInfo": server.document(in: version),
            "instructions": .string(server.instructions),
        ]
    }

    private var discovery: JSONObject {
        ["supportedVersions": ProtocolVersion.served, "capabilities": Self.capabilities, "instructions": .string(server.instructions)]
    }

    private static let capabilities: JSONValue = ["tools": ["listChanged": false]]

    private mutating func notice(_ method: String, _ params: JSONValue?) -> [Action] {
        guard method == "notifications/cancelled", let request = params?.object?["requestId"].flatMap(RequestID.init),
            let id = callIDs[request], let call = forget(id)
        else { return [] }
        return [.cancel(id)] + (call.wait.map { takeBack($0) } ?? []) + answer(nil, in: call.batch)
    }

    private static func parameters(_ params: JSONValue?) throws(RPCFailure) -> JSONObject {
        guard let params else { return [:] }
        guard let object = params.object else { throw .invalidParameters("`params` must be an object") }
        return object
    }

    private static func meta(_ params: JSONObject) throws(RPCFailure) -> JSONObject {
        guard let meta = params["_meta"] else { return [:] }
        guard let object = meta.object else { throw .invalidParameters("`_meta` must be an object") }
        return object
    }
}
