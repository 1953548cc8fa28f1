/// Makes values out of the system's randomness: each character, or word, is as likely as any other.
struct ValueMaker {
    enum Kind: Equatable {
        /// So many characters of these.
        case characters([UInt8], count: Int)
        /// So many words with this between them.
        case words([String], count: Int, separator: String)
    }

    static let lengths = 4...4096
    static let wordCounts = 3...64
    static let usualLength = 32

    let kind: Kind

    /// The alphabets that have a name.
    static let alphabets: [(name: String, characters: String)] = {
        let (small, digits, symbols) = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "!#$%&()*+,-./:;<=>?@[]^_{|}~")
        let letters = small + small.uppercased()
        return [
            ("alphanumeric", letters + digits), ("symbols", letters + digits + symbols), ("letters", letters), ("lower", small + digits),
            ("digits", digits), ("hex", digits + "abcdef"), ("base64url", letters + digits + "-_"),
        ]
    }()

    private static var names: String { alphabets.map(\.name).joined(separator: ", ") }

    /// The characters of a named alphabet. A word that is no name is refused: taken for characters, a slip would make a value of a few letters.
    static func characters(ofAlphabet name: String) throws -> String {
        guard let found = alphabets.first(where: { $0.name == name }) else {
            throw CommandFailure.usage("no alphabet has this name", hint: "it is one of \(names); characters of your own go behind `--characters`")
        }
        return found.characters
    }

    /// What one takes for another when reading.
    static let ambiguous = "0O1lI|"

    /// Characters of an alphabet, without those that are left out.
    init(length: Int, alphabet: String, without left: String) throws {
        let left = Set(left.utf8)
        let characters = Set(alphabet.utf8).subtracting(left).sorted()
        guard characters.count >= 2, characters.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CommandFailure.usage(
                "an alphabet has two or more characters",
                hint: "letters, digits and signs of ASCII behind `--characters`; or one of \(Self.names) behind `--alphabet`")
        }
        guard Self.lengths.contains(length) else { throw CommandFailure.usage("`--length` is 4 to 4096") }
        kind = .characters(characters, count: length)
    }

    init(words count: Int, separator: String) throws {
        guard Self.wordCounts.contains(count) else { throw CommandFailure.usage("`--words` is 3 to 64") }
        guard separator.utf8.count <= 8, separator.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw CommandFailure.usage("what stands between words is 8 characters of ASCII at most")
        }
        kind = .words(WordList.words, count: count, separator: separator)
    }

    /// How many bits of guessing a value withstands.
    var bits: Int {
        let (choices, count) =
            switch kind {
            case .characters(let characters, let count): (characters.count, count)
            case .words(let words, let count, _): (words.count, count)
            }
        // Ten times the logarithm to base 2, from below.
        let power = (0..<5).reduce(1) { power, _ in power * choices }
        return count * 2 * (Int.bitWidth - 1 - power.leadingZeroBitCount) / 10
    }

    func make(using random: inout some RandomNumberGenerator) -> WipedBytes {
        var value: [UInt8] = []
        switch kind {
        case .characters(let characters, let count):
            value.reserveCapacity(count)
            for _ in 0..<count { value.append(characters[Int.random(in: characters.indices, using: &random)]) }
        case .words(let words, let count, let separator):
            value.reserveCapacity(count * 16)
            for position in 0..<count {
                if position > 0 { value.appendWiping(separator.utf8) }
                value.appendWiping(words[Int.random(in: words.indices, using: &random)].utf8)
            }
        }
        return WipedBytes(value)
    }
}
