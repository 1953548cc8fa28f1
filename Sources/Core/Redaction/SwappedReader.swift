/// Words of two bytes whose order is swapped, as `od -x`, `hexdump` and `xxd -e -g2` print them on most machines: small digits, four in a row.
///
/// A word of which a value has one byte is read whole.
struct SwappedReader: SpellingReader {
    private var digits: HexReader
    private let layout: HexReader.Layout
    /// Whether the value begins with the second byte of its first word, which is the one that is written first.
    private var beginsLate: Bool
    private var pending: UInt8?
    /// Where a last byte ends that has no other beside it: nothing follows it.
    private var lastEnd: Int?

    init(at position: Int, _ layout: HexReader.Layout, beginsLate: Bool, isEdge: Bool) {
        digits = HexReader(at: position, layout, isEdge: isEdge, isCapital: false)
        self.layout = layout
        self.beginsLate = beginsLate
    }

    var position: Int { lastEnd ?? digits.position }

    mutating func next(in text: LentBytes) -> Reading {
        if let byte = pending {
            pending = nil
            return .byte(byte)
        }
        if let byte = lastByte(in: text) { return byte }
        let reading = digits.next(in: text)
        guard case .byte(let second) = reading else { return reading }
        switch pair(at: digits.position, in: text) {
        case .digits: break
        case .blanks where layout == .rowsWithText:
            lastEnd = digits.position
            return .byte(second)
        case .blanks, .foreign: return .foreign
        case .cut: return .cut
        }
        guard case .byte(let first) = digits.next(in: text) else { return .foreign }
        if beginsLate {
            beginsLate = false
            return .byte(second)
        }
        pending = second
        return .byte(first)
    }

    /// The byte of a word that has only one, as `xxd` prints it: where its neighbour would stand are two blanks, and behind it two.
    private mutating func lastByte(in text: LentBytes) -> Reading? {
        guard lastEnd == nil else { return .foreign }
        let (start, end) = (digits.position + 3, digits.position + 5)
        guard layout == .rowsWithText, end + 1 < text.count, (digits.position..<start).allSatisfy({ text[$0].isBlank }) else { return nil }
        guard let high = text[start].hexDigit, let low = text[start + 1].hexDigit, case .blanks = pair(at: end, in: text) else { return nil }
        lastEnd = end
        return .byte(high << 4 | low)
    }

    private enum Pair {
        case digits, blanks, foreign, cut
    }

    /// What two characters are.
    private func pair(at place: Int, in text: LentBytes) -> Pair {
        guard place < text.count else { return .cut }
        let isDigit = text[place].hexDigit != nil
        guard isDigit || text[place].isBlank else { return .foreign }
        guard place + 1 < text.count else { return .cut }
        if isDigit { return text[place + 1].hexDigit != nil ? .digits : .foreign }
        return text[place + 1].isBlank ? .blanks : .foreign
    }
}
