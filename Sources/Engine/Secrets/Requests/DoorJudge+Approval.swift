import Approvals
import Auditing
import Brokering
import Model
import Policies

extension DoorJudge {
    /// The longest head of a request that a person approves.
    static let mostHeadBytes = 16 << 10

    /// Allows a request, once a person approved exactly this where `rule` wants one.
    func access(
        _ request: AskedRequest, _ uses: [Use], _ targets: [Target], ruledBy rule: String?, _ program: AskingProgram, _ vault: OpenVault
    ) async throws -> AuthorizedAccess {
        guard let rule else { return try await vault.authorizer.authorize(Self.act, by: asker, on: targets, detail: facts(of: request)) }
        do { try vault.waitingPrograms.begin(holder) } catch {
            try await vault.authorizer.refuse(Self.act, by: asker, on: targets.map(\.subject), error: error)
            throw error
        }
        defer { vault.waitingPrograms.end(holder) }
        let plea = try await plea(for: request, uses, rule: rule, program, vault)
        program.whenItLeaves { [bell = vault.bell] in bell.wake() }
        return try await vault.approved(Self.act, by: asker, on: targets, plea, detail: facts(of: request))
    }

    /// What the log says of a request, and of which run it is.
    private func facts(of request: AskedRequest) -> [AuditFact] { request.facts + [AuditFact("run", "\(minting.run)")] }

    /// What a person is asked: all of the request, and which secrets go with it.
    private func plea(
        for request: AskedRequest, _ uses: [Use], rule: String, _ program: AskingProgram, _ vault: OpenVault
    ) async throws -> Plea {
        guard let content = request.content, let question = request.question(for: nil) else { throw BrokerFailure.refused }
        guard content.headByteCount <= Self.mostHeadBytes else {
            throw EngineError.invalid("a request that a person approves has 16 KiB of target and header fields at most: nobody reads more", hint: nil)
        }
        var secrets: [(bound: BoundSecret, name: String)] = []
        for use in uses {
            let manifest = try await vault.shelf.manifest(use.record, version: use.record.current)
            let (ordinal, field) = try manifest.chosen(use.grant.field)
            let bound = BoundSecret(secret: use.record.id, version: use.record.current, field: ordinal, to: .request("\(use.place)"))
            secrets.append((bound, vault.name(of: field, in: manifest, use.grant.name, in: use.grant.scope, version: use.record.current)))
        }
        let sender = BoundRequest.Sender(door: door, headHash: content.headHash, bodyByteCount: Int64(content.bodyByteCount))
        let bound = BoundRequest(
            method: request.method, origin: question.origin, target: content.target, fields: content.fields.map { .init($0.name, $0.value) },
            sender: sender)
        let subject = ApprovalSubject(
            .send, agent: asker.agent, secrets: secrets.map(\.bound), inputHash: content.bodyHash, request: bound)
        return Plea(subject: subject, rule: rule, names: secrets.map(\.name), isAwaited: { program.isThere })
    }

    /// What was looked at before a person was asked may have ended meanwhile.
    func checkStillGood(_ uses: [Use], _ access: AuthorizedAccess, _ vault: OpenVault) async throws {
        guard access.isApproved else { return }
        guard let agent = asker.agent, try await vault.isRegistered(agent) else { throw EngineError.denied(.badBadge) }
        for use in uses { try await vault.checkLive(use.id, of: asker, use.target.subject) }
    }

    /// Its door is closed: what its programs asked a person for is good for nothing any more.
    func end() async { await open()?.withdrawRequests(ofDoor: door) }
}

extension OpenVault {
    /// Ends what the programs of a door asked a person for. What fails ends with its time, and no other door can use it.
    func withdrawRequests(ofDoor door: [UInt8]) async {
        try? await requestGate.pass { [self] in
            let now = expiryClock()
            var change = Change()
            var subjects: [AuditSubject] = []
            for row in try await requestRows() {
                guard case .use(let subject, _) = row.request.matter, subject.request?.sender?.door == door else { continue }
                var request = row.request
                guard (try? request.withdraw(at: now)) != nil else { continue }
                change.put(try record(of: request, id: row.id, replacing: row.record), replacing: row.record)
                subjects.append(AuditSubject(record: row.id))
            }
            guard !subjects.isEmpty else { return }
            try await authorizer.state(.approvalWithdraw, by: .keeper(foundation.keeper), on: subjects, change: change)
            bell.ring()
        }
    }
}
