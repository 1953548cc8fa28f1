/// Writes a question's state for its client to carry, and believes it only as it was written: for the same asker, tool and arguments, and in time.
///
/// The code covers all of these; the text holds only what must come back. It does not make the state secret.
package struct RequestStates: Sendable {
    private let principal: String
    private let lifetimeSeconds: Int64
    private let now: @Sendable () -> Int64
    private let nonce: @Sendable () -> [UInt8]
    private let code: @Sendable ([UInt8]) -> [UInt8]

    /// `principal` is whom the server takes the asker for. `now` counts seconds, `nonce` gives 16 random bytes, and `code` is HMAC-SHA256 under a
    /// key that nobody else has.
    package init(
        principal: String, lifetimeSeconds: Int64 = 600, now: @escaping @Sendable () -> Int64, nonce: @escaping @Sendable () -> [UInt8],
        code: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) {
        self.principal = principal
        self.lifetimeSeconds = lifetimeSeconds
        self.now = now
        self.nonce = nonce
        self.code = code
    }

    /// The call that a state belongs to.
    struct Subject {
        let method: String
        let tool: String
        let arguments: JSONObject
    }

    func fresh(step: Int, memory: JSONObject) -> RequestState { RequestState(step: step, nonce: Self.digits(nonce()), memory: memory) }

    /// The text that a client carries: what must come back, and the code.
    func text(of state: RequestState, for subject: Subject) -> String {
        let payload: JSONValue = [
            "expires": .integer(now() + lifetimeSeconds), "memory": .object(state.memory), "nonce": .string(state.nonce),
            "step": .integer(Int64(state.step)),
        ]
        return "\(payload.text).\(Self.digits(code(covered(payload.bytes, subject))))"
    }

    /// The state that a text holds; nil when it was not written here, was changed, belongs to another call, or is too old.
    func state(in text: String, for subject: Subject) -> RequestState? {
        let bytes = Array(text.utf8)
        guard let end = bytes.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let payload = Array(bytes[..<end])
        let expected = Array(Self.digits(code(covered(payload, subject))).utf8)
        guard Self.areEqual(expected, Array(bytes[(end + 1)...])) else { return nil }
        guard let state = (try? JSONValue(parsing: payload))?.object, let expires = state["expires"]?.integer, now() < expires,
            let step = state["step"]?.integer, let nonce = state["nonce"]?.string, let memory = state["memory"]?.object
        else { return nil }
        return RequestState(step: Int(step), nonce: nonce, memory: memory)
    }

    /// What the code covers: each part with its length, so that no two calls give the same bytes.
    private func covered(_ payload: [UInt8], _ subject: Subject) -> [UInt8] {
        let arguments = JSONValue.object(subject.arguments).sorted.bytes
        let parts = [
            Array("mcp-request-state-v1".utf8), Array(principal.utf8), Array(subject.method.utf8), Array(subject.tool.utf8), arguments, payload,
        ]
        return parts.flatMap { part in Self.bigEndian(UInt64(part.count)) + part }
    }

    private static func bigEndian(_ number: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
    }

    private static func digits(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Looks at every byte, whatever the first difference: the time it takes says nothing about the code.
    private static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension JSONValue {
    /// The same value with the members of every object in one order: a client may write a map in another order the second time.
    fileprivate var sorted: JSONValue {
        switch self {
        case .array(let elements): .array(elements.map(\.sorted))
        case .object(let object):
            .object(
                JSONObject(
                    unique: object.members.map { JSONObject.Member(name: $0.name, value: $0.value.sorted) }
                        .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }))
        default: self
        }
    }
}
