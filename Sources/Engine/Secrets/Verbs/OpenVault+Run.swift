import Auditing
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
    package var purpose: String?

    package struct Secret: Sendable {
        package var reference: SecretReference
        /// The variable; nil for the field's binding, or the name made from the secret's.
        package var variable: String?
        package var isInput = false

        package init(reference: SecretReference, variable: String? = nil, isInput: Bool = false) {
            self.reference = reference
            self.variable = variable
            self.isInput = isInput
        }
    }

    package init(arguments: [String], scope: Scope) {
        self.arguments = arguments
        self.scope = scope
    }
}

/// A run that was allowed and written down; its values are open, and a runner holds its program.
package struct PreparedRun: Sendable {
    package var job: RunJob
    package let access: AuthorizedAccess
    let waiting: any WaitingRun
    /// The unlock it was allowed in.
    let opening: VaultID
}

extension OpenVault {
    /// The longest that an agent's run may take, and how long it takes unless it says otherwise.
    package static let longestAgentRun = Duration.seconds(300)
    package static let usualAgentRun = Duration.seconds(50)

    /// Allows a run: resolves every secret, has the program opened, authorizes it with them, writes the intent, then opens the values.
    package func prepareRun(_ wish: RunWish, by asker: Asker) async throws -> PreparedRun {
        guard let program = wish.arguments.first, !program.isEmpty else { throw EngineError.invalid("there is no command to run", hint: nil) }
        let act = Act(.run, .inject, wish.takesAll ? .stepUp : .capability(.envInject))
        let wanted = try await wantedSecrets(wish, for: act, by: asker)
        var targets: [Target] = []
        for item in wanted { targets.append(try await judged(item.scope, item.name, item.record, version: item.version, by: asker)) }
        let isAgent = asker.isAgent
        if isAgent, !wish.takesAll, targets.isEmpty { throw EngineError.invalid("a run names at least one secret", hint: nil) }
        // Whoever may not have the secrets learns nothing of programs either.
        try await authorizer.foresee(act, by: asker, on: targets)
        var job = RunJob(wish, by: asker, takesFingerprint: policy.pinsPrograms(of: asker))
        let waiting = try await opened(job, act, targets, by: asker)
        for index in targets.indices { targets[index].program = waiting.program }
        var detail = [AuditFact("program", program)]
        if let purpose = wish.purpose { detail.append(AuditFact("purpose", AgentWords.quoted(purpose))) }
        let access = try await authorizer.authorize(act, by: asker, on: targets, detail: detail)
        do {
            for item in wanted { job.values += try await open(item, prefix: wish.prefix, access: access) }
            job.take(access.grants)
            return PreparedRun(job: job, access: access, waiting: waiting, opening: opening)
        } catch {
            await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal")
            throw error
        }
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
        var isInput: Bool
        /// Whether a version was named, rather than the current one meant.
        var isPinned = false
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
                    isInput: secret.isInput, isPinned: secret.reference.version != nil, record: record))
        }
        guard wish.takesAll, !asker.isAgent else { return wanted }
        guard let place = try await place(wish.scope) else { throw EngineError.notFound(.environment) }
        for entry in try await metadataCache.rows(of: place, in: self) where (try? usable(entry.record)) != nil {
            guard !wanted.contains(where: { $0.record?.id == entry.record.id }) else { continue }
            wanted.append(
                Wanted(
                    scope: wish.scope, name: entry.metadata.name, version: entry.record.current, isInput: false, record: entry.record))
        }
        return wanted
    }

    func open(_ item: Wanted, prefix: String, access: AuthorizedAccess) async throws -> [RunJob.InjectedValue] {
        guard let record = item.record, let version = item.version else { throw EngineError.notFound(.secret) }
        try usable(record)
        let manifest = try await shelf.manifest(record, version: version)
        var values: [RunJob.InjectedValue] = []
        for (ordinal, field, variable) in try Self.injected(item, manifest, prefix: prefix) {
            let value = try await shelf.open(ordinal, of: record, version: version, access: access)
            let needle = manifest.fields.count > 1 ? "\(item.name)#\(field.name)" : "\(item.name)"
            values.append(.init(variable: item.isInput ? nil : variable, name: needle, kind: field.kind, value: value))
        }
        return values
    }

    /// Which fields go where: the one that is named; else every bound one; else the one that stands for the secret.
    static func injected(_ item: Wanted, _ manifest: Manifest, prefix: String) throws -> [(Int64, Manifest.Field, String)] {
        let derived = VariableName.from(item.name.description, prefix: prefix)
        if let name = item.field {
            let (ordinal, field) = try manifest.chosen(name)
            let fallback = name.description == "value" ? derived : VariableName.from("\(item.name)_\(name)", prefix: prefix)
            return [(ordinal, field, item.variable ?? field.binding ?? fallback)]
        }
        let bound = manifest.fields.enumerated().filter { $0.element.binding != nil }
        if item.variable == nil, !item.isInput, !bound.isEmpty {
            return bound.map { (Int64($0.offset + 1), $0.element, $0.element.binding ?? derived) }
        }
        let (ordinal, field) = try manifest.chosen(nil)
        return [(ordinal, field, item.variable ?? field.binding ?? derived)]
    }
}

extension RunJob {
    /// The job as it is wished for, before anything of it was decided: an agent's has nothing of its own.
    fileprivate init(_ wish: RunWish, by asker: Asker, takesFingerprint: Bool) {
        let isAgent = asker.isAgent
        let longest = OpenVault.longestAgentRun
        self.init(
            arguments: wish.arguments, workingDirectory: wish.workingDirectory, environment: isAgent ? [:] : wish.environment,
            values: [], preservesEnvironment: !isAgent && wish.preservesEnvironment,
            timeout: isAgent ? min(wish.timeout ?? OpenVault.usualAgentRun, longest) : wish.timeout, terminal: isAgent ? nil : wish.terminal,
            fileMask: wish.fileMask, audience: isAgent ? .agent(realHome: false) : .person, takesFingerprint: takesFingerprint)
    }

    /// Takes over what the policy granted. Where the secrets of a run are granted differently, the program gets what is granted with all of them.
    fileprivate mutating func take(_ grants: [PolicyGrant]) {
        guard case .agent = audience, let first = grants.first else { return }
        audience = .agent(realHome: grants.allSatisfy { $0.home == .real })
        searchPath = grants.allSatisfy { $0.path == first.path } ? first.path : nil
    }
}

extension Asker {
    var isAgent: Bool {
        if case .person = standing { false } else { true }
    }
}
