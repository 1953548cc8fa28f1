import Auditing
import Brokering
import Model
import Storage

/// A grant that was made and is not stored yet, with the token that its holder is given.
struct MadeGrant: Sendable {
    var id: GrantID
    var token: FakeToken
    var row: Record
}

/// What a token is to stand for, and for how long.
struct GrantDraft: Sendable {
    var agent: AgentID
    var run: AnyRecordID?
    var secret: SecretID
    var field: SegmentName?
    var shape: TokenShape
    var provider: String?
    var life: Duration
}

extension OpenVault {
    /// How long a grant that is over is kept, so that its token is known where somebody still shows it.
    static let deadGrantRetention = Duration.seconds(30 * 86_400)

    /// How many grants of one agent's runs and of its own tokens are kept once they are over; whoever makes many does not fill the vault with them.
    static let deadGrantsPerAgent = 128

    /// Makes a grant. A shape that could be guessed gives way to the neutral one.
    func makeGrant(_ draft: GrantDraft) throws -> MadeGrant {
        let id = GrantID(random: random)
        let shape = draft.shape.isStrong ? draft.shape : TokenShape.neutral()
        let keys = keyring.keys
        guard let shape, let token = keys.fakeTokens.token(of: id, shaped: shape) else { throw EngineError.unreadable }
        let now = expiryClock()
        let record = GrantRecord(
            agent: draft.agent, run: draft.run, issuedAt: now, expiresAt: now.advanced(by: draft.life), metadata: .none)
        let document = GrantDocument(shape: shape.name, field: draft.field, provider: draft.provider)
        let lookup = keys.fakeTokens.lookup(of: Array(token.text.utf8))
        return MadeGrant(id: id, token: token, row: try grantRow(id, draft.secret, lookup, record, document, replacing: nil, under: keys))
    }

    /// Stores grants of an agent that end with a run or with its session, before anybody has their tokens. Of those that are over, the oldest are forgotten where there
    /// are more than are kept.
    func store(_ rows: [Record], of agent: AgentID, detail: [AuditFact]) async throws {
        try await retrying {
            var change = Change()
            for row in rows { change.put(row, replacing: nil) }
            let oldest = try await oldestDeadGrants(of: agent)
            for row in oldest { change.remove(row) }
            let forgotten = oldest.isEmpty ? [] : [AuditFact("forgotten", oldest.count)]
            try await authorizer.state(.tokenIssue, by: .keeper(foundation.keeper), change: change, detail: detail + forgotten)
        }
    }

    private func oldestDeadGrants(of agent: AgentID) async throws -> [Record] {
        // A clock that is known to be wrong decides nothing that cannot be undone.
        guard sentry.floor() == nil else { return [] }
        let now = expiryClock()
        var dead: [(end: Timestamp, row: Record)] = []
        for row in try await book.records(.grant) {
            let record = try GrantRecord(decoding: row.content)
            guard record.agent == agent, record.run != nil, let end = record.end(at: now) else { continue }
            dead.append((end, row))
        }
        return dead.sorted { $0.end < $1.end }.dropLast(Self.deadGrantsPerAgent).map(\.row)
    }

    /// A grant as it stands; nil when there is none.
    func grant(_ id: GrantID) async throws -> GrantRecord? {
        try await book.record(.grant, id: id.cast()).map { try GrantRecord(decoding: $0.content) }
    }

    /// The grant whose token a text is; nil when it is none.
    func grant(recognising text: [UInt8]) async throws -> (id: GrantID, secret: SecretID, record: GrantRecord)? {
        guard let row = try await book.record(.grant, lookup: { $0.fakeTokens.lookup(of: text) }), let secret = row.parent else { return nil }
        return (row.id.cast(), secret.cast(), try GrantRecord(decoding: row.content))
    }

    /// The token of a grant, made anew, and what is sealed about it.
    func token(of row: Record) throws -> (token: FakeToken, document: GrantDocument) {
        let record = try GrantRecord(decoding: row.content)
        let document = try grantDocument(row, record)
        let keys = try keyring.keys(record.metadata.generation)
        guard let token = try keyring.formerEpochs().token(of: row.id.cast(), document, under: keys) else { throw EngineError.unreadable }
        guard row.lookup == keys.fakeTokens.lookup(of: Array(token.text.utf8)) else { throw EngineError.recordsDisagree }
        return (token, document)
    }

    /// Adds the end of each grant that is live to a change, and says how many there were.
    func revoke(_ rows: [Record], in change: inout Change) throws -> Int {
        let now = expiryClock()
        var count = 0
        for row in rows {
            var record = try GrantRecord(decoding: row.content)
            guard record.state(at: now) == .live, let secret = row.parent, let lookup = row.lookup else { continue }
            let document = try grantDocument(row, record)
            record.revokedAt = now
            let keys = try keyring.keys(record.metadata.generation)
            change.put(try grantRow(row.id.cast(), secret.cast(), lookup, record, document, replacing: row, under: keys), replacing: row)
            count += 1
        }
        return count
    }

    /// The grants that meet a condition.
    func grants(where isMeant: (GrantRecord) -> Bool) async throws -> [Record] {
        try await book.records(.grant).filter { isMeant(try GrantRecord(decoding: $0.content)) }
    }

    /// Ends what a keeper that died left of its runs, and forgets grants that are over for long. What fails is done at the next unlock.
    func sweepGrants() async {
        do {
            try await retrying {
                let now = expiryClock()
                var change = Change()
                let ended = try revoke(try await grants { $0.run != nil }, in: &change)
                // A clock that is known to be wrong decides nothing that cannot be undone.
                let isClockRight = sentry.floor() == nil
                let over = try await grants { record in
                    record.end(at: now).map { isClockRight && $0.advanced(by: Self.deadGrantRetention) <= now } ?? false
                }
                for row in over { change.remove(row) }
                guard !change.operations.isEmpty else { return }
                let detail = [AuditFact("reason", "sweep"), AuditFact("tokens", ended), AuditFact("forgotten", over.count)]
                try await authorizer.state(.tokenRevoke, by: .keeper(foundation.keeper), change: change, detail: detail)
            }
        } catch {}
    }

    private func grantDocument(_ row: Record, _ record: GrantRecord) throws -> GrantDocument {
        let bytes = try record.metadata.open(under: keyring, place: grantPlace(row.id, revision: row.revision))
        return try GrantDocument(decoding: bytes)
    }

    private func grantRow(
        _ id: GrantID, _ secret: SecretID, _ lookup: [UInt8], _ record: GrantRecord, _ document: GrantDocument, replacing old: Record?,
        under keys: OrganizationKeys
    ) throws -> Record {
        var record = record
        record.metadata = try SealedMetadata.seal(
            document.encoded, under: keys, place: grantPlace(id.cast(), revision: (old?.revision ?? 0) + 1), random: random)
        return book.make(.grant, id: id.cast(), parent: secret.cast(), lookup: lookup, content: record.encoded, replacing: old, under: keys)
    }

    private func grantPlace(_ id: AnyRecordID, revision: Int64) -> MetadataPlace {
        MetadataPlace(organization: organization, project: nil, environment: nil, record: id, revision: revision)
    }
}

extension FormerEpochs {
    /// The token of a grant, made anew: under `keys`, or under the former ones that its document names. Nil for a shape that could be guessed.
    func token(of grant: GrantID, _ document: GrantDocument, under keys: OrganizationKeys) -> FakeToken? {
        guard let shape = TokenShape.named(document.shape) else { return nil }
        guard let generation = document.generation else { return keys.fakeTokens.token(of: grant, shaped: shape) }
        return fakeTokens(generation).flatMap { FakeTokenKeys.token(of: grant, shaped: shape, drawnFrom: $0) }
    }
}
