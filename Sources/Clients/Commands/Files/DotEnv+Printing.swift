extension DotEnv {
    /// Prints variables so that `parse` reads the same ones, quoted only where needed.
    ///
    /// A value without quotes or in single quotes means the same to a shell that sources the file. One with line breaks, or with a single quote, is
    /// in double quotes, with escapes. The caller wipes the result.
    package static func print(_ items: [Item]) throws(FormatError) -> [UInt8] {
        var names: Set<String> = []
        var bound = 0
        for (index, item) in items.enumerated() {
            guard isName(item.name.utf8) else { throw error("name", "cannot be the name of a variable", index) }
            guard names.insert(item.name).inserted else { throw error("duplicate", "has the name of another", index) }
            guard !item.value.contains(0) else { throw error("nul", "has a NUL byte in its value", index) }
            bound += item.name.utf8.count + 2 * item.value.count + 4
        }
        var text: [UInt8] = []
        text.reserveCapacity(bound)
        for item in items {
            text.append(contentsOf: item.name.utf8)
            text.append(UInt8(ascii: "="))
            append(item.value, to: &text)
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }

    private static func error(_ code: String, _ problem: String, _ index: Int) -> FormatError {
        FormatError("dotenv.\(code)", "variable \(index + 1) \(problem)", at: nil)
    }

    private static func append(_ value: [UInt8], to text: inout [UInt8]) {
        if value.allSatisfy({ isNameByte($0) || "/:@%+,=".utf8.contains($0) }) {
            text.append(contentsOf: value)
        } else if value.contains(where: { $0 == UInt8(ascii: "'") || $0 == 0x0A || $0 == 0x0D }) {
            text.append(UInt8(ascii: "\""))
            for byte in value { appendEscaped(byte, to: &text) }
            text.append(UInt8(ascii: "\""))
        } else {
            text.append(UInt8(ascii: "'"))
            text.append(contentsOf: value)
            text.append(UInt8(ascii: "'"))
        }
    }

    private static func appendEscaped(_ byte: UInt8, to text: inout [UInt8]) {
        switch byte {
        case 0x0A: text.append(contentsOf: "\\n".utf8)
        case 0x0D: text.append(contentsOf: "\\r".utf8)
        case 0x09: text.append(contentsOf: "\\t".utf8)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$"), UInt8(ascii: "`"):
            text.append(UInt8(ascii: "\\"))
            text.append(byte)
        default: text.append(byte)
        }
    }
}
