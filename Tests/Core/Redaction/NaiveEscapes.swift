/// Every way to read a text through escapes and gaps, by trying them one after the other.
final class NaiveEscapes {
    let text: [UInt8]
    private var known: [Int: [(bytes: [UInt8], end: Int)]] = [:]

    init(text: [UInt8]) { self.text = text }

    /// The last place at which a value that begins at `start` may end.
    func end(of value: [UInt8], from start: Int) -> Int? {
        // Most texts end here: what is tried below would fail at the first byte.
        guard let first = value.first, start < text.count, text[start] == first || mayLead(start) else { return nil }
        var places: Set<[Int]> = [[start]]
        for index in value.indices {
            var next: Set<[Int]> = []
            // A place is a position and the bytes of an escape that are still to come.
            for place in places {
                if place.count > 1 {
                    if place[1] == Int(value[index]) { next.insert([place[0]] + place[2...]) }
                    continue
                }
                for position in index == 0 ? [place[0]] : positions(from: place[0]) where position < text.count {
                    if text[position] == value[index] { next.insert([position + 1]) }
                    for (bytes, end) in readings(at: position, layer: 1) + readings(at: position, layer: 2) where bytes[0] == value[index] {
                        next.insert([end] + bytes.dropFirst().map(Int.init))
                    }
                }
            }
            places = next
            if places.isEmpty { return nil }
        }
        return places.filter { $0.count == 1 }.map { $0[0] }.max()
    }

    /// A position, and those behind the gaps that follow.
    private func positions(from start: Int) -> [Int] {
        var (all, place) = ([start], start)
        for _ in 0..<8 {
            guard let gap = gap(at: place) else { break }
            all += [gap.bare, gap.end]
            place = gap.end
        }
        return all
    }

    /// Where a gap ends, and where it ends without indentation.
    func gap(at place: Int) -> (end: Int, bare: Int)? {
        // Every gap begins with one of these.
        guard place < text.count, [10, 13, 27, 61, 92].contains(text[place]) else { return nil }
        let rest = text[place...]
        let breaks = ["\r\n", "\r", "\n", "\\r\\n", "\\r", "\\n", "\\\r\n", "\\\r", "\\\n", "=\r\n", "=\r", "=\n"]
        if let form = breaks.first(where: { rest.starts(with: $0.utf8) }) {
            let bare = place + form.utf8.count
            return (bare + text[bare...].prefix(32).prefix { $0 == 32 || $0 == 9 }.count, bare)
        }
        guard rest.first == 27, rest.count > 1 else { return nil }
        let body = rest.dropFirst(2)
        switch text[place + 1] {
        case 91: return after(body.prefix(64).drop { (0x20..<0x40).contains($0) }, by: { (0x40..<0x7f).contains($0) })
        case 93: return after(body.prefix(64).drop { ($0 >= 0x20 || $0 == 27) && $0 != 92 }, by: { $0 == 7 || $0 == 92 })
        case 0x20..<0x30: return rest.count > 2 ? (place + 3, place + 3) : nil
        case 0x30..<0x7f: return (place + 2, place + 2)
        default: return nil
        }
    }

    private func after(_ last: ArraySlice<UInt8>, by isLast: (UInt8) -> Bool) -> (end: Int, bare: Int)? {
        guard let byte = last.first, isLast(byte) else { return nil }
        return (last.startIndex + 1, last.startIndex + 1)
    }

    /// The bytes that an escape may stand for; in the second layer its own characters may be escapes.
    func readings(at place: Int, layer: Int) -> [(bytes: [UInt8], end: Int)] {
        guard place < text.count, mayLead(place) else { return [] }
        if let known = known[2 * place + layer] { return known }
        // The next characters, with where each ends.
        var (characters, ends, next) = ([UInt8](), [Int](), place)
        while next < text.count, characters.count < 13 {
            let inner = layer == 2 ? readings(at: next, layer: 1) : []
            let (bytes, end) = inner.count == 1 && inner[0].bytes.count == 1 ? inner[0] : ([text[next]], next + 1)
            characters += bytes
            ends.append(end)
            next = end
        }
        let found = forms(characters).map { (bytes: $0.bytes, end: ends[$0.count - 1]) }
        known[2 * place + layer] = found
        return found
    }

    /// The first two bytes tell whether an escape is looked for.
    private func mayLead(_ place: Int) -> Bool {
        guard [92, 43, 37, 61, 38, 39].contains(text[place]) else { return false }
        let rest = text[place...].prefix(3).map { $0 }
        func mayGoOn(_ byte: UInt8) -> Bool { NaiveRedaction.isHexDigit(byte) || "\\%&=+'".utf8.contains(byte) }
        switch rest[0] {
        case 92, 43: return true
        case 37, 61: return rest.count > 2 && NaiveRedaction.isHexDigit(rest[1]) && mayGoOn(rest[2])
        case 38: return rest.count > 1 && (rest[1] == 35 || (rest[1] | 32 >= 97 && rest[1] | 32 <= 122))
        case 39: return rest.count > 1 && (rest[1] == 92 || rest[1] == 34)
        default: return false
        }
    }

    private func forms(_ characters: [UInt8]) -> [(bytes: [UInt8], count: Int)] {
        let word = String(decoding: characters, as: UTF8.self)
        // An expression is read anew wherever it is matched, which takes longer than the match: the first byte says which may.
        if [37, 61].contains(characters[0]) {
            let found = word.wholeMatch(of: /(?s)[%=]([0-9a-fA-F]{2}).*/)
            return found.map { [([UInt8($0.1, radix: 16) ?? 0], 3)] } ?? []
        }
        if word.hasPrefix("+") { return [([32], 1)] }
        for (form, byte) in ["&amp;": 38, "&lt;": 60, "&gt;": 62, "&quot;": 34, "&apos;": 39, "'\\''": 39, "'\"'\"'": 39] as [String: UInt8]
        where word.hasPrefix(form) {
            return [([byte], form.utf8.count)]
        }
        if word.hasPrefix("&#") {
            if let found = word.wholeMatch(of: /(?s)(&#([0-9]{1,7});).*/) { return scalar(UInt32(found.2), found.1.utf8.count) }
            if let found = word.wholeMatch(of: /(?s)(&#[xX]([0-9a-fA-F]{1,6});).*/) { return scalar(UInt32(found.2, radix: 16), found.1.utf8.count) }
        }
        guard characters[0] == 92, characters.count > 1 else { return [] }
        return behindBackslash(characters, word)
    }

    private func behindBackslash(_ characters: [UInt8], _ word: String) -> [(bytes: [UInt8], count: Int)] {
        let letter = characters[1]
        if (48..<56).contains(letter), let found = word.wholeMatch(of: /(?s)\\([0-7]{1,3}).*/) {
            return byte(UInt32(found.1, radix: 8), 1 + found.1.utf8.count)
        }
        if letter == 120, let found = word.wholeMatch(of: /(?s)\\x([0-9a-fA-F]{1,2}).*/) {
            return byte(UInt32(found.1, radix: 16), 2 + found.1.utf8.count)
        }
        if letter == 85, let found = word.wholeMatch(of: /(?s)\\U([0-9a-fA-F]{8}).*/) { return scalar(UInt32(found.1, radix: 16), 10) }
        if letter == 117, let found = fourDigits(word) { return found }
        let named: [UInt8: UInt8] = [97: 7, 98: 8, 116: 9, 110: 10, 118: 11, 102: 12, 114: 13, 101: 27, 69: 27]
        if let byte = named[letter] { return [([byte], 2)] }
        let isWord = (48...57).contains(letter) || (97...122).contains(letter | 32)
        return !isWord && (0x20..<0x7f).contains(letter) ? [([letter], 2)] : []
    }

    private func fourDigits(_ word: String) -> [(bytes: [UInt8], count: Int)]? {
        if let found = word.wholeMatch(of: /(?s)(\\u\{([0-9a-fA-F]{1,6})\}).*/) { return scalar(UInt32(found.2, radix: 16), found.1.utf8.count) }
        if let found = word.wholeMatch(of: /(?s)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2}).*/) {
            let (high, low) = (UInt32(found.1, radix: 16) ?? 0, UInt32(found.2, radix: 16) ?? 0)
            return scalar(0x10000 + (high - 0xd800) * 0x400 + low - 0xdc00, 12)
        }
        if let found = word.wholeMatch(of: /(?s)\\u([0-9a-fA-F]{4}).*/) { return scalar(UInt32(found.1, radix: 16), 6) }
        return nil
    }

    private func byte(_ number: UInt32?, _ count: Int) -> [(bytes: [UInt8], count: Int)] {
        number.flatMap { UInt8(exactly: $0) }.map { [([$0], count)] } ?? []
    }

    private func scalar(_ number: UInt32?, _ count: Int) -> [(bytes: [UInt8], count: Int)] {
        guard let number, let scalar = Unicode.Scalar(number) else { return [] }
        let text = Array(String(Character(scalar)).utf8)
        return (0x80..<0x100).contains(number) ? [(text, count), ([UInt8(number)], count)] : [(text, count)]
    }
}
