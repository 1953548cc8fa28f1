package import Model
package import Storage

extension SQLConnection {
    package func record(_ kind: RecordKind, id: AnyRecordID, in organization: OrganizationID) throws(StoreError) -> Record? {
        try records(.recordByID, [.id(organization), .identifier(id), .text(kind.rawValue)], organization, kind).first
    }

    package func record(_ kind: RecordKind, lookup: [UInt8], in organization: OrganizationID) throws(StoreError) -> Record? {
        try records(.recordByLookup, [.id(organization), .text(kind.rawValue), .bytes(lookup)], organization, kind).first
    }

    package func records(
        _ kind: RecordKind, parent: AnyRecordID?, after: AnyRecordID?, limit: Int, in organization: OrganizationID
    ) throws(StoreError) -> [Record] {
        let page: [SQLValue] = [after.map { .identifier($0) } ?? .bytes([]), .integer(Int64(max(0, limit)))]
        guard let parent else { return try records(.recordsOfKind, [.id(organization), .text(kind.rawValue)] + page, organization, kind) }
        return try records(.recordsInParent, [.id(organization), .identifier(parent), .text(kind.rawValue)] + page, organization, kind)
    }

    /// Lends every record in slices; what `body` throws ends the reading and is returned.
    package func forEachRecord(in organization: OrganizationID, _ body: ([Record]) throws -> Void) throws(StoreError) -> (any Error)? {
        var slice: [Record] = []
        var failure: (any Error)?
        do {
            try query(.allRecords, [.id(organization)]) { row throws(StoreError) in
                guard let kind = RecordKind(rawValue: row.text(0)) else { throw .damaged("a record is of an unknown kind") }
                slice.append(try row.record(organization, kind))
                guard slice.count == sliceCount else { return }
                do { try body(slice) } catch {
                    failure = error
                    throw .failed("the reader stopped")
                }
                slice.removeAll(keepingCapacity: true)
            }
            if !slice.isEmpty { do { try body(slice) } catch { failure = error } }
        } catch {
            guard failure != nil else { throw error }
        }
        return failure
    }

    package func organizations() throws(StoreError) -> [OrganizationID] {
        var found: [OrganizationID] = []
        var next: OrganizationID?
        repeat {
            let last = next
            next = nil
            try query(.nextOrganization, [last.map { .id($0) } ?? .bytes([])]) { row throws(StoreError) in next = try row.id(0) }
            if let next { found.append(next) }
        } while next != nil
        return found
    }

    private func records(
        _ statement: SQLStatement, _ values: [SQLValue], _ organization: OrganizationID, _ kind: RecordKind
    ) throws(StoreError) -> [Record] {
        var found: [Record] = []
        try query(statement, values) { row throws(StoreError) in found.append(try row.record(organization, kind)) }
        return found
    }
}

/// How many records one slice of `forEachRecord` has.
private let sliceCount = 256

extension SQLRow {
    /// Reads a record from the columns that all record queries share; the kind is known by then.
    fileprivate func record(_ organization: OrganizationID, _ kind: RecordKind) throws(StoreError) -> Record {
        Record(
            organization: organization, kind: kind, id: try id(1), parent: isNull(2) ? nil : try id(2), lookup: isNull(3) ? nil : bytes(3),
            revision: integer(4), content: bytes(5), mac: bytes(6))
    }

    func id<Kind>(_ column: Int) throws(StoreError) -> RecordID<Kind> {
        guard let id = identifier(column) else { throw .damaged("an id has a wrong length") }
        return id.cast()
    }
}
