import Glibc
import MCPSession
import MCPTools
import TacitWire

/// A keeper without a vault: names without values, and runs that only say what they were asked.
struct FakeKeeper: KeeperAPI {
    private static let names = ["DATABASE_URL", "github/token", "stripe/api-key"]

    func status(in place: Place, for client: ClientInfo) async throws -> VaultStatus {
        VaultStatus(
            state: .unlocked, keeperVersion: "1.0.0", keeperProcess: getpid(),
            actor: Asker(kind: .agent, name: client.name, capabilities: ["reference_only", "masked_return", "env_inject"]))
    }

    func secrets(_ query: SecretQuery, for client: ClientInfo) async throws -> Page<SecretSummary> {
        guard query.place.environment == "dev" else { throw Problem("environment.not-found", "no such environment", status: 404) }
        let found = Self.names.filter { query.search.map($0.lowercased().contains) ?? true }
        let start = query.cursor.flatMap(Int.init) ?? 0
        let page = found.dropFirst(start).prefix(query.limit).map {
            SecretSummary(
                name: $0, version: 1, tags: ["test"], updatedAt: "2026-01-02T03:04:05Z",
                usableWith: ["reference_only", "masked_return", "env_inject"])
        }
        return Page(items: Array(page), nextCursor: start + page.count < found.count ? "\(start + page.count)" : nil)
    }

    func existence(_ request: ExistsRequest, for client: ClientInfo) async throws -> [Existence] {
        request.names.map { Existence(name: $0, exists: Self.names.contains($0), version: Self.names.contains($0) ? 1 : nil) }
    }

    func masked(_ name: String, field: String?, in place: Place, for client: ClientInfo) async throws -> MaskedValue {
        guard Self.names.contains(name) else { throw Problem("secret.not-found", "there is no such secret", status: 404) }
        return MaskedValue(name: name, field: field ?? "value", masked: "********", version: 1)
    }

    func propose(_ proposal: AccessProposal, for client: ClientInfo) async throws -> AccessRequestState {
        AccessRequestState(id: "0a", standing: .pending, expiresAt: "2026-01-02T03:04:05Z")
    }

    func requestState(_ id: String, waiting seconds: Int64, for client: ClientInfo) async throws -> AccessRequestState {
        guard id == "0a" else { throw Problem("request.not-found", "there is no such request", status: 404) }
        return AccessRequestState(id: id, standing: .approved, expiresAt: "2026-01-02T03:04:05Z")
    }

    func run(
        _ request: RunRequest, input: [UInt8], for client: ClientInfo, receive: @escaping @Sendable (RunFrame) -> Void
    ) async throws -> String? {
        receive(.started(process: 2))
        switch request.argv[0] {
        case "cat": receive(.stdout(Array((request.input ?? "").utf8) + input))
        case "echo": receive(.stdout(Array((request.argv.dropFirst().joined(separator: " ") + "\n").utf8)))
        case "flood": receive(.stdout(Array(repeating: UInt8(ascii: "x"), count: Int(request.argv.last ?? "") ?? 0)))
        case "sleep": try await Task.sleep(for: .milliseconds(Int(request.argv.last ?? "") ?? 0))
        case "env":
            receive(.exit(.failed(RunFailure(status: 125, code: "run.accident-guard", message: "accident guard: `env` would print the environment"))))
            return nil
        default: throw Problem("vault.locked", "the vault is locked", status: 423)
        }
        receive(.report(Array(try WireJSON.encode(RunReport(masked: true)))))
        receive(.exit(.exited(code: 0)))
        return "1"
    }
}

extension FakeKeeper {
    private static let later = "2026-01-02T03:19:05Z"

    func wake(_ request: SessionWake, for client: ClientInfo) async throws -> SessionSummary {
        guard request.covers != ["NOT_THERE"] else { throw Problem("secret.not-found", "there is no such secret", status: 404) }
        return SessionSummary(
            id: "s1", agent: client.name, scope: request.scope, covers: request.covers, purpose: request.purpose, wokenBy: .agent,
            wokenAt: "2026-01-02T03:04:05Z", expiresAt: Self.later, sleepsAt: Self.later, auditEntry: 7)
    }

    func sleep(_ request: SessionSleep, for client: ClientInfo) async throws -> SessionsEnded { SessionsEnded(sessions: 1, files: 0) }

    func rules(about name: String?, in place: Place, for client: ClientInfo) async throws -> RuleList {
        RuleList(items: [
            RuleSummary(
                rule: "careful", kind: "require_confirmation", appliesTo: ["tag:test"], met: false, meetBy: "rule_acknowledge", strength: "ceremony",
                strengthReason: "the agent itself acknowledges")
        ])
    }

    func acknowledge(_ request: RuleAcknowledgement, for client: ClientInfo) async throws -> RuleAcknowledged {
        guard request.rule == "careful" else { throw Problem("request.invalid", "no rule of this name is about this secret", status: 422) }
        return RuleAcknowledged(rule: request.rule, name: request.name, validUntil: Self.later, strength: "ceremony", auditEntry: 8)
    }

    func token(_ request: AgentTokenRequest, for client: ClientInfo) async throws -> AgentTokenAnswer {
        AgentTokenAnswer(
            tokenId: "00112233445566778899aabbccddeeff", token: "sk_live_fake", provider: "stripe", baseUrl: "http://127.0.0.1:4711/via/stripe",
            env: [HeaderField(name: "STRIPE_API_KEY", value: "sk_live_fake")], expiresAt: "2026-01-01T01:00:00Z", auditEntry: 11)
    }

    func request(_ request: ErrandRequest, for client: ClientInfo) async throws -> ErrandAnswer {
        guard request.url.hasPrefix("https://api.stripe.com/") else {
            throw Problem(
                "destination_not_allowed", "the policy lists the hosts that a request with this secret may go to, and this is none of them",
                status: 403, hint: "access_request", rule: "stripe")
        }
        return ErrandAnswer(
            status: 200, headers: [HeaderField(name: "content-type", value: "text/plain")], body: "\(request.method ?? "GET") \(request.secret)",
            bodyEncoding: .text, truncated: false, redactions: [], durationMs: 1, auditEntry: 10)
    }

    func inject(_ request: FileInjection, for client: ClientInfo) async throws -> FileInjected {
        guard request.content == .references else {
            throw Problem("session_required", "a rule wants a session that covers this secret", status: 403, rule: "awake")
        }
        return FileInjected(
            id: "f1", path: "/run/user/1000/tacit/files/f1.env", content: .references, variables: ["DATABASE_URL"], expiresAt: Self.later,
            reads: request.reads, inMemory: true, auditEntry: 9)
    }
}
