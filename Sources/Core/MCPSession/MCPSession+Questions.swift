// A tool's question goes out in two ways. A stateless client gets it as the result, and calls again with the answers and the state it was given. A
// client with a handshake gets requests of ours while its call waits; its answers start the tool anew, as the other's second call would.

extension MCPSession {
    /// One request of ours that waits for its answer.
    struct AskedItem {
        let call: CallID
        let key: String
    }

    /// What a call waits for.
    struct Wait {
        let state: RequestState
        let fallback: ToolOutcome
        var open: Set<RequestID> = []
        var answers: [String: InputAnswer] = [:]
    }

    mutating func ask(_ question: ToolQuestion, for id: CallID, _ call: PendingCall) -> [Action] {
        let missing = question.needed.subtracting(call.context.capabilities)
        guard missing.isEmpty else {
            if let fallback = question.fallback { return finish(id, fallback) }
            return call.context.version.isStateless ? end(id, with: .failure(.missingCapabilities(missing))) : finish(id, Self.cannotAsk)
        }
        let state = states.fresh(step: question.step, memory: question.memory)
        return call.context.version.isStateless ? hand(question, state, to: call, id) : send(question, state, for: call, id)
    }

    /// The question as a result, its state in the client's hands.
    private mutating func hand(_ question: ToolQuestion, _ state: RequestState, to call: PendingCall, _ id: CallID) -> [Action] {
        var requests = JSONObject()
        for item in question.items {
            requests[item.key] = ["method": .string(item.request.method), "params": .object(item.request.params(in: call.context.version))]
        }
        let subject = RequestStates.Subject(method: "tools/call", tool: call.tool, arguments: call.arguments)
        // An empty map of requests would tell a client that there is something to answer.
        var result: JSONObject = requests.members.isEmpty ? [:] : ["inputRequests": .object(requests)]
        result["requestState"] = .string(states.text(of: state, for: subject))
        return end(id, with: .success(result), type: "input_required")
    }

    /// The question as requests of ours. The call goes on under a new id: its next round is another run of the tool.
    private mutating func send(_ question: ToolQuestion, _ state: RequestState, for call: PendingCall, _ id: CallID) -> [Action] {
        let fallback = question.fallback ?? Self.cannotAsk
        guard !isEnding, call.rounds < Self.maximumRounds, !question.items.isEmpty else { return finish(id, fallback) }
        let next = freshCall()
        var wait = Wait(state: state, fallback: fallback)
        var actions: [Action] = []
        for item in question.items {
            guard let request = freshRequest() else { continue }
            wait.open.insert(request)
            asked[request] = AskedItem(call: next, key: item.key)
            let params = item.request.params(in: call.context.version, id: request.value.string ?? "")
            actions.append(send(JSONRPCMessage.request(request, method: item.request.method, params: params)))
        }
        var waiting = call
        waiting.rounds += 1
        waiting.wait = wait
        calls[id] = nil
        calls[next] = waiting
        callIDs[call.request] = next
        return actions + [.wait(next)]
    }

    /// Takes an answer to a request of ours. A client that says it can answer and then cannot is not asked on.
    mutating func receive(answer result: JSONValue?, to request: RequestID) -> [Action] {
        guard let item = asked.removeValue(forKey: request), let call = calls[item.call], var wait = call.wait else { return [] }
        wait.open.remove(request)
        wait.answers[item.key] = result?.object.map(InputAnswer.init)
        calls[item.call]?.wait = wait
        guard wait.answers[item.key] != nil else { return giveUp(item.call) }
        guard wait.open.isEmpty else { return [] }
        calls[item.call]?.wait = nil
        return [.call(toolCall(item.call, call, ToolReply(state: wait.state, answers: wait.answers)))]
    }

    /// Ends a wait without its answers. What was asked is taken back, and the call comes to what its tool has for that case.
    package mutating func giveUp(_ id: CallID) -> [Action] {
        guard let call = calls[id], let wait = call.wait else { return [] }
        return [.cancel(id)] + takeBack(wait) + end(id, with: .success(wait.fallback.document(in: call.context.version)))
    }

    /// Tells the client that nobody waits for its answers any more.
    func takeBack(_ wait: Wait) -> [Action] {
        guard !isEnding else { return [] }
        return wait.open.sorted { $0.value.text < $1.value.text }.map {
            send(JSONRPCMessage.notification("notifications/cancelled", params: ["requestId": $0.value]))
        }
    }

    func toolCall(_ id: CallID, _ call: PendingCall, _ reply: ToolReply?) -> ToolCall {
        ToolCall(
            id: id, name: call.tool, arguments: call.arguments, wantsProgress: call.progressToken != nil, client: call.context.client,
            capabilities: call.context.capabilities, version: call.context.version, reply: reply)
    }

    private static let cannotAsk = ToolOutcome.failure("this call needs an answer from your side, and this client cannot be asked")
}
