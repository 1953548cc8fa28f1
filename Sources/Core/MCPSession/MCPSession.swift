/// One connection of the Model Context Protocol, server side, as a state machine: it takes events and returns what to do. It does no IO.
///
/// It speaks every version (`ProtocolVersion`) on one pipe, message by message: those that begin with `initialize`, and the stateless one, whose
/// requests say all about themselves. Each request gets exactly one response, except a cancelled one, which gets none. Nothing that a peer sends ends
/// the session; only the end of its input does.
package struct MCPSession: Sendable {
    /// What the shell around the session is to do, in order.
    package enum Action: Sendable, Equatable {
        /// Write these bytes: one message and its newline.
        case send([UInt8])
        /// Start the tool; its end is told by `finish`.
        case call(ToolCall)
        /// The client was asked something for this call; tell `giveUp` when that takes too long. A `call` or a `cancel` of the same id ends the wait.
        case wait(CallID)
        /// Stop a tool, or a wait. Its outcome is dropped if it comes.
        case cancel(CallID)
        /// Nothing more will come or go: end.
        case stop
    }

    /// The most messages in one batch.
    package static let maximumBatchCount = 100
    /// How often one call may ask a client with a handshake. One of the stateless version bounds its rounds itself.
    package static let maximumRounds = 10

    let server: ServerDescription
    let tools: [ToolDescription]
    let states: RequestStates
    let refusal: @Sendable (SchemaProblem) -> ToolOutcome

    /// What `initialize` settled; nil before it. Stateless requests neither see nor change it.
    var handshake: RequestContext?
    var calls: [CallID: PendingCall] = [:]
    var callIDs: [RequestID: CallID] = [:]
    /// What the client was asked and has not answered.
    var asked: [RequestID: AskedItem] = [:]
    var batches: [Int: Batch] = [:]
    private var lastCall = 0
    private var lastBatch = 0
    private var lastAsked = 0
    private(set) var isEnding = false

    struct PendingCall {
        let request: RequestID
        let batch: Int?
        let progressToken: JSONValue?
        let context: RequestContext
        let tool: String
        let arguments: JSONObject
        var progress: Int64?
        var rounds = 0
        /// What is waited for, between a question and its answers.
        var wait: Wait?
    }

    /// Begins before the handshake. `refusal` puts arguments that do not hold into the words of the tools' own errors.
    package init(
        server: ServerDescription, tools: [ToolDescription], states: RequestStates,
        refusal: @escaping @Sendable (SchemaProblem) -> ToolOutcome = { .failure("invalid arguments: \($0)") }
    ) {
        self.server = server
        self.tools = tools
        self.states = states
        self.refusal = refusal
    }

    /// Takes what the framer cut off the input.
    package mutating func receive(_ frame: LineFramer.Frame) -> [Action] {
        switch frame {
        case .line(let line): receive(line: line)
        case .oversize: [send(nil, .invalidRequest("a message is longer than \(LineFramer.maximumLineBytes) bytes"))]
        }
    }

    /// Takes one line. Blank lines are no messages.
    package mutating func receive(line: [UInt8]) -> [Action] {
        guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else { return [] }
        let value: JSONValue
        do { value = try JSONValue(parsing: line) } catch { return [send(nil, RPCFailure(error))] }
        guard let messages = value.array else { return receive(JSONRPCMessage(value), in: nil) }
        return receive(batch: messages)
    }

    /// Takes how far a call has come. Nothing is sent unless the client asked for it and the number grew.
    package mutating func progress(_ id: CallID, _ progress: Int64, of total: Int64? = nil, message: String? = nil) -> [Action] {
        guard let call = calls[id], call.wait == nil, let token = call.progressToken else { return [] }
        if let last = call.progress, progress <= last { return [] }
        calls[id]?.progress = progress
        var params: JSONObject = ["progressToken": token, "progress": .integer(progress)]
        params["total"] = total.map(JSONValue.integer)
        if call.context.version.hasProgressMessages { params["message"] = message.map(JSONValue.string) }
        return [send(JSONRPCMessage.notification("notifications/progress", params: params))]
    }

    /// Takes what a call came to: its outcome, or a question. A cancelled call's is dropped.
    package mutating func finish(_ id: CallID, _ step: ToolStep) -> [Action] {
        guard let call = calls[id], call.wait == nil else { return [] }
        return switch step {
        case .done(let outcome): end(id, with: .success(outcome.document(in: call.context.version)))
        case .asks(let question): ask(question, for: id, call)
        }
    }

    /// Takes the outcome of a call.
    package mutating func finish(_ id: CallID, _ outcome: ToolOutcome) -> [Action] { finish(id, .done(outcome)) }

    /// Takes the end of the input. Calls under way may still be answered; `abandon` ends those that take too long.
    package mutating func inputEnded() -> [Action] {
        isEnding = true
        let waiting = openCalls.filter { calls[$0]?.wait != nil }
        let actions = waiting.flatMap { giveUp($0) }
        return actions + (actions.last == .stop ? [] : stopIfDone())
    }

    /// Ends the session with calls under way: each is cancelled.
    package mutating func abandon() -> [Action] {
        isEnding = true
        let open = openCalls
        for id in open { _ = forget(id) }
        return open.map(Action.cancel) + stopIfDone()
    }

    private var openCalls: [CallID] { calls.keys.sorted { $0.number < $1.number } }

    private func stopIfDone() -> [Action] { isEnding && calls.isEmpty ? [.stop] : [] }

    /// Answers a call and forgets it.
    mutating func end(_ id: CallID, with result: Result<JSONObject, RPCFailure>, type: String = "complete") -> [Action] {
        guard let call = forget(id) else { return [] }
        let message: JSONValue =
            switch result {
            case .success(let members): JSONRPCMessage.answer(call.request, result: call.context.result(members, from: server, type: type))
            case .failure(let failure): JSONRPCMessage.answer(call.request, failure: failure)
            }
        return answer(message, in: call.batch) + stopIfDone()
    }

    /// Removes a call, so that no answer to it goes out any more.
    mutating func forget(_ id: CallID) -> PendingCall? {
        guard let call = calls.removeValue(forKey: id) else { return nil }
        callIDs[call.request] = nil
        for request in call.wait?.open ?? [] { asked[request] = nil }
        return call
    }

    mutating func freshCall() -> CallID {
        lastCall += 1
        return CallID(lastCall)
    }

    mutating func freshBatch() -> Int {
        lastBatch += 1
        return lastBatch
    }

    /// The id of a request of ours. Clients count their own requests apart.
    mutating func freshRequest() -> RequestID? {
        lastAsked += 1
        return RequestID(.string("server-\(lastAsked)"))
    }

    func send(_ message: JSONValue) -> Action { .send(message.bytes + [0x0A]) }

    func send(_ id: RequestID?, _ failure: RPCFailure) -> Action { send(JSONRPCMessage.answer(id, failure: failure)) }
}
