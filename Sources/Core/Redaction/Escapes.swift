/// What an escape stands for, in every notation at once: whoever compares knows what would fit.
struct Escapes<Source: Characters> {
    private let source: Source
    /// Whether nothing follows the text: a number at its end is complete.
    private let isEdge: Bool

    init(_ source: Source, isEdge: Bool) {
        self.source = source
        self.isEdge = isEdge
    }

    /// The escape that begins at a position.
    func reading(at position: Int, in text: LentBytes) -> EscapeReading {
        guard let lead = source.next(at: position, in: text) else { return .cut }
        switch lead.byte {
        case .backslash: return backslash(from: lead.end, in: text)
        case .percentSign: return pair(from: lead.end, .percent, in: text)
        case UInt8(ascii: "="): return pair(from: lead.end, .quoted, in: text)
        case UInt8(ascii: "+"): return .spelled(Spelled(UInt8(ascii: " "), end: lead.end, .percent))
        case UInt8(ascii: "&"): return reference(from: lead.end, in: text)
        case UInt8(ascii: "'"): return quote(from: lead.end, in: text)
        default: return .none
        }
    }

    /// Two digits.
    private func pair(from start: Int, _ view: RedactionView, in text: LentBytes) -> EscapeReading {
        switch number(from: start, radix: 16, digits: 2...2, in: text) {
        case .none: .none
        case .cut: .cut
        case .number(let number, let end): .spelled(Spelled(UInt8(truncatingIfNeeded: number), end: end, view))
        }
    }

    /// A quote inside single quotes of a shell: `'\''` or `'"'"'`.
    private func quote(from start: Int, in text: LentBytes) -> EscapeReading {
        guard let first = source.next(at: start, in: text) else { return .cut }
        let isDouble = first.byte == UInt8(ascii: "\"")
        guard isDouble || first.byte == .backslash else { return .none }
        var end = first.end
        for expected in isDouble ? "'\"'".utf8 : "''".utf8 {
            guard let next = source.next(at: end, in: text) else { return .cut }
            guard next.byte == expected else { return .none }
            end = next.end
        }
        return .spelled(Spelled(UInt8(ascii: "'"), end: end, .escape))
    }

    private func backslash(from start: Int, in text: LentBytes) -> EscapeReading {
        guard let letter = source.next(at: start, in: text) else { return .cut }
        switch letter.byte {
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            return byte(number(from: start, radix: 8, digits: 1...3, in: text))
        case UInt8(ascii: "x"): return byte(number(from: letter.end, radix: 16, digits: 1...2, in: text))
        case UInt8(ascii: "u"): return unit(from: letter.end, in: text)
        case UInt8(ascii: "U"): return scalar(number(from: letter.end, radix: 16, digits: 8...8, in: text), .escape)
        case let byte: return Self.byte(escapedAs: byte).map { .spelled(Spelled($0, end: letter.end, .escape)) } ?? .none
        }
    }

    private static func byte(escapedAs letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "a"): 0x07
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "v"): 0x0b
        case UInt8(ascii: "f"): 0x0c
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "e"), UInt8(ascii: "E"): 0x1b
        // Punctuation is escaped by being written after a backslash, in shells all of it.
        case 0x20..<0x30, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e: letter
        default: nil
        }
    }

    private func byte(_ number: Number) -> EscapeReading {
        switch number {
        case .none: .none
        case .cut: .cut
        case .number(let number, let end): number < 0x100 ? .spelled(Spelled(UInt8(number), end: end, .escape)) : .none
        }
    }

    /// `\uXXXX`, half of a pair of them, or `\u{X…}`.
    private func unit(from start: Int, in text: LentBytes) -> EscapeReading {
        if let brace = source.next(at: start, in: text), brace.byte == UInt8(ascii: "{") {
            return closed(number(from: brace.end, radix: 16, digits: 1...6, in: text), by: UInt8(ascii: "}"), .escape, in: text)
        }
        let first = number(from: start, radix: 16, digits: 4...4, in: text)
        guard case .number(let high, let end) = first, high & 0xfc00 == 0xd800 else { return scalar(first, .escape) }
        guard let slash = source.next(at: end, in: text), let letter = source.next(at: slash.end, in: text) else { return .cut }
        guard slash.byte == .backslash, letter.byte == UInt8(ascii: "u") else { return .none }
        switch number(from: letter.end, radix: 16, digits: 4...4, in: text) {
        case .none: return .none
        case .cut: return .cut
        case .number(let low, let end):
            guard low & 0xfc00 == 0xdc00 else { return .none }
            return scalar(.number(0x10000 + (high & 0x3ff) << 10 + low & 0x3ff, end: end), .escape)
        }
    }

    private func scalar(_ number: Number, _ view: RedactionView) -> EscapeReading {
        switch number {
        case .none: return .none
        case .cut: return .cut
        case .number(let number, let end):
            guard let text = Spelled(scalar: number, end: end, view) else { return .none }
            return number >= 0x80 && number < 0x100 ? .either(text, Spelled(UInt8(number), end: end, view)) : .spelled(text)
        }
    }

    /// `&name;`, `&#N;` or `&#xN;`.
    private func reference(from start: Int, in text: LentBytes) -> EscapeReading {
        guard let first = source.next(at: start, in: text) else { return .cut }
        guard first.byte == UInt8(ascii: "#") else { return named(from: start, in: text) }
        guard let second = source.next(at: first.end, in: text) else { return .cut }
        let found =
            second.byte | 0x20 == UInt8(ascii: "x")
            ? number(from: second.end, radix: 16, digits: 1...6, in: text) : number(from: first.end, radix: 10, digits: 1...7, in: text)
        return closed(found, by: UInt8(ascii: ";"), .entity, in: text)
    }

    private func closed(_ number: Number, by last: UInt8, _ view: RedactionView, in text: LentBytes) -> EscapeReading {
        guard case .number(let value, let end) = number else { return scalar(number, view) }
        guard let closing = source.next(at: end, in: text) else { return .cut }
        return closing.byte == last ? scalar(.number(value, end: closing.end), view) : .none
    }

    private func named(from start: Int, in text: LentBytes) -> EscapeReading {
        var (name, position) = (UInt32(0), start)
        for _ in 0...4 {
            guard let next = source.next(at: position, in: text) else { return .cut }
            position = next.end
            if next.byte == UInt8(ascii: ";") {
                return Self.byte(named: name).map { .spelled(Spelled($0, end: position, .entity)) } ?? .none
            }
            guard next.byte.isLetter else { return .none }
            name = name << 8 | UInt32(next.byte)
        }
        return .none
    }

    /// The five names that XML knows, as bytes of a word.
    private static func byte(named name: UInt32) -> UInt8? {
        switch name {
        case 0x616d70: UInt8(ascii: "&")
        case 0x6c74: UInt8(ascii: "<")
        case 0x6774: UInt8(ascii: ">")
        case 0x7175_6f74: UInt8(ascii: "\"")
        case 0x6170_6f73: UInt8(ascii: "'")
        default: nil
        }
    }

    private enum Number {
        case none
        case cut
        case number(UInt32, end: Int)
    }

    /// As many digits as there are, up to the most.
    private func number(from start: Int, radix: UInt32, digits: ClosedRange<Int>, in text: LentBytes) -> Number {
        var (number, position, count) = (UInt32(0), start, 0)
        while count < digits.upperBound {
            guard let next = source.next(at: position, in: text) else {
                if isEdge, count >= digits.lowerBound { break }
                return .cut
            }
            guard let digit = next.byte.hexDigit, UInt32(digit) < radix else { break }
            number = number * radix + UInt32(digit)
            position = next.end
            count += 1
        }
        return count < digits.lowerBound ? .none : .number(number, end: position)
    }
}
