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
        var output: [UInt8] = []
        var labels: [String] = []
        var (written, last) = (0, "")
        for start in text.indices {
            guard let (end, label) = longest(at: start, in: text), end > written else { continue }
            let goesOn = label == last && start < written && !labels.isEmpty
            if start > written { output += text[written..<start] }
            if !goesOn {
                output += "[REDACTED:\(label)]".utf8
                labels.append(label)
            }
            (written, last) = (end, label)
        }
        return (output + text[written...], labels)
    }

    private func longest(at start: Int, in text: [UInt8]) -> (end: Int, label: String)? {
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

    private static let views: [(label: String, ends: @Sendable ([UInt8], Int, [UInt8]) -> Int?)] = [
        ("", raw),
        (":json", { json($0, $1, $2, isUTF8: true) }), (":json", { json($0, $1, $2, isUTF8: false) }),
        (":percent", { percent($0, $1, $2, plus: 43) }), (":percent", { percent($0, $1, $2, plus: 32) }),
        (":base64", { base64($0, $1, $2, skip: 0) }), (":base64", { base64($0, $1, $2, skip: 2) }), (":base64", { base64($0, $1, $2, skip: 4) }),
        (":hex", hex),
    ]

    private static func raw(_ text: [UInt8], _ start: Int, _ value: [UInt8]) -> Int? {
        text[start...].starts(with: value) ? start + value.count : nil
    }

    private static let simple: [UInt8: UInt8] = [34: 34, 92: 92, 47: 47, 98: 8, 102: 12, 110: 10, 114: 13, 116: 9]
    private static let digits: [Int] = {
        var digits = [Int](repeating: -1, count: 256)
        for (digit, letter) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8.enumerated() { digits[Int(letter)] = digit }
        for (letter, digit) in ["+": 62, "-": 62, "/": 63, "_": 63] as [Unicode.Scalar: Int] { digits[Int(letter.value)] = digit }
        return digits
    }()

    private static func json(_ text: [UInt8], _ start: Int, _ value: [UInt8], isUTF8: Bool) -> Int? {
        var decoded: [UInt8] = []
        var place = start
        func unit(_ place: Int) -> UInt32? {
            guard place + 6 <= text.count, text[place] == 92, text[place + 1] == 117 else { return nil }
            let digits = text[place + 2..<place + 6]
            guard digits.allSatisfy(isHexDigit) else { return nil }
            return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        }
        while decoded.count < value.count {
            guard place < text.count else { return nil }
            if text[place] != 92 {
                decoded.append(text[place])
                place += 1
            } else if place + 1 < text.count, let byte = simple[text[place + 1]] {
                decoded.append(byte)
                place += 2
            } else if let high = unit(place), isUTF8, (0xd800..<0xdc00).contains(high), let low = unit(place + 6), (0xdc00..<0xe000).contains(low) {
                guard let scalar = Unicode.Scalar(0x10000 + (high - 0xd800) * 0x400 + (low - 0xdc00)) else { return nil }
                decoded += Array(String(Character(scalar)).utf8)
                place += 12
            } else if let number = unit(place), isUTF8 ? Unicode.Scalar(number) != nil : number < 256 {
                decoded += isUTF8 ? Array(String(Character(Unicode.Scalar(number) ?? " ")).utf8) : [UInt8(number)]
                place += 6
            } else {
                return nil
            }
        }
        return decoded.starts(with: value) ? place : nil
    }

    private static func percent(_ text: [UInt8], _ start: Int, _ value: [UInt8], plus: UInt8) -> Int? {
        var place = start
        for byte in value {
            guard place < text.count else { return nil }
            if text[place] == 37, place + 2 < text.count, isHexDigit(text[place + 1]), isHexDigit(text[place + 2]) {
                guard UInt8(String(decoding: text[place + 1...place + 2], as: UTF8.self), radix: 16) == byte else { return nil }
                place += 3
            } else {
                guard (text[place] == 43 ? plus : text[place]) == byte else { return nil }
                place += 1
            }
        }
        return place
    }

    private static func base64(_ text: [UInt8], _ start: Int, _ value: [UInt8], skip: Int) -> Int? {
        let wanted = skip + value.count * 8
        var (count, place, rest) = (0, start, UInt8(0))
        func digit() -> Int? {
            guard place < text.count else { return nil }
            if digits[Int(text[place])] >= 0 {
                place += 1
                return digits[Int(text[place - 1])]
            }
            guard text[place] == 37 || text[place] == 92 else { return nil }
            for (spelling, digit) in [("%2B", 62), ("%2b", 62), ("%2F", 63), ("%2f", 63), ("\\/", 63)]
            where text[place...].starts(with: spelling.utf8) {
                place += spelling.utf8.count
                return digit
            }
            return nil
        }
        while count < wanted {
            if count > 0 { place = afterBreak(text, place) }
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
            let pad = afterBreak(text, place)
            guard let spelling = ["=", "%3D", "%3d"].first(where: { text[pad...].starts(with: $0.utf8) }) else { break }
            place = pad + spelling.utf8.count
        }
        return place
    }

    private static func hex(_ text: [UInt8], _ start: Int, _ value: [UInt8]) -> Int? {
        guard start + 2 * value.count <= text.count, isHexDigit(text[start]) || text[start] == 92 else { return nil }
        let prefix = ["0x", "\\x"].first { text[start...].starts(with: $0.utf8) } ?? ""
        let separators = [": ", "- ", ", ", "  ", ":", "-", ",", " "]
        var place = start
        for (index, byte) in value.enumerated() {
            if index > 0 {
                place += separators.first { text[place...].starts(with: $0.utf8) }?.utf8.count ?? 0
                place = afterBreak(text, place)
            }
            guard text[place...].starts(with: prefix.utf8) else { return nil }
            place += prefix.utf8.count
            guard place < text.count, isHexDigit(text[place]) else { return nil }
            let second = prefix.isEmpty ? afterBreak(text, place + 1) : place + 1
            guard second < text.count, isHexDigit(text[second]) else { return nil }
            guard UInt8(String(decoding: [text[place], text[second]], as: UTF8.self), radix: 16) == byte else { return nil }
            place = second + 1
        }
        return place
    }

    private static func afterBreak(_ text: [UInt8], _ place: Int) -> Int {
        guard place < text.count, [10, 13, 92].contains(text[place]) else { return place }
        guard let form = ["\n", "\r\n", "\\n", "\\r\\n"].first(where: { text[min(place, text.count)...].starts(with: $0.utf8) }) else { return place }
        let start = place + form.utf8.count
        return start + text[start...].prefix(32).prefix { $0 == 32 || $0 == 9 }.count
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte) }
}
