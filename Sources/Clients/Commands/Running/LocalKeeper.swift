import Dispatch
import Glibc
import MCPSession
import MCPTools
import Synchronization
import TacitClient
import TacitWire

/// The keeper of this machine, as the tools of an agent reach it.
///
/// Each call has a connection and a thread of its own: a keeper that was restarted is found again, and a cancelled call ends by its connection being
/// broken off. There is no way to a value in here, and none to a password: nothing but the requests below is ever sent.
final class LocalKeeper: KeeperAPI {
    private let context: CommandContext
    private let agent: String?
    private let known = Mutex<String?>(nil)

    /// A queue of its own for each call: such a queue has its thread at once, however many others wait.
    private static var worker: DispatchQueue { DispatchQueue(label: "tacit.keeper") }

    init(_ context: CommandContext, agent: String?) { (self.context, self.agent) = (context, agent) }

    /// The agent's badge; nil for an agent that was given no name, and for one in its sandbox, whose socket is its badge. Read once it is there, and again
    /// when it opens nothing any more: the agent may have been registered anew.
    func badge() throws -> String? {
        guard let agent, !context.isConfined else { return nil }
        if let badge = known.withLock({ $0 }) { return badge }
        let badge = try AgentBadge.read(agent, context)
        known.withLock { $0 = badge }
        return badge
    }

    /// Starts the keeper, if none runs, without waiting for it.
    func warmUp() { Self.worker.async { [context] in _ = try? KeeperSocket.connect(context) } }

    func status(in place: MCPTools.Place, for client: ClientInfo) async throws -> VaultStatus {
        let path = "\(WirePath.status)?scope=\(WirePath.encoded("\(place)"))"
        return try await call(client) { connection throws(ClientError) in try connection.get(path) }
    }

    func secrets(_ query: SecretQuery, for client: ClientInfo) async throws -> Page<SecretSummary> {
        var pairs = ["limit=\(query.limit)"]
        if let text = query.search { pairs.append("search=\(WirePath.encoded(text))") }
        if let tag = query.tag { pairs.append("tag=\(WirePath.encoded(tag))") }
        if let days = query.expiringWithinDays { pairs.append("expiring=\(days)d") }
        if let cursor = query.cursor { pairs.append("cursor=\(WirePath.encoded(cursor))") }
        let path = WirePath.secrets(query.place.project, query.place.environment) + "?" + pairs.joined(separator: "&")
        return try await call(client) { connection throws(ClientError) in try connection.get(path) }
    }

    func existence(_ request: ExistsRequest, for client: ClientInfo) async throws -> [Existence] {
        try await call(client) { connection throws(ClientError) in
            try connection.send("POST", WirePath.exists, json: request, as: Page<Existence>.self).items
        }
    }

    func masked(_ name: String, field: String?, in place: Place, for client: ClientInfo) async throws -> MaskedValue {
        let query = field.map { "?field=\(WirePath.encoded($0))" } ?? ""
        let path = WirePath.secret(place.project, place.environment, name) + "/masked" + query
        return try await call(client) { connection throws(ClientError) in try connection.get(path) }
    }

    func propose(_ proposal: AccessProposal, for client: ClientInfo) async throws -> AccessRequestState {
        try await call(client) { connection throws(ClientError) in try connection.send("POST", WirePath.accessRequests, json: proposal) }
    }

    func requestState(_ id: String, waiting seconds: Int64, for client: ClientInfo) async throws -> AccessRequestState {
        try await call(client) { connection throws(ClientError) in try connection.get("\(WirePath.accessRequest(id))?wait=\(seconds)") }
    }

    func run(
        _ request: RunRequest, input: [UInt8], for client: ClientInfo, receive: @escaping @Sendable (RunFrame) -> Void
    ) async throws -> String? {
        try await call(client) { connection throws(ClientError) in
            let stream = try connection.startRun(request)
            try FedRun(stream, input).carry(to: receive)
            return stream.auditEntry
        }
    }
}

// MARK: - One call

extension LocalKeeper {
    /// Asks the keeper on a thread that may wait. Every failure becomes a problem, whose hint the agent passes on to the person.
    func call<Answer: Sendable>(
        _ client: ClientInfo, _ body: @escaping @Sendable (KeeperConnection) throws(ClientError) -> Answer
    ) async throws -> Answer {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Answer, any Error>) in
                Self.worker.async { continuation.resume(with: Result { try self.ask(client, cancellation, body) }) }
            }
        } onCancel: {
            cancellation.cancel()
        }
    }

    private func ask<Answer>(
        _ client: ClientInfo, _ cancellation: Cancellation, _ body: (KeeperConnection) throws(ClientError) -> Answer
    ) throws -> Answer {
        do {
            let badge = try badge()
            let connection = try KeeperSocket.connect(context)
            connection.headers[WireHeader.source] = "mcp"
            connection.headers[WireHeader.badge] = badge
            connection.headers[WireHeader.reportedModel] = Self.label(client)
            guard cancellation.arm(connection.breaker) else { throw CancellationError() }
            do throws(ClientError) { return try body(connection) } catch { throw CommandFailure(error) }
        } catch let failure as CommandFailure {
            if failure.problem?.code == Self.unknownBadge { known.withLock { $0 = nil } }
            throw failure.problem ?? Problem(failure.code, failure.message, status: 503, hint: failure.hint)
        }
    }

    /// What the keeper says of a badge that it does not know.
    private static let unknownBadge = "badge.unknown"

    /// What the host calls itself, in the characters of a header field.
    static func label(_ client: ClientInfo) -> String? {
        let text = String(
            decoding: "\(client.name) \(client.version)".utf8.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }.prefix(128), as: UTF8.self)
        let trimmed = text.drop { $0 == " " }
        return trimmed.isEmpty ? nil : String(trimmed)
    }
}

/// Breaks a call's connection off, as soon as there is one, when the call is cancelled.
private final class Cancellation: Sendable {
    private let state = Mutex<(isCancelled: Bool, breaker: ConnectionBreaker?)>((false, nil))

    /// False when the call was cancelled already.
    func arm(_ breaker: ConnectionBreaker) -> Bool {
        state.withLock { state in
            state.breaker = breaker
            return !state.isCancelled
        }
    }

    func cancel() {
        let breaker = state.withLock { state in
            state.isCancelled = true
            return state.breaker
        }
        breaker?.breakOff()
    }
}
