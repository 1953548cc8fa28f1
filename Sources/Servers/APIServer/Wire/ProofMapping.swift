import Auditing
import Secrets
import TacitWire

extension ProofWish {
    init(_ wire: ProofRequest) throws {
        let kept = wire.checkpoint.map { Array($0.utf8) }
        switch (wire.index, wire.from) {
        case (let index?, nil):
            guard kept == nil || wire.size == nil else {
                throw EngineError.invalid("a checkpoint has a size of its own", hint: "leave the checkpoint out, or the size")
            }
            self.init(.entry(index), size: wire.size, kept: kept)
        case (nil, let from?):
            guard kept == nil else {
                throw EngineError.invalid("a checkpoint has a size of its own", hint: "leave the checkpoint out, or where the growth begins")
            }
            self.init(.growth(from: from), size: wire.size)
        case (nil, nil) where kept != nil: self.init(.growth(from: nil), size: wire.size, kept: kept)
        default:
            throw EngineError.invalid(
                "a proof is of one entry, or of the log's growth", hint: "say an index, or a size or checkpoint from which on the log only grew")
        }
    }
}

extension AuditProof {
    init(_ report: ProofReport) {
        self.init(proof: report.proof.text, verifierKey: report.verifierKey, size: report.proof.checkpoint.size)
        switch report.proof.claim {
        case .entry(let index, _): self.index = index
        case .growth(let from, _): self.from = from
        }
    }
}
