/// Colours, or none.
struct Style: Sendable {
    let isColoured: Bool

    func bold(_ text: String) -> String { wrapped(text, "1") }
    func dim(_ text: String) -> String { wrapped(text, "2") }
    func red(_ text: String) -> String { wrapped(text, "31") }
    func green(_ text: String) -> String { wrapped(text, "32") }
    func yellow(_ text: String) -> String { wrapped(text, "33") }

    private func wrapped(_ text: String, _ code: String) -> String { isColoured && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}

extension String {
    /// As a sentence begins.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

    /// The text on one line, with control and direction characters replaced: what is stored must not drive a terminal.
    var printable: String {
        if isPlainASCII { return self }
        return String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }

    /// Whether it is nothing but printable ASCII, in which every byte is a character of one column.
    var isPlainASCII: Bool { utf8.allSatisfy { (0x20...0x7E).contains($0) } }

    /// How many characters it has.
    var width: Int { isPlainASCII ? utf8.count : count }
}
