/// Rows under a heading, in columns as wide as their widest cell.
struct Table {
    let headings: [String]
    private var rows: [[Cell]] = []

    /// A text and how it is shown.
    struct Cell: ExpressibleByStringInterpolation {
        var text: String
        var style: (@Sendable (String) -> String)?

        init(_ text: String, style: (@Sendable (String) -> String)? = nil) {
            self.text = text
            self.style = style
        }

        init(stringLiteral text: String) { self.init(text) }
    }

    init(_ headings: String...) { self.headings = headings }

    mutating func add(_ cells: Cell...) { rows.append(cells) }

    /// The lines; columns in which nothing stands are left out.
    func lines(_ style: Style) -> [String] {
        let used = headings.indices.filter { column in rows.contains { !$0[column].text.isEmpty } }
        let widths = used.map { column in rows.reduce(headings[column].count) { max($0, $1[column].text.width) } }
        let head = line(zip(used, widths).map { (headings[$0], headings[$0].count, $1) }, shown: style.dim)
        return [head]
            + rows.map { row in
                line(zip(used, widths).map { (row[$0].style?(row[$0].text) ?? row[$0].text, row[$0].text.width, $1) }, shown: \.self)
            }
    }

    private func line(_ cells: [(text: String, length: Int, width: Int)], shown: (String) -> String) -> String {
        var text = ""
        for (index, cell) in cells.enumerated() {
            text += cell.text
            if index + 1 < cells.count { text += String(repeating: " ", count: cell.width - cell.length + 2) }
        }
        while text.utf8.last == UInt8(ascii: " ") { text.unicodeScalars.removeLast() }
        return shown(text)
    }
}

/// Names and values below each other.
struct FactList {
    private var facts: [(name: String, text: String)] = []

    mutating func add(_ name: String, _ text: String?) {
        if let text, !text.isEmpty { facts.append((name, text)) }
    }

    func lines(_ style: Style) -> [String] {
        let width = facts.reduce(0) { max($0, $1.name.count) }
        return facts.map { style.dim($0.name + String(repeating: " ", count: width - $0.name.count + 2)) + $0.text }
    }
}
