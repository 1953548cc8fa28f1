import Approvals
import Auditing
package import Model
import Policies

/// Which field of which version of which secret.
package struct FieldReference: Sendable {
    package var scope: Scope
    package var name: SecretName
    package var field: SegmentName?
    package var version: Int64?

    package init(scope: Scope, name: SecretName, field: SegmentName? = nil, version: Int64? = nil) {
        self.scope = scope
        self.name = name
        self.field = field
        self.version = version
    }
}

/// A value on its way to whoever may have it.
package struct Released: Sendable {
    package var value: SecretValue
    package var field: SegmentName
    package var kind: FieldKind
    package var version: Int64
}

extension OpenVault {
    /// Reveals one field to a person. The intent is durable before the value is opened.
    package func reveal(_ reference: FieldReference, by asker: Asker, withinGrace: Bool) async throws -> Released {
        try await releasing(reference, Act(.secretReveal, .reveal, withinGrace ? .person : .reveal), by: asker) { $0 }
    }

    /// A field's masked view, for a person or an agent with `masked_return`.
    package func masked(_ reference: FieldReference, by asker: Asker) async throws -> (text: String, field: SegmentName, version: Int64) {
        try await releasing(reference, Act(.secretMasked, .masked, .capability(.maskedReturn)), by: asker) { released in
            (Mask.text(of: released.value), released.field, released.version)
        }
    }

    /// Reveals one field to an agent, over the API alone: where its policy says `reveal`, and a person approved this very value. The purpose is in the intent,
    /// which is durable before the value is opened.
    package func reveal(_ reference: FieldReference, purpose: String, by asker: Asker) async throws -> Released {
        let purpose = try await self.purpose(purpose, of: asker)
        guard let holder = asker.holder else { throw EngineError.invalid("a purpose is asked of agents", hint: "a person reveals with `tacit get`") }
        // No tool gives a value away, whatever a policy says.
        guard asker.source != .mcp else { throw EngineError.denied(.personOnly) }
        guard sessions.mayAskToReveal(holder, now: clock.steady()) else { throw EngineError.tooOften(seconds: 60) }
        let act = Act(.secretReveal, .reveal, .capability(.reveal))
        return try await releasing(reference, act, by: asker, detail: [AuditFact("purpose", purpose)]) { $0 }
    }

    private func releasing<View: Sendable>(
        _ reference: FieldReference, _ act: Act, by asker: Asker, detail: [AuditFact] = [], _ body: (Released) -> View
    ) async throws -> View {
        let secret = try await sought(reference.name, in: reference.scope, for: act, by: asker)
        let version = reference.version ?? secret?.current
        let target = try await judged(reference.scope, reference.name, secret, version: version, by: asker)
        let access = try await allowed(act, reference, secret, target, detail, by: asker)
        return try await concluding(access) {
            guard let secret, let version else { throw EngineError.notFound(.secret) }
            try usable(secret)
            let (ordinal, field) = try await shelf.manifest(secret, version: version).chosen(reference.field)
            let value = try await shelf.open(ordinal, of: secret, version: version, access: access)
            return body(Released(value: value, field: field.name, kind: field.kind, version: version))
        }
    }

    /// Asks the policy, and a person where it wants one.
    private func allowed(
        _ act: Act, _ reference: FieldReference, _ secret: SecretRecord?, _ target: Target, _ detail: [AuditFact], by asker: Asker
    ) async throws -> AuthorizedAccess {
        guard let secret, let version = target.subject.version, let rule = authorizer.ruleForApproval(act, by: asker, on: [target]) else {
            return try await authorizer.authorize(act, by: asker, on: [target], detail: detail)
        }
        let manifest = try await shelf.manifest(secret, version: version)
        let (ordinal, field) = try manifest.chosen(reference.field)
        let subject = ApprovalSubject(
            act.mode == .masked ? .mask : .reveal, agent: asker.agent,
            secrets: [BoundSecret(secret: secret.id, version: version, field: ordinal, to: .asker)])
        let name = name(of: field, in: manifest, reference.name, in: reference.scope, version: version)
        let plea = Plea(subject: subject, rule: rule, purpose: detail.first { $0.key == "purpose" }?.value, names: [name])
        return try await approved(act, by: asker, on: [target], plea, detail: detail)
    }

    /// Runs what an access allows and writes how it ended.
    func concluding<Result: Sendable>(_ access: AuthorizedAccess, _ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            await authorizer.conclude(access, result: "done")
            return result
        } catch {
            await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal")
            throw error
        }
    }
}

extension Manifest {
    /// The field that is meant: the one named, else `value`, else the only secret one.
    func chosen(_ name: SegmentName?) throws -> (ordinal: Int64, field: Field) {
        if let name {
            guard let ordinal = ordinal(of: name) else { throw EngineError.unknownField }
            return (ordinal, fields[Int(ordinal) - 1])
        }
        if let position = fields.firstIndex(where: { $0.name.description == "value" }) { return (Int64(position + 1), fields[position]) }
        let secrets = fields.enumerated().filter { $0.element.kind == .secret }
        guard let only = secrets.first, secrets.count == 1 else {
            throw EngineError.severalFields
        }
        return (Int64(only.offset + 1), only.element)
    }
}
