import Auditing
package import Model
package import Policies

/// A tag rule as an agent may know it: only where it is about a secret that the agent may list.
package struct RuleView: Sendable {
    package var rule: TagRule
    package var isMet: Bool
    package var meetBy: String
    /// Until when it is met, where that ends by itself.
    package var until: Timestamp?
}

/// The rules that an agent may know of.
package struct RulesView: Sendable {
    package var rules: [RuleView]
    package var programs: ProgramListing

    /// What is said where no rule governs.
    static let none = RulesView(rules: [], programs: ProgramListing(entries: [], allowsUnlisted: true))
}

/// An acknowledgement that was taken.
package struct Acknowledgement: Sendable {
    package var rule: String
    package var validUntil: Timestamp
    package var entry: Int64
}

extension OpenVault {
    /// The rules about one secret, or about any that the asker may list there, in the order in which they are asked, and the programs that may
    /// have it, or any of them. No rule governs a person.
    package func rules(about name: SecretName?, in scope: Scope, by asker: Asker) async throws -> RulesView {
        guard let name else { return try await rules(in: scope, by: asker) }
        let act = Act(.ruleList, .reference, .capability(.referenceOnly))
        let secret = try await sought(name, in: scope, for: act, by: asker)
        let target = try await judged(scope, name, secret, by: asker)
        let access = try await authorizer.authorize(act, by: asker, on: [target])
        return try await concluding(access) {
            guard let view = policy.view(for: asker, in: scope) else { return .none }
            return RulesView(rules: standings(on: target, by: asker).map(RuleView.init), programs: view.programs(having: [name]))
        }
    }

    private func rules(in scope: Scope, by asker: Asker) async throws -> RulesView {
        let target = Target(scope: scope, subject: AuditSubject(name: "\(scope)"))
        let access = try await authorizer.authorize(Act(.ruleList, .list, .listing), by: asker, on: [target])
        return try await concluding(access) {
            guard let place = try await place(scope) else { throw try await absence(of: scope, to: asker) }
            guard let view = policy.view(for: asker, in: scope) else { return .none }
            var views: [RuleView] = []
            var names: [SecretName] = []
            for row in try await metadataCache.rows(of: place, in: self) where row.record.deletedAt == nil && view.mayList(row.metadata.name) {
                names.append(row.metadata.name)
                var target = self.target(scope, row.metadata.name, row.record)
                target.tags = row.metadata.tags
                for standing in standings(on: target, by: asker) { views.note(standing) }
            }
            let rules = TagRule.inOrder(views.map(\.rule)).compactMap { rule in views.first { $0.rule == rule } }
            return RulesView(rules: rules, programs: view.programs(having: names))
        }
    }

    /// Takes an agent's acknowledgement of a rule about one secret. It leaves a trace and keeps nobody out: a ceremony.
    package func acknowledge(rule: String, for name: SecretName, in scope: Scope, purpose: String, by asker: Asker) async throws -> Acknowledgement {
        let purpose = try await self.purpose(purpose, of: asker)
        guard let holder = asker.holder else { throw EngineError.invalid("no rule governs a person", hint: nil) }
        let act = Act(.ruleAcknowledge, .none, .capability(.referenceOnly))
        let secret = try await sought(name, in: scope, for: act, by: asker)
        let target = try await judged(scope, name, secret, by: asker)
        let permit = try await authorizer.permit(act, by: asker, on: [target])
        guard let secret else { throw EngineError.notFound(.secret) }
        try await checkAcknowledgeable(rule, act, target, by: asker)
        let detail = [AuditFact("rule", rule), AuditFact("purpose", purpose)]
        let entry = try await authorizer.commit(permit, on: [target.subject], detail: detail)
        let what = AgentSessionBook.Acknowledged(holder: holder, secret: secret.id, rule: rule)
        let now = clock.steady()
        guard sessions.acknowledge(what, life: TagRule.acknowledgementLife, now: now) else { throw EngineError.tooMany("acknowledgements") }
        return Acknowledgement(rule: rule, validUntil: wallTime(now.advanced(by: TagRule.acknowledgementLife)), entry: entry)
    }

    /// Refuses what no acknowledgement meets, as the rule itself would refuse a use.
    private func checkAcknowledgeable(_ rule: String, _ act: Act, _ target: Target, by asker: Asker) async throws {
        let standing = standings(on: target, by: asker).first { $0.rule.name == rule }
        guard standing?.rule.demand != .requireConfirmation(by: .agent) else { return }
        var error = EngineError.invalid("no rule of this name is about this secret", hint: "rule_list names those that are")
        if let standing {
            error =
                PolicyDenial(unmet: standing.rule).map { EngineError.denied(.init($0)) }
                ?? .invalid("this rule asks for nothing beforehand", hint: "use the secret: the person is told")
        }
        try await authorizer.refuse(act, by: asker, on: [target.subject], error: error)
        throw error
    }

    private func standings(on target: Target, by asker: Asker) -> [RuleStanding] {
        guard let scope = target.scope, let name = target.name, let view = policy.view(for: asker, in: scope) else { return [] }
        return view.standings(
            authorizer.circumstances(of: asker, asking: name, in: scope, secret: target.subject.secret, tags: target.tags ?? []))
    }
}

extension RuleView {
    init(_ standing: RuleStanding) {
        self.init(rule: standing.rule, isMet: standing.isMet, meetBy: standing.meetBy, until: standing.until)
    }
}

extension [RuleView] {
    /// A rule about several secrets is met when it is met for each of them.
    fileprivate mutating func note(_ standing: RuleStanding) {
        guard let index = firstIndex(where: { $0.rule == standing.rule }) else { return append(RuleView(standing)) }
        self[index].isMet = self[index].isMet && standing.isMet
        self[index].until = self[index].isMet ? [self[index].until, standing.until].compactMap(\.self).min() : nil
    }
}
