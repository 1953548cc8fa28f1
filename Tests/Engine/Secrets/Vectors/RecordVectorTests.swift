import Auditing
import Envelopes
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// Rows, their contents and what is remembered, held against what a second implementation wrote (docs/SPEC.md §6).
@Suite("Record vectors") struct RecordVectorTests {
    private struct RowCase: Decodable, Sendable {
        let name: String, row: VectorRow, covered: String, named: String?
        let project: String?, wrapping: String?, document: String?, metadata: Metadata?, draws: [String]?

        struct Metadata: Decodable, Sendable { let generation: Int64, wrapped: String, sealed: String }
    }

    private struct RowCommon: Decodable, Sendable { let organization: String, organizationKey: String, digest: String }

    private func rows() throws -> RecordTable<RowCase, RowCommon> { try RecordTable("rows", count: 29) }

    private func book(_ common: RowCommon) throws -> RecordBook {
        let keyring = try VectorKeys(organization: common.organization, organizationKey: common.organizationKey).keyring()
        return RecordBook(keyring: keyring, store: InMemoryStore())
    }

    @Test("a row has the look-up and the MAC that its vector says") func made() throws {
        let table = try rows()
        let book = try book(table.common)
        for scenario in table.cases {
            let row = try scenario.row.record()
            #expect(RecordBook.macInput(row).hexadecimal == scenario.covered, "\(scenario.name)")
            var before = row
            before.revision -= 1
            // A grant is found by its token, which `VaultVectorTests` makes anew.
            let named = scenario.named.map { book.keyring.keys.lookup(row.kind, parent: row.parent, name: $0) }
            let lookup = named ?? (row.kind == .grant ? row.lookup : nil)
            let made = book.make(
                row.kind, id: row.id, parent: row.parent, lookup: lookup, content: row.content, replacing: row.revision > 1 ? before : nil,
                under: book.keyring.keys)
            #expect(made == row, "\(scenario.name)")
            #expect(throws: Never.self) { try book.check(row) }
        }
        #expect(Set(table.cases.map(\.row.kind)) == Set(RecordKind.allCases.map(\.rawValue)))
    }

    @Test("a row with one part changed is refused") func changed() throws {
        let table = try rows()
        let book = try book(table.common)
        let random = SeededRandom()
        for scenario in table.cases {
            let row = try scenario.row.record()
            let changes: [(inout Record) -> Void] = [
                { $0.organization = random.id() }, { $0.id = random.id() }, { $0.revision += 1 }, { $0.revision = -1 },
                { $0.parent = $0.parent == nil ? random.id() : nil }, { $0.lookup = $0.lookup == nil ? random.bytes(32) : nil },
                { $0.kind = $0.kind == .agent ? .slot : .agent }, { $0.content.append(0) }, { $0.content.removeLast() }, { $0.mac.removeLast() },
                { $0.content[random.int(in: 0...($0.content.count - 1))] ^= 1 << UInt8(random.int(in: 0...7)) },
                { $0.mac[random.int(in: 0...31)] ^= 1 << UInt8(random.int(in: 0...7)) },
            ]
            for (number, change) in changes.enumerated() {
                var other = row
                change(&other)
                #expect(throws: EngineError.recordsDisagree, "\(scenario.name), change \(number)") { try book.check(other) }
            }
        }
    }

    @Test("metadata is sealed and opened as its vector says, and in the place of no other revision or record") func metadata() throws {
        let table = try rows()
        var seen = 0
        for scenario in table.cases {
            guard let expected = scenario.metadata, let document = scenario.document, let draws = scenario.draws else { continue }
            seen += 1
            let row = try scenario.row.record()
            let key = try wrappingKey(try #require(scenario.wrapping))
            var place = MetadataPlace(
                organization: row.organization, project: try scenario.project.map { try vectorID($0) }, environment: environment(of: row),
                record: row.id, revision: row.revision, isPolicy: row.kind == .policy)
            let sealed = try SealedMetadata.seal(
                hex(document), under: key, generation: expected.generation, place: place, random: giving(draws.map { try hex($0) }))
            #expect(sealed.wrapped.hexadecimal == expected.wrapped, "\(scenario.name)")
            #expect(sealed.sealed.hexadecimal == expected.sealed, "\(scenario.name)")
            #expect(try sealed.open(under: key, place: place).hexadecimal == document, "\(scenario.name)")
            place.revision += 1
            #expect(throws: EnvelopeError.commitmentMismatch) { try sealed.open(under: key, place: place) }
            place.revision -= 1
            place.record = AnyRecordID(random: .system)
            #expect(throws: EnvelopeError.commitmentMismatch) { try sealed.open(under: key, place: place) }
        }
        #expect(seen == 21)
    }

    /// The environment that a record is, or lies in.
    private func environment(of row: Record) -> EnvironmentID? {
        switch row.kind {
        case .environment: row.id.cast()
        case .secret: row.parent?.cast()
        default: nil
        }
    }

    @Test("the digest over all rows is that of the vectors, whichever states came before") func digest() throws {
        let table = try rows()
        let key = try DigestKey(VectorKeys(organizationKey: table.common.organizationKey).keyring().keys.key.derive(.recordsDigest))
        var digest = RecordsDigest()
        var standing: [AnyRecordID: DigestedRow] = [:]
        for scenario in table.cases {
            let row = DigestedRow(try scenario.row.record())
            if let old = standing.updateValue(row, forKey: row.id) { digest.remove(old, key: key) }
            digest.add(row, key: key)
        }
        // Agents were thawed at last, and the log was never pruned.
        for kind in [RecordKind.panic, .anchor] {
            let shown = try #require(table.cases.first { $0.row.kind == kind.rawValue })
            digest.remove(DigestedRow(try shown.row.record()), key: key)
        }
        #expect(digest.value(key: key).hexadecimal == table.common.digest)
        #expect(standing.count == 28)
    }

    @Test("a name's look-up is that of its vector, and no two are alike") func lookups() throws {
        struct Case: Decodable, Sendable { let kind: String, parent: String?, name: String, lookup: String }
        let table = try RecordTable<Case, VectorKeys>("lookups", count: 18)
        let keyring = try table.common.keyring()
        for scenario in table.cases {
            let kind = try #require(RecordKind(rawValue: scenario.kind))
            let lookup = keyring.keys.lookup(kind, parent: try scenario.parent.map { try vectorID($0) }, name: scenario.name)
            #expect(lookup.hexadecimal == scenario.lookup, "\(scenario.kind) \(scenario.name)")
        }
        #expect(Set(table.cases.map(\.lookup)).count == table.cases.count)
    }

    @Test("a remembered head is read and written as its vector says, and anything else is none") func heads() throws {
        struct Case: Decodable, Sendable { let name: String, expect: String, encoded: String, size: Int64?, chain: String? }
        let table = try RecordTable<Case, VectorKeys>("remembered-heads", count: 13)
        let keyring = try table.common.keyring()
        let former = try OrganizationKeys(wrappingKey(#require(table.common.formerKey)), generation: 1).memory
        let newest = keyring.keys.memory
        for scenario in table.cases {
            let read = RememberedHead(decoding: try hex(scenario.encoded), under: [newest, former], organization: keyring.organization)
            guard let size = scenario.size, let chain = scenario.chain else {
                #expect(read == nil, "\(scenario.name)")
                continue
            }
            #expect(read == RememberedHead(size: size, chain: try hex(chain)), "\(scenario.name)")
            // One that a later program wrote has a code more than this one knows.
            let keys = scenario.encoded.utf8.count == 2 * (88 + 32) ? [former] : [newest, former]
            let encoded = read?.encoded(under: keys, organization: keyring.organization) ?? []
            #expect(scenario.encoded.hasPrefix(encoded.prefix(88).hexadecimal) && scenario.encoded.hasSuffix(encoded.dropFirst(88).hexadecimal))
            #expect(encoded.hexadecimal == scenario.encoded || scenario.name.hasPrefix("by a program"), "\(scenario.name)")
        }
        #expect(table.cases.count { $0.expect == "nothing" } == 7)
    }

    @Test("a badge is read and hashed as its vector says, and every other text is none") func badges() throws {
        struct Case: Decodable, Sendable { let text: String, expect: String, agent: String?, secret: String?, hash: String? }
        let table = try RecordTable<Case, VectorKeys>("badges", count: 11)
        let keyring = try table.common.keyring()
        for scenario in table.cases {
            guard scenario.expect == "reads" else {
                #expect(Badge(parsing: scenario.text) == nil, "\(scenario.text.count) characters")
                continue
            }
            let badge = try #require(Badge(parsing: scenario.text))
            #expect(badge.agent.description == scenario.agent)
            #expect(badge.secret.hexadecimal == scenario.secret)
            #expect(badge.text == scenario.text)
            #expect(badge.hash(under: keyring.keys.tokens).hexadecimal == scenario.hash)
        }
        #expect(table.cases.count { $0.expect == "refused" } == 10)
    }
}
