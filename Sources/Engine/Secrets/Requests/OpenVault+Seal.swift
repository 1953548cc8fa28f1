import Auditing
import Brokering
import Model
import Policies
import Redaction
import Storage

/// What is sealed of the reply to one request, and where it goes. The policy says all of it.
struct Sealing: Sendable {
    let seal: ReplySeal
    let rule: String
    let scope: Scope
    /// Of the secrets that the request is made with: what holds for them, holds for what they bring.
    let tags: [String]
    /// Whether it renews a secret: what the reply does not bring stays as it is, and the value is good for ever where it does not say how long.
    let isRenewal: Bool

    init(_ seal: ReplySeal, by rule: String, in scope: Scope, tags: [String], isRenewal: Bool = false) {
        (self.seal, self.rule, self.scope, self.tags, self.isRenewal) = (seal, rule, scope, tags, isRenewal)
    }

    /// What the broker needs to know of it.
    var order: SealOrder { SealOrder(pointers: seal.parts.map(\.pointer), expiry: seal.expiry, isStrict: !isRenewal) }
}

extension OpenVault {
    /// Refuses a request before it leaves whose reply nobody could store, or with whose credentials the agent could do nothing.
    func foresee(_ sealing: Sealing, by asker: Asker) async throws {
        let (place, name) = (try await place(sealing.scope), sealing.seal.secret)
        let found = if let place { try await shelf.find(name, in: place) } else { SecretRecord?.none }
        var target = try await judged(sealing.scope, name, found, by: asker).present
        target.tags = found == nil ? sealing.tags : target.tags
        do {
            try await authorizer.foresee(Act(.tokenIssue, .resolve, .capability(.broker)), by: asker, on: [target])
        } catch EngineError.notFound { throw EngineError.denied(.sealedForOthers(rule: sealing.rule)) }
        // Said only to who may know of it.
        guard place != nil, found?.deletedAt == nil else { throw EngineError.denied(.cannotSeal(rule: sealing.rule)) }
    }

    /// Stores new credentials as a secret's next version, or its first, with what stands for them: all of it is durable, entry included, when this returns.
    ///
    /// Nil where it is refused, which is written down.
    func seal(
        _ credentials: NewCredentials, _ sealing: Sealing, after request: Int64, by asker: Asker, for door: DoorJudge? = nil
    ) async -> [SealedCredential]? {
        let act = Act(.secretSet, .write, .nothing)
        let detail = [AuditFact("sealed-reply-of", request), AuditFact("request-rule", sealing.rule)]
        do {
            let sealed = try await retrying { try await sealOnce(credentials, sealing, act, detail, by: asker, for: door) }
            for credential in sealed { if let made = credential.made, let grant = credential.grant { door?.take(made, for: grant) } }
            return sealed.map(\.credential)
        } catch {
            let subject = target(sealing.scope, sealing.seal.secret, nil).subject
            try? await authorizer.refuse(
                act, by: asker, on: [subject], code: (error as? any Diagnosable)?.code ?? "internal", rule: sealing.rule, detail: detail)
            return nil
        }
    }

    /// What stands for one credential, and the grant of its token where that was made for it.
    private struct Sealed {
        var credential: SealedCredential
        var made: GrantID?
        var grant: DoorJudge.Grant?
    }

    private func sealOnce(
        _ credentials: NewCredentials, _ sealing: Sealing, _ act: Act, _ detail: [AuditFact], by asker: Asker, for door: DoorJudge?
    ) async throws -> [Sealed] {
        // Of an errand, whose agent's broker ends with its badge, the judge looks itself.
        if door != nil, case .agent(let id, _) = asker.standing, try await !isRegistered(id) { throw EngineError.denied(.badBadge) }
        guard let place = try await place(sealing.scope) else { throw EngineError.notFound(.environment) }
        let found = try await shelf.find(sealing.seal.secret, in: place)
        let target = target(sealing.scope, sealing.seal.secret, found).present
        let permit = try await authorizer.permit(act, by: asker, on: [target])
        if found?.deletedAt != nil { throw EngineError.deleted }
        let write = try await write(credentials, sealing, replacing: found)
        let draft = try await draft(write, replacing: found)
        var sealed: [Sealed] = []
        // Fields that the reply does not bring stay as they are, and have to be opened to be sealed in the new version.
        guard draft.isComplete else {
            let access = try await authorizer.begin(permit, on: [target.subject], detail: detail)
            _ = try await storing(access) {
                let ready = try await stored(draft, write, found, place, by: asker, access: access)
                return try await adding(&sealed, to: ready, write, draft, sealing, by: asker, for: door)
            }
            return sealed
        }
        var ready = try await stored(draft, write, found, place, by: asker, access: nil)
        ready = try await adding(&sealed, to: ready, write, draft, sealing, by: asker, for: door)
        try await endingFiles(of: [ready.subject], after: .renewed) {
            try await authorizer.commit(permit, ready.change, on: [ready.subject], detail: detail, after: ready.met.entries)
        }
        if !ready.met.entries.isEmpty { bell.ring() }
        return sealed
    }

    private func write(_ credentials: NewCredentials, _ sealing: Sealing, replacing found: SecretRecord?) async throws -> SecretWrite {
        guard credentials.values.count == sealing.seal.parts.count else { throw BrokerFailure.reply(.unsealed) }
        guard credentials.values.allSatisfy({ $0.map { $0.byteCount >= GuessEstimate.enoughBytes } ?? sealing.isRenewal }) else {
            throw BrokerFailure.reply(.withheld)
        }
        let manifest = if let found { try await shelf.manifest(found, version: found.current) } else { Manifest?.none }
        var fields: [SecretWrite.Field] = []
        for case (let part, let value?) in zip(sealing.seal.parts, credentials.values) {
            let name = try part.field ?? manifest?.chosen(nil).field.name ?? SegmentName(Manifest.usualField, of: .field)
            fields.append(.init(name: name, kind: .secret, value: value))
        }
        var write = SecretWrite(name: sealing.seal.secret, fields: fields)
        if found == nil { write.tags = sealing.tags }
        switch credentials.expiry {
        case .after(let duration)?: write.expiry = .after(duration)
        case .at(let moment)?: write.expiry = .after(max(.zero, moment.duration(since: expiryClock())))
        case nil: write.expiry = sealing.isRenewal ? .never : nil
        }
        return write
    }

    /// Adds the grants that are new to what is stored, so that no token is given out without its row.
    private func adding(
        _ sealed: inout [Sealed], to ready: ReadyWrite, _ write: SecretWrite, _ draft: VersionDraft, _ sealing: Sealing, by asker: Asker,
        for door: DoorJudge?
    ) async throws -> ReadyWrite {
        guard let secret = ready.subject.secret else { throw EngineError.unreadable }
        var ready = ready
        sealed = []
        for field in write.fields {
            let label = draft.parts.count > 1 ? "\(write.name)#\(field.name)" : "\(write.name)"
            guard let door, case .agent(let agent, _) = asker.standing else {
                sealed.append(Sealed(credential: SealedCredential(text: "tacit://\(sealing.scope)/\(label)", name: label, grant: nil)))
                continue
            }
            let grant = DoorJudge.Grant(secret: secret, scope: sealing.scope, name: write.name, field: field.name, label: label)
            if let known = try await token(of: secret, field.name, in: door, only: draft.parts.count == 1) {
                sealed.append(Sealed(credential: SealedCredential(text: known.text, name: label, grant: known.id)))
                continue
            }
            let made = try makeGrant(
                GrantDraft(
                    agent: agent, run: door.minting.run, secret: secret, field: field.name, shape: TokenShape.fitting(field.value),
                    life: door.minting.life))
            ready.change.put(made.row, replacing: nil)
            let credential = SealedCredential(text: made.token.text, name: label, grant: made.id)
            sealed.append(Sealed(credential: credential, made: made.id, grant: grant))
        }
        let count = sealed.count { $0.made != nil }
        guard count > 0 else { return ready }
        let facts = [AuditFact("for", asker.agentName), AuditFact("tokens", count), AuditFact("sealed-by", sealing.rule)]
        ready.met.entries.append(authorizer.entry(.tokenIssue, by: .keeper(foundation.keeper), on: [ready.subject], detail: facts))
        return ready
    }

    /// The live token of a field that the door has already: it stands for whatever is current.
    private func token(of secret: SecretID, _ field: SegmentName, in door: DoorJudge, only isOnly: Bool) async throws -> (id: GrantID, text: String)?
    {
        for (id, grant) in door.grants(of: secret) where grant.field == field || grant.field == nil && isOnly {
            guard let row = try await book.record(.grant, id: id.cast()),
                try GrantRecord(decoding: row.content).state(at: expiryClock()) == .live
            else { continue }
            return (id, try token(of: row).token.text)
        }
        return nil
    }
}
