import Auditing
import Model
import Policies
import Secrets
import TacitWire

extension TacitWire.Asker {
    /// The asker to itself: with the reason why it is not taken for a person.
    init(_ asker: Secrets.Asker) {
        self.init(asker.standing)
        if asker.isReadOnly { readOnly = true }
        doubt = asker.doubt.map { Doubt(code: $0.code, message: $0.message, hint: $0.hint) }
    }

    init(_ standing: Standing) {
        switch standing {
        case .person: self.init(kind: .person)
        case .agent(_, let name): self.init(kind: .agent, name: name.description)
        case .unidentified: self.init(kind: .unidentified)
        }
    }
}

extension AgentSummary {
    init(_ agent: RegisteredAgent) {
        self.init(
            name: agent.name.description, createdAt: agent.createdAt.seconds, revokedAt: agent.revokedAt?.seconds, policies: agent.policies,
            withheldSecrets: agent.withheldSecrets > 0 ? agent.withheldSecrets : nil, frozen: agent.isFrozen ? true : nil)
    }
}

extension SlotSummary {
    init(_ slot: SlotView) {
        self.init(
            id: slot.id.description, kind: slot.isRecovery ? .recovery : .password, parameters: slot.parameters,
            createdAt: slot.createdAt.seconds)
    }
}

extension PolicyAnswer {
    init(_ decision: PolicyDecision, steps: [String]) {
        switch decision {
        case .allow(let grant):
            let obligations = PolicyObligation.allCases.filter(grant.obligations.contains).map(\.rawValue)
            self.init(allowed: true, code: "allowed", rule: grant.rule, obligations: obligations, steps: steps)
        case .deny(let denial):
            self.init(allowed: false, code: denial.code.rawValue, rule: denial.rule, reason: denial.reason, nextStep: denial.nextStep, steps: steps)
        }
    }
}

extension PolicyInquiry {
    init(_ wire: PolicyQuestion) throws {
        let isUnidentified = wire.agent == AgentIdentity.unidentifiedName
        self.init(
            agent: isUnidentified ? .unidentified : .agent(try SegmentName(wire.agent, of: .agent)), scope: try Scope(parsing: wire.scope),
            name: try wire.name.map { try SecretName($0) }, capability: try Self.word(wire.capability, "capability"))
        tags = try wire.tags?.map { try SegmentName($0, of: .tag).description }
        model = wire.model
        given = Set(try (wire.given ?? []).map { try Self.word($0, "condition") })
        arguments = wire.argv ?? []
        request = try Self.request(wire)
        guard request != nil else { return }
        guard capability == .broker else { throw EngineError.invalid(RequestProblem.notOfBroker.message, hint: nil) }
        guard arguments.isEmpty else { throw EngineError.invalid("a question is about a command or about a request", hint: "ask twice") }
    }

    private static func request(_ wire: PolicyQuestion) throws -> RequestQuestion? {
        guard let text = wire.request else {
            guard wire.place == nil, wire.operations == nil else {
                throw EngineError.invalid("this is about a request, and none is named", hint: nil)
            }
            return nil
        }
        do {
            let place = try wire.place.map { place throws(RequestProblem) in try TokenPlace(place) }
            return try RequestQuestion(parsing: text, place: place, operations: wire.operations)
        } catch { throw EngineError.invalid(error.message, hint: error.hint) }
    }

    private static func word<Word: RawRepresentable<String> & CaseIterable>(_ text: String, _ thing: String) throws -> Word {
        guard let word = Word(rawValue: text) else {
            throw EngineError.invalid(
                "there is no such \(thing)", hint: "it is one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }
}

extension AuditVerification {
    init(_ report: VerificationReport) {
        let start = report.start > 0 ? report.start : nil
        let warnings = report.uncompared.map {
            "the kept checkpoint at \($0) entries is from before the log's beginning: nothing is left to hold it against"
        }
        switch report.verdict {
        case .intact(let entries, _, _):
            self.init(
                intact: true, entries: entries, checkpoints: report.checkpoints, message: report.verdict.message,
                missingOutcomes: report.missingOutcomes, warnings: warnings, start: start)
        case .broken(let found):
            self.init(intact: false, entries: found.index, checkpoints: report.checkpoints, message: report.verdict.message, start: start)
        }
    }
}
