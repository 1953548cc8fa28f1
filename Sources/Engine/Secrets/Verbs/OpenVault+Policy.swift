import Auditing
package import Model
import Policies
import Storage

/// The policy in force, as it is shown.
package struct PolicyView: Sendable {
    package var version: Int64
    package var json: [UInt8]
    package var text: String?
    package var appliedAt: Timestamp
}

extension OpenVault {
    /// The policy in force; nil when none was ever applied.
    package func showPolicy(by asker: Asker) async throws -> PolicyView? {
        let access = try await authorizer.authorize(Act(.policyShow, .administer, .person), by: asker, on: [])
        return try await concluding(access) { try await storedPolicy() }
    }

    /// Puts a policy in force. Every version is kept.
    package func applyPolicy(json: [UInt8], text: String?, expectedVersion: Int64?, by asker: Asker) async throws -> Int64 {
        try await administration.pass { [self] in
            let permit = try await authorizer.permit(Act(.policyApply, .administer, .stepUp), by: asker, on: [])
            let document = try PolicyDocument(json: json)
            try document.checkTests()
            guard text.map({ $0.utf8.count <= PolicyDocument.maximumByteCount }) ?? true else {
                throw EngineError.invalid("the policy's text is larger than 256 KiB", hint: nil)
            }
            let current = try await storedPolicy()?.version ?? 0
            if let expectedVersion, expectedVersion != current { throw EngineError.revisionMismatch(current: current) }
            let stored = StoredPolicy(version: current + 1, json: document.json(), text: text)
            let row = try policyRow(stored)
            var change = Change()
            change.put(row, replacing: nil)
            do {
                let subject = AuditSubject(version: stored.version, record: row.id)
                try await authorizer.commit(permit, change, on: [subject])
            } catch {
                // It may be stored all the same: what is in force is what is stored, and nothing as long as that cannot be read.
                policy.replace(.empty, version: current)
                try await loadPolicy()
                throw error
            }
            policy.replace(document, version: stored.version)
            // A rule of the same name may ask for something else now.
            sessions.forgetAcknowledgements()
            // And what was written under the one before may be what this one takes away.
            await endFiles()
            return stored.version
        }
    }

    /// The row of a version; a restored one has the id and the time that it had.
    func policyRow(_ policy: StoredPolicy, id: AnyRecordID? = nil, createdAt: Timestamp? = nil) throws -> Record {
        let id = id ?? AnyRecordID(random: random)
        let keys = keyring.keys
        let metadata = try SealedMetadata.seal(policy.encoded, under: keys, place: policyPlace(id, revision: 1), random: random)
        let record = SealedRecord(createdAt: createdAt ?? clock.now(), metadata: metadata)
        return book.make(.policy, id: id, parent: nil, name: policy.name, content: record.encoded, under: keys)
    }

    private func policyPlace(_ id: AnyRecordID, revision: Int64) -> MetadataPlace {
        MetadataPlace(organization: organization, project: nil, environment: nil, record: id, revision: revision, isPolicy: true)
    }

    /// Reads the newest policy; called once at unlock.
    func loadPolicy() async throws {
        guard let view = try await storedPolicy() else { return }
        do throws(PolicyError) {
            policy.replace(try PolicyDocument(json: view.json), version: view.version)
        } catch { policy.refuse(version: view.version, for: error) }
    }

    private func storedPolicy() async throws -> PolicyView? {
        var newest: PolicyView?
        for row in try await book.records(.policy) {
            let (createdAt, stored) = try openPolicy(row)
            guard stored.version > newest?.version ?? 0 else { continue }
            newest = PolicyView(version: stored.version, json: stored.json, text: stored.text, appliedAt: createdAt)
        }
        return newest
    }

    /// One version, and when it was applied.
    func openPolicy(_ row: Record) throws -> (createdAt: Timestamp, policy: StoredPolicy) {
        let record = try SealedRecord(decoding: row.content)
        let place = policyPlace(row.id, revision: row.revision)
        return (record.createdAt, try StoredPolicy(decoding: record.metadata.open(under: keyring, place: place)))
    }
}
