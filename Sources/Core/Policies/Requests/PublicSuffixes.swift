/// Names under which anybody can have a name: the Public Suffix List, its private section included.
enum PublicSuffixes {
    /// Says whether a name is such a suffix, or has one below it. A name of one label always counts: so the list has it for what it does not know.
    static func areAtOrBelow(_ name: String) -> Bool {
        let labels = name.split(separator: ".").reversed()
        let key = labels.joined(separator: ".")
        guard labels.count > 1, !table.contains(key), !table.hasEntry(below: key) else { return true }
        // `*.ck` makes each name below `ck` a suffix, but those behind `!`.
        let above = labels.dropLast().joined(separator: ".")
        return table.contains("\(above).*") && !table.contains("\(above).!\(labels.last ?? "")")
    }

    private static let table = WordTable(PublicSuffixData.text)
}

/// Words in ascending order of their bytes, looked up where they stand.
struct WordTable: Sendable {
    private let bytes: [UInt8]

    /// Reads words that are set apart by spaces or line ends.
    init(_ text: String) { bytes = Array(text.utf8) }

    func contains(_ word: String) -> Bool { self.word(at: start(notBefore: Array(word.utf8))).elementsEqual(word.utf8) }

    /// Says whether some word goes on behind this one, with a dot between.
    func hasEntry(below word: String) -> Bool {
        let head = Array("\(word).".utf8)
        return self.word(at: start(notBefore: head)).starts(with: head)
    }

    /// Where the first word begins that does not come before another.
    private func start(notBefore key: [UInt8]) -> Int {
        var (low, high) = (skip(from: 0), bytes.endIndex)
        while low < high {
            let middle = beginning(of: low + (high - low) / 2)
            let word = word(at: middle)
            if word.lexicographicallyPrecedes(key) { low = skip(from: word.endIndex) } else { high = middle }
        }
        return low
    }

    private func word(at start: Int) -> ArraySlice<UInt8> { bytes[start...].prefix { $0 > 0x20 } }

    private func skip(from position: Int) -> Int { bytes[position...].firstIndex { $0 > 0x20 } ?? bytes.endIndex }

    /// Where the word begins that a position lies in, or, between two, the one before.
    private func beginning(of position: Int) -> Int {
        var position = position
        while bytes[position] <= 0x20 { position -= 1 }
        while position > 0, bytes[position - 1] > 0x20 { position -= 1 }
        return position
    }
}
