import Auditing
import Envelopes
import Model
import Storage

/// What a rotation of the organization key came to.
package struct OrganizationRotation: Sendable, Equatable {
    package var generation: Int64
    /// Rows that were made anew.
    package var rows: Int
    /// Fake tokens that were live.
    package var tokens: Int
    /// Whose signature the log's checkpoints have from here on.
    package var verifierKey: String
}

extension Vault {
    /// Draws a new organization key, and makes all that hangs on it anew in one transaction: others who write wait for it, and a lock ends it as if it had not
    /// begun. Fake tokens end with it; badges stay good.
    package func rotateOrganization(by asker: Asker) async throws -> OrganizationRotation {
        try await passGate { [self] in
            let open = try opened(for: asker)
            do { return try await open.rotateOrganization(by: asker) } catch let error as StoreError {
                // Where the store does not tell what became of it, the vault is locked: the next unlock sees.
                let keys = try? await open.store.keys(of: open.organization.cast(), in: open.organization)
                if keys?.contains(where: { $0.generation > open.keyring.keys.generation }) ?? true {
                    try? await close(open, by: .keeper(foundation.keeper))
                }
                throw error
            }
        }
    }
}

extension OpenVault {
    fileprivate func rotateOrganization(by asker: Asker) async throws -> OrganizationRotation {
        try await administration.pass { [self] in
            // Requests are read and decided under one key.
            try await requestGate.pass { [self] in
                let begin = try await authorizer.permit(Act(.rotationBegin, .administer, .stepUp), by: asker, on: [])
                guard try await rotationRow() == nil else { throw EngineError.rotationUnderway }
                let end = try await authorizer.permit(Act(.rotationEnd, .administer, .stepUp), by: asker, on: [])
                let facts = [AuditFact("rotation", "organization"), AuditFact("generation", keyring.keys.generation + 1)]
                let turn = try await EpochTurn(
                    of: self, last: authorizer.entry(begin, detail: facts), first: authorizer.entry(end, detail: facts))
                return try await perform(turn)
            }
        }
    }

    private func perform(_ turn: EpochTurn) async throws -> OrganizationRotation {
        rotations.begin(of: try await rowCount())
        defer { rotations.end() }
        let outcome = try await writer.turn(turn)
        // Whoever waits with a token, or for a person, learns of it.
        brokers.endRequests(with: outcome.tokens)
        bell.ring()
        // What the former key was wrapped in leaves the raw files, too.
        await eraseTraces()
        return OrganizationRotation(
            generation: turn.new.generation, rows: outcome.rows, tokens: outcome.tokens.count, verifierKey: outcome.log.current.signer.verifierKey)
    }

    private func rowCount() async throws -> Int {
        let sum = RowCount()
        try await store.forEachRecord(in: organization) { sum.add($0.count) }
        return sum.value
    }

    /// Reads what the vault keeps of former epochs; called once at unlock.
    static func loadEpochs(_ keyring: Keyring, _ book: RecordBook) async throws {
        try keyring.adopt(
            try await book.records(.epoch).map { row in
                let place = MetadataPlace(organization: keyring.organization, project: nil, environment: nil, record: row.id, revision: row.revision)
                var bytes = try SealedRecord(decoding: row.content).metadata.open(under: keyring, place: place)
                defer { bytes.wipe() }
                return try Epoch(decoding: bytes)
            })
    }
}
