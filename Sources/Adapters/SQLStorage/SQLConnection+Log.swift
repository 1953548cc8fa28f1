package import Model
package import Storage

extension SQLConnection {
    /// The position that the next entry of the organization's log takes.
    package func nextPosition(in organization: OrganizationID) throws(StoreError) -> Int64 {
        var next: Int64 = 0
        try query(.lastPosition, [.id(organization)]) { row in next = row.integer(0) + 1 }
        return next
    }

    package func entries(from index: Int64, limit: Int, in organization: OrganizationID) throws(StoreError) -> [StoredEntry] {
        var found: [StoredEntry] = []
        try query(.entries, [.id(organization), .integer(index), .integer(Int64(max(0, limit)))]) { row in
            found.append(StoredEntry(organization: organization, index: row.integer(0), sealed: row.bytes(1), chain: row.bytes(2)))
        }
        return found
    }

    package func checkpoints(from size: Int64, in organization: OrganizationID) throws(StoreError) -> [StoredCheckpoint] {
        try checkpoints(.checkpoints, [.id(organization), .integer(size)], organization)
    }

    package func checkpoint(ofSize size: Int64, in organization: OrganizationID) throws(StoreError) -> StoredCheckpoint? {
        try checkpoints(.checkpoint, [.id(organization), .integer(size)], organization).first
    }

    package func lastCheckpoint(in organization: OrganizationID) throws(StoreError) -> StoredCheckpoint? {
        try checkpoints(.lastCheckpoint, [.id(organization)], organization).first
    }

    private func checkpoints(
        _ statement: SQLStatement, _ values: [SQLValue], _ organization: OrganizationID
    ) throws(StoreError) -> [StoredCheckpoint] {
        var found: [StoredCheckpoint] = []
        try query(statement, values) { row in
            found.append(StoredCheckpoint(organization: organization, size: row.integer(0), note: row.bytes(1), frontier: row.bytes(2)))
        }
        return found
    }
}
