import MCPSession
import Synchronization
import TacitWire

@testable import MCPTools

/// A keeper that answers as it is told to and remembers what it was asked.
final class StubKeeper: KeeperAPI {
    typealias Run = @Sendable (RunRequest, [UInt8], @Sendable (RunFrame) -> Void) async throws -> String?

    struct Script: Sendable {
        var status = VaultStatus(
            state: .unlocked, keeperVersion: "1", keeperProcess: 1,
            actor: Asker(kind: .agent, name: "claude", capabilities: ["reference_only", "env_inject"]))
        var page = Page<SecretSummary>(items: [])
        var existence: [Existence] = []
        var masked = MaskedValue(name: "API_KEY", field: "value", masked: "********1234", version: 3)
        var request = AccessRequestState(id: "0a", standing: .pending, expiresAt: "2026-01-02T03:04:05Z")
        var run: Run = { _, _, receive in
            receive(.exit(.exited(code: 0)))
            return nil
        }
        var session = SessionSummary(
            id: "s1", agent: "claude", scope: "shop/dev", covers: ["API_KEY"], purpose: "why", wokenBy: .agent, wokenAt: "2026-01-02T03:04:05Z",
            expiresAt: "2026-01-02T03:19:05Z", sleepsAt: "2026-01-02T03:09:05Z", auditEntry: 11)
        var rules = RuleList(items: [])
        var file = FileInjected(
            id: "f1", path: "/run/f1.env", content: .references, variables: ["API_KEY"], expiresAt: "2026-01-02T03:19:05Z", inMemory: true,
            auditEntry: 13)
        var reply = ErrandAnswer(
            status: 200, headers: [HeaderField(name: "content-type", value: "text/plain")], body: "hello", bodyEncoding: .text, truncated: false,
            redactions: [.init(name: "API_KEY", form: "plain", count: 2)], durationMs: 12, auditEntry: 14)
        var token = AgentTokenAnswer(
            tokenId: "t1", token: "sk-fake", provider: "openai", baseUrl: "http://127.0.0.1:4711/via/openai/v1",
            env: [HeaderField(name: "OPENAI_API_KEY", value: "sk-fake")], expiresAt: "2026-01-02T04:04:05Z", auditEntry: 15)
        var failure: (any Error & Sendable)?
    }

    private let script: Script
    private let asked = Mutex<[String]>([])
    private let clients = Mutex<[ClientInfo]>([])

    init(_ change: (inout Script) -> Void = { _ in }) {
        var script = Script()
        change(&script)
        self.script = script
    }

    /// What was asked, in order.
    var questions: [String] { asked.withLock { $0 } }
    var lastClient: ClientInfo? { clients.withLock { $0.last } }

    func status(in place: Place, for client: ClientInfo) async throws -> VaultStatus { try answer("status \(place)", client, script.status) }

    func secrets(_ query: SecretQuery, for client: ClientInfo) async throws -> Page<SecretSummary> {
        let parts = [
            "\(query.place)", query.search ?? "-", query.tag ?? "-", "\(query.expiringWithinDays ?? -1)", "\(query.limit)", query.cursor ?? "-",
        ]
        return try answer("secrets \(parts.joined(separator: " "))", client, script.page)
    }

    func existence(_ request: ExistsRequest, for client: ClientInfo) async throws -> [Existence] {
        try answer("existence \(request.scope) \(request.names.joined(separator: ","))", client, script.existence)
    }

    func masked(_ name: String, field: String?, in place: Place, for client: ClientInfo) async throws -> MaskedValue {
        try answer("masked \(place) \(name) \(field ?? "-")", client, script.masked)
    }

    func propose(_ proposal: AccessProposal, for client: ClientInfo) async throws -> AccessRequestState {
        let parts =
            [proposal.scope, proposal.names.joined(separator: ","), proposal.capability ?? "-"] + (proposal.program.map { [$0] } ?? []) + [
                proposal.reason
            ]
        return try answer("propose \(parts.joined(separator: " "))", client, script.request)
    }

    func requestState(_ id: String, waiting seconds: Int64, for client: ClientInfo) async throws -> AccessRequestState {
        try answer("request \(id) \(seconds)", client, script.request)
    }

    func wake(_ request: SessionWake, for client: ClientInfo) async throws -> SessionSummary {
        let spans = "\(request.ttlSeconds ?? -1) \(request.idleSeconds ?? -1)"
        return try answer("wake \(request.scope) \(request.covers.joined(separator: ",")) \(request.purpose) \(spans)", client, script.session)
    }

    func sleep(_ request: SessionSleep, for client: ClientInfo) async throws -> SessionsEnded {
        let ids = request.ids?.joined(separator: ",") ?? "-"
        return try answer("sleep \(request.what?.rawValue ?? "-") \(ids)", client, SessionsEnded(sessions: 1, files: 2))
    }

    func rules(about name: String?, in place: Place, for client: ClientInfo) async throws -> RuleList {
        try answer("rules \(place) \(name ?? "-")", client, script.rules)
    }

    func acknowledge(_ request: RuleAcknowledgement, for client: ClientInfo) async throws -> RuleAcknowledged {
        let taken = RuleAcknowledged(
            rule: request.rule, name: request.name, validUntil: "2026-01-02T03:09:05Z", strength: "ceremony", auditEntry: 12)
        return try answer("acknowledge \(request.scope) \(request.rule) \(request.name) \(request.purpose)", client, taken)
    }

    func inject(_ request: FileInjection, for client: ClientInfo) async throws -> FileInjected {
        let secrets = request.secrets.map { "\($0.reference)=\($0.variable ?? "-")" }.joined(separator: ",")
        let words = "\(request.content?.rawValue ?? "-") \(request.format?.rawValue ?? "-") \(request.ttlSeconds ?? -1) \(request.reads ?? -1)"
        return try answer("inject \(request.scope) \(secrets) \(words)", client, script.file)
    }

    func token(_ request: AgentTokenRequest, for client: ClientInfo) async throws -> AgentTokenAnswer {
        try answer("token \(request.scope) \(request.secret) \(request.purpose) \(request.ttlSeconds ?? -1)", client, script.token)
    }

    func request(_ request: ErrandRequest, for client: ClientInfo) async throws -> ErrandAnswer {
        let headers = (request.headers ?? []).map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        let words = "\(request.method ?? "-") \(request.url) [\(headers)] \(request.body ?? "-")"
        return try answer(
            "request \(request.scope) \(request.secret) \(words) \(request.purpose) \(request.timeoutSeconds ?? -1) \(request.maxOutputBytes ?? -1)",
            client, script.reply)
    }

    func run(
        _ request: RunRequest, input: [UInt8], for client: ClientInfo, receive: @escaping @Sendable (RunFrame) -> Void
    ) async throws -> String? {
        _ = try answer("run \(request.argv.joined(separator: " "))", client, 0)
        return try await script.run(request, input, receive)
    }

    private func answer<Answer>(_ question: String, _ client: ClientInfo, _ answer: Answer) throws -> Answer {
        asked.withLock { $0.append(question) }
        clients.withLock { $0.append(client) }
        if let failure = script.failure { throw failure }
        return answer
    }
}

/// A host with one session: calls go through the protocol as they would over a pipe.
final class Desk: Sendable {
    let tools: SecretTools
    private let session: Mutex<MCPSession>
    private let lastID = Mutex(0)

    init(_ keeper: any KeeperAPI, pause: @escaping SecretTools.Pause = { _ in try await Desk.never() }) {
        tools = SecretTools(keeper: keeper, place: Place(project: "shop", environment: "dev"), version: "9.9", pause: pause)
        var session = MCPServer(keeper: keeper, place: Place(project: "shop", environment: "dev"), version: "9.9").session
        _ = session.receive(
            line: Array(
                #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"#.utf8)
                + Array(#""clientInfo":{"name":"claude-code","version":"2.0"}}}"#.utf8))
        self.session = Mutex(session)
    }

    /// Waits until it is cancelled.
    static func never() async throws {
        let (stream, _) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
        throw CancellationError()
    }

    /// Calls a tool and gives its result. Every result is checked for what all results must be.
    func call(_ name: String, _ arguments: JSONValue = [:], progress: @escaping StdioServer.Progress = { _, _, _ in }) async throws -> ToolOutcome {
        let id = lastID.withLock { id in
            id += 1
            return id
        }
        let request: JSONValue = [
            "jsonrpc": "2.0", "id": .integer(Int64(id)), "method": "tools/call", "params": ["name": .string(name), "arguments": arguments],
        ]
        switch session.withLock({ $0.receive(line: request.bytes) }).first {
        case .call(let call)?: return await tools.outcome(of: call, progress: progress)
        case .send(let line)?: return try Self.outcome(of: line)
        default: throw Unexpected.noAnswer
        }
    }

    enum Unexpected: Error { case noAnswer }

    private static func outcome(of line: [UInt8]) throws -> ToolOutcome {
        let result = try JSONValue(parsing: line).object?["result"]?.object
        guard let text = result?["content"]?.array?.first?.object?["text"]?.string else { throw Unexpected.noAnswer }
        return ToolOutcome([.text(text)], isError: result?["isError"]?.bool ?? false)
    }
}

extension ToolOutcome {
    /// The one text.
    var text: String { if case .text(let text)? = content.first, content.count == 1 { text } else { "" } }

    /// The object under `error`.
    var error: JSONObject? {
        guard isError, structured == nil else { return nil }
        return (try? JSONValue(parsing: Array(text.utf8)))?.object?["error"]?.object
    }
}
