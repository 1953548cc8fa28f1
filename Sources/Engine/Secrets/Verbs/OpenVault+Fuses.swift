import Auditing
package import Model
import Policies
import Storage

/// What an agent's output may tell of a secret: the record of each agent and secret, written before an answer is given.
extension OpenVault {
    /// Says how many answers each secret of an agent's run has left. Where one has none, or where that cannot be read, nothing leaves the run.
    func limitAnswers(of job: inout RunJob, for asker: Asker) async {
        guard asker.isAgent else { return }
        for value in job.values where value.kind == .secret {
            guard let secret = value.secret else { continue }
            job.answersLeft[value.name] = min(job.answersLeft[value.name] ?? .max, await answersLeft(about: secret, for: asker.agent))
        }
    }

    /// How many answers a secret has left for an agent, or with nil for those without a badge.
    func answersLeft(about secret: SecretID, for agent: AgentID?) async -> Int {
        let key = AnswerLedger.Key(agent: agent, secret: secret)
        let left = try? await lasting.answers.turns.pass { [self] in
            await storeAnswers()
            guard !lasting.answers.holdsAny(key) else { return 0 }
            let record = try await fuse(of: agent, about: secret).map { try FuseRecord(decoding: $0.content) } ?? FuseRecord(agent: agent)
            lasting.answers.note(record, for: key)
            return record.left(at: sentry.expiryTime())
        }
        return left ?? 0
    }

    /// Writes how a run or a request ended, and what it answered that was not counted before.
    func conclude(_ access: AuthorizedAccess, result: String, detail: [AuditFact], answers: [SecretID: Int]) async {
        if !answers.isEmpty {
            _ = lasting.answers.take(answers, of: access.asker.agent, at: sentry.expiryTime())
            try? await lasting.answers.turns.pass { [self] in await storeAnswers() }
        }
        await authorizer.conclude(access, result: result, detail: detail)
    }

    /// Stores the answers that are held. Whoever calls it has the turn.
    func storeAnswers() async {
        for (key, held) in lasting.answers.held {
            do {
                try await retrying {
                    let change = try await counting([key.secret: held], of: key.agent)
                    let detail = [AuditFact("answers", held.count)]
                    let subject = AuditSubject(secret: key.secret)
                    try await authorizer.state(.runEnd, by: .keeper(foundation.keeper), on: [subject], change: change, detail: detail)
                }
                lasting.answers.forget(key, held)
            } catch { continue }
        }
    }

    private func counting(_ answers: [SecretID: AnswerLedger.Held], of agent: AgentID?) async throws -> Change {
        var change = Change()
        for (secret, held) in answers {
            // Of a secret that was purged meanwhile nothing can be guessed any more.
            guard try await book.record(.secret, id: secret.cast()) != nil else { continue }
            let old = try await fuse(of: agent, about: secret)
            var record = try old.map { try FuseRecord(decoding: $0.content) } ?? FuseRecord(agent: agent)
            record.add(held.count, at: held.at)
            let id: AnyRecordID = old?.id ?? AnyRecordID(random: random)
            let row = book.make(
                .fuse, id: id, parent: secret.cast(), name: FuseRecord.name(of: agent), content: record.encoded, replacing: old)
            change.put(row, replacing: old)
        }
        return change
    }

    private func fuse(of agent: AgentID?, about secret: SecretID) async throws -> Record? {
        try await book.record(.fuse, parent: secret.cast(), name: FuseRecord.name(of: agent))
    }

    /// An agent's records, or with nil those of programs without a badge.
    func fuses(of agent: AgentID?) async throws -> [Record] {
        try await book.records(.fuse).filter { try FuseRecord(decoding: $0.content).agent == agent }
    }

    /// How many secrets an agent's output is withheld for.
    func withheldSecrets(of agent: AgentID?) async throws -> Int {
        try await fuses(of: agent).filter { try FuseRecord(decoding: $0.content).blownAt != nil }.count
    }

    /// How many agents' output is withheld for some secret, those without a badge counted as one.
    package func agentsWithheld() async throws -> Int {
        let records = try await book.records(.fuse).map { try FuseRecord(decoding: $0.content) }
        return Set(records.filter { $0.blownAt != nil }.map { FuseRecord.name(of: $0.agent) }).count
    }

    /// Lets an agent's output pass again, and forgets what it was told. Returns for how many secrets it was withheld.
    package func resetOutput(of name: SegmentName, by asker: Asker) async throws -> Int {
        try await administration.pass { [self] in
            let permit = try await authorizer.permit(Act(.agentResetOutput, .administer, .stepUp), by: asker, on: [])
            var agent: AnyRecordID?
            if name.description != AgentIdentity.unidentifiedName {
                guard let row = try await book.record(.agent, parent: nil, name: name.description) else { throw EngineError.notFound(.agent) }
                agent = row.id
            }
            return try await retrying {
                let withheld = try await withheldSecrets(of: agent?.cast())
                var change = Change()
                for row in try await fuses(of: agent?.cast()) { change.remove(row) }
                let subject = agent.map { AuditSubject(record: $0, name: name.description) } ?? AuditSubject(name: name.description)
                try await authorizer.commit(permit, change, on: [subject], detail: [AuditFact("withheld", withheld)])
                lasting.answers.reset(agent?.cast())
                // One that runs still counts what it was given to count.
                brokers.end { $0.isOf(agent?.cast()) }
                return withheld
            }
        }
    }
}
