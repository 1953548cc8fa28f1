import Auditing
import Model
import TestKit
import Testing

@Suite("Merkle tree")
struct MerkleTests {
    private struct Table: Decodable {
        let leaves: [String]
        let trees: [Tree]
        let inclusion: [Inclusion]
        let consistency: [Consistency]

        struct Tree: Decodable { let size: Int, root: String, frontier: String }
        struct Inclusion: Decodable { let size: Int, index: Int, proof: [String] }
        struct Consistency: Decodable { let old: Int, new: Int, proof: [String] }
    }

    private static func leaves(_ count: Int) -> [LogHash] { (0..<count).map { LogHash.leaf([UInt8(truncatingIfNeeded: $0), 0xca]) } }

    @Test("roots, frontiers and proofs are those of Certificate Transparency")
    func vectorsHold() throws {
        let table: Table = try vectors("merkle")
        try #require(table.trees.count == 9 && table.inclusion.count == 36 && table.consistency.count == 36)
        let sealed = try table.leaves.map(bytes)
        let leaves = sealed.map { LogHash.leaf($0) }
        for tree in table.trees {
            var frontier = MerkleFrontier()
            for leaf in sealed.prefix(tree.size) { frontier.append(leaf: leaf) }
            #expect(frontier.size == Int64(tree.size))
            #expect(frontier.root.hexadecimal == tree.root)
            #expect(frontier.encoded().hexadecimal == tree.frontier)
            #expect(Leaves.root(of: Array(leaves.prefix(tree.size))).hexadecimal == tree.root)
        }
        for vector in table.inclusion {
            let proof = Leaves.inclusion(of: vector.index, in: Array(leaves.prefix(vector.size)))
            #expect(proof?.map(\.hexadecimal) == vector.proof, "entry \(vector.index) of \(vector.size)")
        }
        for vector in table.consistency {
            let proof = Leaves.consistency(from: vector.old, in: Array(leaves.prefix(vector.new)))
            #expect(proof?.map(\.hexadecimal) == vector.proof, "\(vector.old) of \(vector.new)")
        }
    }

    @Test("a stored frontier goes on to the same root, and one of a wrong length is refused")
    func frontierCoding() throws {
        let leaves = Self.leaves(70)
        for size in 0...70 {
            var frontier = MerkleFrontier()
            for leaf in leaves.prefix(size) { frontier.append(leaf) }
            let bytes = frontier.encoded()
            var again = try #require(MerkleFrontier(decoding: bytes, size: Int64(size)))
            #expect(again == frontier)
            for leaf in leaves.dropFirst(size) { again.append(leaf) }
            #expect(again.rootHash == Leaves.root(of: leaves))
            #expect(MerkleFrontier(decoding: bytes + [0], size: Int64(size)) == nil)
            #expect(MerkleFrontier(decoding: bytes, size: Int64(size) * 2 + 1) == nil)
        }
        #expect(MerkleFrontier(decoding: [], size: -1) == nil)
    }

    @Test("inclusion is proved for every entry of every tree up to 70, and for nothing else")
    func inclusion() throws {
        let random = SeededRandom()
        let leaves = Self.leaves(70)
        for size in 1...70 {
            let tree = Array(leaves.prefix(size))
            let root = Leaves.root(of: tree)
            for index in 0..<size {
                let proof = try #require(Leaves.inclusion(of: index, in: tree))
                func verdict(_ proof: [LogHash], at place: Int? = nil, of count: Int? = nil, leaf: LogHash? = nil) -> MerkleProof.Verdict {
                    MerkleProof.verifyInclusion(
                        of: leaf ?? tree[index], at: Int64(place ?? index), size: Int64(count ?? size), proof: proof, root: root)
                }
                #expect(verdict(proof) == .proven)
                #expect(verdict(proof, leaf: .leaf([1])) == .refuted(.otherRoot))
                #expect(verdict(proof + [root]) == .refuted(.wrongLength))
                #expect(verdict(proof, at: size) == .refuted(.outOfRange))
                #expect(verdict(proof, at: -1) == .refuted(.outOfRange))
                if let other = (0..<size).filter({ $0 != index }).randomElement(random) { #expect(verdict(proof, at: other) != .proven) }
                if !proof.isEmpty {
                    #expect(verdict(proof.dropLast()) == .refuted(.wrongLength))
                    var changed = proof
                    changed[random.int(in: 0...(proof.count - 1))] = .leaf([2])
                    #expect(verdict(changed) == .refuted(.otherRoot))
                }
            }
        }
        #expect(Leaves.inclusion(of: 70, in: leaves) == nil)
        #expect(Leaves.inclusion(of: -1, in: leaves) == nil)
    }

    @Test("consistency is proved between all trees up to 70, and with no other root")
    func consistency() throws {
        let leaves = Self.leaves(70)
        let roots = (0...70).map { Leaves.root(of: Array(leaves.prefix($0))) }
        for new in 1...70 {
            for old in 1...new {
                let proof = try #require(Leaves.consistency(from: old, in: Array(leaves.prefix(new))))
                func verdict(_ proof: [LogHash], from first: LogHash? = nil, to last: LogHash? = nil) -> MerkleProof.Verdict {
                    MerkleProof.verifyConsistency(
                        from: first ?? roots[old], oldSize: Int64(old), to: last ?? roots[new], newSize: Int64(new), proof: proof)
                }
                #expect(verdict(proof) == .proven, "\(old) of \(new)")
                #expect(verdict(proof, from: .leaf([1])) == .refuted(.otherRoot))
                #expect(verdict(proof, to: .leaf([1])) == .refuted(.otherRoot))
                #expect(verdict(proof + [roots[new]]) == .refuted(.wrongLength))
                if !proof.isEmpty { #expect(verdict(proof.dropLast()) != .proven) }
            }
        }
    }

    @Test("every tree begins with the empty one, and none with a larger")
    func consistencyAtTheEnds() {
        let root = LogHash.leaf([1])
        let verdict = MerkleProof.verifyConsistency
        #expect(verdict(.emptyTree, 0, root, 1, []) == .proven)
        #expect(verdict(root, 0, root, 1, []) == .refuted(.otherRoot))
        #expect(verdict(root, 1, root, 1, []) == .proven)
        #expect(verdict(root, 2, root, 1, []) == .refuted(.outOfRange))
        #expect(verdict(root, -1, root, 1, []) == .refuted(.outOfRange))
        #expect(verdict(.emptyTree, 0, root, 1, [root]) == .refuted(.wrongLength))
        #expect(Leaves.consistency(from: 0, in: [root]) == [])
        #expect(Leaves.consistency(from: -1, in: [root]) == nil)
        #expect(Leaves.consistency(from: 2, in: [root]) == nil)
        #expect(Leaves.consistency(from: 1, in: []) == nil)
    }

    @Test("a proof is not given before its last leaf, and what comes behind its tree changes nothing")
    func gathering() throws {
        let leaves = Self.leaves(40)
        var (entry, growth) = (try #require(ProofGatherer(inclusionOf: 5, size: 33)), try #require(ProofGatherer(consistencyFrom: 12, size: 33)))
        for (place, leaf) in leaves.enumerated() {
            #expect((entry.hashes == nil) == (place < 33) && (growth.hashes == nil) == (place < 33))
            entry.append(leaf)
            growth.append(leaf)
        }
        let tree = Array(leaves.prefix(33))
        #expect(entry.hashes == Leaves.inclusion(of: 5, in: tree) && growth.hashes == Leaves.consistency(from: 12, in: tree))
        #expect(growth.olderRoot == Leaves.root(of: Array(leaves.prefix(12))))
    }
}

/// Proofs over leaves that are all there.
private enum Leaves {
    static func root(of leaves: [LogHash]) -> LogHash {
        var frontier = MerkleFrontier()
        for leaf in leaves { frontier.append(leaf) }
        return frontier.rootHash
    }

    static func inclusion(of index: Int, in leaves: [LogHash]) -> [LogHash]? {
        gathered(ProofGatherer(inclusionOf: Int64(index), size: Int64(leaves.count)), leaves)
    }

    static func consistency(from size: Int, in leaves: [LogHash]) -> [LogHash]? {
        gathered(ProofGatherer(consistencyFrom: Int64(size), size: Int64(leaves.count)), leaves)
    }

    private static func gathered(_ gatherer: ProofGatherer?, _ leaves: [LogHash]) -> [LogHash]? {
        var gatherer = gatherer
        for leaf in leaves { gatherer?.append(leaf) }
        return gatherer?.hashes
    }
}

extension Array {
    fileprivate func randomElement(_ random: SeededRandom) -> Element? { random.element(of: self) }
}
