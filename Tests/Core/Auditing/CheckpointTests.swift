import Auditing
import Foundation
import Model
import TestKit
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
    struct Table: Decodable {
        let seed: String, origin: String, verifierKey: String
        let cases: [Case]
        let count: Int
        let refused: [Refused]
        let foreign: Foreign
        let end: End

        struct Case: Decodable { let size: Int64, root: String, extensions: [String], note: String }
        struct Refused: Decodable { let name: String, note: String, part: String }
        struct End: Decodable { let nextSeed: String, nextVerifierKey: String, size: Int64, root: String, chain: String, note: String }
        struct Foreign: Decodable { let verifierKey: String, note: String }
    }

    @Test("notes signed elsewhere with the same key are ours, byte for byte")
    func vectorsHold() throws {
        let table: Table = try vectors("checkpoints")
        let signer = try CheckpointSigner(seed: key(bytes(table.seed)), origin: table.origin)
        #expect(signer.verifierKey == table.verifierKey)
        try #require(table.cases.count == 4)
        for vector in table.cases {
            let made = try signer.sign(size: vector.size, root: bytes(vector.root), extensions: vector.extensions)
            #expect(String(decoding: made.bytes, as: UTF8.self) == vector.note)
            let read = try SignedCheckpoint(parsing: Array(vector.note.utf8))
            #expect(read == made)
            #expect(read.origin == table.origin && read.size == vector.size)
            #expect(read.root.hexadecimal == vector.root && read.extensions == vector.extensions)
            #expect(try read.verdict(verifierKey: table.verifierKey) == .genuine)
        }
    }

    @Test("the checkpoint at the end of an epoch names the next key, and both have signed it") func end() throws {
        let table: Table = try vectors("checkpoints")
        let signer = try CheckpointSigner(seed: key(bytes(table.seed)), origin: table.origin)
        let next = try CheckpointSigner(seed: key(bytes(table.end.nextSeed)), origin: table.origin)
        let read = try SignedCheckpoint(parsing: Array(table.end.note.utf8))
        #expect(read.next?.description == table.end.nextVerifierKey && next.verifierKey == table.end.nextVerifierKey)
        for key in [signer.verifierKey, next.verifierKey] { #expect(try read.verdict(verifierKey: key) == .genuine) }
        let made = try signer.sign(size: table.end.size, root: bytes(table.end.root), extensions: read.extensions, with: next)
        #expect(made == read && read.chain?.hexadecimal == table.end.chain)
        #expect(try SignedCheckpoint(parsing: Array(table.cases[2].note.utf8)).next == nil)
    }

    @Test("what is no checkpoint is refused, and the part is named")
    func refusals() throws {
        let table: Table = try vectors("checkpoints")
        try #require(table.count == 26 && table.refused.count == 26)
        for vector in table.refused {
            let part = try #require(AuditingError.CheckpointPart(rawValue: vector.part))
            #expect(throws: AuditingError.malformedCheckpoint(part), "\(vector.name)") {
                try SignedCheckpoint(parsing: Array(vector.note.utf8))
            }
        }
        #expect(throws: AuditingError.malformedCheckpoint(.text)) { try SignedCheckpoint(parsing: [0xff, 0xfe]) }
        #expect(throws: AuditingError.malformedCheckpoint(.text)) { try SignedCheckpoint(parsing: [UInt8](repeating: 0x61, count: 1 << 20)) }
    }

    @Test("every changed byte of a checkpoint makes it unreadable, unsigned or forged")
    func flips() throws {
        let log = try TestLog(entries: 5)
        let note = try log.checkpoint().bytes
        for position in note.indices {
            for bit in 0..<8 {
                var changed = note
                changed[position] ^= 1 << bit
                guard let checkpoint = try? SignedCheckpoint(parsing: changed) else { continue }
                #expect(try checkpoint.verdict(verifierKey: log.signer.verifierKey) != .genuine, "byte \(position), bit \(bit)")
            }
        }
    }

    @Test("signatures of witnesses are kept and do no harm, a forged one of the log's own does")
    func severalSignatures() throws {
        let log = try TestLog(entries: 5)
        let checkpoint = try log.checkpoint()
        let witness = Array("\u{2014} witness.example AAAAAAAA\n".utf8)
        let signed = try SignedCheckpoint(parsing: checkpoint.bytes + witness)
        #expect(signed.bytes == checkpoint.bytes + witness)
        #expect(try signed.verdict(verifierKey: log.signer.verifierKey) == .genuine)
        let own = try VerifierKey(parsing: log.signer.verifierKey)
        let forged = Data(own.keyID + [UInt8](repeating: 0, count: 64)).base64EncodedString()
        let both = try SignedCheckpoint(parsing: checkpoint.bytes + Array("\u{2014} \(own.name) \(forged)\n".utf8))
        #expect(try both.verdict(verifierKey: log.signer.verifierKey) == .forged)
    }

    @Test("another key, another origin and a swapped signature are told apart")
    func verdicts() throws {
        let log = try TestLog(entries: 5)
        let checkpoint = try log.checkpoint()
        let otherKey = try CheckpointSigner(seed: key(3), origin: "tacit.example/log")
        let otherOrigin = try CheckpointSigner(seed: key(2), origin: "tacit.example/other")
        #expect(try checkpoint.verdict(verifierKey: otherKey.verifierKey) == .unknownSigner)
        #expect(try checkpoint.verdict(verifierKey: otherOrigin.verifierKey) == .otherOrigin)
        let smaller = try TestLog(entries: 4).checkpoint()
        let text = String(decoding: checkpoint.bytes, as: UTF8.self).components(separatedBy: "\n\n")
        let signature = String(decoding: smaller.bytes, as: UTF8.self).components(separatedBy: "\n\n")
        let mixed = try SignedCheckpoint(parsing: Array((text[0] + "\n\n" + signature[1]).utf8))
        #expect(try mixed.verdict(verifierKey: log.signer.verifierKey) == .forged)
    }

    @Test("a verifier key is read strictly")
    func verifierKeys() throws {
        let table: Table = try vectors("checkpoints")
        let foreign = try VerifierKey(parsing: table.foreign.verifierKey)
        #expect(foreign.name == "PeterNeumann" && foreign.keyID.hexadecimal == "c74f20a3")
        #expect(foreign.description == table.foreign.verifierKey)
        #expect(throws: AuditingError.malformedCheckpoint(.text), "a good note, but no checkpoint") {
            try SignedCheckpoint(parsing: Array(table.foreign.note.utf8))
        }
        let good = table.verifierKey
        let parts = good.split(separator: "+", maxSplits: 2).map(String.init)
        for bad in [
            "", "+", "a+b+c", parts[0] + "+" + parts[1], "x\(good)", String(good.prefix(good.count - 1)) + "A", "\(parts[0])+00000000+\(parts[2])",
            good + "\n",
            "\(parts[0])+\(parts[1].uppercased())+\(parts[2])", "a b+\(parts[1])+\(parts[2])",
        ] where bad != good {
            #expect(throws: AuditingError.malformedVerifierKey, "\(bad)") { try VerifierKey(parsing: bad) }
        }
    }

    @Test("what could not be read back is not signed")
    func unsignable() throws {
        let signer = try CheckpointSigner(seed: key(2), origin: "tacit.example/log")
        let root = [UInt8](repeating: 0, count: 32)
        #expect(throws: AuditingError.unsignable(.size)) { try signer.sign(size: -1, root: root) }
        #expect(throws: AuditingError.unsignable(.root)) { try signer.sign(size: 1, root: [1]) }
        for line in ["", "a\nb", "a\u{0}"] {
            #expect(throws: AuditingError.unsignable(.extensions)) { try signer.sign(size: 1, root: root, extensions: [line]) }
        }
        for origin in ["", "a b", "a+b", "a\nb", "a\u{2003}b"] {
            #expect(throws: AuditingError.unsignable(.origin)) { try CheckpointSigner(seed: key(2), origin: origin) }
        }
    }

    @Test("a checkpoint of a head fixes its chain value and the records' digest")
    func extensions() throws {
        let log = try TestLog(entries: 5)
        let digest = [UInt8](repeating: 6, count: 32)
        let checkpoint = try log.signer.sign(log.head, recordsDigest: digest)
        #expect(checkpoint.size == 5 && checkpoint.root == log.head.frontier.root)
        #expect(checkpoint.chain == log.head.chain && checkpoint.recordsDigest == digest)
        #expect(try log.checkpoint().recordsDigest == nil)
    }
}
