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

    fileprivate init(entry: Int64, act: Act, asker: Asker, subjects: [AuditSubject]) {
        self.entry = entry
        self.act = act
        self.asker = asker
        self.subjects = subjects
    }
}

/// An allowed write that has yet to be stored with its entry.
struct Permit: Sendable {
    fileprivate let act: Act
    fileprivate let asker: Asker
    fileprivate let rule: String?
}

/// What an act is about: where it lies, and whether it is there.
struct Target: Sendable {
    var scope: Scope?
    var name: SecretName?
    var subject: AuditSubject
    /// False for a name that no secret has: the answer is the same as for one the asker may not know of.
    var exists = true
}

/// Decides, writes the entry, and only then hands out what the next step needs.
struct Authorizer: Sendable {
    let writer: AuditWriter
    let clock: MachineClock
    let policy: PolicyBook
    let denials: DenialLog

    /// Allows a release: the intent is durable before this returns.
    func authorize(_ act: Act, by asker: Asker, on targets: [Target], detail: [AuditFact] = []) async throws -> AuthorizedAccess {
        let rule = try await decide(act, by: asker, on: targets)
        let subjects = targets.map(\.subject)
        var entry = draft(act, asker, subjects)
        entry.decision = .allow(rule: rule)
        entry.phase = .intent
        entry.detail = detail
        return AuthorizedAccess(entry: try await writer.record(entry), act: act, asker: asker, subjects: subjects)
    }

    /// Allows a write; it takes effect in `commit`, together with its entry.
    func permit(_ act: Act, by asker: Asker, on targets: [Target]) async throws -> Permit {
        Permit(act: act, asker: asker, rule: try await decide(act, by: asker, on: targets))
    }

    /// Stores a permitted write and its entry in one transaction.
    @discardableResult
    func commit(_ permit: Permit, _ change: Change, on subjects: [AuditSubject], detail: [AuditFact] = []) async throws -> AuthorizedAccess {
        var entry = draft(permit.act, permit.asker, subjects)
        entry.decision = .allow(rule: permit.rule)
        entry.detail = detail
        let index = try await writer.record(entry, with: change)
        return AuthorizedAccess(entry: index, act: permit.act, asker: permit.asker, subjects: subjects)
    }

    /// Writes how a release ended. It does not wait for the disk: a missing outcome is reported by verification.
    func conclude(_ access: AuthorizedAccess, result: String, detail: [AuditFact] = []) async {
        var entry = draft(access.act, access.asker, access.subjects)
        entry.phase = .outcome(of: access.entry, result: result)
        entry.detail = detail
        await writer.note(entry)
    }

    /// Stores the write that a release led to, together with its outcome.
    func conclude(_ access: AuthorizedAccess, storing change: Change, on subjects: [AuditSubject]) async throws {
        var entry = draft(access.act, access.asker, subjects)
        entry.phase = .outcome(of: access.entry, result: "done")
        _ = try await writer.record(entry, with: change)
    }

    /// Writes an entry that needed no decision (lock, checkpoint, absorbed pending entries).
    @discardableResult
    func state(_ action: AuditAction, by asker: Asker, change: Change = Change(), detail: [AuditFact] = []) async throws -> Int64 {
        var entry = draft(Act(action, .administer, .person), asker, [])
        entry.detail = detail
        return try await writer.record(entry, with: change)
    }

    private func draft(_ act: Act, _ asker: Asker, _ subjects: [AuditSubject]) -> AuditEntry {
        AuditEntry(act, asker: asker, subjects: subjects, clock: clock)
    }
}

extension Authorizer {
    /// The rule that allows the act, or an error; a refusal is written down first.
    private func decide(_ act: Act, by asker: Asker, on targets: [Target]) async throws -> String? {
        do {
            let rule = try verdict(act, by: asker, on: targets)
            if targets.contains(where: { !$0.exists }) { throw EngineError.notFound(.secret) }
            return rule
        } catch let error as EngineError {
            try await refuse(act, by: asker, on: targets, error: error)
            throw error
        }
    }

    private func verdict(_ act: Act, by asker: Asker, on targets: [Target]) throws -> String? {
        switch asker.standing {
        case .person(let steppedUp):
            guard steppedUp || act.needs != .stepUp, steppedUp || act.needs != .reveal else { throw EngineError.stepUpRequired }
            return nil
        case .agent(_, let name): return try policyVerdict(act, identity: .agent(name), targets)
        case .unidentified: return try policyVerdict(act, identity: .unidentified, targets)
        }
    }

    private func policyVerdict(_ act: Act, identity: AgentIdentity, _ targets: [Target]) throws -> String? {
        guard case .capability(let capability) = act.needs else {
            if act.needs == .anyCapability { return nil }
            throw EngineError.denied(.personOnly)
        }
        var rule: String?
        for target in targets {
            guard let scope = target.scope, let name = target.name else { throw EngineError.denied(.personOnly) }
            switch policy.document.decision(for: PolicyQuery(agent: identity, scope: scope, secret: name, capability: capability)) {
            case .allow(let grant):
                if grant.obligations.contains(.sandbox) { throw EngineError.denied(.noSandbox(rule: grant.rule)) }
                if grant.obligations.contains(.approval) { throw EngineError.denied(.noApproval(rule: grant.rule)) }
                rule = rule ?? grant.rule
            case .deny(let denial):
                if denial.code == .notFound { throw EngineError.notFound(.secret) }
                throw EngineError.denied(.notPermitted(denial))
            }
        }
        return rule
    }

    private func refuse(_ act: Act, by asker: Asker, on targets: [Target], error: EngineError) async throws {
        var entry = draft(act, asker, targets.map(\.subject))
        var rule: String?
        if case .denied(let denial) = error { rule = denial.rule }
        entry.decision = .deny(code: error.code, rule: rule)
        for due in denials.take(entry) { _ = try await writer.record(due) }
    }
}

extension EngineError.Denial {
    /// The answer to an agent that asks for what only a person may do.
    package static let personOnly = EngineError.Denial(
        code: "not_permitted", reason: "only a person may do this", nextStep: "ask the person to do it with the `tacit` command")

    static func notPermitted(_ denial: PolicyDenial) -> Self {
        let missing = denial.missing.map { " (`\($0.rawValue)`)" } ?? ""
        return Self(
            code: "not_permitted", reason: "the policy does not give you this capability\(missing) on this secret", rule: denial.rule,
            nextStep: PolicyDenial.nextStep)
    }

    static func noSandbox(rule: String) -> Self {
        Self(
            code: "unavailable", reason: "the policy asks for a sandbox, and there is none in this version", rule: rule,
            nextStep: "ask the person to allow runs without it: `unsandboxed: allow` in the policy")
    }

    static func noApproval(rule: String) -> Self {
        Self(
            code: "unavailable", reason: "the policy asks for a person's approval, which this version cannot take", rule: rule,
            nextStep: PolicyDenial.nextStep)
    }
}
