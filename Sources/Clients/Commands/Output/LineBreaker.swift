import CProcess
import Glibc

/// Breaks lines between words where a terminal would break them anywhere. What goes to a file or pipe stays as it is.
///
/// A command that is to be copied is kept whole: in backticks, or from a word on that begins one (`chmod`, `NAME=value`). What is wider than the terminal has a
/// line of its own, which the terminal breaks.
struct LineBreaker: Sendable {
    /// How wide the terminal is; nil for what is none.
    let columns: Int?

    /// Nothing is broken where there are fewer columns.
    private static let fewest = 20

    init(columns: Int?) { self.columns = columns }

    /// For what is written to a descriptor.
    init(_ descriptor: Int32) { self.init(columns: Self.columns(of: descriptor)) }

    /// How wide a terminal is; nil where it does not say, and for anything else.
    static func columns(of terminal: Int32) -> Int? {
        var (rows, columns) = (UInt16(0), UInt16(0))
        return unsafe tacit_window_size(terminal, &rows, &columns) == 0 && columns > 0 ? Int(columns) : nil
    }

    /// Several lines of text, each broken. Lines after a break begin with so many spaces, or below the second of two columns.
    func broken(_ text: String, indent: Int = 0) -> String {
        guard let columns, columns >= Self.fewest else { return text }
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { broken(line: String($0), indent) }.joined(separator: "\n")
    }

    /// How many rows of the terminal a text takes.
    func rows(of text: String) -> Int {
        text.split(separator: "\n", omittingEmptySubsequences: false).reduce(0) { $0 + rows(ofWidth: Self.width($1)) }
    }

    /// How many rows a line of this width takes.
    func rows(ofWidth width: Int) -> Int { max(1, columns.map { (width + $0 - 1) / $0 } ?? 1) }

    private func broken(line: String, _ indent: Int) -> String {
        guard let columns, Self.width(line) > columns, let (head, text) = Self.split(line) else { return line }
        let start = Self.width(head)
        let hanging = head.contains { $0 != " " } ? (start <= columns / 2 ? start : indent) : start + indent
        var (result, position, isFirst) = (String(head), start, true)
        for unit in Self.units(text) {
            let width = Self.width(unit)
            if isFirst || position + 1 + width <= columns {
                result += isFirst ? unit : " \(unit)"
                position += width + (isFirst ? 0 : 1)
            } else {
                result += "\n\(String(repeating: " ", count: hanging))\(unit)"
                position = hanging + width
            }
            isFirst = false
            // The terminal has broken what is wider.
            if position > columns { position = (position - 1) % columns + 1 }
        }
        return result
    }

    /// What stands before the words: spaces, or the first of two columns. Nil for a row of more of them, which stays as it is.
    private static func split(_ line: String) -> (head: Substring, text: Substring)? {
        let start = line.firstIndex { $0 != " " } ?? line.endIndex
        let gaps = line[start...].ranges(of: /\ {2,}/)
        guard let gap = gaps.first else { return (line[..<start], line[start...]) }
        return gaps.count > 1 ? nil : (line[..<gap.upperBound], line[gap.upperBound...])
    }

    /// The words, and the commands that no break goes through.
    private static func units(_ text: Substring) -> [String] {
        let words = text.split(separator: " ")
        var (units, index) = ([String](), words.startIndex)
        while index < words.endIndex {
            let end = lastWord(of: index, in: words)
            units.append(words[index...end].joined(separator: " "))
            index = end + 1
        }
        return units
    }

    private static func lastWord(of first: Int, in words: [Substring]) -> Int {
        let rest = words[(first + 1)...]
        // What is opened within the word is closed by the next that has one too many, too.
        if words[first].count(where: { $0 == "`" }) % 2 == 1 { return rest.firstIndex { $0.count(where: { $0 == "`" }) % 2 == 1 } ?? first }
        guard beginsCommand(words[first]) else { return first }
        return words[first...].firstIndex { $0.last.map { ",;:)".contains($0) } ?? false } ?? words.endIndex - 1
    }

    private static func beginsCommand(_ word: Substring) -> Bool {
        ["chmod", "chown", "rm", "sudo", "sysctl"].contains(word) || word.prefixMatch(of: /[A-Z][A-Z_]+=./) != nil
    }

    /// How many columns a text takes; colours take none.
    private static func width(_ text: some StringProtocol) -> Int { String(text).replacing(/\u{1B}\[[0-9;]*m/, with: "").width }
}
