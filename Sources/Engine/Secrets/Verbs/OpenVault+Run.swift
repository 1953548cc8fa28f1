import Approvals
import Auditing
import Brokering
package import Model
import Policies

/// A command that someone wants to run with secrets.
package struct RunWish: Sendable {
    package var arguments: [String]
    package var workingDirectory: String?
    package var scope: Scope
    package var environment: [String: String] = [:]
    package var secrets: [Secret] = []
    package var takesAll = false
    package var prefix = ""
    package var preservesEnvironment = false
    package var timeout: Duration?
    package var terminal: RunJob.Terminal?
    package var fileMask: Int?
    /// Whether whoever asks wants a sandbox; a policy may want one in any case.
    package var isSandboxed = false
    /// Whether files of a sandbox are written as they are. Persons only.
    package var writesThrough = false
    /// What a program in a sandbox may read besides. Persons only.
    package var reads: [String] = []
    package var purpose: String?
    /// The agent whose fake tokens the program gets in place of values. Persons only.
    package var agent: SegmentName?
    /// Whether those tokens are shown in the output as they are. Persons only.
    package var showsTokens = false
    /// The whole of standard input, where the client tells it beforehand; an approval binds it.
    package var input: [UInt8]?
    /// Whether the client will send standard input afterwards, which no approval binds.
    package var sendsInput = false
    /// Whether somebody still waits for the answer.
    package var isAwaited: @Sendable () -> Bool = { true }

    package struct Secret: Sendable {
        package var reference: SecretReference
        /// The variable; nil for the field's binding, or the name made from the secret's.
        package var variable: String?
        package var way = Way.variable

        /// How the program has it.
        package enum Way: Sendable {
            case variable
            /// In a private file, whose path the variable holds.
            case file
            /// On standard input, between this text.
            case standardInput(InputText)

            var isStandardInput: Bool { if case .standardInput = self { true } else { false } }
        }

        package init(reference: SecretReference, variable: String? = nil, _ way: Way = .variable) {
            self.reference = reference
            self.variable = variable
            self.way = way
        }
    }

    package init(arguments: [String], scope: Scope) {
        self.arguments = arguments
        self.scope = scope
    }

    /// Whether it has what is for persons only.
    var isPersonal: Bool { agent != nil || showsTokens || writesThrough || !reads.isEmpty }
}

/// A run that was allowed and written down; its values are open, and a runner holds its program.
package struct PreparedRun: Sendable {
    package var job: RunJob
    package let access: AuthorizedAccess
    let waiting: any WaitingRun
    /// Of a run with fake tokens.
    let door: RunDoor?
    /// The unlock it was allowed in.
    let opening: VaultID
}

extension OpenVault {
    /// The longest that an agent's run may take, and how long it takes unless it says otherwise.
    package static let longestAgentRun = Duration.seconds(300)
    package static let usualAgentRun = Duration.seconds(50)
    /// What an agent's run makes is its user's alone: whoever asks does not choose who may read it.
    static let agentFileMask = 0o077

    /// Allows a run: resolves every secret, has the program opened, authorizes it with them, writes the intent, then opens the values.
    package func prepareRun(_ wish: RunWish, by asker: Asker) async throws -> PreparedRun {
        guard let program = wish.arguments.first, !program.isEmpty else { throw EngineError.invalid("there is no command to run", hint: nil) }
        let act = Act(.run, .inject, wish.takesAll ? .stepUp : .capability(.envInject))
        guard wish.input == nil || !wish.secrets.contains(where: \.way.isStandardInput) else {
            throw EngineError.invalid("standard input is either a secret or what you send", hint: "leave one of them out")
        }
        if asker.isAgent, wish.isPersonal { throw try await refused(act, by: asker) }
        var wanted = try await wantedSecrets(wish, for: act, by: asker)
        let agent = try await holderOfTokens(wish, &wanted, asker)
        var targets: [Target] = []
        for item in wanted {
            var target = try await judged(item.scope, item.name, item.record, version: item.version, by: asker)
            target.getsToken = asker.isAgent && item.isToken
            targets.append(target)
        }
        if asker.isAgent, !wish.takesAll, targets.isEmpty { throw EngineError.invalid("a run names at least one secret", hint: nil) }
        try await checkUnmixed(act, wanted, targets, hint: "run the program once with each", by: asker)
        // Whoever may not have the secrets learns nothing of programs either.
        let foreseen = try await authorizer.foresee(act, by: asker, on: targets)
        let reads = asker.isAgent ? [] : try await checkRequests(of: agent, wanted)
        let takesFingerprint = policy.pinsPrograms(of: asker) || wantsPerson(on: targets, by: asker)
        var job = RunJob(wish, by: asker, takesFingerprint: takesFingerprint)
        job.sandbox = Sandboxing(wish, by: asker, under: foreseen)
        if let agent { job.sandbox?.open(reads: reads, for: wish.startsAgent ? agent : nil) }
        let waiting = try await opened(job, act, targets, by: asker)
        for index in targets.indices { targets[index].program = waiting.program }
        var detail = [AuditFact("program", program)] + (agent.map { [AuditFact("fake-tokens-of", $0.agentName)] } ?? [])
        if let purpose = wish.purpose { detail.append(AuditFact("purpose", try await quoted(purpose, of: asker))) }
        let access = try await allowed(act, wish, wanted, (job, waiting), targets, detail, by: asker)
        if let input = Self.input(of: wish, wanted, isApproved: access.isApproved) { job.values.append(input) }
        do {
            for (index, item) in wanted.enumerated() {
                let values = try await open(item, prefix: wish.prefix, access: access, forTokensOf: agent).filter {
                    !asker.isAgent || !item.isToken || $0.kind == .secret || SigningPart.keyID(of: $0.value) != nil
                }
                guard !values.isEmpty else { throw EngineError.invalid("a token stands for a secret field, and this one is plain", hint: nil) }
                try Guessing.check(values, for: asker, under: index < access.grants.count ? access.grants[index] : nil)
                job.values += values
            }
            try job.take(access.grants)
            await limitAnswers(of: &job, for: asker)
            var door: RunDoor?
            if let agent { door = try await openDoor(&job.values, wanted, in: wish.scope, at: waiting.doorPlace, for: agent) }
            job.proxy = door?.proxy
            return PreparedRun(job: job, access: access, waiting: waiting, door: door, opening: opening)
        } catch {
            await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal")
            throw error
        }
    }

    /// Writes down that somebody wanted of a run what only a person may; the error.
    private func refused(_ act: Act, by asker: Asker) async throws -> EngineError {
        let error = EngineError.denied(.personOnly)
        try await authorizer.refuse(act, by: asker, on: [], error: error)
        return error
    }

    /// Asks the policy, and a person where it wants one. The intent is durable when this returns.
    private func allowed(
        _ act: Act, _ wish: RunWish, _ wanted: [Wanted], _ run: (job: RunJob, waiting: any WaitingRun), _ targets: [Target],
        _ detail: [AuditFact], by asker: Asker
    ) async throws -> AuthorizedAccess {
        guard let rule = authorizer.ruleForApproval(act, by: asker, on: targets) else {
            return try await authorizer.authorize(act, by: asker, on: targets, detail: detail)
        }
        let plea: Plea
        do {
            plea = try await self.plea(for: wish, wanted, run.job, run.waiting, rule: rule, by: asker)
        } catch let error as EngineError {
            try await authorizer.refuse(act, by: asker, on: targets.map(\.subject), error: error)
            throw error
        }
        return try await approved(act, by: asker, on: targets, plea, detail: detail)
    }

    /// What stands in place of the standard input that a client would send: what it told beforehand. An approved run has no other, since nobody saw it.
    private static func input(of wish: RunWish, _ wanted: [Wanted], isApproved: Bool) -> RunJob.InjectedValue? {
        guard !wanted.contains(where: \.way.isStandardInput), var bytes = wish.input ?? (isApproved ? [] : nil) else { return nil }
        return .init(variable: nil, name: "", kind: .plain, value: SecretValue(moving: &bytes))
    }

    /// Has a fresh runner open the program. One that cannot be, or is not to be, is written down as a refusal; so is a run too many, before a runner is taken.
    private func opened(_ job: RunJob, _ act: Act, _ targets: [Target], by asker: Asker) async throws -> any WaitingRun {
        do {
            try lasting.runs.admit(asker.standing.remembered)
            return try await foundation.runners.open(job)
        } catch {
            let code = (error as? any Diagnosable)?.code ?? "internal"
            try await authorizer.refuse(act, by: asker, on: targets.map(\.subject), code: code)
            throw error
        }
    }

    /// One secret that was asked for, and where it goes.
    struct Wanted {
        var scope: Scope
        var name: SecretName
        var field: SegmentName?
        var version: Int64?
        var variable: String?
        var way: RunWish.Secret.Way = .variable
        /// Whether a version was named, rather than the current one meant.
        var isPinned = false
        /// Whether a fake token stands in its place.
        var isToken = false
        /// Whether it is here as one of all secrets, of which nobody can name a field.
        var isOfAll = false
        var record: SecretRecord?
    }

    func wantedSecrets(_ wish: RunWish, for act: Act, by asker: Asker) async throws -> [Wanted] {
        var wanted: [Wanted] = []
        for secret in wish.secrets {
            let scope = secret.reference.scope ?? wish.scope
            let record = try await sought(secret.reference.name, in: scope, for: act, by: asker)
            wanted.append(
                Wanted(
                    scope: scope, name: secret.reference.name, field: secret.reference.field,
                    version: secret.reference.version.map(Int64.init) ?? record?.current, variable: secret.variable,
                    way: secret.way, isPinned: secret.reference.version != nil, record: record))
        }
        guard wish.takesAll, !asker.isAgent else { return wanted }
        guard let place = try await place(wish.scope) else { throw try await absence(of: wish.scope, to: asker) }
        for entry in try await metadataCache.rows(of: place, in: self) where (try? usable(entry.record)) != nil {
            guard !wanted.contains(where: { $0.record?.id == entry.record.id }) else { continue }
            wanted.append(
                Wanted(
                    scope: wish.scope, name: entry.metadata.name, version: entry.record.current, isOfAll: true, record: entry.record))
        }
        return wanted
    }

    /// Opens what goes to a program, or to where tokens of an agent are made for it, which are good also for a value that is renewed first.
    func open(
        _ item: Wanted, prefix: String, access: AuthorizedAccess, forTokensOf agent: Asker? = nil
    ) async throws -> [RunJob.InjectedValue] {
        guard let record = item.record, let version = item.version else { throw EngineError.notFound(.secret) }
        if let agent, item.isToken { try usable(record, item.name, in: item.scope, byTokenOf: agent) } else { try usable(record) }
        let manifest = try await shelf.manifest(record, version: version)
        var values: [RunJob.InjectedValue] = []
        for (ordinal, field, variable) in try Self.injected(item, manifest, prefix: prefix) {
            let value = try await shelf.open(ordinal, of: record, version: version, access: access)
            let needle = manifest.fields.count > 1 ? "\(item.name)#\(field.name)" : "\(item.name)"
            var injected = RunJob.InjectedValue(item.way, variable: variable, name: needle, kind: field.kind, value: value)
            injected.secret = record.id
            values.append(injected)
        }
        return values
    }

    /// Which fields go where: the one that is named; else every bound one; else the one that stands for the secret; where none does, and nobody could have
    /// named one, each as `tacit export` names it.
    static func injected(_ item: Wanted, _ manifest: Manifest, prefix: String) throws -> [(Int64, Manifest.Field, String)] {
        let derived = VariableName.from(item.name.description, prefix: prefix)
        if let name = item.field {
            let (ordinal, field) = try manifest.chosen(name)
            let fallback = name.description == "value" ? derived : VariableName.from("\(item.name)_\(name)", prefix: prefix)
            return [(ordinal, field, item.variable ?? field.binding ?? fallback)]
        }
        let bound = manifest.fields.enumerated().filter { $0.element.binding != nil }
        if item.variable == nil, !item.way.isStandardInput, !bound.isEmpty {
            return bound.map { (Int64($0.offset + 1), $0.element, $0.element.binding ?? derived) }
        }
        do {
            let (ordinal, field) = try manifest.chosen(nil)
            return [(ordinal, field, item.variable ?? field.binding ?? derived)]
        } catch EngineError.severalFields where item.isOfAll {
            return manifest.fields.enumerated().map {
                (Int64($0.offset + 1), $0.element, VariableName.from("\(item.name)_\($0.element.name)", prefix: prefix))
            }
        }
    }
}

extension RunJob {
    /// The job as it is wished for, before anything of it was decided: an agent's has nothing of its own.
    fileprivate init(_ wish: RunWish, by asker: Asker, takesFingerprint: Bool) {
        let isAgent = asker.isAgent
        let longest = OpenVault.longestAgentRun
        self.init(
            arguments: wish.arguments, workingDirectory: wish.workingDirectory,
            environment: isAgent ? [:] : wish.startsAgent ? wish.agentEnvironment : wish.environment,
            values: [], preservesEnvironment: !isAgent && wish.preservesEnvironment,
            timeout: isAgent ? min(wish.timeout ?? OpenVault.usualAgentRun, longest) : wish.timeout, terminal: isAgent ? nil : wish.terminal,
            fileMask: isAgent ? OpenVault.agentFileMask : wish.fileMask, audience: isAgent ? .agent(realHome: false) : .person,
            takesFingerprint: takesFingerprint)
        showsTokens = !isAgent && wish.showsTokens
    }

    /// Takes over what the policy granted. Where the secrets of a run are granted differently, the program gets what is granted with all of them.
    fileprivate mutating func take(_ grants: [PolicyGrant]) throws {
        // A policy that came into force since the sandbox was built, or was not.
        if sandbox?.isRequired != true, let strict = grants.first(where: \.confinesPrograms) {
            throw EngineError.denied(.init(PolicyDenial(unmet: .sandbox, of: strict)))
        }
        guard case .agent = audience, let first = grants.first else { return }
        audience = .agent(realHome: grants.allSatisfy { $0.home == .real })
        searchPath = grants.allSatisfy { $0.path == first.path } ? first.path : nil
        passesUnscanned = grants.allSatisfy { $0.unredactable == .allow }
    }
}

extension RunJob.InjectedValue {
    fileprivate init(_ way: RunWish.Secret.Way, variable: String, name: String, kind: FieldKind, value: SecretValue) {
        switch way {
        case .variable: self.init(variable: variable, name: name, kind: kind, value: value)
        case .file: self.init(variable: variable, isFile: true, name: name, kind: kind, value: value)
        case .standardInput(let text): self.init(variable: nil, text: text, name: name, kind: kind, value: value)
        }
    }
}

extension Sandboxing {
    /// The strictest of what the grants want, and what they all give; none where they all let programs run without, and nobody asked for one.
    fileprivate init?(_ wish: RunWish, by asker: Asker, under grants: [PolicyGrant]) {
        let isRequired = wish.isSandboxed || grants.contains(where: \.confinesPrograms)
        guard isRequired || grants.contains(where: { $0.unsandboxed == .fallback }) else { return nil }
        self.init(
            isRequired: isRequired, writesThrough: (wish.writesThrough || wish.startsAgent) && !asker.isAgent,
            passesUnscanned: !asker.isAgent || !grants.isEmpty && grants.allSatisfy { $0.unredactable == .allow },
            reads: asker.isAgent ? (grants.first?.reads ?? []).filter { path in grants.allSatisfy { $0.reads.contains(path) } } : wish.reads)
    }
}

extension PolicyGrant {
    /// Whether a program that gets what was granted, or a token in its place, runs in the sandbox.
    fileprivate var confinesPrograms: Bool { obligations.contains(.sandbox) || unsandboxed == .deny }
}

extension Asker {
    var isAgent: Bool {
        if case .person = standing { false } else { true }
    }
}
