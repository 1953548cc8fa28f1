package import Auditing
import Model
import Storage

/// Which proof a person wants.
package struct ProofWish: Sendable {
    package enum Claim: Sendable {
        case entry(Int64)
        /// That the log only grew since it had so many entries; nil for those of the kept checkpoint.
        case growth(from: Int64?)
    }

    package var claim: Claim
    /// The size of the stored checkpoint that the proof leads to; nil for a new one over everything.
    package var size: Int64?
    /// A checkpoint that the person kept: what an entry's proof leads to, or where the growth begins.
    package var kept: [UInt8]?

    package init(_ claim: Claim, size: Int64? = nil, kept: [UInt8]? = nil) {
        self.claim = claim
        self.size = size
        self.kept = kept
    }
}

/// A proof, and the key of the checkpoint in it.
package struct ProofReport: Sendable {
    package var proof: LogProof
    package var verifierKey: String
}

extension OpenVault {
    /// Proves something about the log to whoever has no key of it. Nothing is proved of a log that is not whole up to the checkpoint.
    package func prove(_ wish: ProofWish, by asker: Asker) async throws -> ProofReport {
        let kept = try wish.kept.map { try Self.kept($0, number: 1, of: 1) }
        try await authorizer.authorizeReading(.auditProve, by: asker)
        let isOfEntry = if case .entry = wish.claim { true } else { false }
        let target = try await target(kept: isOfEntry ? kept : nil, size: wish.size)
        return try await fromStart { start in
            switch wish.claim {
            case .entry(let index): try await proof(of: index, to: target, kept: kept, from: start)
            case .growth(let size): try await proof(since: size, to: target, isSizeAsked: wish.size != nil, kept: kept, from: start)
            }
        }
    }

    private func proof(of index: Int64, to target: SignedCheckpoint, kept: SignedCheckpoint?, from start: LogHead) async throws -> ProofReport {
        try checkNotPruned(index, target, start)
        guard let gatherer = ProofGatherer(inclusionOf: index, size: target.size, from: start.frontier) else {
            throw try await missing(index, in: target)
        }
        guard let hashes = try await walked(to: target, trusted: kept, gathering: gatherer, from: start)?.hashes,
            let entry = try await store.entries(from: index, limit: 1, in: organization).first, entry.index == index
        else { throw EngineError.logBroken }
        return try report(LogProof(.entry(index, sealed: entry.sealed), hashes: hashes, checkpoint: target))
    }

    private func proof(
        since size: Int64?, to target: SignedCheckpoint, isSizeAsked: Bool, kept: SignedCheckpoint?, from start: LogHead
    ) async throws -> ProofReport {
        guard let older = size ?? kept?.size else {
            throw EngineError.invalid("a proof of growth begins somewhere", hint: "say a size, or give a kept checkpoint")
        }
        if older > 0 { try checkNotPruned(older, target, start) }
        guard let gatherer = ProofGatherer(consistencyFrom: older, size: target.size, from: start.frontier) else {
            // A kept checkpoint beyond the log's end is no mistake of who asks: entries are gone, or it is not this log's.
            if let kept, !isSizeAsked { _ = try await walked(to: target, trusted: kept, gathering: nil, from: start) }
            throw EngineError.invalid("the log had \(target.size) entries then", hint: "a proof goes from fewer entries to more")
        }
        let gathered = try await walked(to: target, trusted: kept, gathering: gatherer, from: start)
        guard let gathered, let hashes = gathered.hashes else { throw EngineError.logBroken }
        return try report(LogProof(.growth(from: older, root: gathered.olderRoot), hashes: hashes, checkpoint: target))
    }

    /// Of what was pruned nothing is left to prove it with.
    private func checkNotPruned(_ index: Int64, _ target: SignedCheckpoint, _ start: LogHead) throws(EngineError) {
        guard index >= 0, index < start.size || target.size < start.size else { return }
        throw .pruned(before: start.size)
    }

    /// What the proof leads to: one that was kept, a stored one of that size, or one that is signed now. None is signed for an earlier size.
    private func target(kept: SignedCheckpoint?, size: Int64?) async throws -> SignedCheckpoint {
        if let kept { return kept }
        let stored = if let size { try await store.checkpoint(ofSize: size, in: organization) } else { try await writer.checkpoint() }
        guard let stored else { throw EngineError.notFound(.checkpoint) }
        guard let checkpoint = try? SignedCheckpoint(parsing: stored.note) else { throw EngineError.logBroken }
        return checkpoint
    }

    private func missing(_ index: Int64, in checkpoint: SignedCheckpoint) async throws -> EngineError {
        guard index >= 0, index < (try await store.entryCount(in: organization)) else { return .notFound(.entry) }
        return .invalid("the checkpoint covers \(checkpoint.size) entries, and this is none of them", hint: "take a later checkpoint, or a new one")
    }

    /// Goes through the log up to a checkpoint, and gathers on the way. The log has to be whole, and the checkpoints its own.
    private func walked(
        to target: SignedCheckpoint, trusted: SignedCheckpoint?, gathering gatherer: ProofGatherer?, from start: LogHead
    ) async throws -> ProofGatherer? {
        var gatherer = gatherer
        var verifier = try verifier(from: start, checkpoints: [target], trusted: trusted.map { [$0] } ?? [])
        let verdict = try await pass(&verifier, upTo: target.size) { gatherer?.append($0) }
        if case .broken(let found) = verdict { throw EngineError.unprovable(found) }
        // Nothing is left that the kept one could be held against, so nothing that begins with it is proved.
        guard verifier.uncompared.isEmpty else { throw EngineError.pruned(before: start.size) }
        return gatherer
    }

    /// What is handed out was verified, as a stranger will.
    private func report(_ proof: LogProof) throws -> ProofReport {
        let verifierKey = try verifierKey(ofSize: proof.checkpoint.size)
        guard proof.verdict == .proven, try proof.checkpoint.verdict(verifierKey: verifierKey) == .genuine else { throw EngineError.logBroken }
        return ProofReport(proof: proof, verifierKey: verifierKey)
    }
}
