import Approvals
import Hummingbird
import Model
import Policies
import Secrets
import TacitWire

/// What agents ask persons for, and what persons decide.
struct ApprovalRoutes: Sendable {
    let vault: Vault

    /// The longest that a request waits for a decision.
    static let longestWait = 45

    func add(to router: Router<APIContext>) {
        router.route(.get, WirePath.approvals, query: ["wait", "since"], use: list)
        router.route(.post, "\(WirePath.approvals)/:id", use: decide)
        router.route(.post, WirePath.accessRequests, use: propose)
        router.route(.get, "\(WirePath.accessRequests)/:id", query: ["wait"], use: check)
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }

    /// Every request. With `since`, the mark of an earlier answer, the answer comes when something was asked or decided, or empty after `wait` seconds.
    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let asker = try context.asker
        let since = try context.query.integer("since", in: 0...Int.max).map(UInt64.init)
        let wait = try context.query.integer("wait", in: 0...Self.longestWait) ?? 0
        let open = try vault.opened(for: asker, isWaiting: since != nil)
        let (mark, requests) = try await open.requests(since: since, waiting: .seconds(wait), by: asker)
        let misuses = open.misuses(for: asker).map(TokenMisuse.init)
        return try Response(
            json: ApprovalList(items: requests?.map(ApprovalItem.init), mark: Int64(mark), misuses: misuses.isEmpty ? nil : misuses))
    }

    @Sendable private func decide(_ request: Request, _ context: APIContext) async throws -> Response {
        let decision: ApprovalDecision = try await request.json()
        let verdict: RequestVerdict =
            switch decision.verdict {
            case .approve: .approve(uses: decision.uses ?? 1, time: .seconds(min(max(decision.seconds ?? 600, 0), 1 << 20)))
            case .deny: .deny
            case .done: .done
            }
        let view = try await open(context).decide(
            try context.requestID(), verdict, code: decision.code, timedCode: decision.timedCode, by: try context.asker)
        return try Response(json: ApprovalItem(view))
    }

    @Sendable private func propose(_ request: Request, _ context: APIContext) async throws -> Response {
        let wish: AccessProposal = try await request.json()
        guard wish.names.count <= 64 else { throw EngineError.invalid("a request names 64 secrets at most", hint: nil) }
        guard wish.capability.map({ Capability(rawValue: $0) != nil }) ?? true else {
            throw EngineError.invalid(
                "there is no such capability", hint: "it is one of \(Capability.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let proposal = ApprovalRequest.Proposal(
            scope: "\(try Scope(parsing: wish.scope))", names: try wish.names.map { "\(try SecretName($0))" }, capability: wish.capability,
            program: try wish.program.map(Self.named), file: try wish.file.map { try Self.filed($0, beside: wish.capability) })
        let view = try await open(context).propose(proposal, purpose: wish.reason, by: try context.asker)
        return try Response(json: AccessRequestState(view), status: .created)
    }

    /// A program as a run takes it. One that a person could not read whole is refused, not cut.
    private static func named(_ program: String) throws -> String {
        let isName = !program.isEmpty && (program.hasPrefix("/") || !program.contains("/"))
        guard isName, "\(QuotedText(program))" == program else {
            throw EngineError.invalid("this names no program", hint: "write its absolute path, or a name as in argv, of 300 plain characters at most")
        }
        return program
    }

    /// An env file for a person to import, which goes with no right. One that a person could not read whole is refused, not cut.
    private static func filed(_ path: String, beside capability: String?) throws -> String {
        guard capability == nil, path.hasPrefix("/"), "\(QuotedText(path))" == path else {
            throw EngineError.invalid(
                "this names no file to import", hint: "write its absolute path, of 300 plain characters at most, and no capability")
        }
        return path
    }

    @Sendable private func check(_ request: Request, _ context: APIContext) async throws -> Response {
        let wait = try context.query.integer("wait", in: 0...Self.longestWait) ?? 0
        let view = try await open(context).request(try context.requestID(), waiting: .seconds(wait), by: try context.asker)
        return try Response(json: AccessRequestState(view))
    }
}

extension APIContext {
    /// The id of a request; one that is malformed is as one that is not there.
    fileprivate func requestID() throws -> AnyRecordID {
        guard let id = AnyRecordID(try text("id")) else { throw EngineError.notFound(.request) }
        return id
    }
}
