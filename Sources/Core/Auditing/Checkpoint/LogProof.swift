import Model

/// What shows a stranger, who has no key of the vault, that an entry is in the log or that the log only grew (SPEC §7.12).
package struct LogProof: Sendable, Equatable {
    package enum Claim: Sendable, Equatable {
        /// These sealed bytes are the entry of that index.
        case entry(Int64, sealed: [UInt8])
        /// The first `from` entries, whose root is this, are the beginning of the log.
        case growth(from: Int64, root: LogHash)
    }

    package let claim: Claim
    package let hashes: [LogHash]
    /// What the proof leads to, as it was signed.
    package let checkpoint: SignedCheckpoint

    /// Takes a proof apart from whether it shows anything.
    package init(_ claim: Claim, hashes: [LogHash], checkpoint: SignedCheckpoint) {
        self.claim = claim
        self.hashes = hashes
        self.checkpoint = checkpoint
    }

    /// What it shows to whoever takes the checkpoint to be genuine.
    package var verdict: MerkleProof.Verdict {
        guard let root = LogHash(bytes: checkpoint.root) else { return .refuted(.otherRoot) }
        return switch claim {
        case .entry(let index, let sealed):
            MerkleProof.verifyInclusion(of: .leaf(sealed), at: index, size: checkpoint.size, proof: hashes, root: root)
        case .growth(let size, let older):
            MerkleProof.verifyConsistency(from: older, oldSize: size, to: root, newSize: checkpoint.size, proof: hashes)
        }
    }

    /// The proof as others read it: a C2SP tlog-proof, or what a witness is sent (C2SP tlog-witness, `add-checkpoint`).
    package var text: String {
        let lines =
            switch claim {
            case .entry(let index, let sealed): ["c2sp.org/tlog-proof@v1", "extra \(Base64.encode(sealed))", "index \(index)"]
            case .growth(let size, _): ["old \(size)"]
            }
        let head = (lines + hashes.map { Base64.encode($0.bytes) } + [""]).map { $0 + "\n" }.joined()
        return head + String(decoding: checkpoint.bytes, as: UTF8.self)
    }
}
