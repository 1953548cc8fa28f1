import Auditing
import Model
import Storage

/// Keeps the last stored checkpoint outside the vault file, as the signed text that it is: whoever takes it away from the vault has to find it here, too.
struct CheckpointWitness: Sendable {
    let file: any StateFile
    var epochs: LogEpochs

    /// The checkpoint; nil when none was kept, or when what lies there is not this vault's.
    func recall() -> SignedCheckpoint? {
        guard let bytes = try? file.load(), let kept = try? SignedCheckpoint(parsing: bytes), epochs.isGenuine(kept) else { return nil }
        return kept
    }

    /// It is a witness: losing one update only makes it remember less.
    func keep(_ checkpoint: StoredCheckpoint) { try? file.store(checkpoint.note) }
}
