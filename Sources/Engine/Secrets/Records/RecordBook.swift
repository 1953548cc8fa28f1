import Envelopes
import Model
import Storage

/// Reads mutable records and makes new ones: every row that comes out of storage is held against its MAC, every row that goes in gets one.
struct RecordBook: Sendable {
    let keyring: Keyring
    let store: any VaultStore

    func record(_ kind: RecordKind, id: AnyRecordID) async throws -> Record? {
        try await keyring.steadily { keys in
            guard let record = try await store.record(kind, id: id, in: keyring.organization) else { return nil }
            try check(record, kind, under: keys)
            guard record.id == id else { throw EngineError.recordsDisagree }
            return record
        }
    }

    func record(_ kind: RecordKind, parent: AnyRecordID?, name: String) async throws -> Record? {
        guard let record = try await record(kind, lookup: { $0.lookup(kind, parent: parent, name: name) }) else { return nil }
        guard record.parent == parent else { throw EngineError.recordsDisagree }
        return record
    }

    /// The record of a kind that is found by something else than a name.
    func record(_ kind: RecordKind, lookup: (OrganizationKeys) -> [UInt8]) async throws -> Record? {
        try await keyring.steadily { keys in
            let lookup = lookup(keys)
            guard let record = try await store.record(kind, lookup: lookup, in: keyring.organization) else { return nil }
            try check(record, kind, under: keys)
            guard record.lookup == lookup else { throw EngineError.recordsDisagree }
            return record
        }
    }

    /// Every record of a kind, by id.
    func records(_ kind: RecordKind, parent: AnyRecordID? = nil) async throws -> [Record] {
        var all: [Record] = []
        while true {
            let page = try await page(kind, parent: parent, after: all.last?.id, limit: 1000)
            all += page
            if page.count < 1000 { return all }
        }
    }

    /// Some records of a kind, by id. What `isKnown` says of one was checked before needs no check.
    func page(
        _ kind: RecordKind, parent: AnyRecordID?, after: AnyRecordID?, limit: Int, except isKnown: (Record) -> Bool = { _ in false }
    ) async throws -> [Record] {
        try await keyring.steadily { keys in
            let page = try await store.records(kind, parent: parent, after: after, limit: limit, in: keyring.organization)
            for record in page where !isKnown(record) {
                guard parent == nil || record.parent == parent else { throw EngineError.recordsDisagree }
                try check(record, kind, under: keys)
            }
            return page
        } ?? []
    }

    /// A new or next state of a record, under the organization key in force or the one that its content was made with.
    func make(
        _ kind: RecordKind, id: AnyRecordID, parent: AnyRecordID?, name: String?, content: [UInt8], replacing old: Record? = nil,
        under keys: OrganizationKeys? = nil
    ) -> Record {
        let keys = keys ?? keyring.keys
        let lookup = name.map { keys.lookup(kind, parent: parent, name: $0) }
        return make(kind, id: id, parent: parent, lookup: lookup, content: content, replacing: old, under: keys)
    }

    func make(
        _ kind: RecordKind, id: AnyRecordID, parent: AnyRecordID?, lookup: [UInt8]?, content: [UInt8], replacing old: Record? = nil,
        under keys: OrganizationKeys
    ) -> Record {
        var record = Record(
            organization: keyring.organization, kind: kind, id: id, parent: parent, lookup: lookup, revision: (old?.revision ?? 0) + 1,
            content: content, mac: [])
        record.mac = keys.code(over: record)
        return record
    }

    /// Throws when a row is not as it was written.
    func check(_ record: Record) throws { try check(record, record.kind, under: keyring.keys) }

    private func check(_ record: Record, _ kind: RecordKind, under keys: OrganizationKeys) throws {
        guard record.organization == keyring.organization, record.kind == kind, keys.isGenuine(record) else { throw EngineError.recordsDisagree }
    }

    /// SPEC §6: organization, kind, id, parent, lookup, revision and content, each in its canonical form.
    static func macInput(_ record: Record) -> [UInt8] {
        var writer = CanonicalWriter(capacity: record.content.count + 160)
        writer.write("tacit/v1/row")
        writer.write(record.organization)
        writer.write(record.kind.rawValue)
        writer.write(record.id)
        writer.write(optional: record.parent)
        writer.write(optional: record.lookup)
        writer.write(record.revision)
        writer.write(record.content)
        return writer.bytes
    }
}
