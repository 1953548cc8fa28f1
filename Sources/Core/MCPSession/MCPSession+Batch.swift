extension MCPSession {
    /// Messages that came in one array and are answered in one.
    struct Batch {
        /// Messages that may still be answered.
        var open: Int
        var answers: [JSONValue] = []
    }

    mutating func receive(batch messages: [JSONValue]) -> [Action] {
        guard handshake?.version.hasBatches == true else {
            return [send(nil, .invalidRequest("batches belong to version \(ProtocolVersion.march2025.rawValue) only"))]
        }
        guard !messages.isEmpty else { return [send(nil, .invalidRequest("a batch is empty"))] }
        guard messages.count <= Self.maximumBatchCount else {
            return [send(nil, .invalidRequest("a batch has more than \(Self.maximumBatchCount) messages"))]
        }
        let batch = freshBatch()
        batches[batch] = Batch(open: messages.count)
        return messages.flatMap { receive(JSONRPCMessage($0), in: batch) }
    }

    /// Sends an answer, or keeps it until its batch is complete. Nil means that this message gets none.
    mutating func answer(_ message: JSONValue?, in batch: Int?) -> [Action] {
        guard let batch else { return message.map { [send($0)] } ?? [] }
        guard var state = batches.removeValue(forKey: batch) else { return [] }
        state.open -= 1
        if let message { state.answers.append(message) }
        guard state.open == 0 else {
            batches[batch] = state
            return []
        }
        return state.answers.isEmpty ? [] : [send(.array(state.answers))]
    }
}
