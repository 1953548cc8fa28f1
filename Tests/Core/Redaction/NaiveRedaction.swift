import Redaction

/// The redactor's rules, spelled out without regard to speed or streams: the other side of every comparison.
///
/// It shares no code with the redactor. Where it disagrees, one of the two is wrong.
struct NaiveRedaction {
    private let patterns: [(name: String, bytes: [UInt8], order: Int)]

    init(_ values: Values) {
        var wholes: [(String, [UInt8])] = []
        var lines: [(String, [UInt8])] = []
        for (name, value) in values where !value.isEmpty {
            wholes.append((name, value))
            let trimmed = Array(value.reversed().drop { $0 == 10 || $0 == 13 }.reversed())
            if !trimmed.isEmpty { wholes.append((name, trimmed)) }
            guard trimmed.contains(10) else { continue }
            for line in trimmed.split(separator: 10) {
                let blanks: [UInt8] = [9, 13, 32]
                let head = line.drop { $0 == 9 || $0 == 32 }
                let core = Array(head.reversed().drop { blanks.contains($0) }.reversed())
                if core.count >= 16, !core.starts(with: "-----BEGIN ".utf8), !core.starts(with: "-----END ".utf8) { lines.append((name, core)) }
            }
        }
        patterns = (wholes + lines).enumerated().map { ($1.0, $1.1, $0) }
    }

    /// The output, and the placeholders in it.
    func redacted(_ text: [UInt8]) -> (output: [UInt8], labels: [String]) {
        let escapes = NaiveEscapes(text: text)
        var output: [UInt8] = []
        var labels: [String] = []
        var (written, last) = (0, "")
        for start in text.indices {
            guard let (end, label) = longest(at: start, in: escapes), end > written else { continue }
            let name = String(label.prefix { $0 != ":" })
            let goesOn = name == last && start < written && !labels.isEmpty
            if start > written { output += text[written..<start] }
            if !goesOn {
                output += "[REDACTED:\(label)]".utf8
                labels.append(label)
            }
            (written, last) = (end, name)
        }
        return (output + text[written...], labels)
    }

    private func longest(at start: Int, in text: NaiveEscapes) -> (end: Int, label: String)? {
        var best: (end: Int, label: String)?
        for (view, ends) in Self.views {
            var found: (end: Int, length: Int, order: Int, name: String)?
            for pattern in patterns where view.isEmpty || pattern.bytes.count >= 4 {
                guard let end = ends(text, start, pattern.bytes) else { continue }
                if let found, (found.length, -found.order) > (pattern.bytes.count, -pattern.order) { continue }
                found = (end, pattern.bytes.count, pattern.order, pattern.name)
            }
            if let found, found.end > best?.end ?? start { best = (found.end, found.name + view) }
        }
        return best
    }

    private static let views: [(label: String, ends: @Sendable (NaiveEscapes, Int, [UInt8]) -> Int?)] = [
        ("", raw), (":escaped", { $0.end(of: $2, from: $1) }),
        (":base64", { base64($0, $1, $2, skip: 0) }), (":base64", { base64($0, $1, $2, skip: 2) }), (":base64", { base64($0, $1, $2, skip: 4) }),
        (":hex", hex), (":utf16", { utf16($0, $1, $2, low: 0) }), (":utf16", { utf16($0, $1, $2, low: 1) }),
    ]

    private static func utf16(_ escapes: NaiveEscapes, _ start: Int, _ value: [UInt8], low: Int) -> Int? {
        guard let string = String(validating: value, as: UTF8.self) else { return nil }
        let form = string.utf16.flatMap { low == 0 ? [UInt8($0 & 255), UInt8($0 >> 8)] : [UInt8($0 >> 8), UInt8($0 & 255)] }
        return escapes.text[start...].starts(with: form) ? start + form.count : nil
    }

    private static func raw(_ escapes: NaiveEscapes, _ start: Int, _ value: [UInt8]) -> Int? {
        escapes.text[start...].starts(with: value) ? start + value.count : nil
    }

    private static let digits: [Int] = {
        var digits = [Int](repeating: -1, count: 256)
        for (digit, letter) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8.enumerated() { digits[Int(letter)] = digit }
        for (letter, digit) in ["+": 62, "-": 62, "/": 63, "_": 63] as [Unicode.Scalar: Int] { digits[Int(letter.value)] = digit }
        return digits
    }()

    private static func base64(_ escapes: NaiveEscapes, _ start: Int, _ value: [UInt8], skip: Int) -> Int? {
        let text = escapes.text
        let wanted = skip + value.count * 8
        var (count, place, rest) = (0, start, UInt8(0))
        func digit() -> Int? {
            guard place < text.count else { return nil }
            if digits[Int(text[place])] >= 0 {
                place += 1
                return digits[Int(text[place - 1])]
            }
            for layer in 1...2 {
                for (bytes, end) in escapes.readings(at: place, layer: layer) where bytes.count == 1 && digits[Int(bytes[0])] >= 0 {
                    place = end
                    return digits[Int(bytes[0])]
                }
            }
            return nil
        }
        while count < wanted {
            if count > 0 { place = afterGaps(escapes, place) }
            guard let digit = digit() else { return nil }
            for shift in [5, 4, 3, 2, 1, 0] {
                let bit = UInt8(digit >> shift & 1)
                if count >= wanted { rest |= bit }
                if count >= skip, count < wanted, bit != value[(count - skip) / 8] >> (7 - (count - skip) % 8) & 1 { return nil }
                count += 1
            }
        }
        guard rest == 0 else { return place }
        for _ in 0..<(count - wanted) / 2 {
            var pad = place
            for _ in 0..<8 { if pad < text.count, text[pad] != 61, let end = escapes.gap(at: pad)?.end { pad = end } }
            guard pad < text.count else { break }
            let readings = escapes.readings(at: pad, layer: 1).filter { $0.bytes == [61] }
            guard let end = readings.first?.end ?? (text[pad] == 61 ? pad + 1 : nil) else { break }
            place = end
        }
        return place
    }

    private static func hex(_ escapes: NaiveEscapes, _ start: Int, _ value: [UInt8]) -> Int? {
        let text = escapes.text
        guard start + 2 * value.count <= text.count, isHexDigit(text[start]) else { return nil }
        let prefix = text[start...].starts(with: "0x".utf8) ? "0x" : ""
        var letters: [UInt8] = []
        let separators = [": ", "- ", ", ", "  ", ":", "-", ",", " "]
        var place = start
        for (index, byte) in value.enumerated() {
            if index > 0 {
                place += separators.first { text[place...].starts(with: $0.utf8) }?.utf8.count ?? 0
                place = afterGaps(escapes, place)
            }
            guard text[place...].starts(with: prefix.utf8) else { return nil }
            place += prefix.utf8.count
            guard place < text.count, isHexDigit(text[place]) else { return nil }
            let second = prefix.isEmpty ? afterGaps(escapes, place + 1) : place + 1
            guard second < text.count, isHexDigit(text[second]) else { return nil }
            guard UInt8(String(decoding: [text[place], text[second]], as: UTF8.self), radix: 16) == byte else { return nil }
            // Small and capital digits are not mixed.
            letters += [text[place], text[second]].filter { $0 > 64 }
            guard letters.allSatisfy({ $0 < 97 }) || letters.allSatisfy({ $0 > 96 }) else { return nil }
            place = second + 1
        }
        return place
    }

    private static func afterGaps(_ escapes: NaiveEscapes, _ place: Int) -> Int {
        var place = place
        for _ in 0..<8 {
            guard let gap = escapes.gap(at: place) else { break }
            place = gap.end
        }
        return place
    }

    static func isHexDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte) }
}
