import Approvals
import Auditing
import Brokering
import Model
import Policies
import Redaction
import Storage
import Synchronization

/// Judges the one request that an agent asked for. It is the only place where that request is authorized, and where its value is opened.
///
/// Whoever asks it may have been taken over: it lets go what the agent asked for, once, as its policy has it now, and nothing else.
final class ErrandJudge: RequestJudge {
    /// What the request is made with.
    struct Held: Sendable {
        var record: SecretRecord
        var version: Int64
        var ordinal: Int64
        /// What stands in a redacted reply.
        var label: String
        /// How a person reads it.
        var name: String
        var kind: FieldKind
    }

    let vault: OpenVault
    let errand: Errand
    let draft: RequestDraft
    let asked: AskedRequest
    let grant: GrantID
    let place: TokenPlace
    let held: Held
    let act: Act
    let target: Target
    let asker: Asker
    let purpose: String
    let isAwaited: @Sendable () -> Bool

    private struct State {
        var loan: BrokerBook.Loan?
        var wasAsked = false
        /// Until its outcome is written.
        var access: AuthorizedAccess?
        var tickets: [RequestLimits.Ticket] = []
        /// Of the intent.
        var entry: Int64?
        /// What is sealed of the reply, until it was.
        var sealing: Sealing?
        var allowedAt: Timestamp?
        var failure: (any Error)?
    }

    private let state = Mutex(State())

    init(
        _ vault: OpenVault, errand: Errand, draft: RequestDraft, asked: AskedRequest, grant: GrantID, place: TokenPlace, held: Held, act: Act,
        target: Target, asker: Asker, purpose: String, isAwaited: @escaping @Sendable () -> Bool
    ) {
        (self.vault, self.errand, self.draft, self.asked, self.grant, self.place) = (vault, errand, draft, asked, grant, place)
        (self.held, self.act, self.target, self.asker, self.purpose, self.isAwaited) = (held, act, target, asker, purpose, isAwaited)
    }

    /// Tells on which broker the request is made: as long as that is the agent's, the judge allows.
    func begin(on loan: BrokerBook.Loan) { state.withLock { $0.loan = loan } }

    func judge(_ request: AskedRequest) async -> RequestJudgement {
        do {
            let leave = try await leave(for: request)
            vault.traffic.begin(asked.item(of: asker, [held.name], at: vault.clock.now()), by: leave.entry)
            return .allow(leave)
        } catch {
            state.withLock { $0.failure = $0.failure ?? error }
            noteDenied(error)
            // The agent is told by whoever waits for the errand.
            return .refuse(nil)
        }
    }

    /// What may be told of a request: where a real value stands in it, that may be in its path.
    private func asked(refusedBy code: String) -> AskedRequest { code == ExchangeStop.egressCode ? asked.withoutTarget : asked }

    private func noteDenied(_ error: any Error) {
        let denial = RequestDenial(error)
        var item = asked(refusedBy: denial.code).item(of: asker, [held.name], at: vault.clock.now())
        (item.denial, item.rule) = (denial.code, denial.rule)
        vault.traffic.note(item)
    }

    /// Policy, obligations, intent, value: in this order.
    private func leave(for request: AskedRequest) async throws -> RequestLeave {
        try await check(request)
        try await vault.checkStrangers(request.strangers, of: asker)
        try checkSession()
        try await checkUnchanged()
        let access = try await authorized()
        state.withLock { ($0.access, $0.entry) = (access, access.entry) }
        do {
            guard let terms = access.grants.first?.request else { throw EngineError.denied(.personOnly) }
            let sealing = try await sealing(terms)
            // The lock may have come while the intent was written.
            try checkSession()
            let value = try await opened(access)
            let left = await vault.answersLeft(about: held.record.id, for: asker.agent)
            try await vault.checkStands(asker.holder)
            try checkSession()
            state.withLock { $0.allowedAt = vault.clock.steady() }
            var leave = RequestLeave(
                entry: access.entry, releases: [ValueRelease(grant: grant, name: held.label, value: value, answersLeft: left)],
                reachesOwnNetwork: terms.ownNetwork == .allow, authorities: terms.authorities?.pem)
            leave.passesUnscanned = access.grants.allSatisfy { $0.unredactable == .allow }
            leave.allowance = state.withLock { $0.tickets.allowance }
            leave.seal = sealing?.order
            state.withLock { $0.sealing = sealing }
            return leave
        } catch {
            vault.lasting.limits.giveBack(takeTickets())
            await conclude(result: (error as? any Diagnosable)?.code ?? "internal", [])
            throw error
        }
    }

    /// Refuses what is not the agent's request, or comes a second time: it is no request of the agent's, whatever its policy allows.
    private func check(_ request: AskedRequest) async throws {
        let isSecond = state.withLock { state in
            defer { state.wasAsked = true }
            return state.wasAsked
        }
        // What in it may be another's token is looked up afterwards.
        var known = request
        known.strangers = []
        guard known != asked || isSecond else { return }
        try await noteMisuse(request.uses.contains { $0.grant != grant } ? "token.unknown" : isSecond ? "token.again" : "token.elsewhere")
        throw BrokerFailure.refused
    }

    private func noteMisuse(_ code: String) async throws {
        try await vault.noteMisuse(code, by: asker, on: [target.subject])
    }

    private func checkSession() throws {
        guard let loan = state.withLock({ $0.loan }), vault.brokers.holds(loan) else {
            throw vault.brokers.isClosed ? EngineError.locked : EngineError.sessionEnded
        }
    }

    /// Rules were judged by what was known of the secret when the agent asked.
    private func checkUnchanged() async throws {
        guard try await vault.book.record(.secret, id: held.record.id.cast())?.revision == target.revision else {
            throw EngineError.invalid("the secret was changed while its request was made", hint: "repeat the call")
        }
        try vault.usable(held.record)
    }

    /// Asks the policy as it is now, counts, asks a person where a rule wants one, and writes the intent.
    private func authorized() async throws -> AuthorizedAccess {
        let granted = try await vault.authorizer.foresee(act, by: asker, on: [target])
        guard let terms = granted.first?.request, let holder = asker.holder else { throw EngineError.denied(.personOnly) }
        let tickets = try await vault.limitTickets(by: [terms], for: holder, act, by: asker, on: [target])
        do {
            let access = try await authorized(ruledBy: vault.authorizer.ruleForApproval(act, by: asker, on: [target]))
            state.withLock { $0.tickets = tickets }
            return access
        } catch {
            vault.lasting.limits.giveBack(tickets)
            throw error
        }
    }

    private func authorized(ruledBy rule: String?) async throws -> AuthorizedAccess {
        guard let rule else { return try await vault.authorizer.authorize(act, by: asker, on: [target], detail: detail) }
        let bound = BoundRequest(
            method: draft.method, origin: "\(draft.target.origin)", target: draft.target.pathAndQuery,
            fields: draft.fields.map { .init($0.name, String(decoding: $0.value, as: UTF8.self)) })
        let secret = BoundSecret(secret: held.record.id, version: held.version, field: held.ordinal, to: .request("\(place)"))
        let subject = ApprovalSubject(
            .request, agent: asker.agent, secrets: [secret], inputHash: draft.body.isEmpty ? nil : ApprovalSubject.hash(draft.body), request: bound)
        let plea = Plea(subject: subject, rule: rule, purpose: purpose, names: [held.name], isAwaited: isAwaited)
        return try await vault.approved(act, by: asker, on: [target], plea, detail: detail)
    }

    /// What is written of the request: never its query, whose values are nobody's but the service's, nor its fields and body.
    private var detail: [AuditFact] {
        asked.facts + [AuditFact("purpose", purpose)] + (draft.provider.map { [AuditFact("provider", $0.name)] } ?? [])
    }

    private func opened(_ access: AuthorizedAccess) async throws -> SecretValue {
        let value = try await vault.shelf.open(held.ordinal, of: held.record, version: held.version, access: access)
        let injected = RunJob.InjectedValue(variable: nil, name: held.label, kind: held.kind, value: value)
        try Guessing.check([injected], for: asker, under: access.grants.first)
        return value
    }

    /// What is sealed of the reply, by the policy as it is now.
    private func sealing(_ terms: RequestTerms) async throws -> Sealing? {
        guard let seal = terms.seal, let scope = target.scope else {
            guard draft.provider?.givesCredentials(at: draft.target.judgedPath) != true else { throw EngineError.denied(.givesCredentials) }
            return nil
        }
        let sealing = Sealing(seal, by: terms.rule, in: scope, tags: target.tags ?? [])
        try await vault.foresee(sealing, by: asker)
        return sealing
    }

    /// Stores what the reply brings, once. The agent holds no tokens here: it is told the references.
    func seal(_ credentials: NewCredentials, of entry: Int64) async -> [SealedCredential]? {
        let sealing = state.withLock { state -> Sealing? in
            guard state.entry == entry, state.access != nil else { return nil }
            defer { state.sealing = nil }
            return state.sealing
        }
        guard let sealing, (try? checkSession()) != nil else { return nil }
        return await vault.seal(credentials, sealing, after: entry, by: asker)
    }

    func conclude(_ outcome: RequestOutcome, of entry: Int64) async {
        guard entry == state.withLock({ $0.entry }) else { return }
        vault.traffic.end(entry, outcome)
        settle(after: outcome)
        await conclude(result: outcome.result, outcome.facts, answers: outcome.answers)
    }

    /// What is answered belongs to the one secret that it had, under whatever name it is told.
    func mayLeave(answering names: [String], of entry: Int64) async -> Bool {
        guard state.withLock({ $0.entry == entry && $0.access != nil }) else { return false }
        return await vault.lasting.mayLeave(
            answering: names.isEmpty ? [:] : [held.record.id: names.count], about: [held.record.id], of: asker.agent, in: vault,
            at: vault.sentry.expiryTime())
    }

    /// Gives back of its rule's limits what it did not use, once.
    private func settle(after outcome: RequestOutcome?) {
        vault.lasting.limits.settle(takeTickets(), after: outcome, now: vault.clock.steady())
    }

    private func takeTickets() -> [RequestLimits.Ticket] {
        state.withLock { state in
            defer { state.tickets = [] }
            return state.tickets
        }
    }

    /// Writes how the request ended, once. What it answered belongs to the one secret that it had, under whatever name it is told.
    private func conclude(result: String, _ facts: [AuditFact], answers: [String: Int] = [:]) async {
        // Where nobody told how it ended, it counts as all that it might have carried.
        settle(after: nil)
        let access = state.withLock { state in
            defer { state.access = nil }
            return state.access
        }
        guard let access else { return }
        let count = answers.values.reduce(0) { $0 + max(0, $1) }
        await vault.conclude(access, result: result, detail: facts, answers: count > 0 ? [held.record.id: count] : [:])
    }

    /// What the agent gets. A broker that answers what nobody allowed is not believed.
    func result(_ reply: ErrandReply) async throws -> ErrandResult {
        let (entry, allowedAt) = state.withLock { ($0.entry, $0.allowedAt) }
        guard let entry, let allowedAt else { throw BrokerFailure.unavailable }
        await conclude(result: "done", [AuditFact("status", reply.status)])
        var reply = reply
        if reply.body.count > errand.mostBytes { (reply.body, reply.isTruncated) = (Array(reply.body.prefix(errand.mostBytes)), true) }
        return ErrandResult(reply: reply, duration: vault.clock.steady().duration(since: allowedAt), entry: entry)
    }

    /// Why the agent gets nothing; written down where the judge was not asked, or was not told how the request ended.
    func failure(after error: any Error) async -> any Error {
        let code = (error as? any Diagnosable)?.code ?? "internal"
        await conclude(result: code, [])
        if let failure = state.withLock({ $0.failure }), error as? BrokerFailure == .refused { return failure }
        do {
            if case .stopped(let stop)? = error as? BrokerFailure, stop.misusedGrant != nil { try await noteMisuse(code) }
            if !state.withLock({ $0.wasAsked }) {
                noteDenied(error)
                try await vault.authorizer.refuse(act, by: asker, on: [target.subject], code: code, detail: asked(refusedBy: code).facts)
            }
            guard error as? BrokerFailure == .unavailable else { return error }
            try checkSession()
            return error
        } catch { return error }
    }
}

extension RequestOutcome {
    /// What is written of how a request ended.
    var facts: [AuditFact] {
        return (status.map { [AuditFact("status", $0)] } ?? []) + [
            AuditFact("bytes-sent", bytesSent), AuditFact("bytes-received", bytesReceived), AuditFact("duration-ms", milliseconds),
            AuditFact("redactions", redactionCount),
        ]
    }
}
