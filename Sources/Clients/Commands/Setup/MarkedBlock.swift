/// Lines between two marks in a file that is otherwise somebody else's.
struct MarkedBlock {
    /// What begins a comment in the file, and what ends it.
    enum Comment {
        case hash
        case html

        func line(_ text: String) -> String {
            switch self {
            case .hash: "# \(text)"
            case .html: "<!-- \(text) -->"
            }
        }
    }

    private let first: String
    private let last: String

    init(_ comment: Comment) {
        first = comment.line(">>> tacit setup: these lines are written by Tacit")
        last = comment.line("<<< tacit setup")
    }

    /// Whether a text has the block.
    func stands(in text: String) -> Bool { range(in: lines(of: text)) != nil }

    /// The text with the block put at its end, or replaced where it stands.
    func setting(_ content: [String], in text: String) -> String { setting(content, in: text, indent: "") { $0.count } }

    /// The text with the block put behind the line that `place` names, or replaced where it stands.
    func setting(_ content: [String], in text: String, indent: String, after place: ([String]) -> Int) -> String {
        var lines = lines(of: text)
        let block = ([first] + content + [last]).map { $0.isEmpty ? $0 : indent + $0 }
        if let range = range(in: lines) {
            lines.replaceSubrange(range, with: block)
        } else {
            let index = place(lines)
            let isAtEnd = index == lines.count
            lines.insert(contentsOf: isAtEnd && !lines.isEmpty && lines.last != "" ? [""] + block : block, at: index)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The text without the block, and without the empty line that was put before it.
    func removing(from text: String) -> String {
        var lines = lines(of: text)
        guard let range = range(in: lines) else { return text }
        lines.removeSubrange(range)
        if range.lowerBound == lines.count, lines.last == "" { lines.removeLast() }
        return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
    }

    private func lines(of text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// From the first mark to the last; nil where one of them is missing.
    private func range(in lines: [String]) -> ClosedRange<Int>? {
        func isMark(_ line: String, _ mark: String) -> Bool { line.drop { $0 == " " } == mark }
        guard let start = lines.firstIndex(where: { isMark($0, first) }), let end = lines[start...].firstIndex(where: { isMark($0, last) })
        else { return nil }
        return start...end
    }
}
