import Model
import Policies
import Secrets
import TacitWire

extension SessionWish {
    init(_ wire: SessionWake) throws {
        self.init(place: try Scope(parsing: wire.scope), covers: wire.covers, purpose: wire.purpose)
        life = wire.ttlSeconds.map { .seconds($0) }
        patience = wire.idleSeconds.map { .seconds($0) }
        agent = try wire.agent.map { try SegmentName($0, of: .agent) }
    }
}

extension SleepWish {
    init(_ wire: SessionSleep) throws {
        self.init()
        what = wire.what.flatMap { What(rawValue: $0.rawValue) } ?? .all
        ids = wire.ids ?? []
        agent = try wire.agent.map { try SegmentName($0, of: .agent) }
        guard ids.count <= 1000 else { throw EngineError.invalid("at most 1,000 sessions and files can be ended at once", hint: nil) }
    }
}

extension SessionSummary {
    init(_ view: SessionView, entry: Int64? = nil) {
        self.init(
            id: view.id, agent: view.agent, scope: "\(view.place)", covers: view.covers, purpose: view.purpose,
            wokenBy: view.isPersons ? .person : .agent, wokenAt: view.wokenAt.seconds, expiresAt: view.until.seconds,
            sleepsAt: view.sleepsAt.seconds, auditEntry: entry)
    }
}

extension RuleSummary {
    init(_ view: RuleView) {
        self.init(
            rule: view.rule.name, kind: view.rule.kind.rawValue, appliesTo: view.rule.tags.map { "tag:\($0)" }, met: view.isMet,
            meetBy: view.meetBy, until: view.until?.seconds, strength: view.rule.strength.rawValue, strengthReason: view.rule.strengthReason)
    }
}

extension RuleList {
    init(_ view: RulesView) {
        let programs = view.programs.entries.map { entry in
            ProgramRule(
                rule: entry.rule, kind: entry.isDenial ? .deniedPrograms : .programs, programs: entry.programs, keys: entry.keys,
                pinned: entry.isPinned,
                anyCode: entry.allowsAnyCode, strength: entry.strength.rawValue, strengthReason: entry.strengthReason)
        }
        self.init(items: view.rules.map { RuleSummary($0) }, programs: programs, unlistedPrograms: view.programs.allowsUnlisted)
    }
}

extension RuleAcknowledged {
    init(_ taken: Acknowledgement, name: String) {
        self.init(
            rule: taken.rule, name: name, validUntil: taken.validUntil.seconds, strength: TagRule.Strength.ceremony.rawValue,
            auditEntry: taken.entry)
    }
}

extension InjectionWish {
    init(_ wire: FileInjection) throws {
        let secrets = try wire.secrets.map { secret in
            guard secret.stdin == nil, secret.file == nil, secret.before == nil, secret.after == nil else {
                throw EngineError.invalid("a secret of a file is a line of it", hint: nil)
            }
            return RunWish.Secret(reference: try SecretReference(parsing: secret.reference), variable: secret.variable)
        }
        self.init(scope: try Scope(parsing: wire.scope), secrets: secrets, purpose: wire.purpose)
        content = wire.content == .values ? .values : .references
        format = wire.format == .json ? .json : .dotenv
        life = wire.ttlSeconds.map { .seconds($0) }
        reads = wire.reads
    }
}

extension FileInjected {
    init(_ file: InjectedFile, _ wish: FileInjection) {
        // What goes through a pipe lies nowhere, wherever the pipe's name does.
        self.init(
            id: file.id, path: file.place.path, content: Content(rawValue: file.content.rawValue) ?? .values, variables: file.variables,
            expiresAt: file.expiresAt.seconds, reads: wish.reads, inMemory: wish.reads != nil || file.place.isInMemory, auditEntry: file.entry)
    }
}
