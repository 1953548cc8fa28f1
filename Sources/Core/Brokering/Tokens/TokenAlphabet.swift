/// The characters that one part of a token is made of.
struct TokenAlphabet: Sendable, Equatable {
    let characters: [UInt8]

    init(_ characters: String) {
        self.characters = Array(characters.utf8)
        precondition((2...128).contains(self.characters.count), "internal: an alphabet of a token has 2 to 128 characters")
    }

    static let digits = TokenAlphabet("0123456789")
    static let hex = TokenAlphabet("0123456789abcdef")
    static let capitalHex = TokenAlphabet("0123456789ABCDEF")
    static let smallLetters = TokenAlphabet("abcdefghijklmnopqrstuvwxyz")
    static let base36 = TokenAlphabet("0123456789abcdefghijklmnopqrstuvwxyz")
    static let capitalBase36 = TokenAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    /// As RFC 4648 §6 has it.
    static let base32 = TokenAlphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    static let base58 = TokenAlphabet("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
    static let letters = TokenAlphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    /// In the order in which checksums count with it.
    static let base62 = TokenAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    static let base64 = TokenAlphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    static let base64url = TokenAlphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    /// The bits in one character drawn evenly, in hundredths, rounded down: whole arithmetic, so that every machine says the same.
    var centibits: Int {
        // The hundredth power of the size, as a power of two and a rest that is kept between one and two.
        var power = 0
        var rest = 1.0
        for _ in 0..<100 {
            rest *= Double(characters.count)
            while rest >= 2 {
                rest /= 2
                power += 1
            }
        }
        return power
    }

    func contains(_ character: UInt8) -> Bool { characters.contains(character) }
}
