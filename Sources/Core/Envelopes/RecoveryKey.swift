package import Model

/// 256 random bits that open the vault when the password is lost, written as thirteen groups of five characters (SPEC §5.3).
package struct RecoveryKey: Sendable {
    /// How many groups the text has.
    package static let groupCount = 13

    let material: SecretValue

    /// Draws a fresh key.
    package static func generate(random: RandomBytes = .system) -> RecoveryKey { RecoveryKey(material: drawKey(random)) }

    /// Reads the text. Lower case, spaces and missing dashes do no harm; `I` and `L` are read as `1`, `O` as `0`.
    package init(parsing text: SecretValue) throws(RecoveryKeyError) {
        material = try RecoveryText.key(of: RecoveryText.symbols(of: text))
    }

    /// The whole text, groups joined by dashes.
    package func text() -> SecretValue { RecoveryText.text(of: material) }

    private init(material: SecretValue) { self.material = material }
}

/// What is wrong with a typed recovery key. Groups are counted from 1, as people do.
package enum RecoveryKeyError: Diagnosable, Equatable {
    /// Too few or too many characters.
    case wrongLength(Int)
    /// A character that no recovery key has.
    case badCharacter(group: Int)
    /// The group's characters do not fit its check character, or its place.
    case mistyped(group: Int)

    package var code: String {
        switch self {
        case .wrongLength: "recovery-key.wrong-length"
        case .badCharacter: "recovery-key.bad-character"
        case .mistyped: "recovery-key.mistyped"
        }
    }

    package var message: String {
        switch self {
        case .wrongLength(let count): "the recovery key has \(count) characters instead of \(RecoveryText.symbolCount)"
        case .badCharacter(let group): "group \(group) of the recovery key has a character that no recovery key has"
        case .mistyped(let group): "group \(group) of the recovery key is mistyped"
        }
    }

    package var hint: String? {
        switch self {
        case .wrongLength: "it has \(RecoveryKey.groupCount) groups of \(RecoveryText.groupSize) characters"
        case .badCharacter: "it is made of the digits and the letters A to Z without I, L, O and U"
        case .mistyped: "compare it with what you wrote down"
        }
    }
}
