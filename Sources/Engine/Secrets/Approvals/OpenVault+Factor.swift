import Approvals
import Auditing
package import Model
import Storage

/// A person's authenticator as a person sees it.
package struct FactorView: Sendable {
    package var createdAt: Timestamp
    package var isConfirmed: Bool
    /// Wrong codes until it closes; after that a decision with the password opens it again.
    package var triesLeft: Int64
}

extension OpenVault {
    /// Makes the key of an authenticator, which `confirmFactor` puts in force. Returns it as authenticators take it.
    package func enrollFactor(by asker: Asker) async throws -> SecretValue {
        try await requestGate.pass { [self] in
            let permit = try await authorizer.permit(Act(.totpEnroll, .administer, .stepUp), by: asker, on: [])
            let old = try await factorRow()
            guard old?.factor.isConfirmed != true else {
                throw EngineError.invalid("an authenticator is enrolled already", hint: "remove it first: `tacit totp remove`")
            }
            let factor = TimedFactor(random: random)
            var change = Change()
            if let old { change.remove(old.record) }
            let id = AnyRecordID(random: random)
            change.put(try record(of: factor, id: id, createdAt: clock.now()), replacing: nil)
            try await authorizer.commit(permit, change, on: [AuditSubject(record: id)])
            return factor.text
        }
    }

    /// Puts an authenticator in force by its first code.
    package func confirmFactor(_ typed: String, by asker: Asker) async throws {
        try await requestGate.pass { [self] in
            let permit = try await authorizer.permit(Act(.totpConfirm, .administer, .stepUp), by: asker, on: [])
            guard var row = try await factorRow(), !row.factor.isConfirmed else { throw EngineError.notFound(.authenticator) }
            let before = row.factor.codes
            let verdict = row.factor.confirm(typed, at: expiryClock())
            guard verdict == .opens else { throw try await refusal(of: verdict, row, from: before, by: asker) }
            var change = Change()
            change.put(try record(of: row.factor, replacing: row), replacing: row.record)
            try await authorizer.commit(permit, change, on: [AuditSubject(record: row.record.id)])
        }
    }

    /// The authenticator; nil when none was enrolled.
    package func factor(by asker: Asker) async throws -> FactorView? {
        let access = try await authorizer.authorize(Act(.totpShow, .administer, .person), by: asker, on: [])
        return try await concluding(access) {
            try await factorRow().map {
                FactorView(
                    createdAt: $0.createdAt, isConfirmed: $0.factor.isConfirmed,
                    triesLeft: max(0, TimedCodes.maximumTries - $0.factor.codes.failures))
            }
        }
    }

    /// Takes the authenticator out of force; its codes open nothing any more.
    package func removeFactor(by asker: Asker) async throws {
        try await requestGate.pass { [self] in
            let permit = try await authorizer.permit(Act(.totpRemove, .administer, .stepUp), by: asker, on: [])
            guard let row = try await factorRow() else { throw EngineError.notFound(.authenticator) }
            var change = Change()
            change.remove(row.record)
            try await authorizer.commit(permit, change, on: [AuditSubject(record: row.record.id)])
        }
    }

    /// The asker as a person who was asked again, where a code of the authenticator shows that. What the code opened is stored before this returns, so
    /// that it opens nothing else whatever happens. An agent's badge is never a person's, whatever it shows.
    func personShowing(_ timedCode: String?, _ asker: Asker) async throws -> Asker {
        guard let timedCode else { return asker }
        if case .agent = asker.standing { return asker }
        guard var row = try await factorRow() else { throw EngineError.notFound(.authenticator) }
        let before = row.factor.codes
        let verdict = row.factor.judge(timedCode, at: expiryClock())
        guard verdict == .opens else { throw try await refusal(of: verdict, row, from: before, by: asker) }
        var change = Change()
        change.put(try record(of: row.factor, replacing: row), replacing: row.record)
        var person = asker.asPerson
        person.standing = .person(steppedUp: true)
        try await authorizer.state(
            .stepUp, by: person, on: [AuditSubject(record: row.record.id)], change: change, detail: [AuditFact("by", "authenticator")])
        return person
    }

    /// Writes a wrong code down, together with its count; those that count for nothing any more are coalesced.
    private func refusal(
        of verdict: TimedCodes.Verdict, _ row: FactorRow, from before: TimedCodes, by asker: Asker
    ) async throws -> any Error {
        let error: ApprovalError = if case .wrong(let left) = verdict { .wrongTimedCode(triesLeft: left) } else { .factorClosed }
        let subjects = [AuditSubject(record: row.record.id)]
        guard row.factor.codes != before else {
            try await authorizer.refuse(Act(.stepUpFailed, .administer, .person), by: asker, on: subjects, code: error.code)
            return error
        }
        var change = Change()
        change.put(try record(of: row.factor, replacing: row), replacing: row.record)
        try await authorizer.state(
            .stepUpFailed, by: asker, on: subjects, change: change, decision: .deny(code: error.code),
            detail: [AuditFact("by", "authenticator")])
        return error
    }

    /// After a password was checked, tries with the authenticator begin anew.
    func forgiveFactor(in change: inout Change) async throws {
        guard var row = try await factorRow(), row.factor.codes.failures > 0 else { return }
        row.factor.forgive()
        change.put(try record(of: row.factor, replacing: row), replacing: row.record)
    }
}

/// The authenticator as it is stored.
private struct FactorRow: Sendable {
    let record: Record
    let createdAt: Timestamp
    var factor: TimedFactor
}

extension OpenVault {
    static let factorName = "totp"

    private func factorRow() async throws -> FactorRow? {
        guard let record = try await book.record(.factor, parent: nil, name: Self.factorName) else { return nil }
        let sealed = try SealedRecord(decoding: record.content)
        var bytes = try sealed.metadata.open(under: keyring, place: requestPlace(record.id, record.revision))
        defer { bytes.wipe() }
        return FactorRow(record: record, createdAt: sealed.createdAt, factor: try TimedFactor(decoding: bytes))
    }

    private func record(of factor: TimedFactor, replacing row: FactorRow) throws -> Record {
        try record(of: factor, id: row.record.id, createdAt: row.createdAt, replacing: row.record)
    }

    private func record(of factor: TimedFactor, id: AnyRecordID, createdAt: Timestamp, replacing old: Record? = nil) throws -> Record {
        var bytes = factor.encoded
        defer { bytes.wipe() }
        let keys = keyring.keys
        let metadata = try SealedMetadata.seal(bytes, under: keys, place: requestPlace(id, (old?.revision ?? 0) + 1), random: random)
        let content = SealedRecord(createdAt: createdAt, metadata: metadata).encoded
        return book.make(.factor, id: id, parent: nil, name: Self.factorName, content: content, replacing: old, under: keys)
    }
}
