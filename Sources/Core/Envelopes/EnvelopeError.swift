import Model

/// Why something did not seal, open, wrap or unwrap. Inside, the reasons stay distinct; one face outside is the caller's matter.
package enum EnvelopeError: Diagnosable, Equatable {
    /// The length is none that the format allows.
    case malformedLength
    /// The first byte names a format that this program does not know.
    case unknownVersion(UInt8)
    /// The tag does not fit key, associated data and ciphertext.
    case authenticationFailed
    /// The wrapped key was not made by this wrapping key in this context, or was changed.
    case commitmentMismatch
    /// The opened bytes have no proper length and fill: their writer was faulty.
    case badPadding
    /// A key has other than 32 bytes.
    case wrongKeyLength(Int)
    /// More bytes than a value or document may have.
    case tooLarge(maximum: Int)
    /// The purpose is not for this kind of thing.
    case wrongPurpose(Purpose)
    /// The data key has sealed already, or was not made to seal.
    case dataKeyUsed
    /// The cryptographic library refused to seal.
    case sealingFailed
    /// Stored bytes are no slot.
    case malformedSlot
    /// A password was given to a recovery slot, or the other way round.
    case wrongSlotKind

    package var code: String {
        switch self {
        case .malformedLength: "envelope.malformed-length"
        case .unknownVersion: "envelope.unknown-version"
        case .authenticationFailed: "envelope.authentication-failed"
        case .commitmentMismatch: "envelope.commitment-mismatch"
        case .badPadding: "envelope.bad-padding"
        case .wrongKeyLength: "envelope.wrong-key-length"
        case .tooLarge: "envelope.too-large"
        case .wrongPurpose: "envelope.wrong-purpose"
        case .dataKeyUsed: "envelope.data-key-used"
        case .sealingFailed: "envelope.sealing-failed"
        case .malformedSlot: "envelope.malformed-slot"
        case .wrongSlotKind: "envelope.wrong-slot-kind"
        }
    }

    package var message: String {
        switch self {
        case .malformedLength: "sealed bytes have a length that no sealed thing has"
        case .unknownVersion(let version): "sealed bytes are in format \(version), which this program does not know"
        case .authenticationFailed: "sealed bytes were changed, or belong elsewhere"
        case .commitmentMismatch: "a wrapped key was changed, belongs elsewhere, or is under another key"
        case .badPadding: "sealed bytes were padded wrongly when they were written"
        case .wrongKeyLength(let count): "a key has \(count) bytes, not \(keyByteCount)"
        case .tooLarge(let maximum): "a value is larger than \(maximum) bytes"
        case .wrongPurpose(let purpose): "\(purpose.rawValue) is not for this kind of thing"
        case .dataKeyUsed: "a data key seals once"
        case .sealingFailed: "the cryptographic library refused to seal"
        case .malformedSlot: "a stored slot is not in the form it was written in"
        case .wrongSlotKind: "the slot is of another kind"
        }
    }

    package var hint: String? {
        switch self {
        case .unknownVersion: "install a later version of Tacit"
        case .tooLarge: "split it over several fields, or keep the file elsewhere and store the key that opens it"
        default: nil
        }
    }
}

/// How many bytes every symmetric key has.
let keyByteCount = 32
