import Auditing
import Model
import Testing

@Suite("Audit chain")
struct ChainTests {
    private struct Table: Decodable {
        let key: String, organization: String, entries: [Entry]

        struct Entry: Decodable { let sealed: String, chain: String, root: String }
    }

    @Test("chain values and roots are those recorded, and such a log verifies")
    func vectorsHold() throws {
        let table: Table = try vectors("chain")
        try #require(table.entries.count == 12)
        let chainKey = try ChainKey(key(bytes(table.key)))
        let organization = try #require(OrganizationID(table.organization))
        var head = LogHead(organization: organization)
        var verifier = try LogVerifier(organization: organization, key: chainKey, verifierKey: nil)
        for (index, entry) in table.entries.enumerated() {
            #expect(head.append(try bytes(entry.sealed), key: chainKey).hexadecimal == entry.chain)
            #expect(head.chain.hexadecimal == entry.chain)
            #expect(head.frontier.root.hexadecimal == entry.root)
            #expect(verifier.take(index: Int64(index), sealed: try bytes(entry.sealed), chain: try bytes(entry.chain)) == nil)
        }
        #expect(verifier.head == head)
        #expect(verifier.finish() == .intact(entries: 12, checkpoints: 0, isChainChecked: true))
    }

    @Test("a head taken up again goes on with the same chain")
    func resuming() throws {
        let whole = try TestLog(entries: 40)
        for size in 0...40 {
            let log = try TestLog(entries: size)
            let frontier = try #require(MerkleFrontier(decoding: log.head.frontier.encoded(), size: Int64(size)))
            var head = try #require(LogHead(organization: log.organization, chain: log.head.chain, frontier: frontier))
            #expect(head == log.head)
            for row in whole.rows.dropFirst(size) { #expect(head.append(row.sealed, key: log.chainKey) == row.chain) }
            #expect(try whole.verdict(from: log.head) == .intact(entries: 40 - Int64(size), checkpoints: 0, isChainChecked: true))
        }
    }

    @Test("a head whose parts do not fit is refused")
    func misfit() throws {
        let log = try TestLog(entries: 3)
        #expect(LogHead(organization: log.organization, chain: [1], frontier: log.head.frontier) == nil)
        #expect(LogHead(organization: log.organization, chain: log.head.chain, frontier: MerkleFrontier()) == nil)
        #expect(LogHead(organization: log.organization, chain: [UInt8](repeating: 0, count: 32), frontier: MerkleFrontier()) != nil)
    }

    @Test("the same entries have another chain under another key and in another organization")
    func separation() throws {
        let log = try TestLog(entries: 1)
        let otherKey = try TestLog(entries: 1, key: 9)
        #expect(log.rows[0].sealed == otherKey.rows[0].sealed)
        #expect(log.rows[0].chain != otherKey.rows[0].chain)
        var elsewhere = LogHead(organization: try #require(OrganizationID(String(repeating: "08", count: 16))))
        #expect(elsewhere.append(log.rows[0].sealed, key: log.chainKey) != log.rows[0].chain)
    }

    @Test("a key of another length is refused")
    func keyLength() {
        for length in [0, 31, 33, 64] {
            #expect(throws: AuditingError.wrongKeyLength(length)) { try ChainKey(key([UInt8](repeating: 1, count: length))) }
            #expect(throws: AuditingError.wrongKeyLength(length)) { try DigestKey(key([UInt8](repeating: 1, count: length))) }
            #expect(throws: AuditingError.wrongKeyLength(length)) {
                try CheckpointSigner(seed: key([UInt8](repeating: 1, count: length)), origin: "x")
            }
        }
    }

    @Test("the verdict says what was counted, and no more than was checked")
    func messages() {
        #expect(
            LogVerdict.intact(entries: 15_234, checkpoints: 2, isChainChecked: true).message == "15,234 entries verified · chain intact · no gaps")
        #expect(LogVerdict.intact(entries: 1, checkpoints: 0, isChainChecked: true).message == "1 entry verified · chain intact · no gaps")
        #expect(LogVerdict.intact(entries: 0, checkpoints: 0, isChainChecked: true).message == "0 entries verified · chain intact · no gaps")
        #expect(
            LogVerdict.intact(entries: 1_000_000, checkpoints: 1, isChainChecked: false).message
                == "1,000,000 entries read · 1 checkpoint matched · no gaps")
        #expect(LogVerdict.intact(entries: 999, checkpoints: 0, isChainChecked: false).message.contains("nothing proved"))
    }
}
