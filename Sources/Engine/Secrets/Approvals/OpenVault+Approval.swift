import Approvals
import Auditing
import Model
import Policies
import Storage

extension OpenVault {
    /// How long a call is held for a person's decision before it is told to come back.
    static let holdTime = Duration.seconds(40)

    /// What exactly a person is asked to approve. What nobody can bind is refused, unless a rule of the policy allows any code.
    func approvalSubject(
        _ wish: RunWish, _ wanted: [Wanted], _ program: OpenedProgram, rule: String, by asker: Asker
    ) async throws -> ApprovalSubject {
        var agent: AgentID?
        if case .agent(let id, _) = asker.standing { agent = id }
        let isOpen = program.runsAnyCode || !program.isBound
        guard let fingerprint = program.fingerprint, !isOpen || allowsAnyCode(wanted, program, by: asker) else {
            throw EngineError.denied(.notBound(rule: rule))
        }
        var secrets: [BoundSecret] = []
        for item in wanted {
            guard let record = item.record, let version = item.version else { throw EngineError.notFound(.secret) }
            let manifest = try await shelf.manifest(record, version: version)
            for (ordinal, _, variable) in try Self.injected(item, manifest, prefix: wish.prefix) {
                secrets.append(BoundSecret(secret: record.id, version: version, field: ordinal, variable: item.isInput ? nil : variable))
            }
        }
        let bound = BoundProgram(
            path: program.path, hash: fingerprint.bytes, notBound: isOpen ? ["whatever code the program is given by files and arguments"] : [])
        return ApprovalSubject(
            .run, agent: agent, program: bound, arguments: wish.arguments, workingDirectory: wish.workingDirectory,
            variables: secrets.compactMap(\.variable), secrets: secrets)
    }

    /// Allows an act once a person approved exactly this. Asks, and holds the call for a while; then it is told what to come back with.
    func approved(
        _ act: Act, by asker: Asker, on targets: [Target], _ subject: ApprovalSubject, rule: String, purpose: String?, detail: [AuditFact]
    ) async throws -> AuthorizedAccess {
        let deadline = clock.steady().advanced(by: Self.holdTime)
        while true {
            let listener = bell.listen()
            if let access = try await takingApproval(act, by: asker, on: targets, subject, detail) { return access }
            let now = expiryClock()
            let names = targets.map { "\($0.scope.map { "\($0)/" } ?? "")\($0.name.map { "\($0)" } ?? "")@\($0.subject.version ?? 0)" }
            let request = ApprovalRequest(
                createdAt: now, expiresAt: now.advanced(by: ApprovalRequest.patience), asker: .init(asker), matter: .use(subject, names: names),
                purpose: "\(QuotedText(purpose ?? ""))", rule: rule)
            let seen = try await ask(request, by: asker, on: targets.map(\.subject))
            let left = deadline.duration(since: clock.steady())
            guard left > .zero else { throw EngineError.denied(.approvalRequired(rule: rule, request: seen.id)) }
            await listener.wait(atMost: left)
            if try await isDenied(seen.id) { throw EngineError.denied(.approvalDenied(rule: rule)) }
        }
    }

    private func isDenied(_ id: AnyRecordID) async throws -> Bool {
        try await requestRows().contains { $0.id == id && $0.request.standing(at: expiryClock()) == .denied }
    }

    /// Takes a use of the approval of exactly this, in the transaction of the intent; nil when there is none.
    private func takingApproval(
        _ act: Act, by asker: Asker, on targets: [Target], _ subject: ApprovalSubject, _ detail: [AuditFact]
    ) async throws -> AuthorizedAccess? {
        try await requestGate.pass { [self] in
            let now = expiryClock()
            for row in try await requestRows() {
                var request = row.request
                guard (try? request.take(for: subject, at: now)) != nil else { continue }
                var change = Change()
                change.put(try record(of: request, id: row.id, replacing: row.record), replacing: row.record)
                return try await authorizer.authorizeApproved(
                    act, by: asker, on: targets, detail: detail + [AuditFact("approval", "\(row.id)")], taking: change)
            }
            return nil
        }
    }

    /// Whether a command rule lets the agent hand each of these secrets to a program that runs any code.
    private func allowsAnyCode(_ wanted: [Wanted], _ program: OpenedProgram, by asker: Asker) -> Bool {
        wanted.allSatisfy { item in
            guard let view = policy.view(for: asker, in: item.scope) else { return false }
            let circumstances = PolicyCircumstances(program: program, hasApproval: true, now: clock.now())
            guard case .allow(let grant) = view.decision(for: item.name, capability: .envInject, circumstances) else { return false }
            return policy.document.commandRules.contains { $0.name == grant.commandRule && $0.anyCode == .allow }
        }
    }
}
