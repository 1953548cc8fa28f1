import Auditing
import Model
import TestKit
import Testing

@Suite("Records digest")
struct RecordsDigestTests {
    private struct Table: Decodable {
        let key: String, rows: [Row], values: [String]

        struct Row: Decodable { let kind: String, id: String, revision: Int64, mac: String }
    }

    @Test("values are those recorded")
    func vectorsHold() throws {
        let table: Table = try vectors("digest")
        try #require(table.rows.count == 4 && table.values.count == 5)
        let digestKey = try DigestKey(key(bytes(table.key)))
        var digest = RecordsDigest()
        #expect(digest.value(key: digestKey).hexadecimal == table.values[0])
        for (row, value) in zip(table.rows, table.values.dropFirst()) {
            let id = try #require(AnyRecordID(row.id))
            digest.add(DigestedRow(kind: row.kind, id: id, revision: row.revision, mac: try bytes(row.mac)), key: digestKey)
            #expect(digest.value(key: digestKey).hexadecimal == value)
        }
    }

    @Test("rows give the same value in any order, and when others came and went")
    func order() throws {
        let random = SeededRandom()
        let digestKey = try DigestKey(key(5))
        let rows = (0..<60).map { _ in random.row() }
        let expected = RecordsDigest(rows, digestKey)
        for _ in 0..<20 {
            var shuffled = rows
            for index in shuffled.indices { shuffled.swapAt(index, random.int(in: 0...(rows.count - 1))) }
            var digest = RecordsDigest(shuffled, digestKey)
            #expect(digest == expected)
            let passing = (0..<5).map { _ in random.row() }
            for row in passing { digest.add(row, key: digestKey) }
            #expect(digest != expected)
            for row in passing.reversed() { digest.remove(row, key: digestKey) }
            #expect(digest == expected)
            #expect(digest.value(key: digestKey) == expected.value(key: digestKey))
        }
    }

    @Test("a row that is missing, added, replaced, rolled back or moved gives another value")
    func differences() throws {
        let random = SeededRandom()
        let digestKey = try DigestKey(key(5))
        let rows = (0..<10).map { _ in random.row() }
        let expected = RecordsDigest(rows, digestKey).value(key: digestKey)
        let row = rows[3]
        let changes: [[DigestedRow]] = [
            Array(rows.dropLast()), rows + [random.row()], rows + [row],
            rows.replacing(3, DigestedRow(kind: row.kind, id: row.id, revision: row.revision - 1, mac: row.mac)),
            rows.replacing(3, DigestedRow(kind: row.kind, id: row.id, revision: row.revision, mac: random.bytes(32))),
            rows.replacing(3, DigestedRow(kind: row.kind, id: random.id(), revision: row.revision, mac: row.mac)),
            rows.replacing(3, DigestedRow(kind: "slots", id: row.id, revision: row.revision, mac: row.mac)), [],
        ]
        for (number, changed) in changes.enumerated() {
            #expect(RecordsDigest(changed, digestKey).value(key: digestKey) != expected, "change \(number)")
        }
        #expect(RecordsDigest(rows, try DigestKey(key(6))).value(key: try DigestKey(key(6))) != expected)
    }
}

extension RecordsDigest {
    fileprivate init(_ rows: [DigestedRow], _ key: DigestKey) {
        self.init()
        for row in rows { add(row, key: key) }
    }
}

extension SeededRandom {
    fileprivate func row() -> DigestedRow {
        DigestedRow(kind: element(of: ["slot", "secret"]) ?? "slot", id: id(), revision: Int64(int(in: 1...9)), mac: bytes(32))
    }
}

extension [DigestedRow] {
    fileprivate func replacing(_ index: Int, _ row: DigestedRow) -> Self {
        var rows = self
        rows[index] = row
        return rows
    }
}
