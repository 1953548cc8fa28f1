package import Model
package import Storage

/// Well-formed rows of random content, for tests of stores.
package struct SampleRows: Sendable {
    package let random: SeededRandom
    package let organization: OrganizationID

    package init(_ random: SeededRandom, organization: OrganizationID? = nil) {
        self.random = random
        self.organization = organization ?? random.id()
    }

    /// The same source of rows for another organization.
    package var elsewhere: SampleRows { SampleRows(random) }

    package func record(
        _ kind: RecordKind, in parent: AnyRecordID? = nil, lookup: [UInt8]? = nil, content: [UInt8]? = nil
    ) -> Record {
        Record(
            organization: organization, kind: kind, id: random.id(), parent: parent, lookup: lookup, revision: 1,
            content: content ?? random.bytes(40), mac: random.bytes(32))
    }

    /// The record's next revision with other content.
    package func successor(of record: Record) -> Record {
        var next = record
        next.revision += 1
        next.content = random.bytes(50)
        next.mac = random.bytes(32)
        return next
    }

    package func key(of owner: AnyRecordID, generation: Int64 = 1, wrapping: Int64 = 1) -> StoredKey {
        StoredKey(organization: organization, owner: owner, generation: generation, wrapping: wrapping, wrapped: random.bytes(93))
    }

    package func version(_ number: Int64, of secret: Record) -> StoredVersion {
        StoredVersion(organization: organization, secret: secret.id.cast(), number: number, createdAt: Timestamp(nanoseconds: number * 1000))
    }

    package func dataKey(_ address: FieldAddress, generation: Int64 = 1, seal: Int64 = 1) -> StoredDataKey {
        StoredDataKey(organization: organization, address: address, generation: generation, seal: seal, wrapped: random.bytes(93))
    }

    package func ciphertext(_ address: FieldAddress, seal: Int64 = 1, count: Int = 120) -> StoredCiphertext {
        StoredCiphertext(organization: organization, address: address, seal: seal, sealed: random.bytes(count))
    }

    package func entry(_ index: Int64, count: Int = 200) -> StoredEntry {
        StoredEntry(organization: organization, index: index, sealed: random.bytes(count), chain: random.bytes(32))
    }

    package func checkpoint(_ size: Int64) -> StoredCheckpoint {
        StoredCheckpoint(organization: organization, size: size, note: random.bytes(90), frontier: random.bytes(64))
    }

    /// A new version with its fields: the version, then a data key and a ciphertext for each ordinal.
    package func fields(of secret: Record, version number: Int64, count: Int64 = 2) -> [Batch.Operation] {
        [.insertVersion(version(number, of: secret))]
            + (0..<count).flatMap { ordinal -> [Batch.Operation] in
                let address = FieldAddress(secret: secret.id.cast(), version: number, ordinal: ordinal)
                return [.insertDataKey(dataKey(address)), .insertCiphertext(ciphertext(address))]
            }
    }
}

/// A project with an environment and a secret in it, as rows.
package struct SampleTree: Sendable {
    package let project: Record
    package let environment: Record
    package let secret: Record

    package init(_ rows: SampleRows) {
        project = rows.record(.project, lookup: rows.random.bytes(32))
        environment = rows.record(.environment, in: project.id, lookup: rows.random.bytes(32))
        secret = rows.record(.secret, in: environment.id, lookup: rows.random.bytes(32))
    }

    /// What stores the three, parents first.
    package var batch: Batch { Batch([project, environment, secret].map { .put($0, replacing: nil) }) }
}
