import Approvals
import Model
import Policies

/// What exactly a person is asked to approve.
extension OpenVault {
    /// The most that the arguments of a run may be, for a person to look through.
    static let mostArgumentBytes = 16 << 10

    /// A secret as an approval binds it, and as a person reads it.
    typealias NamedSecret = (bound: BoundSecret, name: String)

    /// What a person is asked about a run. What nobody can bind is refused, unless a rule of the policy allows any code.
    func plea(for wish: RunWish, _ wanted: [Wanted], _ job: RunJob, _ run: any WaitingRun, rule: String, by asker: Asker) async throws -> Plea {
        guard !wish.sendsInput else {
            throw EngineError.invalid("standard input of a run that a person approves has 64 KiB at most", hint: "let the program read a file")
        }
        guard wish.arguments.reduce(0, { $0 + $1.utf8.count }) <= Self.mostArgumentBytes else {
            throw EngineError.invalid(
                "a run that a person approves has arguments of 16 KiB at most: nobody reads more", hint: "pass the rest as input")
        }
        let program = run.program
        let isOpen = program.runsAnyCode || !program.isBound
        guard let fingerprint = program.fingerprint, !isOpen || allowsAnyCode(wanted, program, by: asker) else {
            throw EngineError.denied(.notBound(rule: rule))
        }
        let notBound = isOpen ? ["the code that the program is given: scripts, files and modules that it reads"] : ["files that the program reads"]
        let secrets = try await named(wanted, prefix: wish.prefix)
        let subject = ApprovalSubject(
            .run, agent: asker.agent, program: BoundProgram(path: program.path, hash: fingerprint.bytes, notBound: notBound),
            arguments: wish.arguments, workingDirectory: run.directory, sandbox: job.sandbox.map(BoundSandbox.init), timeLimit: job.timeout,
            variables: secrets.compactMap(\.bound.destination.variable), secrets: secrets.map(\.bound),
            inputHash: wish.input.map(ApprovalSubject.hash))
        return Plea(subject: subject, rule: rule, purpose: wish.purpose, names: secrets.map(\.name), isAwaited: wish.isAwaited)
    }

    /// What a person is asked about a session file with values.
    func plea(for wish: InjectionWish, _ wanted: [Wanted], life: Duration, rule: String, by asker: Asker) async throws -> Plea {
        let secrets = try await named(wanted, prefix: "")
        try Self.checkVariables(secrets.compactMap(\.bound.destination.variable))
        let file = BoundFile(format: wish.format.bound, reads: wish.reads.map(Int64.init), life: life)
        let subject = ApprovalSubject(.inject, agent: asker.agent, secrets: secrets.map(\.bound), file: file)
        return Plea(subject: subject, rule: rule, purpose: wish.purpose, names: secrets.map(\.name), isAwaited: wish.isAwaited)
    }

    /// How a person reads a field of a secret. Of several fields it says which: the user of a login is not its password.
    func name(of field: Manifest.Field, in manifest: Manifest, _ name: SecretName, in scope: Scope, version: Int64) -> String {
        "\(scope)/\(name)\(manifest.fields.count > 1 ? "#\(field.name)" : "")@\(version)"
    }

    private func named(_ wanted: [Wanted], prefix: String) async throws -> [NamedSecret] {
        var secrets: [NamedSecret] = []
        for item in wanted {
            guard let record = item.record, let version = item.version else { throw EngineError.notFound(.secret) }
            let manifest = try await shelf.manifest(record, version: version)
            for (ordinal, field, variable) in try Self.injected(item, manifest, prefix: prefix) {
                let bound = BoundSecret(secret: record.id, version: version, field: ordinal, to: item.way.destination(variable))
                secrets.append((bound, name(of: field, in: manifest, item.name, in: item.scope, version: version)))
            }
        }
        return secrets
    }

    /// Whether a command rule lets the agent hand each of these secrets to a program that runs any code.
    private func allowsAnyCode(_ wanted: [Wanted], _ program: OpenedProgram, by asker: Asker) -> Bool {
        wanted.allSatisfy { item in
            guard let view = policy.view(for: asker, in: item.scope) else { return false }
            let circumstances = PolicyCircumstances(program: program, hasApproval: true, now: clock.now())
            guard case .allow(let grant) = view.decision(for: item.name, capability: .envInject, circumstances) else { return false }
            return policy.document.commandRules.contains { $0.name == grant.commandRule && $0.anyCode == .allow }
        }
    }
}

extension BoundSecret.Destination {
    /// The variable, or the line of a file, that is set.
    var variable: String? {
        switch self {
        case .variable(let name), .file(let name): name
        case .asker, .standardInput, .request: nil
        }
    }
}

extension BoundSandbox {
    fileprivate init(_ sandboxing: Sandboxing) {
        self.init(isRequired: sandboxing.isRequired, passesUnscanned: sandboxing.passesUnscanned, reads: sandboxing.reads)
    }
}

extension SessionFileDraft.Format {
    fileprivate var bound: BoundFile.Format {
        switch self {
        case .dotenv: .dotenv
        case .json: .json
        case .certificates: preconditionFailure("internal: nobody wishes for a file of certificates")
        }
    }
}

extension RunWish.Secret.Way {
    fileprivate func destination(_ variable: String) -> BoundSecret.Destination {
        switch self {
        case .variable: .variable(variable)
        case .file: .file(variable)
        case .standardInput(let text): .standardInput(text)
        }
    }
}
