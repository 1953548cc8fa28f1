import TacitWire
import Testing

@testable import Commands

@Suite("What commands ask of the keeper")
struct RequestTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var line: String
        /// `METHOD /path?query`
        var request: String
        var body = ""
        var answer: FakeKeeper.Reply
        var testDescription: String { line }
    }

    static let base = "/v1/projects/default/environments/dev/secrets"
    static let written = FakeKeeper.Reply.json(Written(name: "a", version: 2, revision: 3))
    static let id = "5f1c9a0e7d3b42688a1f0c9e2b7d4a63"

    static let token = TokenSummary(
        id: id, agent: "claude", secret: "default/dev/a#b", masked: "********wxyz", shape: "tacit", issuedAt: "2026-01-01T00:00:00Z",
        expiresAt: "2026-02-01T00:00:00Z")

    static let table = [
        Case(
            line: "list --tag x --expiring 7d --search a&b --deleted", request: "GET \(base)?tag=x&expiring=7d&search=a%26b&deleted=true&limit=1000",
            answer: .json(Page(items: [SecretSummary(name: "a", version: 1, updatedAt: "2025-11-21T04:00:00Z")]))),
        Case(
            line: "list -p shop -e prod", request: "GET /v1/projects/shop/environments/prod/secrets?limit=1000",
            answer: .json(Page<SecretSummary>(items: []))),
        Case(
            line: "get a/b#f --mask --version 3", request: "GET \(base)/a%2Fb/masked?field=f&version=3",
            answer: .json(MaskedValue(name: "a/b", field: "f", masked: "********", version: 3))),
        Case(
            line: "show a", request: "GET \(base)/a",
            answer: .json(SecretDetail(id: "1", name: "a", version: 1, revision: 1, fields: [], createdAt: "", updatedAt: ""))),
        Case(
            line: "show tacit://p/e/n", request: "GET /v1/projects/p/environments/e/secrets/n",
            answer: .json(SecretDetail(id: "1", name: "n", version: 1, revision: 1, fields: [], createdAt: "", updatedAt: ""))),
        Case(line: "history a", request: "GET \(base)/a/versions", answer: .json(Page<VersionSummary>(items: []))),
        Case(line: "rollback a --to 3", request: "POST \(base)/a/rollback", body: #"{"version":3}"#, answer: written),
        Case(line: "delete a", request: "DELETE \(base)/a", answer: written),
        Case(line: "undelete a", request: "POST \(base)/a/undelete", answer: written),
        Case(line: "purge a", request: "POST \(base)/a/purge", answer: .nothing),
        Case(line: "rename a b/c", request: "PATCH \(base)/a", body: #"{"name":"b/c"}"#, answer: written),
        Case(
            line: "tag a --add x --add y --remove z", request: "PATCH \(base)/a", body: #"{"add_tags":["x","y"],"remove_tags":["z"]}"#,
            answer: written),
        Case(line: "renew a --expires 30d", request: "PATCH \(base)/a", body: #"{"expires":"30d"}"#, answer: written),
        Case(line: "renew a --expires never", request: "PATCH \(base)/a", body: #"{"expires":""}"#, answer: written),
        Case(line: "project create shop", request: "POST /v1/projects", body: #"{"name":"shop"}"#, answer: .init(status: 201)),
        Case(line: "project list", request: "GET /v1/projects", answer: .json(Page<NamedSummary>(items: []))),
        Case(line: "project rename shop store", request: "PATCH /v1/projects/shop", body: #"{"name":"store"}"#, answer: .nothing),
        Case(line: "project delete shop", request: "DELETE /v1/projects/shop", answer: .nothing),
        Case(line: "env create prod -p shop", request: "POST /v1/projects/shop/environments", body: #"{"name":"prod"}"#, answer: .init(status: 201)),
        Case(line: "env list", request: "GET /v1/projects/default/environments", answer: .json(Page<NamedSummary>(items: []))),
        Case(line: "env rename a b", request: "PATCH /v1/projects/default/environments/a", body: #"{"name":"b"}"#, answer: .nothing),
        Case(line: "env delete a", request: "DELETE /v1/projects/default/environments/a", answer: .nothing),
        Case(line: "slot list", request: "GET /v1/slots", answer: .json(Page<SlotSummary>(items: []))),
        Case(line: "slot remove \(id)", request: "DELETE /v1/slots/\(id)", answer: .nothing),
        Case(line: "agent list", request: "GET /v1/agents", answer: .json(Page<AgentSummary>(items: []))),
        Case(line: "agent revoke claude", request: "DELETE /v1/agents/claude", answer: .nothing),
        Case(line: "agent reset-output claude", request: "POST /v1/agents/claude/output-reset", answer: .json(OutputReset(secrets: 1))),
        Case(
            line: "token issue --agent claude -k a#b --ttl 1h -e prod", request: "POST /v1/tokens",
            body: #"{"agent":"claude","scope":"default/prod","secret":"a#b","ttl_seconds":3600}"#,
            answer: .json(TokenIssued(token: "tacit_CANARY", summary: token), status: 201)),
        Case(line: "token list", request: "GET /v1/tokens", answer: .json(Page(items: [token]))),
        Case(
            line: "token revoke \(id)", request: "POST /v1/tokens/revocation", body: #"{"ids":["\#(id)"]}"#,
            answer: .json(TokensRevoked(tokens: 1))),
        Case(
            line: "token revoke --agent claude", request: "POST /v1/tokens/revocation", body: #"{"agent":"claude"}"#,
            answer: .json(TokensRevoked(tokens: 0))),
        Case(line: "token revoke --all", request: "POST /v1/tokens/revocation", body: #"{"all":true}"#, answer: .json(TokensRevoked(tokens: 2))),
        Case(line: "panic", request: "POST /v1/panic", answer: .json(AgentsFrozen(since: "2026-01-01T00:00:00Z", tokens: 2, runs: 1))),
        Case(line: "panic --thaw", request: "DELETE /v1/panic", answer: .nothing),
        Case(line: "policy show", request: "GET /v1/policy", answer: .json(PolicyState(version: 1, document: "{}", text: "policies: []\n"))),
        Case(
            line: "policy explain claude a --capability broker", request: "POST /v1/policy/explain",
            body: #"{"agent":"claude","capability":"broker","name":"a","scope":"default/dev"}"#,
            answer: .json(PolicyAnswer(allowed: false, code: "x", steps: []))),
        Case(line: "audit list --limit 5 --from 7", request: "GET /v1/audit?limit=5&from=7", answer: .json(Page<AuditItem>(items: []))),
        Case(
            line: "audit list --denied --agent a --secret b/c --since 2025-01-01T00:00:00Z --limit 5",
            request: "GET /v1/audit?limit=5&since=2025-01-01T00%3A00%3A00Z&agent=a&secret=b%2Fc&denied=true",
            answer: .json(Page<AuditItem>(items: []))),
        Case(
            line: "audit verify", request: "POST /v1/audit/verification", body: #"{"trusted_notes":[]}"#,
            answer: .json(AuditVerification(intact: true, entries: 1, checkpoints: 0, message: "fine"))),
        Case(line: "audit checkpoint", request: "POST /v1/audit/checkpoints", answer: .json(CheckpointNote(note: "n\n", verifierKey: "k"))),
        Case(
            line: "audit prove 7 --size 9", request: "POST /v1/audit/proofs", body: #"{"index":7,"size":9}"#,
            answer: .json(AuditProof(proof: "p\n", verifierKey: "k", size: 9, index: 7))),
        Case(
            line: "audit prove --from 4", request: "POST /v1/audit/proofs", body: #"{"from":4}"#,
            answer: .json(AuditProof(proof: "p\n", verifierKey: "k", size: 9, from: 4))),
        Case(
            line: "audit prune --before 2025-01-01T00:00:00Z --dry-run", request: "POST /v1/audit/prunings",
            body: #"{"before":"2025-01-01T00:00:00Z"}"#,
            answer: .json(AuditPruning(first: 0, cut: 0, size: 9))),
        Case(line: "audit checkpoint --list", request: "GET /v1/audit/checkpoints", answer: .json(Page<CheckpointNote>(items: []))),
        Case(
            line: "session list", request: "GET /v1/sessions",
            answer: .json(
                Page(items: [
                    SessionSummary(
                        id: "s1", agent: "claude", scope: "default/dev", covers: ["a"], purpose: "p", wokenBy: .agent, wokenAt: "", expiresAt: "",
                        sleepsAt: "")
                ]))),
        Case(
            line: "session wake claude a tag:x --for 1h --idle 10m --purpose why -e prod", request: "POST /v1/sessions",
            body: #"{"agent":"claude","covers":["a","tag:x"],"idle_seconds":600,"purpose":"why","scope":"default/prod","ttl_seconds":3600}"#,
            answer: .json(
                SessionSummary(
                    id: "s1", agent: "claude", scope: "default/prod", covers: ["a"], purpose: "why", wokenBy: .person, wokenAt: "", expiresAt: "",
                    sleepsAt: ""))),
        Case(
            line: "session sleep s1 f2 --agent claude", request: "POST /v1/sessions/sleep", body: #"{"agent":"claude","ids":["s1","f2"]}"#,
            answer: .json(SessionsEnded(sessions: 1, files: 1))),
        Case(line: "lock", request: "POST /v1/lock", answer: .json(VaultStatus.of(.locked))),
    ]

    @Test("each command sends its request, and prints an answer for people and for programs", arguments: table)
    func requests(_ wanted: Case) throws {
        let route = String(wanted.request.prefix { $0 != "?" })
        let versions: FakeKeeper.Answer = { _ in .json(Page<VersionSummary>(items: [])) }
        var answers = ["GET \(Self.base)/a/versions": versions, "GET /v1/projects/p/environments/e/secrets/n/versions": versions]
        answers[route] = { _ in wanted.answer }
        let rig = try Rig(answers)
        let words = wanted.line.split(separator: " ").map(String.init)
        let outcome = try rig.run(words)
        #expect(outcome.status == 0, "\(outcome.messages)")
        let sent = try #require(rig.keeper?.requests.first { $0.route == route })
        #expect("\(sent.method) \(sent.path)" == wanted.request)
        #expect(sent.text == wanted.body)
        #expect(wanted.body.isEmpty || sent.headers["content-type"] == "application/json")
        #expect(!outcome.output.isEmpty)
        let json = try rig.run(words + ["--json"])
        #expect(json.status == 0)
        #expect(json.text.hasPrefix("{") && json.text.hasSuffix("}\n"), "\(json.text)")
    }

    @Test(
        "acts that always ask do so before the request",
        arguments: [
            "get a", "export --format json", "slot remove \(id)", "slot replace-recovery --recovery-out 2", "agent revoke x",
            "agent reset-output x",
            "agent add x", "token issue --agent x -k a", "panic --thaw",
            "policy apply POLICY",
        ])
    func stepUpFirst(_ line: String) throws {
        let rig = try Rig()
        let policy = try rig.write("policies: []\n", to: "policy.yaml")
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        _ = try rig.run(line.split(separator: " ").map { $0 == "POLICY" ? policy : String($0) })
        #expect(rig.keeper?.routes.first == "POST /v1/step-up")
        #expect(rig.keeper?.requests.dropFirst().allSatisfy { $0.headers["tacit-step-up"] == "TOKEN" } == true)
    }
}
