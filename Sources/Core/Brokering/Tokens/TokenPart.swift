/// One part of a token's shape.
indirect enum TokenPart: Sendable, Equatable, ExpressibleByStringLiteral {
    /// The same in every token.
    case text(String)
    /// So many characters drawn from the alphabet.
    case random(TokenAlphabet, Int)
    /// The CRC-32 (ISO 3309) of the random characters before it, as six digits of base62: GitHub's and npm's clients check it.
    case checksum
    /// What its parts make, in base64url without padding.
    case base64url([TokenPart])

    init(stringLiteral text: String) { self = .text(text) }

    static func digits(_ count: Int) -> TokenPart { .random(.digits, count) }
    static func hex(_ count: Int) -> TokenPart { .random(.hex, count) }
    static func base32(_ count: Int) -> TokenPart { .random(.base32, count) }
    static func base36(_ count: Int) -> TokenPart { .random(.base36, count) }
    static func base62(_ count: Int) -> TokenPart { .random(.base62, count) }
    static func base64(_ count: Int) -> TokenPart { .random(.base64, count) }
    static func base64url(_ count: Int) -> TokenPart { .random(.base64url, count) }

    /// How many characters it makes.
    var length: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .random(_, let count): count
        case .checksum: TokenChecksum.length
        case .base64url(let parts): (parts.reduce(0) { $0 + $1.length } * 8 + 5) / 6
        }
    }

    /// The bits that are drawn in it, in hundredths.
    var centibits: Int {
        switch self {
        case .text, .checksum: 0
        case .random(let alphabet, let count): alphabet.centibits * count
        case .base64url(let parts): parts.reduce(0) { $0 + $1.centibits }
        }
    }
}
