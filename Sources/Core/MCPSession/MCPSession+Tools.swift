extension MCPSession {
    /// The whole list in one page: a cursor was never given out.
    func toolList(_ params: JSONObject, _ context: RequestContext) throws(RPCFailure) -> JSONObject {
        guard params["cursor"] ?? .null == .null else { throw .invalidParameters("`cursor` was not given out by this server") }
        return ["tools": .array(tools.map { $0.document(in: context.version) })]
    }

    mutating func call(
        _ id: RequestID, _ params: JSONObject, _ meta: JSONObject, _ context: RequestContext, in batch: Int?
    ) throws(RPCFailure) -> [Action] {
        guard let name = params["name"]?.string else { throw .invalidParameters("`name` must be a string") }
        guard let tool = tools.first(where: { $0.name == name }) else { throw .invalidParameters("there is no such tool: tools/list has the names") }
        let token = try Self.progressToken(meta)
        let offered = try Self.arguments(params)
        let answers = context.version.isStateless ? try Self.answers(params) : [:]
        let arguments: JSONObject
        do { arguments = try tool.input.completed(offered).object ?? [:] } catch {
            let refused = context.result(refusal(error).document(in: context.version), from: server)
            return answer(JSONRPCMessage.answer(id, result: refused), in: batch)
        }
        let reply = context.version.isStateless ? try reply(params, answers, to: name, arguments) : nil
        let pending = PendingCall(
            request: id, batch: batch, progressToken: token, context: context, tool: name, arguments: arguments)
        let call = freshCall()
        calls[call] = pending
        callIDs[id] = call
        return [.call(toolCall(call, pending, reply))]
    }

    /// The answers that a second call brings, with the state of the question. Answers without a state belong to no question: they are not looked at.
    private func reply(
        _ params: JSONObject, _ answers: [String: InputAnswer], to tool: String, _ arguments: JSONObject
    ) throws(RPCFailure) -> ToolReply? {
        guard let text = params["requestState"] else { return nil }
        let subject = RequestStates.Subject(method: "tools/call", tool: tool, arguments: arguments)
        guard let state = text.string.flatMap({ states.state(in: $0, for: subject) }) else {
            throw .invalidParameters("`requestState` does not belong to this call, or is too old: call again without it")
        }
        return ToolReply(state: state, answers: answers)
    }

    private static func answers(_ params: JSONObject) throws(RPCFailure) -> [String: InputAnswer] {
        guard let responses = params["inputResponses"] else { return [:] }
        guard let responses = responses.object, responses.members.allSatisfy({ $0.value.object != nil }) else {
            throw .invalidParameters("`inputResponses` must be an object of objects")
        }
        return Dictionary(uniqueKeysWithValues: responses.members.map { ($0.name, InputAnswer($0.value.object ?? [:])) })
    }

    /// Absent and null arguments are none: some clients write a missing map as null.
    private static func arguments(_ params: JSONObject) throws(RPCFailure) -> JSONValue {
        guard let arguments = params["arguments"], arguments != .null else { return [:] }
        guard arguments.object != nil else { throw .invalidParameters("`arguments` must be an object") }
        return arguments
    }

    private static func progressToken(_ meta: JSONObject) throws(RPCFailure) -> JSONValue? {
        guard let token = meta["progressToken"] else { return nil }
        guard RequestID(token) != nil else { throw .invalidParameters("`progressToken` must be a string or an integer") }
        return token
    }
}
