import Approvals
import Auditing
import Model
import Policies
import Storage

/// What a person is asked to approve, and why the agent wants it.
struct Plea: Sendable {
    var subject: ApprovalSubject
    /// The rule that wants a person.
    var rule: String
    /// The agent's own words.
    var purpose: String?
    /// What a person reads of the secrets, where their names do not say all; nil for names and versions.
    var names: [String]?
    /// Whether somebody still waits for the answer.
    var isAwaited: @Sendable () -> Bool = { true }
}

extension OpenVault {
    /// The most that the arguments of a run may be, for a person to look through.
    static let mostArgumentBytes = 16 << 10

    /// What exactly a person is asked to approve of a run. What nobody can bind is refused, unless a rule of the policy allows any code.
    func approvalSubject(
        _ wish: RunWish, _ wanted: [Wanted], _ program: OpenedProgram, rule: String, by asker: Asker
    ) async throws -> ApprovalSubject {
        guard !wish.sendsInput else {
            throw EngineError.invalid("standard input of a run that a person approves has 64 KiB at most", hint: "let the program read a file")
        }
        guard wish.arguments.reduce(0, { $0 + $1.utf8.count }) <= Self.mostArgumentBytes else {
            throw EngineError.invalid(
                "a run that a person approves has arguments of 16 KiB at most: nobody reads more", hint: "pass the rest as input")
        }
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
        let notBound = isOpen ? ["the code that the program is given: scripts, files and modules that it reads"] : []
        return ApprovalSubject(
            .run, agent: asker.agent, program: BoundProgram(path: program.path, hash: fingerprint.bytes, notBound: notBound),
            arguments: wish.arguments, workingDirectory: wish.workingDirectory, variables: secrets.compactMap(\.variable), secrets: secrets,
            inputHash: wish.input.map(ApprovalSubject.hash))
    }

    /// Whether a rule about these secrets wants a person, so that the program's content has to be known.
    func wantsPerson(on targets: [Target], by asker: Asker) -> Bool {
        targets.contains { target in
            guard let scope = target.scope, let view = policy.view(for: asker, in: scope) else { return false }
            let circumstances = PolicyCircumstances(tags: target.tags ?? [], model: asker.reportedModel, now: clock.now())
            return view.standings(circumstances).contains { $0.rule.demand == .requireConfirmation(by: .person) }
        }
    }

    /// Allows an act once a person approved exactly this. Asks, and holds the call for a while; then it is told what to come back with.
    func approved(
        _ act: Act, by asker: Asker, on targets: [Target], _ plea: Plea, detail: [AuditFact] = []
    ) async throws -> AuthorizedAccess {
        do {
            return try await takingWhenApproved(act, by: asker, on: targets, plea, detail)
        } catch let error as EngineError {
            try await authorizer.refuse(act, by: asker, on: targets.map(\.subject), error: error)
            throw error
        }
    }

    private func takingWhenApproved(
        _ act: Act, by asker: Asker, on targets: [Target], _ plea: Plea, _ detail: [AuditFact]
    ) async throws -> AuthorizedAccess {
        let deadline = clock.steady().advanced(by: foundation.holdTime)
        while true {
            let listener = bell.listen()
            // The use of a call that nobody waits for any more would be lost.
            guard plea.isAwaited() else { throw EngineError.denied(.abandoned) }
            if let access = try await takingApproval(act, by: asker, on: targets, plea.subject, detail) { return access }
            let seen = try await ask(request(for: plea, targets, by: asker), by: asker, on: targets.map(\.subject))
            let left = deadline.duration(since: clock.steady())
            guard left > .zero else { throw EngineError.denied(.approvalRequired(rule: plea.rule, request: seen.id)) }
            await listener.wait(atMost: left)
            if try await isDenied(seen.id) { throw EngineError.denied(.approvalDenied(rule: plea.rule, request: seen.id)) }
        }
    }

    private func request(for plea: Plea, _ targets: [Target], by asker: Asker) -> ApprovalRequest {
        let now = expiryClock()
        let names = plea.names ?? targets.map { "\($0.scope.map { "\($0)/" } ?? "")\($0.name.map { "\($0)" } ?? "")@\($0.subject.version ?? 0)" }
        return ApprovalRequest(
            createdAt: now, expiresAt: now.advanced(by: ApprovalRequest.patience), asker: .init(asker), matter: .use(plea.subject, names: names),
            purpose: "\(QuotedText(plea.purpose ?? ""))", rule: plea.rule)
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
                guard asker.mayTake(request), asker.agent != nil || wasThere(asker, at: request.createdAt) else { continue }
                guard (try? request.take(for: subject, at: now)) != nil else { continue }
                var change = Change()
                change.put(try record(of: request, id: row.id, replacing: row.record), replacing: row.record)
                return try await authorizer.authorizeApproved(
                    act, by: asker, on: targets, detail: detail + [AuditFact("approval", "\(row.id)")], taking: change)
            }
            return nil
        }
    }

    /// Whether the process that asks was started before that moment, give or take a second: a process's number is given again.
    private func wasThere(_ asker: Asker, at moment: Timestamp) -> Bool {
        let (start, overflow) = Int64(clamping: asker.processStart).multipliedReportingOverflow(by: Asker.nanosecondsPerTick)
        return !overflow && wallTime(Timestamp(nanoseconds: start)) <= moment.advanced(by: .seconds(1))
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

extension Asker {
    /// The agent whose badge was shown.
    var agent: AgentID? { if case .agent(let id, _) = standing { id } else { nil } }

    /// Linux counts the start of a process in hundredths of a second.
    fileprivate static let nanosecondsPerTick: Int64 = 10_000_000

    /// Whether what was approved can be this asker's. Programs without a badge are one to a policy; a value that a person gives to one of them goes to the
    /// process that stands in the request, and to no other. A run's program and output are bound by its subject, and its command ends before it comes back.
    fileprivate func mayTake(_ request: ApprovalRequest) -> Bool {
        guard case .use(let subject, _) = request.matter else { return false }
        return subject.use != .reveal || isAuthor(of: request)
    }

    /// Whether a request was made by this agent or, without a badge, by this process.
    func isAuthor(of request: ApprovalRequest) -> Bool {
        request.asker.agent == agent && (agent != nil || request.asker.process == Int64(origin.process))
    }
}
