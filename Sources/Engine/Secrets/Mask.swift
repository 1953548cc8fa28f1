import Brokering
import Model
import PlaintextDoor

/// The masked view of a value: `********`, plus the last four characters of a value of 16 or more. It never shows a length.
enum Mask {
    /// As much of a token as tells it from others in a list.
    static func text(of token: FakeToken) -> String { "********\(token.text.suffix(4))" }

    /// What may be shown of a field: a plain one's value, where it is short text, and a secret one's mask.
    static func shown(_ value: SecretValue, _ kind: FieldKind) -> String {
        guard kind == .plain, value.byteCount <= longestPlain else { return text(of: value) }
        return value.withPlaintext(PlaintextDoor()) { bytes in
            let text = (0..<bytes.byteCount).map { unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
            return String(validating: text, as: UTF8.self) ?? self.text(of: value)
        }
    }

    private static let longestPlain = 200

    static func text(of value: SecretValue) -> String {
        let stars = "********"
        guard value.byteCount >= 16 else { return stars }
        return value.withPlaintext(PlaintextDoor()) { bytes in
            let tail = bytes.byteCount - 4..<bytes.byteCount
            var text = stars
            for index in tail {
                let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                guard (0x21...0x7E).contains(byte) else { return stars }
                text.unicodeScalars.append(Unicode.Scalar(byte))
            }
            return text
        }
    }
}
