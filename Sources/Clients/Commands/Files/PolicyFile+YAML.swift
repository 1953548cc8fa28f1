extension PolicyFile {
    /// Whether a text is lines that stand in a block as they are: none empty, none with a blank at its start, each ended.
    fileprivate static func isBlock(_ text: String) -> Bool {
        guard text.hasSuffix("\n") else { return false }
        let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count > 1 && lines.allSatisfy { $0.utf8.first.map { $0 > 0x20 } == true && $0.utf8.allSatisfy { $0 >= 0x20 } }
    }

    /// The YAML form of a policy that came as JSON. Reading it gives the same JSON again.
    package static func yaml(json: [UInt8]) throws(FormatError) -> [UInt8] {
        var printer = YAMLPrinter()
        printer.printBlock(try JSONText(parsing: json), indentation: "")
        return Array(printer.text.utf8)
    }
}

private struct YAMLPrinter {
    var text = ""

    /// Prints a value on lines of its own; the first line goes on where the text ends.
    mutating func printBlock(_ value: JSONText, indentation: String) {
        switch value {
        case .object(let members) where !members.isEmpty:
            for (index, member) in members.enumerated() {
                text += "\(index == 0 ? "" : indentation)\(PolicyFile.scalar(member.key)):"
                printMember(member.value, indentation: indentation)
            }
        case .array(let elements) where !elements.isEmpty:
            for (index, element) in elements.enumerated() {
                text += "\(index == 0 ? "" : indentation)- "
                printBlock(element, indentation: indentation + "  ")
            }
        default: text += "\(flow(value))\n"
        }
    }

    private mutating func printMember(_ value: JSONText, indentation: String) {
        let line = flow(value)
        switch value {
        case .object(let members) where !members.isEmpty: break
        case .string(let text) where PolicyFile.isBlock(text):
            self.text += " |\n" + text.split(separator: "\n").map { "\(indentation)  \($0)\n" }.joined()
            return
        case .array(let elements) where elements.contains(where: \.isObject) || line.count > 100: break
        default:
            text += " \(line)\n"
            return
        }
        text += "\n\(indentation)  "
        printBlock(value, indentation: indentation + "  ")
    }

    /// A value on one line.
    private func flow(_ value: JSONText) -> String {
        switch value {
        case .object(let members): "{" + members.map { "\(PolicyFile.scalar($0.key)): \(flow($0.value))" }.joined(separator: ", ") + "}"
        case .array(let elements): "[" + elements.map(flow).joined(separator: ", ") + "]"
        case .string(let text): PolicyFile.scalar(text)
        case .word(let word): word
        }
    }
}

extension PolicyFile {
    /// A text without quotes where YAML cannot take it for anything else, in double quotes otherwise.
    static func scalar(_ text: String) -> String {
        let bytes = text.utf8
        let isPlain =
            bytes.first.map { NameShape.isLetter($0) || $0 == UInt8(ascii: "/") } == true && bytes.last != UInt8(ascii: " ")
            && bytes.allSatisfy { byte in
                NameShape.isLetter(byte) || NameShape.isDigit(byte) || "._/-* ".utf8.contains(byte)
            }
        let isWord = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
        // An `&` that looks like an anchor would be refused when it is read.
        return isPlain && !isWord ? text : JSONText.quoted(text).replacing("&", with: "\\x26")
    }
}
