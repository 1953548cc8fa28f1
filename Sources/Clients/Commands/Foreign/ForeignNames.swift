/// Makes names that can be stored out of what other programs call their secrets, so that the same file gives the same names again.
enum ForeignNames {
    private static let longestSegment = 80
    private static let longestName = 240

    /// Letters, digits, `.`, `_` and `-` stay; marks above letters go; each run of anything else becomes one `-`, and none is left at the ends.
    ///
    /// Empty when nothing of the text can stay.
    static func segment(_ text: String) -> String {
        var made: [UInt8] = []
        for scalar in text.unicodeScalars {
            if let letters = letters(of: scalar) {
                made += letters
            } else if made.last != dash, scalar.properties.generalCategory != .nonspacingMark {
                made.append(dash)
            }
        }
        made = Array(made.prefix(longestSegment).drop { $0 == dash })
        while made.last == dash { made.removeLast() }
        let isDots = made.elementsEqual(".".utf8) || made.elementsEqual("..".utf8)
        return isDots ? "" : String(decoding: made, as: UTF8.self)
    }

    /// The name of a field: one segment, 64 characters at most.
    static func field(_ text: String) -> String {
        let name = segment(text).prefix(60)
        return name.isEmpty ? "field" : String(name)
    }

    /// The name of a secret in its folders.
    static func name(_ secret: ForeignSecret) -> String {
        var folders = secret.folders.map(segment).filter { !$0.isEmpty }
        let title = segment(secret.title)
        let last = title.isEmpty ? "untitled" : title
        while folders.reduce(last.utf8.count, { $0 + $1.utf8.count + 1 }) > longestName { folders.removeFirst() }
        return (folders + [last]).joined(separator: "/")
    }

    /// Gives every text a name of its own: the first keeps it, and the next ones have `-2`, `-3` … at its end.
    static func distinct(_ names: [String]) -> (names: [String], numbered: Int) {
        let natural = Set(names)
        var taken: Set<String> = []
        var next: [String: Int] = [:]
        var numbered = 0
        let distinct = names.map { name in
            if taken.insert(name).inserted { return name }
            numbered += 1
            var number = next[name] ?? 2
            while natural.contains("\(name)-\(number)") || taken.contains("\(name)-\(number)") { number += 1 }
            next[name] = number + 1
            taken.insert("\(name)-\(number)")
            return "\(name)-\(number)"
        }
        return (distinct, numbered)
    }

    private static let dash = UInt8(ascii: "-")

    /// What of a character stays: itself, or the letters that it is a form of.
    private static func letters(of scalar: Unicode.Scalar) -> [UInt8]? {
        if scalar.isASCII {
            let byte = UInt8(truncatingIfNeeded: scalar.value)
            return NameShape.isLetter(byte) || NameShape.isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") ? [byte] : nil
        }
        // LATIN SMALL LETTER E WITH ACUTE
        let words = scalar.properties.name?.split(separator: " ") ?? []
        guard words.count >= 4, words[0] == "LATIN", words[2] == "LETTER" else { return nil }
        let letters = words[3] == "SHARP" ? "SS" : words[3]
        guard letters.utf8.count <= 2 else { return nil }
        return Array((words[1] == "SMALL" ? letters.lowercased() : String(letters)).utf8)
    }
}
