import Model

/// One way to the root key: the root key, wrapped under a key made of what a person knows or keeps.
package enum Slot: Sendable, Equatable {
    /// Opened by a password.
    case password(PasswordHashParameters, wrapped: [UInt8])
    /// Opened by a recovery key.
    case recovery(wrapped: [UInt8])

    private enum Kind: String {
        case password, recovery
    }

    private static let version: UInt8 = 1

    /// The canonical bytes that are stored (SPEC §5.1).
    package func encoded() -> [UInt8] {
        var writer = CanonicalWriter()
        writer.write(byte: Self.version)
        switch self {
        case .password(let parameters, let wrapped):
            writer.write(Kind.password.rawValue)
            writer.write(parameters.phcString)
            writer.write(wrapped)
        case .recovery(let wrapped):
            writer.write(Kind.recovery.rawValue)
            writer.write(wrapped)
        }
        return writer.bytes
    }

    /// Reads stored bytes. A cost out of bounds is refused here, before anything is hashed.
    package init(decoding bytes: [UInt8]) throws {
        guard let first = bytes.first else { throw EnvelopeError.malformedSlot }
        guard first == Self.version else { throw EnvelopeError.unknownVersion(first) }
        var reader = CanonicalReader(bytes)
        do {
            _ = try reader.byte()
            self = try Self.read(&reader)
            try reader.finish()
        } catch is CanonicalError {
            throw EnvelopeError.malformedSlot
        }
    }

    private static func read(_ reader: inout CanonicalReader) throws -> Slot {
        let kind = Kind(rawValue: try reader.text())
        switch kind {
        case .password:
            let text = try reader.text()
            return .password(try PasswordHashParameters(parsing: text), wrapped: try wrappedKey(&reader))
        case .recovery: return .recovery(wrapped: try wrappedKey(&reader))
        case nil: throw EnvelopeError.malformedSlot
        }
    }

    private static func wrappedKey(_ reader: inout CanonicalReader) throws -> [UInt8] {
        let wrapped = try reader.data()
        guard wrapped.count == WrappedKey.byteCount else { throw EnvelopeError.malformedSlot }
        return wrapped
    }
}
