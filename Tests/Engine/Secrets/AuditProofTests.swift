import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// Proofs about the log for whoever has no key of it.
@Suite struct AuditProofTests {
    /// A vault whose log has a few checkpoints, and one of them kept elsewhere.
    private func furnished() async throws -> (bench: VaultBench, kept: SignedCheckpoint) {
        let bench = try await VaultBench.unlocked()
        for name in ["a", "b", "c"] { try await bench.set(name, bench.canary().secret) }
        let note = try #require(try await bench.open.checkpoint(by: bench.person())).note
        for name in ["d", "e"] { try await bench.set(name, bench.canary().secret) }
        return (bench, try SignedCheckpoint(parsing: note))
    }

    private func prove(_ bench: VaultBench, _ claim: ProofWish.Claim, size: Int64? = nil, kept: SignedCheckpoint? = nil) async throws -> LogProof {
        let report = try await bench.open.prove(ProofWish(claim, size: size, kept: kept?.bytes), by: bench.person())
        #expect(try report.proof.checkpoint.verdict(verifierKey: report.verifierKey) == .genuine)
        #expect(report.proof.verdict == .proven)
        return report.proof
    }

    @Test("every entry is proved against a new checkpoint, a stored one, and one that was kept") func entries() async throws {
        let (bench, kept) = try await furnished()
        let stored = try await StoreDump(of: bench.store).entries
        for index in 0..<kept.size {
            let now = try await prove(bench, .entry(index))
            #expect(now.claim == .entry(index, sealed: stored[Int(index)].sealed) && now.checkpoint.size > kept.size)
            #expect(try await prove(bench, .entry(index), size: kept.size).checkpoint == kept)
            #expect(try await prove(bench, .entry(index), kept: kept).checkpoint == kept)
        }
        let count = try await bench.open.auditEntryCount()
        let last = try await prove(bench, .entry(count))
        #expect(last.checkpoint.size == count + 1, "asking for a proof is the entry that is proved")
    }

    @Test("growth is proved from every size, to every stored checkpoint behind it, and from a kept one") func growth() async throws {
        let (bench, kept) = try await furnished()
        for from in 0...kept.size {
            #expect(try await prove(bench, .growth(from: from), size: kept.size).checkpoint == kept)
            guard case .growth(from, _) = try await prove(bench, .growth(from: from)).claim else { throw TestFailure("another claim") }
        }
        let root = try #require(LogHash(bytes: kept.root))
        let proof = try await prove(bench, .growth(from: nil), kept: kept)
        #expect(proof.claim == .growth(from: kept.size, root: root) && proof.checkpoint.size > kept.size)
    }

    @Test("what is not there is refused by name, and none is signed for an earlier size") func absent() async throws {
        let (bench, kept) = try await furnished()
        let (open, person) = (try bench.open, bench.person())
        for (wish, code) in [
            (ProofWish(.entry(10_000)), "entry.not-found"), (ProofWish(.entry(-1)), "entry.not-found"),
            (ProofWish(.entry(10_000), size: kept.size), "entry.not-found"), (ProofWish(.entry(kept.size), size: kept.size), "request.invalid"),
            (ProofWish(.entry(kept.size), kept: kept.bytes), "request.invalid"), (ProofWish(.entry(0), size: kept.size - 1), "checkpoint.not-found"),
            (ProofWish(.entry(0), size: 10_000), "checkpoint.not-found"), (ProofWish(.growth(from: 0), size: -1), "checkpoint.not-found"),
            (ProofWish(.growth(from: 10_000)), "request.invalid"), (ProofWish(.growth(from: -1)), "request.invalid"),
            (ProofWish(.growth(from: kept.size + 1), size: kept.size), "request.invalid"),
            (ProofWish(.growth(from: nil), kept: [UInt8]("none".utf8)), "audit.malformed-checkpoint"),
        ] {
            do {
                _ = try await open.prove(wish, by: person)
                Issue.record("\(wish) was proved")
            } catch { #expect((error as? EngineError)?.code == code, "\(wish)") }
        }
        await #expect(throws: EngineError.denied(.personOnly)) { try await open.prove(ProofWish(.entry(0)), by: bench.agent()) }
    }

    @Test("nothing is proved of a log that was changed before the checkpoint, whichever entry is asked for") func tampered() async throws {
        let (bench, kept) = try await furnished()
        let last = kept.size - 1
        try await bench.lock()
        let whole = try await StoreDump(of: bench.store)
        for (change, kind) in [
            ({ $0.entries[2].sealed[20] ^= 1 }, .edited), ({ $0.entries[Int(last)].chain[0] ^= 1 }, .edited),
            ({ $0.entries.swapSealed(3, 4) }, .reordered),
        ] as [((inout StoreDump) -> Void, LogBreak.Kind)] {
            var dump = whole
            change(&dump)
            let next = bench.restarted(on: try await dump.load(), remembers: false)
            try await next.unlock()
            let (open, person) = (try next.open, next.person())
            for wish in [
                ProofWish(.entry(0)), ProofWish(.entry(last), size: kept.size), ProofWish(.entry(2), kept: kept.bytes), ProofWish(.growth(from: 1)),
                ProofWish(.growth(from: nil), kept: kept.bytes),
            ] {
                do {
                    _ = try await open.prove(wish, by: person)
                    Issue.record("\(wish) was proved of a log that is \(kind)")
                } catch EngineError.unprovable(let found) { #expect(found.kind == kind, "\(found.message)") }
            }
        }
    }

    @Test("a kept checkpoint of another log, of entries that are gone, or with a changed root proves nothing") func foreign() async throws {
        let (bench, kept) = try await furnished()
        let (other, _) = try await furnished()
        for name in 0..<9 { try await other.set("x\(name)", other.canary().secret) }
        let longer = try SignedCheckpoint(parsing: try #require(try await other.open.checkpoint(by: other.person())).note)
        let text = String(decoding: kept.bytes, as: UTF8.self)
        let changed = text.replacing("\n\(kept.size)\n", with: "\n\(kept.size - 1)\n")
        let (open, person) = (try bench.open, bench.person())
        for (note, kind) in [(longer.bytes, LogBreak.Kind.otherOrigin), ([UInt8](changed.utf8), .badSignature)] {
            for claim in [ProofWish.Claim.entry(0), .growth(from: nil)] {
                do {
                    _ = try await open.prove(ProofWish(claim, kept: note), by: person)
                    Issue.record("proved")
                } catch EngineError.unprovable(let found) { #expect(found.kind == kind, "\(found.message)") }
            }
        }
        // The same vault, put back to what it was: the checkpoint that was kept since says more than there is.
        try await bench.lock()
        let older = try await StoreDump(of: bench.store)
        try await bench.unlock()
        for name in 0..<9 { try await bench.set("y\(name)", bench.canary().secret) }
        let later = try #require(try await bench.open.checkpoint(by: bench.person())).note
        let back = bench.restarted(on: try await older.load(), remembers: false)
        try await back.unlock()
        for claim in [ProofWish.Claim.entry(0), .growth(from: nil)] {
            do {
                _ = try await back.open.prove(ProofWish(claim, kept: later), by: back.person())
                Issue.record("proved")
            } catch EngineError.unprovable(let found) { #expect(found.kind == .cutTail, "\(found.message)") }
        }
    }
}

extension [StoredEntry] {
    /// Two entries in each other's places.
    fileprivate mutating func swapSealed(_ one: Int, _ other: Int) {
        (self[one].sealed, self[other].sealed) = (self[other].sealed, self[one].sealed)
        (self[one].chain, self[other].chain) = (self[other].chain, self[one].chain)
    }
}
