import Envelopes
import Model
import Storage

/// Reads mutable records and makes new ones: every row that comes out of storage is held against its MAC, every row that goes in gets one.
struct RecordBook: Sendable {
    let keyring: Keyring
    let store: any VaultStore

    func record(_ kind: RecordKind, id: AnyRecordID) async throws -> Record? {
        guard let record = try checked(await store.record(kind, id: id, in: keyring.organization), kind: kind) else { return nil }
        guard record.id == id else { throw EngineError.recordsDisagree }
        return record
    }

    func record(_ kind: RecordKind, parent: AnyRecordID?, name: String) async throws -> Record? {
        guard let record = try await record(kind, lookup: keyring.lookup(kind, parent: parent, name: name)) else { return nil }
        guard record.parent == parent else { throw EngineError.recordsDisagree }
        return record
    }

    /// The record of a kind that is found by something else than a name.
    func record(_ kind: RecordKind, lookup: [UInt8]) async throws -> Record? {
        guard let record = try checked(await store.record(kind, lookup: lookup, in: keyring.organization), kind: kind) else { return nil }
        guard record.lookup == lookup else { throw EngineError.recordsDisagree }
        return record
    }

    /// Every record of a kind, by id.
    func records(_ kind: RecordKind, parent: AnyRecordID? = nil) async throws -> [Record] {
        var all: [Record] = []
        while true {
            let page = try await store.records(kind, parent: parent, after: all.last?.id, limit: 1000, in: keyring.organization)
            for record in page {
                guard record.kind == kind, parent == nil || record.parent == parent else { throw EngineError.recordsDisagree }
                try check(record)
            }
            all += page
            if page.count < 1000 { return all }
        }
    }

    /// A new or next state of a record.
    func make(
        _ kind: RecordKind, id: AnyRecordID, parent: AnyRecordID?, name: String?, content: [UInt8], replacing old: Record? = nil
    ) -> Record {
        let lookup = name.map { keyring.lookup(kind, parent: parent, name: $0) }
        return make(kind, id: id, parent: parent, lookup: lookup, content: content, replacing: old)
    }

    func make(
        _ kind: RecordKind, id: AnyRecordID, parent: AnyRecordID?, lookup: [UInt8]?, content: [UInt8], replacing old: Record? = nil
    ) -> Record {
        var record = Record(
            organization: keyring.organization, kind: kind, id: id, parent: parent, lookup: lookup, revision: (old?.revision ?? 0) + 1,
            content: content, mac: [])
        record.mac = keyring.rows.code(over: Self.macInput(record))
        return record
    }

    /// Throws when a row is not as it was written.
    func check(_ record: Record) throws {
        guard record.organization == keyring.organization, keyring.rows.isValid(record.mac, over: Self.macInput(record)) else {
            throw EngineError.recordsDisagree
        }
    }

    private func checked(_ record: Record?, kind: RecordKind) throws -> Record? {
        guard let record else { return nil }
        guard record.kind == kind else { throw EngineError.recordsDisagree }
        try check(record)
        return record
    }

    /// SPEC §6: organization, kind, id, parent, lookup, revision and content, each in its canonical form.
    static func macInput(_ record: Record) -> [UInt8] {
        var writer = CanonicalWriter(capacity: record.content.count + 160)
        writer.write("tacit/v1/row")
        writer.write(record.organization)
        writer.write(record.kind.rawValue)
        writer.write(record.id)
        writer.write(optional: record.parent) { $0.write($1) }
        writer.write(optional: record.lookup) { $0.write($1) }
        writer.write(record.revision)
        writer.write(record.content)
        return writer.bytes
    }
}
