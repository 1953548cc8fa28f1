package import Model
import PlaintextDoor

/// How many bits of guessing a value withstands, at least: an estimate that would rather be too low.
///
/// A placeholder in the place of a value says that the text before it was right. That tells nothing where nobody can guess the value, and everything where
/// it is one of a thousand. What is known of a value here is its bytes alone: a random-looking one that stands in a public list is not seen as such.
package enum GuessEstimate {
    /// Below so many bits a value could be guessed.
    package static let enoughBits = 64
    /// Below so many bytes a value cannot be told from ordinary text.
    package static let enoughBytes = 8
    /// What comes behind is not looked at: it could only add.
    private static let longestLook = 1024

    package static func isGuessable(_ value: SecretValue) -> Bool { bits(of: value) < enoughBits }

    package static func bits(of value: SecretValue) -> Int {
        value.withPlaintext(PlaintextDoor()) { span in
            unsafe span.withUnsafeBytes { bytes in
                let look = unsafe LentBytes(UnsafeRawBufferPointer(rebasing: bytes.prefix(longestLook)))
                return tenths(of: look.slice(PublicHead.byteCount(of: look)..<look.count)) / 10
            }
        }
    }

    /// The estimate in tenths of a bit. Of a value that repeats itself only the block counts, and two bits for how often.
    static func tenths(of text: LentBytes) -> Int {
        let period = Self.period(of: text)
        guard period * 2 > text.count else { return tenths(ofBlock: text.slice(0..<period)) + 20 }
        return tenths(ofBlock: text)
    }

    private static func tenths(ofBlock text: LentBytes) -> Int {
        var costs = CharacterCosts(text)
        costs.lowerSequences()
        costs.lowerLetters()
        costs.lowerDates()
        costs.lowerWords()
        return min(costs.total, costs.limitByVariety)
    }

    /// The length of the shortest block that the text repeats; its whole length when it repeats none (Knuth, Morris, Pratt: the failure function).
    private static func period(of text: LentBytes) -> Int {
        guard text.count > 1 else { return text.count }
        var borders = [0]
        for index in 1..<text.count {
            var border = borders[index - 1]
            while border > 0, text[border] != text[index] { border = borders[border - 1] }
            borders.append(text[border] == text[index] ? border + 1 : 0)
        }
        return text.count - borders[text.count - 1]
    }

    /// Ten times the logarithm to base 2, rounded down to a fifth of a bit.
    static func tenfoldLog(_ count: Int) -> Int {
        guard count > 1 else { return 0 }
        let power = count * count * count * count * count
        return 2 * (Int.bitWidth - 1 - power.leadingZeroBitCount)
    }
}
