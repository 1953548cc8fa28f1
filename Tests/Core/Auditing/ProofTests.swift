import Auditing
import TestKit
import Testing

/// Proofs as strangers get them.
@Suite("Proofs for strangers")
struct ProofTests {
    struct Table: Decodable {
        let sealed: [String], notes: [String]
        let entries: [Entry]
        let growth: [Growth]

        struct Entry: Decodable { let size: Int, index: Int, proof: String }
        struct Growth: Decodable { let from: Int, size: Int, proof: String }
    }

    /// The proof of an entry, or of growth, over the leaves of the vectors.
    private func proof(_ gatherer: ProofGatherer?, _ claim: (ProofGatherer) -> LogProof.Claim, _ table: Table, size: Int) throws -> LogProof {
        var gatherer = try #require(gatherer)
        for sealed in try table.sealed.map(bytes) { gatherer.append(.leaf(sealed)) }
        let note = try SignedCheckpoint(parsing: Array(table.notes[size - 1].utf8))
        return LogProof(claim(gatherer), hashes: try #require(gatherer.hashes), checkpoint: note)
    }

    @Test("proofs of entries and of growth are those of the second implementation, byte for byte")
    func vectorsHold() throws {
        let table: Table = try vectors("proofs")
        try #require(table.entries.count == 36 && table.growth.count == 44)
        for vector in table.entries {
            let sealed = try bytes(table.sealed[vector.index])
            let gatherer = ProofGatherer(inclusionOf: Int64(vector.index), size: Int64(vector.size))
            let made = try proof(gatherer, { _ in .entry(Int64(vector.index), sealed: sealed) }, table, size: vector.size)
            #expect(made.text == vector.proof && made.verdict == .proven, "entry \(vector.index) of \(vector.size)")
        }
        for vector in table.growth {
            let gatherer = ProofGatherer(consistencyFrom: Int64(vector.from), size: Int64(vector.size))
            let made = try proof(gatherer, { .growth(from: Int64(vector.from), root: $0.olderRoot) }, table, size: vector.size)
            #expect(made.text == vector.proof && made.verdict == .proven, "\(vector.from) of \(vector.size)")
        }
    }

    @Test("other sealed bytes, another place, another old root and another checkpoint are not proved")
    func refutations() throws {
        let table: Table = try vectors("proofs")
        let sealed = try table.sealed.map(bytes)
        let entry = try proof(ProofGatherer(inclusionOf: 3, size: 7), { _ in .entry(3, sealed: sealed[3]) }, table, size: 7)
        let growth = try proof(ProofGatherer(consistencyFrom: 3, size: 7), { .growth(from: 3, root: $0.olderRoot) }, table, size: 7)
        #expect(entry.verdict == .proven && growth.verdict == .proven)
        let other = try SignedCheckpoint(parsing: Array(table.notes[7].utf8))
        for (claim, real) in [
            (.entry(3, sealed: sealed[4]), entry), (.entry(2, sealed: sealed[3]), entry), (.entry(7, sealed: sealed[7]), entry),
            (.growth(from: 3, root: .leaf([1])), growth), (.growth(from: 8, root: .leaf([1])), growth),
        ] as [(LogProof.Claim, LogProof)] {
            #expect(LogProof(claim, hashes: real.hashes, checkpoint: real.checkpoint).verdict != .proven)
        }
        for real in [entry, growth] {
            #expect(LogProof(real.claim, hashes: real.hashes, checkpoint: other).verdict != .proven)
            #expect(LogProof(real.claim, hashes: real.hashes.dropLast(), checkpoint: real.checkpoint).verdict != .proven)
        }
    }
}
