/// Words that stand in every list of passwords.
enum CommonWords {
    /// By their first letters.
    static let byFirst = Dictionary(grouping: all) { $0.first ?? 0 }

    private static let all: [[UInt8]] = [
        "password", "passwort", "passphrase", "secret", "admin", "root", "user", "guest", "login", "welcome", "letmein", "changeme", "default",
        "master",
        "qwerty", "qwertz", "azerty", "asdfgh", "zxcvbn", "iloveyou", "monkey", "dragon", "football", "sunshine", "princess", "shadow", "superman",
        "test", "demo", "example", "sample", "dev", "prod", "staging", "production", "development", "database", "postgres", "mysql", "redis",
        "localhost",
        "server", "token", "apikey", "summer", "winter", "spring", "autumn", "hello", "world", "hunter",
    ].map { Array($0.utf8) }

    /// A byte as the small letter that it stands for.
    static func plain(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0"): UInt8(ascii: "o")
        case UInt8(ascii: "1"), UInt8(ascii: "!"): UInt8(ascii: "i")
        case UInt8(ascii: "3"): UInt8(ascii: "e")
        case UInt8(ascii: "4"), UInt8(ascii: "@"): UInt8(ascii: "a")
        case UInt8(ascii: "5"), UInt8(ascii: "$"): UInt8(ascii: "s")
        case UInt8(ascii: "7"): UInt8(ascii: "t")
        case 0x41...0x5A: byte | 0x20
        default: byte
        }
    }
}
