package import Model
package import Storage

extension SQLConnection {
    package func keys(of owner: AnyRecordID, in organization: OrganizationID) throws(StoreError) -> [StoredKey] {
        var found: [StoredKey] = []
        try query(.keysOfOwner, [.id(organization), .identifier(owner)]) { row in
            found.append(
                StoredKey(organization: organization, owner: owner, generation: row.integer(0), wrapping: row.integer(1), wrapped: row.bytes(2)))
        }
        return found
    }

    package func version(_ number: Int64, of secret: SecretID, in organization: OrganizationID) throws(StoreError) -> StoredVersion? {
        try versions(.version, [.id(organization), .id(secret), .integer(number)], secret, organization).first
    }

    package func versions(of secret: SecretID, in organization: OrganizationID) throws(StoreError) -> [StoredVersion] {
        try versions(.versionsOfSecret, [.id(organization), .id(secret)], secret, organization)
    }

    package func field(_ address: FieldAddress, in organization: OrganizationID) throws(StoreError) -> SealedField? {
        try fields(.field, address.values(in: organization), address.secret, address.version, organization).first
    }

    package func fields(of secret: SecretID, version: Int64, in organization: OrganizationID) throws(StoreError) -> [SealedField] {
        try fields(.fieldsOfVersion, [.id(organization), .id(secret), .integer(version)], secret, version, organization)
    }

    package func versions(_ ranges: [VersionRange], upTo byteCount: Int, in organization: OrganizationID) throws(StoreError) -> [SealedVersion] {
        var found: [SealedVersion] = []
        var count = 0
        try atOneMoment { () throws(StoreError) in
            for range in ranges {
                for number in range.numbers where count < byteCount {
                    let fields = try fields(of: range.secret, version: number, in: organization)
                    guard !fields.isEmpty else { continue }
                    let version = SealedVersion(secret: range.secret, number: number, fields: fields)
                    count += version.byteCount
                    found.append(version)
                }
            }
        }
        return found
    }

    package func dataKeys(
        of secrets: [SecretID], notUnder generation: Int64, after: FieldAddress?, limit: Int, in organization: OrganizationID
    ) throws(StoreError) -> [StoredDataKey] {
        var found: [StoredDataKey] = []
        try atOneMoment { () throws(StoreError) in
            for secret in secrets where found.count < limit && after.map({ $0.secret <= secret }) ?? true {
                let start = after.flatMap { $0.secret == secret ? $0 : nil }
                let values: [SQLValue] = [
                    .id(organization), .id(secret), .integer(start?.version ?? 0), .integer(start?.ordinal ?? 0), .integer(generation),
                    .integer(Int64(limit - found.count)),
                ]
                try query(.dataKeysOfSecret, values) { row in
                    let address = FieldAddress(secret: secret, version: row.integer(0), ordinal: row.integer(1))
                    found.append(
                        StoredDataKey(
                            organization: organization, address: address, generation: row.integer(2), seal: row.integer(3), wrapped: row.bytes(4)))
                }
            }
        }
        return found
    }

    /// Runs several queries as one: they see one moment, and begin and end once.
    private func atOneMoment(_ body: () throws(StoreError) -> Void) throws(StoreError) {
        _ = try run(.beginReading, [])
        do {
            try body()
            _ = try run(.commit, [])
        } catch {
            try? execute(script: "ROLLBACK")
            throw error
        }
    }

    package func versionCount(inEnvironment environment: EnvironmentID, in organization: OrganizationID) throws(StoreError) -> Int64 {
        var count: Int64 = 0
        try query(.versionsInEnvironment, [.id(organization), .id(environment)]) { row in count = row.integer(0) }
        return count
    }

    /// The newest generation of a key; 0 where there is none.
    func newestGeneration(of owner: AnyRecordID, in organization: OrganizationID) throws(StoreError) -> Int64 {
        var newest: Int64 = 0
        try query(.newestKey, [.id(organization), .identifier(owner)]) { row in newest = row.integer(0) }
        return newest
    }

    private func versions(
        _ statement: SQLStatement, _ values: [SQLValue], _ secret: SecretID, _ organization: OrganizationID
    ) throws(StoreError) -> [StoredVersion] {
        var found: [StoredVersion] = []
        try query(statement, values) { row in
            let createdAt = Timestamp(nanoseconds: row.integer(1))
            found.append(StoredVersion(organization: organization, secret: secret, number: row.integer(0), createdAt: createdAt))
        }
        return found
    }

    /// Reads pairs in order of their ordinals, the newest pair of each last; older ones, left by a rotation under way, are passed over.
    private func fields(
        _ statement: SQLStatement, _ values: [SQLValue], _ secret: SecretID, _ version: Int64, _ organization: OrganizationID
    ) throws(StoreError) -> [SealedField] {
        var found: [SealedField] = []
        try query(statement, values) { row in
            let address = FieldAddress(secret: secret, version: version, ordinal: row.integer(0))
            if address == found.last?.key.address { found.removeLast() }
            let seal = row.integer(2)
            found.append(
                SealedField(
                    key: StoredDataKey(
                        organization: organization, address: address, generation: row.integer(1), seal: seal, wrapped: row.bytes(3)),
                    ciphertext: StoredCiphertext(organization: organization, address: address, seal: seal, sealed: row.bytes(4))))
        }
        return found
    }
}
