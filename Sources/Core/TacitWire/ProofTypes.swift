/// Asks for a proof about the log: of an entry by its index, or that the log only grew, `from` a size or from a kept checkpoint on.
public struct ProofRequest: Codable, Sendable, Equatable {
    public var index: Int64?
    public var from: Int64?
    /// The size of a stored checkpoint that the proof leads to; without it a new one over everything.
    public var size: Int64?
    /// A checkpoint (C2SP note) that was kept elsewhere.
    public var checkpoint: String?

    public init(index: Int64? = nil, from: Int64? = nil, size: Int64? = nil, checkpoint: String? = nil) {
        self.index = index
        self.from = from
        self.size = size
        self.checkpoint = checkpoint
    }
}

/// A proof about the log that a stranger verifies.
public struct AuditProof: Codable, Sendable, Equatable {
    /// A C2SP tlog-proof, or the lines that a C2SP tlog-witness takes.
    public var proof: String
    /// The key of the checkpoint that is in it.
    public var verifierKey: String
    /// How many entries that checkpoint covers.
    public var size: Int64
    public var index: Int64?
    public var from: Int64?

    public init(proof: String, verifierKey: String, size: Int64, index: Int64? = nil, from: Int64? = nil) {
        self.proof = proof
        self.verifierKey = verifierKey
        self.size = size
        self.index = index
        self.from = from
    }
}
