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
    /// What a person reads of the secrets, one for each that the subject binds.
    var names: [String]
    /// Whether somebody still waits for the answer.
    var isAwaited: @Sendable () -> Bool = { true }
}

extension OpenVault {
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
            let listener = try bell.listen()
            // The use of a call that nobody waits for any more would be lost.
            guard plea.isAwaited() else { throw EngineError.denied(.abandoned) }
            if let access = try await takingApproval(act, by: asker, on: targets, plea.subject, detail) { return access }
            let seen = try await ask(request(for: plea, by: asker), by: asker, on: targets.map(\.subject), isAwaited: plea.isAwaited)
            guard seen.standing != .denied else { throw EngineError.denied(.approvalDenied(rule: plea.rule, request: seen.id)) }
            let left = deadline.duration(since: clock.steady())
            guard left > .zero else { throw EngineError.denied(.approvalRequired(rule: plea.rule, request: seen.id)) }
            await listener.wait(atMost: left)
            try await checkUnchanged(targets)
        }
    }

    /// Rules were judged by what was known of the secrets before the wait.
    private func checkUnchanged(_ targets: [Target]) async throws {
        for target in targets {
            guard let known = target.revision, let secret = target.subject.secret else { continue }
            guard try await book.record(.secret, id: secret.cast())?.revision == known else {
                throw EngineError.invalid("a secret was changed while a person was asked", hint: "repeat the call")
            }
        }
    }

    private func request(for plea: Plea, by asker: Asker) async throws -> ApprovalRequest {
        let now = expiryClock()
        return ApprovalRequest(
            createdAt: now, expiresAt: now.advanced(by: ApprovalRequest.patience), asker: .init(asker),
            matter: .use(plea.subject, names: plea.names), purpose: try await quoted(plea.purpose ?? "", of: asker), rule: plea.rule)
    }

    /// Takes a use of the approval of exactly this, in the transaction of the intent; nil when there is none.
    private func takingApproval(
        _ act: Act, by asker: Asker, on targets: [Target], _ subject: ApprovalSubject, _ detail: [AuditFact]
    ) async throws -> AuthorizedAccess? {
        try await requestGate.pass { [self] in
            let now = expiryClock()
            for row in try await requestRows() {
                var request = row.request
                guard isAuthor(asker, of: request), (try? request.take(for: subject, at: now)) != nil else { continue }
                var change = Change()
                change.put(try record(of: request, id: row.id, replacing: row.record), replacing: row.record)
                return try await authorizer.authorizeApproved(
                    act, by: asker, on: targets, detail: detail + [AuditFact("approval", "\(row.id)")], taking: change)
            }
            return nil
        }
    }

    /// Whether a request was made by this agent or, without a badge, by this process. Programs without a badge are one to a policy; what a person allows to
    /// one of them is no other's.
    func isAuthor(_ asker: Asker, of request: ApprovalRequest) -> Bool {
        guard request.asker.agent == asker.agent else { return false }
        return asker.agent != nil || request.asker.process == Int64(asker.origin.process) && wasThere(asker, at: request.createdAt)
    }

    /// Whether the process that asks was started before that moment, give or take a second: a process's number is given again.
    private func wasThere(_ asker: Asker, at moment: Timestamp) -> Bool {
        let (start, overflow) = Int64(clamping: asker.processStart).multipliedReportingOverflow(by: Asker.nanosecondsPerTick)
        return !overflow && wallTime(Timestamp(nanoseconds: start)) <= moment.advanced(by: .seconds(1))
    }
}

extension Asker {
    /// The agent whose badge was shown.
    var agent: AgentID? { if case .agent(let id, _) = standing { id } else { nil } }

    /// Linux counts the start of a process in hundredths of a second.
    fileprivate static let nanosecondsPerTick: Int64 = 10_000_000
}
