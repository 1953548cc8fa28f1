/// One connection of the Model Context Protocol, server side, as a state machine: it takes events and returns what to do. It does no IO.
///
/// It speaks the versions that begin with `initialize` (`ProtocolVersion`). Each request gets exactly one response, except a cancelled one, which
/// gets none. Nothing that a peer sends ends the session; only the end of its input does.
package struct MCPSession: Sendable {
    /// What the shell around the session is to do, in order.
    package enum Action: Sendable, Equatable {
        /// Write these bytes: one message and its newline.
        case send([UInt8])
        /// Start the tool; its end is told by `finish`.
        case call(ToolCall)
        /// Stop a tool. Its outcome is dropped if it comes.
        case cancel(CallID)
        /// Nothing more will come or go: end.
        case stop
    }

    /// The most messages in one batch.
    package static let maximumBatchCount = 100

    let server: ServerDescription
    let tools: [ToolDescription]
    let refusal: @Sendable (SchemaProblem) -> ToolOutcome

    /// What `initialize` settled; nil before it.
    var handshake: Handshake?
    var calls: [CallID: PendingCall] = [:]
    var callIDs: [RequestID: CallID] = [:]
    var batches: [Int: Batch] = [:]
    private var lastCall = 0
    private var lastBatch = 0
    private var isEnding = false

    struct Handshake {
        let version: ProtocolVersion
        let client: ClientInfo
    }

    struct PendingCall {
        let request: RequestID
        let batch: Int?
        let progressToken: JSONValue?
        var progress: Int64?
    }

    /// Begins before the handshake. `refusal` puts arguments that do not hold into the words of the tools' own errors.
    package init(
        server: ServerDescription, tools: [ToolDescription],
        refusal: @escaping @Sendable (SchemaProblem) -> ToolOutcome = { .failure("invalid arguments: \($0)") }
    ) {
        self.server = server
        self.tools = tools
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
        guard let call = calls[id], let token = call.progressToken, let version = handshake?.version else { return [] }
        if let last = call.progress, progress <= last { return [] }
        calls[id]?.progress = progress
        var params: JSONObject = ["progressToken": token, "progress": .integer(progress)]
        params["total"] = total.map(JSONValue.integer)
        if version.hasProgressMessages { params["message"] = message.map(JSONValue.string) }
        return [send(["jsonrpc": "2.0", "method": "notifications/progress", "params": .object(params)])]
    }

    /// Takes the outcome of a call. A cancelled call's is dropped.
    package mutating func finish(_ id: CallID, _ outcome: ToolOutcome) -> [Action] {
        guard let call = forget(id), let version = handshake?.version else { return [] }
        return answer(JSONRPCMessage.answer(call.request, result: outcome.document(in: version)), in: call.batch) + stopIfDone()
    }

    /// Takes the end of the input. Calls under way may still be answered; `abandon` ends those that take too long.
    package mutating func inputEnded() -> [Action] {
        isEnding = true
        return stopIfDone()
    }

    /// Ends the session with calls under way: each is cancelled.
    package mutating func abandon() -> [Action] {
        isEnding = true
        let open = calls.keys.sorted { $0.number < $1.number }
        for id in open { _ = forget(id) }
        return open.map(Action.cancel) + stopIfDone()
    }

    private func stopIfDone() -> [Action] { isEnding && calls.isEmpty ? [.stop] : [] }

    /// Removes a call, so that no answer to it goes out any more.
    mutating func forget(_ id: CallID) -> PendingCall? {
        guard let call = calls.removeValue(forKey: id) else { return nil }
        callIDs[call.request] = nil
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

    func send(_ message: JSONValue) -> Action { .send(message.bytes + [0x0A]) }

    func send(_ id: RequestID?, _ failure: RPCFailure) -> Action { send(JSONRPCMessage.answer(id, failure: failure)) }
}
