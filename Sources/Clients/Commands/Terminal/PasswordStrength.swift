/// An estimate of how many guesses a password stands, on purpose a low one: it knows length, kinds of characters, repeats, runs and common words.
struct PasswordStrength: Equatable {
    enum Level: Int, Comparable {
        case weak, fair, good, strong
        static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// About how many bits a guesser has to try.
    let bits: Int
    /// What makes it weaker than its length, one phrase each.
    let reasons: [String]

    init(of password: [UInt8]) {
        var text = password.map { (65...90).contains($0) ? $0 + 32 : $0 }
        defer { text.wipe() }
        var reasons: [String] = []
        var bits = 0.0
        let words = Self.cutCommonWords(from: &text)
        if words.kinds > 0 { reasons.append(words.count == 1 ? "it has a common word" : "it has common words") }
        bits += Double(words.kinds) * 10 + Double(words.count - words.kinds)
        let (kept, repeats) = Self.surprising(text)
        if repeats * 3 > password.count { reasons.append("much of it repeats or goes on as expected") }
        bits += Double(kept) * Self.bitsPerCharacter(password)
        bits += Double(repeats) * 0.5
        if password.count < 12 { reasons.append("it is short") }
        self.bits = Int(bits)
        self.reasons = reasons
    }

    var level: Level {
        switch bits {
        case ..<40: .weak
        case ..<60: .fair
        case ..<80: .good
        default: .strong
        }
    }

    /// One sentence for the person.
    var sentence: String {
        let advice = level >= .good ? "" : " Four or more unrelated words, or 16 random characters, are stronger."
        let because = reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))"
        let word =
            switch level {
            case .weak: "weak"
            case .fair: "fair"
            case .good: "good"
            case .strong: "strong"
            }
        return "\(word)\(because).\(advice)"
    }

    /// The kinds of characters that occur decide how many each could have been; a person's choice is never as wide as the whole kind.
    private static func bitsPerCharacter(_ password: [UInt8]) -> Double {
        var kinds = 0
        if password.contains(where: { (97...122).contains($0) }) { kinds += 1 }
        if password.contains(where: { (65...90).contains($0) }) { kinds += 1 }
        if password.contains(where: { (48...57).contains($0) }) { kinds += 1 }
        if password.contains(where: { (33...47).contains($0) || (58...64).contains($0) || (91...96).contains($0) || (123...126).contains($0) }) {
            kinds += 1
        }
        if password.contains(where: { $0 >= 128 }) { kinds += 1 }
        return [0, 2.6, 3.4, 4.0, 4.4, 4.6][kinds]
    }

    /// Counts characters that do not follow from the ones before: not the same, not the next or previous one, no repetition of what stood earlier.
    private static func surprising(_ text: [UInt8]) -> (kept: Int, repeats: Int) {
        var repeats = 0
        for index in text.indices.dropFirst() {
            let step = Int(text[index]) - Int(text[index - 1])
            let isRun = abs(step) <= 1
            let isEcho =
                index >= 3 && (0..<(index - 2)).contains { start in start + 2 < index && text[start..<(start + 3)] == text[(index - 2)...index] }
            if isRun || isEcho || isNeighbour(text[index - 1], text[index]) { repeats += 1 }
        }
        return (text.count - repeats, repeats)
    }

    /// Next to each other in a row of the keyboard.
    private static func isNeighbour(_ left: UInt8, _ right: UInt8) -> Bool {
        rows.contains { row in
            guard let place = row.firstIndex(of: left) else { return false }
            return place + 1 < row.count && row[place + 1] == right || place > 0 && row[place - 1] == right
        }
    }

    private static let rows = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop"].map { Array($0.utf8) }

    /// Takes out words that every guesser tries first, also in their usual disguises, and counts them.
    private static func cutCommonWords(from text: inout [UInt8]) -> (count: Int, kinds: Int) {
        var plain = text.map(undisguised)
        defer { plain.wipe() }
        var (count, kinds) = (0, 0)
        for word in commonWords {
            if contains(plain, word) { kinds += 1 }
            while let start = plain.indices.first(where: { plain[$0...].starts(with: word) }) {
                let range = start..<(start + word.count)
                plain.removeSubrange(range)
                text.removeSubrange(range)
                count += 1
            }
        }
        return (count, kinds)
    }

    private static func contains(_ text: [UInt8], _ word: [UInt8]) -> Bool { text.indices.contains { text[$0...].starts(with: word) } }

    private static func undisguised(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0"): UInt8(ascii: "o")
        case UInt8(ascii: "1"): UInt8(ascii: "l")
        case UInt8(ascii: "!"): UInt8(ascii: "i")
        case UInt8(ascii: "3"): UInt8(ascii: "e")
        case UInt8(ascii: "4"), UInt8(ascii: "@"): UInt8(ascii: "a")
        case UInt8(ascii: "5"), UInt8(ascii: "$"): UInt8(ascii: "s")
        case UInt8(ascii: "7"): UInt8(ascii: "t")
        default: byte
        }
    }

    /// Longer ones first, as they are written after `undisguised`.
    private static let commonWords = [
        "administrator", "correcthorse", "batterystaple", "basketball", "chocolate", "princess", "sunshine", "password", "passwort", "computer",
        "internet", "football", "baseball", "iloveyou", "superman", "michael", "welcome", "monkey", "dragon", "master",
        "shadow", "letmein", "secret", "summer", "winter", "spring", "autumn", "monday", "friday", "january", "october", "december", "hello",
        "admin", "login", "tacit", "vault", "money", "test", "love", "pass", "root", "user", "abc",
    ].map { Array($0.utf8) }
}
