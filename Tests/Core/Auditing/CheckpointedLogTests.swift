import Auditing
import Foundation
import Model
import Testing

/// What checkpoints find that the chain cannot: a thief of the keys, and a log that was cut.
@Suite("A log against its checkpoints")
struct CheckpointedLogTests {
    @Test("a cut tail is found by a stored or a kept checkpoint", arguments: 0..<20)
    func cutTail(size: Int) throws {
        let whole = try TestLog(entries: 20)
        var cut = whole
        cut.rows.removeSubrange(size...)
        for verdict in [try cut.verdict(stored: [whole.checkpoint()]), try cut.verdict(kept: [whole.checkpoint()])] {
            let broken = try #require(verdict.broken)
            #expect(broken.kind == .cutTail && broken.index == Int64(size))
            #expect(
                broken.message == "the end of the log is missing from entry \(size) on: expected 20 entries, as a checkpoint says, found \(size)")
        }
        #expect(try cut.verdict().isIntact, "without a checkpoint nobody can know")
    }

    @Test("a chain rewritten with the stolen keys is a fork at the kept checkpoint", arguments: [1, 7, 8, 20])
    func fork(size: Int) throws {
        let kept = try TestLog(entries: size).checkpoint()
        let rewritten = try TestLog(entries: 20, marked: 1)
        #expect(try rewritten.verdict(stored: [rewritten.checkpoint()]).isIntact)
        let broken = try #require(try rewritten.verdict(stored: [rewritten.checkpoint()], kept: [kept]).broken)
        #expect(broken.kind == .fork && broken.index == Int64(size))
        #expect(broken.expected == kept.root.hexadecimal && broken.actual != broken.expected)
        #expect(broken.message.hasPrefix("the log differs from its checkpoint at \(size) entries: expected \(kept.root.hexadecimal.prefix(16))…"))
    }

    @Test("a third party without keys finds an edit at the next checkpoint")
    func withoutKey() throws {
        let log = try TestLog(entries: 20)
        let checkpoints = [try TestLog(entries: 8).checkpoint(), try TestLog(entries: 16).checkpoint()]
        #expect(try log.verdict(stored: checkpoints, withKey: false) == .intact(entries: 20, checkpoints: 2, isChainChecked: false))
        var edited = log
        edited.rows[10].sealed[0] ^= 1
        #expect(try edited.verdict(stored: checkpoints, withKey: false).broken?.kind == .fork)
        #expect(try edited.verdict(stored: checkpoints, withKey: false).broken?.index == 16)
        #expect(try edited.verdict(kept: checkpoints, withKey: false, withVerifierKey: false).broken?.index == 16)
        #expect(try edited.verdict(stored: checkpoints, withKey: false, withVerifierKey: false).isIntact, "unproved checkpoints prove nothing")
    }

    @Test("without the key, a chain value changed at a checkpoint is found by it")
    func chainAtCheckpoint() throws {
        var log = try TestLog(entries: 20)
        log.rows[15].chain[3] ^= 1
        let broken = try #require(try log.verdict(stored: [TestLog(entries: 16).checkpoint()], withKey: false).broken)
        #expect(broken.kind == .edited && broken.index == 15)
    }

    @Test("a break of the chain before a checkpoint is named, not the checkpoint's")
    func chainFirst() throws {
        var log = try TestLog(entries: 20)
        let checkpoint = try log.checkpoint()
        log.rows[4].sealed[0] ^= 1
        #expect(try log.verdict(stored: [checkpoint]).broken?.kind == .edited)
        #expect(try log.verdict(stored: [checkpoint]).broken?.index == 4)
    }

    @Test("a checkpoint by another key, or of another log, is found, wherever its size lies", arguments: [0, 12, 20, 21])
    func foreignCheckpoints(size: Int) throws {
        let log = try TestLog(entries: 20)
        let head = try TestLog(entries: size).head
        let otherKey = try CheckpointSigner(seed: key(3), origin: "tacit.example/log").sign(head)
        let otherOrigin = try CheckpointSigner(seed: key(2), origin: "tacit.example/elsewhere").sign(head)
        #expect(try log.verdict(stored: [otherKey]).broken?.kind == .badSignature)
        #expect(try log.verdict(kept: [otherKey]).broken?.index == Int64(size))
        #expect(try log.verdict(stored: [otherOrigin]).broken?.kind == .otherOrigin)
        #expect(try log.verdict(kept: [otherOrigin]).broken?.actual == "tacit.example/elsewhere")
    }

    @Test("a checkpoint whose text was changed is found")
    func forged() throws {
        let log = try TestLog(entries: 20)
        let text = String(decoding: try TestLog(entries: 12).checkpoint().bytes, as: UTF8.self)
        let forged = try SignedCheckpoint(parsing: Array(text.replacingOccurrences(of: "\n12\n", with: "\n13\n").utf8))
        let broken = try #require(try log.verdict(stored: [forged]).broken)
        #expect(broken.kind == .badSignature && broken.index == 13 && broken.actual == "a wrong one")
    }

    @Test("verification from a later start compares the checkpoints from there on")
    func laterStart() throws {
        let log = try TestLog(entries: 20)
        let start = try TestLog(entries: 12).head
        let checkpoints = try [4, 12, 16].map { try TestLog(entries: $0).checkpoint() }
        #expect(try log.verdict(stored: checkpoints, from: start) == .intact(entries: 8, checkpoints: 2, isChainChecked: true))
        let other = try TestLog(entries: 12, marked: 1).head
        let broken = try #require(try log.verdict(stored: checkpoints, from: other).broken)
        #expect(broken.kind == .fork && broken.index == 12, "a start that no checkpoint vouches for is refused before any entry")
    }

    @Test("a verifier key that is none is refused before any entry is read")
    func malformedKey() throws {
        let log = try TestLog(entries: 0)
        #expect(throws: AuditingError.malformedVerifierKey) {
            try LogVerifier(organization: log.organization, key: log.chainKey, verifierKey: "nonsense")
        }
    }
}
