import Auditing
import Brokering
import Model
import Policies
import Redaction
import Synchronization

/// Judges the requests of the programs of one run, which hold fake tokens, by the policy of the agent whose tokens they are.
///
/// It outlives a lock, as the run does, and holds no vault: whoever asks it then is refused.
final class DoorJudge: RequestJudge {
    /// What a token stands for.
    struct Grant: Sendable {
        var secret: SecretID
        var scope: Scope
        var name: SecretName
        /// The field, by its place; it is of the current version when a request is made.
        var field: SegmentName?
        /// What stands in a reply for other spellings of the value.
        var label: String
    }

    private let scope: Scope
    let asker: Asker
    let holder: SessionHolder
    private let lasting: Lasting
    private let clock: MachineClock
    let open: @Sendable () -> OpenVault?
    /// What tells this door's requests from those of all others, where a person approves one.
    let door: [UInt8]
    let labels: AnswerLabels
    /// How the tokens are made that more of its secrets' values get.
    let minting: Minting
    private let hasTunnels: Bool
    let state: Mutex<State>

    struct State {
        var grants: [GrantID: Grant]
        /// Requests that were allowed and have not ended, by the entry of their intent.
        var ongoing: [Int64: Ongoing] = [:]
        /// What is sealed of replies that are still to come.
        var sealing: [Int64: Sealing] = [:]
        /// With which versions requests left whose values can be renewed.
        var renewable: [Int64: [GrantID: Int64]] = [:]
        /// The tokens that were made for what was sealed.
        var minted: [GrantID] = []
    }

    struct Ongoing {
        var access: AuthorizedAccess
        var grants: [GrantID]
        var tickets: [RequestLimits.Ticket]
    }

    static let act = Act(.request, .resolve, .capability(.broker))

    /// - Parameters:
    ///   - asker: the agent, as the run's starter has it asked for.
    ///   - door: 16 bytes that no other door has.
    init(
        _ grants: [GrantID: Grant], in scope: Scope, for asker: Asker, _ holder: SessionHolder, lasting: Lasting, clock: MachineClock,
        door: [UInt8], minting: Minting, labels: AnswerLabels = AnswerLabels(), tunnels hasTunnels: Bool = false,
        open: @escaping @Sendable () -> OpenVault?
    ) {
        (self.scope, self.asker, self.holder, self.lasting, self.clock) = (scope, asker, holder, lasting, clock)
        (self.door, self.minting, self.labels, self.hasTunnels, self.open) = (door, minting, labels, hasTunnels, open)
        state = Mutex(State(grants: grants))
    }

    func grant(_ id: GrantID) -> Grant? { state.withLock { $0.grants[id] } }

    func judge(_ request: AskedRequest) async -> RequestJudgement { await judge(request, for: AskingProgram()) }

    func judge(_ request: AskedRequest, for program: AskingProgram) async -> RequestJudgement {
        guard let vault = open() else { return .refuse(RequestDenial(EngineError.locked)) }
        guard !request.isTunnel || isListed(tunnel: request, vault) else { return .refuse(.intercepted) }
        do {
            return try await leave(for: request, program, in: vault).map(RequestJudgement.allow) ?? .describe
        } catch {
            lasting.usages.refused(request.uses.map(\.grant).filter { grant($0) != nil }, at: vault.clock.now())
            let denial = RequestDenial(error)
            var item = item(request, vault)
            (item.denial, item.rule) = (denial.code, denial.rule)
            vault.traffic.note(item)
            return .refuse(denial)
        }
    }

    private func item(_ request: AskedRequest, _ vault: OpenVault) -> TrafficItem {
        let secrets = request.uses.compactMap { grant($0.grant) }.map { $0.scope == scope ? $0.label : "tacit://\($0.scope)/\($0.label)" }
        return request.item(of: asker, Set(secrets).sorted(), at: vault.clock.now())
    }

    private func isListed(tunnel request: AskedRequest, _ vault: OpenVault) -> Bool {
        guard hasTunnels, request.uses.isEmpty, let question = request.question(for: nil) else { return false }
        return vault.policy.view(for: asker, in: scope)?.lists(tunnel: question) == true
    }

    /// Policy, count, a person where a rule wants one, intent, values: in this order. Nil where all of the request has to be told first.
    private func leave(for request: AskedRequest, _ program: AskingProgram, in vault: OpenVault) async throws -> RequestLeave? {
        guard case .agent(let id, _) = asker.standing, try await vault.isRegistered(id) else { throw EngineError.denied(.badBadge) }
        if let denial = vault.freeze.denial(of: asker) {
            try await vault.authorizer.refuse(Self.act, by: asker, on: [], error: .denied(denial))
            throw EngineError.denied(denial)
        }
        try await vault.checkStrangers(request.strangers, of: asker)
        let rejected = try rejected(request)
        var uses = try await uses(of: request, in: vault)
        var targets = uses.isEmpty ? [try bare(request)] : uses.map(\.target)
        guard !givesCredentials(request, vault) || isSealed(uses, vault) else {
            let error = EngineError.denied(.givesCredentials)
            try await vault.authorizer.refuse(Self.act, by: asker, on: targets.map(\.subject), error: error)
            throw error
        }
        guard request.content != nil || !awaitsOperations(targets, vault) else { return nil }
        let granted = try await foresee(targets, uses, in: vault)
        let rule = vault.authorizer.ruleForApproval(Self.act, by: asker, on: targets)
        guard rule == nil || request.content != nil else { return nil }
        let tickets = try await vault.limitTickets(by: granted.compactMap(\.request), for: holder, Self.act, by: asker, on: targets)
        do {
            // Nothing is renewed before a person approved, who approves what is there.
            if rule == nil { uses = try await renewed(uses, rejected, vault) } else { try checkCurrent(uses, rejected, vault) }
            if !uses.isEmpty { targets = uses.map(\.target) }
            let access = try await access(request, uses, targets, ruledBy: rule, program, vault)
            let leave = try await leave(request, uses, access, tickets, vault)
            lasting.usages.used(uses.map(\.id), at: vault.clock.now())
            var item = item(request, vault)
            item.rule = access.grants.first?.request?.rule
            vault.traffic.begin(item, by: leave.entry)
            return leave
        } catch {
            lasting.limits.giveBack(tickets)
            throw error
        }
    }

    private func givesCredentials(_ request: AskedRequest, _ vault: OpenVault) -> Bool {
        let places = [scope] + request.uses.compactMap { grant($0.grant)?.scope }.filter { $0 != scope }
        return request.givesCredentials
            || places.contains { place in
                let service = vault.policy.view(for: asker, in: place)?.service(at: request.host)
                return ProviderCatalogue.provider(at: request.host, known: service)?.givesCredentials(at: request.path) == true
            }
    }

    /// Whether a rule says what may be asked of GraphQL, so that all of the request has to be known.
    private func awaitsOperations(_ targets: [Target], _ vault: OpenVault) -> Bool {
        targets.contains { target in
            guard let question = target.request, let view = vault.policy.view(for: asker, in: target.scope ?? scope) else { return false }
            return view.awaitsOperations(of: question, with: target.name)
        }
    }

    /// Whether rules seal the reply, for each token in the request.
    private func isSealed(_ uses: [Use], _ vault: OpenVault) -> Bool {
        !uses.isEmpty
            && uses.allSatisfy { use in
                let view = vault.policy.view(for: asker, in: use.grant.scope)
                return use.target.request.flatMap { view?.terms(of: $0, with: use.grant.name) }?.seal != nil
            }
    }

    private func leave(
        _ request: AskedRequest, _ uses: [Use], _ access: AuthorizedAccess, _ tickets: [RequestLimits.Ticket], _ vault: OpenVault
    ) async throws -> RequestLeave {
        state.withLock { $0.ongoing[access.entry] = Ongoing(access: access, grants: uses.map(\.id), tickets: tickets) }
        for use in uses { labels.note(use.grant.label, of: use.record.id) }
        do {
            try await checkStillGood(uses, access, vault)
            let all = access.grants.compactMap(\.request)
            guard let terms = all.first, all.count == access.grants.count else { throw EngineError.denied(.personOnly) }
            // Two rules that would have the same host verified in two ways say nothing that can be done.
            guard all.allSatisfy({ $0.authorities == terms.authorities && $0.ownNetwork == terms.ownNetwork && $0.seal == terms.seal }) else {
                throw BrokerFailure.refused
            }
            let sealing = try await sealing(terms, uses.map(\.target), by: asker, vault)
            // The policy may have changed since it was asked first.
            guard sealing != nil || !givesCredentials(request, vault) else { throw EngineError.denied(.givesCredentials) }
            var releases: [GrantID: ValueRelease] = [:]
            for (index, use) in uses.enumerated() where releases[use.id] == nil {
                releases[use.id] = try await release(use, access.grants[index], access, vault)
            }
            var leave = RequestLeave(
                entry: access.entry, releases: releases.values.sorted { $0.grant < $1.grant }, reachesOwnNetwork: terms.ownNetwork == .allow,
                authorities: terms.authorities?.pem)
            leave.passesUnscanned = access.grants.allSatisfy { $0.unredactable == .allow }
            leave.allowance = tickets.allowance
            // What ended while the intent was written and the values were opened lets nothing go.
            try await vault.checkStands(holder)
            for use in uses { try await vault.checkLive(use.id, of: asker, use.target.subject) }
            leave.seal = sealing?.order
            let versions = Dictionary(uses.map { ($0.id, $0.record.current) }) { first, _ in first }
            leave.isRenewable =
                request.rejected == nil && !access.isApproved && uses.contains { vault.isRenewable($0.grant.name, in: $0.grant.scope, for: asker) }
            state.withLock { [isRenewable = leave.isRenewable] state in
                state.sealing[access.entry] = sealing
                state.renewable[access.entry] = isRenewable ? versions : nil
            }
            return leave
        } catch {
            await conclude(RequestOutcome(result: (error as? any Diagnosable)?.code ?? "internal", duration: .zero), of: access.entry)
            throw error
        }
    }

    private func release(_ use: Use, _ grant: PolicyGrant, _ access: AuthorizedAccess, _ vault: OpenVault) async throws -> ValueRelease {
        let manifest = try await vault.shelf.manifest(use.record, version: use.record.current)
        let (ordinal, field) = try manifest.chosen(use.grant.field)
        guard field.kind == .secret else { throw EngineError.invalid("a token stands for a secret field, and this one is plain now", hint: nil) }
        let value = try await vault.shelf.open(ordinal, of: use.record, version: use.record.current, access: access)
        try Guessing.check([RunJob.InjectedValue(variable: nil, name: use.grant.label, kind: field.kind, value: value)], for: asker, under: grant)
        return ValueRelease(
            grant: use.id, name: use.grant.label, value: value, answersLeft: await vault.answersLeft(about: use.record.id, for: asker.agent))
    }

    /// One use of a token, with its secret as it is now.
    struct Use {
        var id: GrantID
        var grant: Grant
        var place: TokenPlace
        var record: SecretRecord
        var target: Target
    }

    private func uses(of request: AskedRequest, in vault: OpenVault) async throws -> [Use] {
        var uses: [Use] = []
        for use in request.uses {
            guard let grant = grant(use.grant) else {
                try await vault.noteMisuse("token.unknown", by: asker, on: [])
                throw BrokerFailure.refused
            }
            try await vault.checkLive(use.grant, of: asker, vault.target(grant.scope, grant.name, nil).subject)
            let service = vault.policy.view(for: asker, in: grant.scope)?.service(at: request.host)
            guard let question = request.question(for: use, at: service) else { throw BrokerFailure.refused }
            let record = try await vault.sought(grant.name, in: grant.scope, for: Self.act, by: asker)
            var target = try await vault.judged(grant.scope, grant.name, record, version: record?.current, by: asker)
            target.request = question
            // Another secret of the name is not the one that the token stands for.
            guard let record, record.id == grant.secret else { throw EngineError.notFound(.secret) }
            // One that is over is renewed, once the policy has allowed the request.
            try vault.usable(record, grant.name, in: grant.scope, byTokenOf: asker)
            uses.append(Use(id: use.grant, grant: grant, place: use.place, record: record, target: target))
        }
        return uses
    }

    /// A request without a token, which a rule has to list as any other.
    private func bare(_ request: AskedRequest) throws -> Target {
        guard let question = request.question(for: nil) else { throw BrokerFailure.refused }
        var target = Target(scope: scope, subject: AuditSubject())
        (target.tags, target.request) = ([], question)
        return target
    }

    func noteMisuse(of grant: GrantID, code: String) async {
        guard let vault = open(), let grant = self.grant(grant) else { return }
        let record = try? await vault.sought(grant.name, in: grant.scope, for: Self.act, by: asker)
        let subject = vault.target(grant.scope, grant.name, record).subject
        try? await vault.noteMisuse(code, by: asker, on: [subject])
    }

    func noteEgress(_ request: AskedRequest) async {
        // Whoever took a broker over says anything here.
        guard let vault = open(), request.host.utf8.count <= 255, request.method.utf8.count <= 32 else { return }
        var item = item(request, vault)
        item.denial = ExchangeStop.egressCode
        vault.traffic.note(item)
        try? await vault.authorizer.refuse(Self.act, by: asker, on: [], code: ExchangeStop.egressCode, detail: request.facts)
    }

    func conclude(_ outcome: RequestOutcome, of entry: Int64) async {
        let concluded = state.withLock { state in
            state.sealing[entry] = nil
            state.renewable[entry] = nil
            return state.ongoing.removeValue(forKey: entry)
        }
        guard let ongoing = concluded else { return }
        let access = ongoing.access
        lasting.limits.settle(ongoing.tickets, after: outcome, now: clock.steady())
        lasting.usages.carried(ongoing.grants, outcome)
        open()?.traffic.end(entry, outcome)
        let answers = counted(outcome.answers, access)
        if let vault = open() { return await vault.conclude(access, result: outcome.result, detail: outcome.facts, answers: answers) }
        lasting.keep(access, result: outcome.result, detail: outcome.facts, answers: answers, clock: clock)
    }
}

extension DoorJudge {
    func mayLeave(answering names: [String], of entry: Int64) async -> Bool {
        guard let access = state.withLock({ $0.ongoing[entry]?.access }) else { return false }
        let vault = open()
        let counts = counted(names.reduce(into: [:]) { $0[$1, default: 0] += 1 }, access)
        return await lasting.mayLeave(
            answering: counts, about: labels.known, of: asker.agent, in: vault, at: vault?.sentry.expiryTime() ?? clock.now())
    }

    private func counted(_ answers: [String: Int], _ access: AuthorizedAccess) -> [SecretID: Int] {
        var counts: [SecretID: Int] = [:]
        for (name, count) in answers {
            // What nobody knows the name of counts against all that the request had.
            for secret in labels.secret(of: name).map({ [$0] }) ?? access.subjects.compactMap(\.secret) {
                counts[secret] = min(FuseRecord.limit, (counts[secret] ?? 0) + min(FuseRecord.limit, max(0, count)))
            }
        }
        return counts
    }
}

extension RequestDenial {
    private static let waits =
        "tell the person that it waits: `tacit approvals` shows it for ten minutes; once it is approved, send exactly this request again, in the same run"

    /// What a program is told of an error.
    init(_ error: any Error) {
        let known = error as? any Diagnosable
        var rule: String?
        if case .denied(let denial)? = error as? EngineError { rule = denial.rule }
        if let limiting = (error as? EngineError)?.limitingRule { rule = limiting }
        self.init(code: known?.code ?? "internal", message: known?.message ?? "the request could not be judged", rule: rule, nextStep: known?.hint)
        if case .rateLimited(_, let seconds, _)? = error as? EngineError { retryAfter = seconds }
        // A program has no tools: what it is told goes to whoever started it.
        if case .denied(let denial)? = error as? EngineError, denial.request != nil, denial.code == PolicyDenial.Code.approvalRequired.rawValue {
            nextStep = Self.waits
        }
    }
}
