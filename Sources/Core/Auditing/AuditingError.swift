import Model

/// Why something of the audit log could not be made or read. What a log proves or fails to prove is a `LogVerdict`, not an error.
package enum AuditingError: Diagnosable, Equatable {
    /// A key has other than 32 bytes.
    case wrongKeyLength(Int)
    /// Bytes are no checkpoint; the part says where reading ended.
    case malformedCheckpoint(CheckpointPart)
    /// A text is no verifier key of this kind.
    case malformedVerifierKey
    /// An origin, extension line, size or root that no checkpoint may have was to be signed.
    case unsignable(CheckpointPart)
    /// The cryptographic library refused to sign.
    case signingFailed
    /// The pending list has no room for another act.
    case pendingListFull

    /// The parts of a checkpoint, in their order.
    package enum CheckpointPart: String, Sendable {
        case text, origin, size, root, extensions = "extension", signature
    }

    package var code: String {
        switch self {
        case .wrongKeyLength: "audit.wrong-key-length"
        case .malformedCheckpoint: "audit.malformed-checkpoint"
        case .malformedVerifierKey: "audit.malformed-verifier-key"
        case .unsignable: "audit.unsignable-checkpoint"
        case .signingFailed: "audit.signing-failed"
        case .pendingListFull: "audit.pending-list-full"
        }
    }

    package var message: String {
        switch self {
        case .wrongKeyLength(let count): "an audit key has \(count) bytes, not 32"
        case .malformedCheckpoint(let part): "this is no checkpoint: its \(part.rawValue) is not in the C2SP form"
        case .malformedVerifierKey: "this is no Ed25519 verifier key in the C2SP form"
        case .unsignable(let part): "a checkpoint with such a \(part.rawValue) must not be signed"
        case .signingFailed: "the cryptographic library refused to sign"
        case .pendingListFull: "too many acts wait for the audit log while the vault is locked"
        }
    }

    package var hint: String? {
        switch self {
        case .malformedCheckpoint: "a kept checkpoint is a text file as `tacit audit checkpoint` writes it"
        case .pendingListFull: "unlock the vault: what waits is then written to the log"
        default: nil
        }
    }
}
