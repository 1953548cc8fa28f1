import Auditing
import Foundation
import Model
import TestKit
import Testing

/// A log of several epochs: each with keys of its own, and between them a checkpoint that both have signed.
@Suite("A log over several epochs") struct EpochVerifierTests {
    /// Three epochs of eight entries each.
    private struct Scene {
        var keys: [ChainKey]
        var signers: [CheckpointSigner]
        var rows: [TestLog.Row] = []
        var checkpoints: [SignedCheckpoint] = []
        var heads: [LogHead] = []
        let organization = OrganizationID(random: .system)

        init(marked mark: UInt8 = 0, signers seeds: [UInt8] = [20, 21, 22]) throws {
            keys = try (10..<13).map { try ChainKey(key($0)) }
            signers = try seeds.map { try CheckpointSigner(seed: key($0), origin: "tacit.example/log") }
            var head = LogHead(organization: organization)
            for number in 0..<24 {
                let sealed = [UInt8](repeating: UInt8(number), count: 20) + [mark]
                rows.append(.init(index: head.size, sealed: sealed, chain: head.append(sealed, key: keys[number / 8])))
                heads.append(head)
                if number % 8 == 3 { checkpoints.append(try signers[number / 8].sign(head)) }
                if number == 7 || number == 15 { checkpoints.append(try signers[number / 8].sign(head, next: signers[number / 8 + 1])) }
            }
        }

        func epochs(withKeys: Bool = true) -> LogEpochs {
            let all = (0..<3).map { LogEpochs.Epoch(first: Int64($0) * 8, chain: withKeys ? keys[$0] : nil, signer: signers[$0].key) }
            return LogEpochs(former: Array(all.dropLast()), current: all[2])
        }

        func verdict(_ epochs: LogEpochs, checkpoints: [SignedCheckpoint], kept: [SignedCheckpoint] = []) -> LogVerdict {
            var verifier = LogVerifier(organization: organization, epochs: epochs, checkpoints: checkpoints, trusted: kept)
            for row in rows { if let broken = verifier.take(index: row.index, sealed: row.sealed, chain: row.chain) { return .broken(broken) } }
            return verifier.finish()
        }
    }

    @Test("each entry is chained with the key of its epoch, and each checkpoint signed by it") func whole() throws {
        let scene = try Scene()
        #expect(scene.verdict(scene.epochs(), checkpoints: scene.checkpoints) == .intact(entries: 24, checkpoints: 5, isChainChecked: true))
        for index in [0, 7, 8, 9, 15, 16, 23] {
            var edited = scene
            edited.rows[index].sealed[0] ^= 1
            let broken = try #require(edited.verdict(edited.epochs(), checkpoints: []).broken)
            #expect(broken.index == Int64(index) && broken.kind == .edited)
        }
        // A key of another epoch chains no entry.
        var swapped = scene
        swapped.keys.swapAt(0, 1)
        #expect(swapped.verdict(swapped.epochs(), checkpoints: []).broken?.index == 0)
    }

    @Test("what was rewritten with a former key does not fit to the next epoch, nor to what the next key signed") func rewritten() throws {
        let (scene, other) = (try Scene(), try Scene(marked: 1))
        // The first epoch is another; from there on the log is what it was.
        var forged = scene
        var head = LogHead(organization: scene.organization)
        for index in 0..<8 {
            forged.rows[index].sealed = other.rows[index].sealed
            forged.rows[index].chain = head.append(other.rows[index].sealed, key: scene.keys[0])
        }
        #expect(forged.verdict(forged.epochs(), checkpoints: []).broken?.index == 8)
        let signed = [try scene.signers[0].sign(head)]
        #expect(forged.verdict(forged.epochs(), checkpoints: signed).broken != nil)
        // With the keys of before alone the chain is not even read on.
        #expect(forged.verdict(forged.epochs(withKeys: false), checkpoints: scene.checkpoints).broken?.kind == .fork)
    }

    @Test("a checkpoint by a former key counts up to the end of its epoch, and there only with the next one's") func signatures() throws {
        let scene = try Scene()
        let epochs = scene.epochs()
        #expect(epochs.isGenuine(try scene.signers[0].sign(scene.heads[5])))
        #expect(!epochs.isGenuine(try scene.signers[1].sign(scene.heads[5])))
        #expect(!epochs.isGenuine(try scene.signers[0].sign(scene.heads[7])), "the end of an epoch has two signatures")
        #expect(!epochs.isGenuine(try scene.signers[1].sign(scene.heads[7])))
        #expect(epochs.isGenuine(try scene.signers[0].sign(scene.heads[7], next: scene.signers[1])))
        #expect(!epochs.isGenuine(try scene.signers[0].sign(scene.heads[8])))
        #expect(epochs.isGenuine(try scene.signers[1].sign(scene.heads[8])))
        #expect([0, 7, 8, 9, 16, 17].map { epochs.signer(ofSize: $0) } == [0, 0, 1, 1, 2, 2].map { scene.signers[$0].key })
        let forged = scene.verdict(epochs, checkpoints: [], kept: [try scene.signers[0].sign(scene.heads[20])])
        #expect(forged.broken?.kind == .badSignature && forged.broken?.index == 21)
    }

    @Test("who kept the first key alone learns the later ones, and follows nobody else") func following() throws {
        let scene = try Scene()
        let first = LogEpochs(current: .init(first: 0, chain: nil, signer: scene.signers[0].key))
        #expect(scene.verdict(first, checkpoints: scene.checkpoints) == .intact(entries: 24, checkpoints: 5, isChainChecked: false))
        // Without the checkpoint between, the next key is unknown.
        let gap = scene.checkpoints.filter { $0.size != 8 }
        #expect(scene.verdict(first, checkpoints: gap).broken?.kind == .badSignature)
        // A line alone, without the next key's own signature, is followed by nobody.
        let line = try #require(scene.checkpoints.first { $0.size == 8 }?.extensions.last)
        let unsigned = try scene.signers[0].sign(size: 8, root: scene.heads[7].frontier.root, extensions: [line])
        #expect(unsigned.next == scene.signers[1].key)
        #expect(scene.verdict(first, checkpoints: gap + [unsigned]).broken?.index == 12)
        // Whoever has the chain's keys knows the epochs from the vault, and follows no checkpoint.
        let one = LogEpochs(current: .init(first: 0, chain: scene.keys[0], signer: scene.signers[0].key))
        #expect(scene.verdict(one, checkpoints: []).broken?.index == 8)
    }
}
