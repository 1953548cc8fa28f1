/// Why a file is refused: the place and what is wrong there. It never repeats text of the file, which may be a value.
package struct FormatError: Error, Equatable, Sendable {
    /// A stable name, `format.reason`.
    package let code: String
    /// One sentence in lower case.
    package let message: String
    /// The next step, where there is one.
    package let hint: String?
    /// Where it is; nil when it concerns the file as a whole.
    package let position: FilePosition?
    /// The same of other lines, as sentences with their places; ten at most are told in all.
    private(set) var others: [String] = []

    init(_ code: String, _ message: String, hint: String? = nil, at position: FilePosition?) {
        self.code = code
        self.message = message
        self.hint = hint
        self.position = position
    }

    /// The error with its place, such as `policy.yaml:3:5: this key is unknown`.
    package func text(naming file: String) -> String {
        let place = position.map { "\(file):\($0)" } ?? file
        return ["\(place): \(message)", others.joined(separator: "; ")].filter { !$0.isEmpty }.joined(separator: "; ")
    }

    private static let mostTold = 10

    /// With what else is wrong with the file.
    func with(_ more: some Collection<FormatError>) -> FormatError {
        var error = self
        error.others = more.prefix(Self.mostTold - 1).map { other in (other.position.map { "line \($0.line): " } ?? "") + other.message }
        let rest = more.count - error.others.count
        if rest > 0 { error.others.append("and \(rest) more \(rest == 1 ? "line" : "lines")") }
        return error
    }
}

/// A place in a text file, counted from 1.
package struct FilePosition: Hashable, Sendable, CustomStringConvertible {
    package let line: Int
    /// In characters; nil where the line is all that is known.
    package let column: Int?

    package init(line: Int, column: Int? = nil) {
        self.line = line
        self.column = column
    }

    package var description: String { column.map { "\(line):\($0)" } ?? "\(line)" }
}
