/// The rules for names of environment variables that take a secret.
enum VariableName {
    static func check(_ name: String) throws {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, bytes.count <= 128, isLetter(first), bytes.allSatisfy({ isLetter($0) || (48...57).contains($0) }) else {
            throw EngineError.invalid("a variable's name has letters, digits and `_` only, and begins with no digit", hint: nil)
        }
    }

    /// The variable of a secret without binding: `stripe/api-key` becomes `STRIPE_API_KEY`.
    static func from(_ name: String, prefix: String = "") -> String {
        let mapped = name.utf8.map { byte -> Character in
            switch byte {
            case 97...122: Character(Unicode.Scalar(byte - 32))
            case 65...90, 48...57: Character(Unicode.Scalar(byte))
            default: "_"
            }
        }
        let text = prefix + String(mapped)
        return text.utf8.first.map { (48...57).contains($0) } ?? false ? "_" + text : text
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (65...90).contains(byte) || (97...122).contains(byte) || byte == UInt8(ascii: "_")
    }
}
