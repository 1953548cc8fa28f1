import Auditing
import Model
import Policies
import Storage
import Synchronization

/// Proof that an act was allowed and that its entry is durable. Nothing opens a sealed value without one; only the authorizer makes it.
package struct AuthorizedAccess: Sendable {
    /// The index of the entry.
    package let entry: Int64
    let act: Act
    let asker: Asker
    let subjects: [AuditSubject]
    /// What the policy granted, one for each target; none for a person.
    let grants: [PolicyGrant]
    /// Whether a person approved exactly this.
    let isApproved: Bool
    /// Holds the act among those that go on.
    private let mark: OngoingActs.Mark

    fileprivate init(entry: Int64, _ permit: Permit, subjects: [AuditSubject], isApproved: Bool, mark: OngoingActs.Mark) {
        self.entry = entry
        self.isApproved = isApproved
        act = permit.act
        asker = permit.asker
        grants = permit.grants
        self.subjects = subjects
        self.mark = mark
    }

    /// The entry that says how the act ended.
    func outcome(_ result: String, detail: [AuditFact] = [], clock: MachineClock) -> AuditEntry {
        var outcome = AuditEntry(act, asker: asker, subjects: subjects.count > Authorizer.subjectsPerEntry ? [] : subjects, clock: clock)
        outcome.phase = .outcome(of: entry, result: result)
        outcome.detail = detail
        return outcome
    }
}

/// An allowed act whose entry has yet to be stored.
struct Permit: Sendable {
    fileprivate let act: Act
    fileprivate let asker: Asker
    fileprivate let rule: String?
    let grants: [PolicyGrant]
    /// The agent's sessions that cover what the act is about.
    let sessions: [String]

    fileprivate init(act: Act, asker: Asker, rule: String? = nil, grants: [PolicyGrant] = [], sessions: [String] = []) {
        self.act = act
        self.asker = asker
        self.rule = rule
        self.grants = grants
        self.sessions = sessions
    }
}

/// What an act is about: where it lies, and whether it is there.
struct Target: Sendable {
    var scope: Scope?
    var name: SecretName?
    var subject: AuditSubject
    /// False for a name that no secret has: the answer is the same as for one the asker may not know of.
    var exists = true
    /// The secret's tags; nil where nobody looked them up, which no rule about tags can be judged without.
    var tags: [String]?
    /// Of the secret's row, as it was judged; nil for what is no secret.
    var revision: Int64?
    /// The program that would have the secret; nil where none was opened (yet).
    var program: OpenedProgram?
    /// Whether a program gets a fake token in the place of the value: each request with it is judged when it is made.
    var getsToken = false
    /// The request that would have it; nil where none is meant.
    var request: RequestQuestion?
}

/// Decides, writes the entry, and only then hands out what the next step needs.
struct Authorizer: Sendable {
    let writer: AuditWriter
    let clock: MachineClock
    let policy: PolicyBook
    let denials: DenialLog
    let ongoing: OngoingActs
    let sessions: AgentSessionBook
    let freeze: AgentFreeze

    /// An act on more subjects than this becomes several entries: an entry has a largest size.
    static let subjectsPerEntry = 1000

    /// Allows a release: the intent is durable before this returns.
    func authorize(_ act: Act, by asker: Asker, on targets: [Target], detail: [AuditFact] = []) async throws -> AuthorizedAccess {
        try await begin(permit(act, by: asker, on: targets), on: targets.map(\.subject), detail: detail)
    }

    /// As `authorize`, where a person approved exactly this: `taking` the use of the approval is one transaction with the intent.
    func authorizeApproved(
        _ act: Act, by asker: Asker, on targets: [Target], detail: [AuditFact], taking change: Change
    ) async throws -> AuthorizedAccess {
        let permit = try await permit(act, by: asker, on: targets, .approved)
        return try await begin(permit, taking: change, on: targets.map(\.subject), detail: detail)
    }

    /// The rule for which a person has to approve an act that would be allowed otherwise; nil when none wants that. Nothing is written down.
    func ruleForApproval(_ act: Act, by asker: Asker, on targets: [Target]) -> String? {
        guard let ruling = try? verdict(act, by: asker, on: targets, .approved), ruling.grants.contains(where: { $0.obligations.contains(.approval) })
        else { return nil }
        guard case .denied(let denial)? = (Result { try verdict(act, by: asker, on: targets, .last) }).failure as? EngineError else { return nil }
        return denial.code == PolicyDenial.Code.approvalRequired.rawValue ? denial.rule ?? "policy" : nil
    }

    /// Refuses an act that no right, session, acknowledgement or approval leads to, since the policy obliges to what it cannot have: nobody is to be asked for
    /// any of them first. What is denied otherwise is left to the decision, and so is all that is asked beside a name that the asker may not list: an answer
    /// about the others would say that it is there.
    func refuseHopeless(_ act: Act, by asker: Asker, on targets: [Target]) async throws {
        guard case .capability(let capability) = act.needs, targets.allSatisfy({ mayList($0, asker) }) else { return }
        for target in targets {
            guard let denial = hopelessness(of: capability, on: target, for: act, by: asker) else { continue }
            let error = EngineError.denied(.init(denial))
            try await refuse(act, by: asker, on: targets.map(\.subject), error: error)
            throw error
        }
    }

    private func mayList(_ target: Target, _ asker: Asker) -> Bool {
        guard let scope = target.scope, let name = target.name else { return false }
        return policy.view(for: asker, in: scope)?.mayList(name) ?? false
    }

    /// What is answered where everything was done that could be done, and it is still refused; nil where it is not, or for another reason.
    private func hopelessness(of capability: Capability, on target: Target, for act: Act, by asker: Asker) -> PolicyDenial? {
        guard let scope = target.scope, let name = target.name, let view = policy.view(for: asker, in: scope) else { return nil }
        var circumstances = circumstances(of: asker, asking: name, in: scope, secret: target.subject.secret, tags: target.tags ?? [])
        (circumstances.hasSession, circumstances.hasApproval, circumstances.request) = (true, true, target.request)
        for standing in view.standings(circumstances) { circumstances.acknowledgements[standing.rule.name] = circumstances.now }
        switch view.decision(for: name, capability: capability, circumstances) {
        case .allow(let grant): return DecisionStage.approved.unmet(of: grant, for: act).map { PolicyDenial(unmet: $0, of: grant) }
        case .deny(let denial): return denial.code == .notPermitted && capability == .fileInject ? view.refusalOfFiles(with: name) : nil
        }
    }

    /// Allows an act that takes effect in `begin` or `commit`, together with its entry.
    func permit(_ act: Act, by asker: Asker, on targets: [Target], _ stage: DecisionStage = .last) async throws -> Permit {
        let (rule, grants) = try await decide(act, by: asker, on: targets, stage)
        return Permit(act: act, asker: asker, rule: rule, grants: grants, sessions: useSessions(for: act, by: asker, on: targets))
    }

    /// Refuses an act that cannot be allowed whatever is found out later: which program it is, or that a person approves. Otherwise what would be granted.
    @discardableResult
    func foresee(_ act: Act, by asker: Asker, on targets: [Target]) async throws -> [PolicyGrant] {
        try await decide(act, by: asker, on: targets, .first).grants
    }

    /// Writes the intent of a permitted act, together with what is taken for it.
    func begin(
        _ permit: Permit, taking change: Change? = nil, on subjects: [AuditSubject], detail: [AuditFact] = []
    ) async throws -> AuthorizedAccess {
        var entries = self.entries(permit, subjects, detail)
        entries[entries.count - 1].phase = .intent
        let index: Int64
        do { index = try await writer.record(entries, with: change ?? Change()) } catch StoreError.full { throw EngineError.auditUnwritten }
        let mark = OngoingActs.Mark(index, in: ongoing)
        let access = AuthorizedAccess(entry: index, permit, subjects: subjects, isApproved: change != nil, mark: mark)
        // A freeze that came while this was written refuses it, too.
        if let denial = freeze.denial(of: permit.asker) {
            await conclude(access, result: denial.code)
            throw EngineError.denied(denial)
        }
        return access
    }

    /// Stores a permitted write and its entry in one transaction; before its own the entries of what it brings about besides.
    @discardableResult
    func commit(
        _ permit: Permit, _ change: Change = Change(), on subjects: [AuditSubject], detail: [AuditFact] = [], after others: [AuditEntry] = []
    ) async throws -> Int64 { try await writer.record(others + entries(permit, subjects, detail), with: change) }

    /// Writes how a release ended. It does not wait for the disk: a missing outcome is reported by verification.
    func conclude(_ access: AuthorizedAccess, result: String, detail: [AuditFact] = []) async {
        writer.note(access.outcome(result, detail: detail, clock: clock))
    }

    /// Writes how a release ended, in one transaction with what it left behind.
    func conclude(_ access: AuthorizedAccess, result: String, detail: [AuditFact], storing change: Change) async throws {
        try await writer.record([access.outcome(result, detail: detail, clock: clock)], with: change)
    }

    /// Stores the write that a release led to, together with its outcome and the entries of what it brings about besides.
    func conclude(
        _ access: AuthorizedAccess, storing change: Change, on subjects: [AuditSubject], after others: [AuditEntry] = []
    ) async throws {
        let done = Permit(act: access.act, asker: access.asker)
        var entries = self.entries(done, subjects, [])
        entries[entries.count - 1].phase = .outcome(of: access.entry, result: "done")
        try await writer.record(others + entries, with: change)
    }

    /// Writes an entry that needed no decision (unlock, lock, what the keeper does unasked).
    func state(
        _ action: AuditAction, by asker: Asker, on subjects: [AuditSubject] = [], change: Change = Change(), decision: AuditDecision = .allow(),
        detail: [AuditFact] = []
    ) async throws {
        var entry = entry(action, by: asker, on: subjects, detail: detail)
        entry.decision = decision
        try await writer.record([entry], with: change)
    }

    /// An entry that needs no decision.
    func entry(_ action: AuditAction, by asker: Asker, on subjects: [AuditSubject] = [], detail: [AuditFact] = []) -> AuditEntry {
        var entry = AuditEntry(Act(action, .administer, .person), asker: asker, subjects: subjects, clock: clock)
        entry.detail = detail
        return entry
    }

    /// The entry of a permitted act that is stored with more than a change.
    func entry(_ permit: Permit, detail: [AuditFact]) -> AuditEntry { entries(permit, [], detail)[0] }

    /// Writes the counts of denials whose time has come.
    func recordDueDenials() async throws {
        let due = denials.due(clock.reading())
        if !due.isEmpty { try await writer.record(due) }
    }

    private func entries(_ permit: Permit, _ subjects: [AuditSubject], _ detail: [AuditFact]) -> [AuditEntry] {
        var rest = subjects[...]
        var entries: [AuditEntry] = []
        repeat {
            var entry = AuditEntry(permit.act, asker: permit.asker, subjects: Array(rest.prefix(Self.subjectsPerEntry)), clock: clock)
            entry.decision = .allow(rule: permit.rule)
            entry.detail = detail + permit.facts
            entries.append(entry)
            rest = rest.dropFirst(Self.subjectsPerEntry)
        } while !rest.isEmpty
        return entries
    }
}

extension Authorizer {
    /// Whether the asker may learn whether a secret of this name is there. For whoever may not, nothing is looked for.
    func mayKnow(_ name: SecretName, in scope: Scope, for act: Act, by asker: Asker) -> Bool {
        guard let view = policy.view(for: asker, in: scope) else { return true }
        return act.needs.isOpenToAgents && view.mayList(name)
    }

    /// Writes a refusal down; identical ones are counted.
    func refuse(_ act: Act, by asker: Asker, on subjects: [AuditSubject], error: EngineError, detail: [AuditFact] = []) async throws {
        let rule: String? = if case .denied(let denial) = error { denial.rule } else { nil }
        try await refuse(act, by: asker, on: subjects, code: error.code, rule: rule, detail: detail)
    }

    func refuse(
        _ act: Act, by asker: Asker, on subjects: [AuditSubject], code: String, rule: String? = nil, detail: [AuditFact] = []
    ) async throws {
        var entry = AuditEntry(act, asker: asker, subjects: subjects, clock: clock)
        (entry.decision, entry.detail) = (.deny(code: code, rule: rule), detail)
        let due = denials.take(entry)
        guard !due.isEmpty else { return }
        do { try await writer.record(due) } catch StoreError.full { throw EngineError.auditUnwritten }
    }

    private typealias Ruling = (rule: String?, grants: [PolicyGrant])

    /// The rule that allows the act, or an error; a refusal is written down first.
    private func decide(_ act: Act, by asker: Asker, on targets: [Target], _ stage: DecisionStage) async throws -> Ruling {
        do {
            let ruling = try verdict(act, by: asker, on: targets, stage)
            if targets.contains(where: { !$0.exists }) { throw EngineError.notFound(.secret) }
            return ruling
        } catch let error as EngineError {
            let detail = RequestQuestion.facts(of: targets.compactMap(\.request))
            try await refuse(act, by: asker, on: targets.map(\.subject), error: error, detail: detail)
            throw error
        }
    }

    private func verdict(_ act: Act, by asker: Asker, on targets: [Target], _ stage: DecisionStage) throws -> Ruling {
        guard case .person(let steppedUp) = asker.standing else { return try policyVerdict(act, by: asker, targets, stage) }
        let asksAgain = act.needs == .stepUp || act.needs == .reveal || asker.isReadOnly && (act.mode == .write || act.mode == .inject)
        if !steppedUp, asksAgain { throw EngineError.stepUpRequired }
        return (nil, [])
    }

    private func policyVerdict(_ act: Act, by asker: Asker, _ targets: [Target], _ stage: DecisionStage) throws -> Ruling {
        // Whoever shows no badge may be a person who has not been asked yet, and is told that first.
        if act.needs.isOpenToAgents, let denial = freeze.denial(of: asker) { throw EngineError.denied(denial) }
        switch act.needs {
        case .person, .stepUp, .reveal: throw EngineError.denied(.personOnly)
        case .nothing: return (nil, [])
        case .listing:
            let mayList = targets.allSatisfy { target in target.scope.flatMap { policy.view(for: asker, in: $0) }?.mayListAnything ?? false }
            guard mayList, !targets.isEmpty else { throw EngineError.notFound(.environment) }
            return (nil, [])
        case .capability(let capability):
            let grants = try targets.map { target in
                target.getsToken
                    ? try grant(of: .broker, on: target, for: Act(act.action, .resolve, .capability(.broker)), by: asker, .first)
                    : try grant(of: capability, on: target, for: act, by: asker, stage)
            }
            guard let first = grants.first else { throw EngineError.denied(.personOnly) }
            return (first.rule, grants)
        }
    }

    private func grant(
        of capability: Capability, on target: Target, for act: Act, by asker: Asker, _ stage: DecisionStage
    ) throws -> PolicyGrant {
        guard let scope = target.scope, let view = policy.view(for: asker, in: scope) else { throw EngineError.denied(.personOnly) }
        let name = target.name
        // What is about no secret is a request without a token, and nothing else.
        guard name != nil || act.action == .request && target.request != nil else { throw EngineError.denied(.personOnly) }
        var circumstances =
            name.map {
                self.circumstances(of: asker, asking: $0, in: scope, secret: target.subject.secret, tags: target.tags ?? [])
            } ?? PolicyCircumstances(now: clock.now())
        (circumstances.program, circumstances.request) = (target.program, target.request)
        circumstances.hasApproval = stage != .last
        switch view.decision(for: name, capability: capability, circumstances) {
        case .deny(let denial):
            if denial.code == .notFound { throw EngineError.notFound(.secret) }
            throw EngineError.denied(.init(denial))
        case .allow(let grant):
            guard !target.exists || target.tags != nil else { throw EngineError.unreadable }
            guard let unmet = stage.unmet(of: grant, for: act) else { return grant }
            throw EngineError.denied(.init(PolicyDenial(unmet: unmet, of: grant)))
        }
    }
}

extension Result {
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
