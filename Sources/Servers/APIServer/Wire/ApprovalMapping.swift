import Approvals
import Model
import Secrets
import TacitWire

extension ApprovalItem.Standing {
    init(_ standing: ApprovalRequest.Standing) {
        self =
            switch standing {
            case .pending: .pending
            case .approved: .approved
            case .denied: .denied
            case .expired: .expired
            case .usedUp: .usedUp
            case .done: .done
            }
    }
}

extension RequestView {
    /// Until when it waits, or of an approved one, until when it may be used.
    fileprivate var end: Timestamp { if case .approved(let budget) = standing { budget.until } else { request.expiresAt } }
}

extension AccessRequestState {
    init(_ view: RequestView) { self.init(id: "\(view.id)", standing: .init(view.standing), expiresAt: view.end.seconds) }
}

extension ApprovalItem {
    init(_ view: RequestView) {
        let request = view.request
        self.init(
            id: "\(view.id)", code: "\(view.code)", standing: .init(view.standing), kind: "proposal", createdAt: request.createdAt.seconds,
            expiresAt: view.end.seconds, rule: request.rule, agent: request.asker.name ?? "unidentified", process: request.asker.process,
            executable: request.asker.executable, secrets: [], reportedModel: request.asker.reportedModel, purpose: request.purpose)
        deniedUntil = request.deniedUntil?.seconds
        if case .approved(let budget) = view.standing { uses = budget.uses }
        switch request.matter {
        case .use(let subject, let names): describe(subject, names)
        case .proposal(let proposal):
            scope = proposal.scope
            secrets = proposal.names.map { ApprovalSecret(name: "\(proposal.scope)/\($0)") }
            for (index, fact) in zip(secrets.indices, view.names) { secrets[index].tell(fact) }
            capability = proposal.capability
            proposedFile = proposal.file
            proposedProgram = proposal.program
        }
    }

    private mutating func describe(_ subject: ApprovalSubject, _ names: [String]) {
        kind = subject.use.rawValue
        secrets = zip(names, subject.secrets).map { ApprovalSecret(name: $0, $1.destination, isLine: subject.file != nil) }
        program = subject.program?.path
        programHash = subject.program?.hash.hexadecimal
        arguments = subject.arguments
        workingDirectory = subject.workingDirectory?.path
        sandbox = subject.program.map { _ in ApprovalSandbox(bound: subject.sandbox) }
        timeLimitSeconds = subject.timeLimit?.components.seconds
        hasInput = subject.inputHash != nil && subject.request == nil
        file = subject.file.map { ApprovalFile(format: $0.format.rawValue, reads: $0.reads, seconds: $0.life.components.seconds) }
        notBound = subject.program?.notBound ?? []
        request = subject.request.map { bound in
            ApprovalHTTPRequest(
                method: bound.method, url: bound.origin + bound.target,
                headers: bound.fields.map { HeaderField(name: $0.name, value: $0.value) },
                bodyHash: subject.inputHash?.hexadecimal, bodyBytes: bound.sender?.bodyByteCount)
        }
    }
}

extension TokenMisuse {
    init(_ view: MisuseView) {
        self.init(agent: view.agent, code: view.code, firstAt: view.firstAt.seconds, count: view.count, frozen: view.isFrozen)
    }
}

extension ApprovalSandbox {
    fileprivate init(bound: BoundSandbox?) {
        guard let bound else {
            self.init(Strictness.none)
            return
        }
        self.init(bound.isRequired ? .required : .fallback, reads: bound.reads, passesUnscanned: bound.passesUnscanned)
    }
}

extension ApprovalSecret {
    /// What a person should know of a proposal's name.
    fileprivate mutating func tell(_ fact: ProposedName) {
        version = fact.version
        isNew = fact.version.map { _ in fact.isNew }
        isListed = fact.isListed
        barrier = fact.barrier
    }

    fileprivate init(name: String, _ destination: BoundSecret.Destination, isLine: Bool) {
        switch destination {
        case .asker: self.init(name: name)
        case .request(let place): self.init(name: name, as: .request, variable: place)
        case .variable(let variable): self.init(name: name, as: isLine ? .line : .env, variable: variable)
        case .file(let variable): self.init(name: name, as: .file, variable: variable)
        case .standardInput(let text):
            let parts = [text.before, text.after].map { $0.isEmpty ? nil : $0 }
            self.init(name: name, as: .stdin, before: parts[0], after: parts[1])
        }
    }
}
