extension DotEnv {
    /// Reads a file.
    ///
    /// - An unquoted value goes to the end of the line or to a ` #` comment; spaces at its ends are dropped, all else is kept.
    /// - In single quotes and backticks everything is literal. In double quotes `\n \r \t \" \\ \$` and a backslash before a backtick are escapes, and
    ///   any other backslash is literal. Quoted values go over as many lines as they need.
    /// - Nothing is expanded. `NAME:` and names without `=` are errors, and so is text behind a closing quote.
    /// - Lines end in LF or CRLF; a byte order mark of UTF-8 is skipped. Values may be of any bytes but NUL.
    package static func parse(_ bytes: [UInt8], duplicates: Duplicates = .refuse) throws(FormatError) -> Content {
        var parser = Parser(bytes: bytes, duplicates: duplicates)
        do throws(FormatError) {
            try parser.parse()
            if let first = parser.faults.first { throw first.with(parser.faults.dropFirst()) }
        } catch {
            parser.content.wipe()
            throw error
        }
        return parser.content
    }
}

private struct Parser {
    let bytes: [UInt8]
    let duplicates: DotEnv.Duplicates
    var content = DotEnv.Content()
    private var position = 0
    private var line = 1
    private var places: [String: Int] = [:]
    /// What is wrong with single lines. They are told together.
    private(set) var faults: [FormatError] = []
    /// Faults after which the next line means what it says. Behind a quote that is not closed as it seems, a line may be a part of a value.
    private static let passable: Set<String> = ["dotenv.name", "dotenv.colon", "dotenv.no-equals", "dotenv.duplicate", "dotenv.too-large"]

    init(bytes: [UInt8], duplicates: DotEnv.Duplicates) {
        self.bytes = bytes
        self.duplicates = duplicates
    }

    mutating func parse() throws(FormatError) {
        try checkEncoding()
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        while position < bytes.count {
            let start = position
            do throws(FormatError) { try readLine() } catch {
                faults.append(error)
                guard Self.passable.contains(error.code) else { return }
                leaveLine(begunAt: start)
            }
        }
    }

    private mutating func readLine() throws(FormatError) {
        skipBlanks()
        if isAtLineEnd || next == UInt8(ascii: "#") {
            try skipLine()
        } else {
            try readItem()
        }
    }

    /// Goes on behind a line with a fault, which may have been read to its end.
    private mutating func leaveLine(begunAt start: Int) {
        if position > start, bytes[position - 1] == UInt8(ascii: "\n") { return }
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
        position = min(position + 1, bytes.count)
        line += 1
    }

    private mutating func readItem() throws(FormatError) {
        let start = line
        let name = try readName()
        let mark = position
        skipBlanks()
        var value: [UInt8]
        switch next {
        case UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "\""): value = try readQuoted()
        case UInt8(ascii: "#") where position > mark: (position, value) = (mark, [])
        default: value = try readUnquoted()
        }
        do throws(FormatError) {
            try finishLine()
            try add(name, &value, line: start)
        } catch {
            value.wipe()
            throw error
        }
    }

    private mutating func add(_ name: String, _ value: inout [UInt8], line: Int) throws(FormatError) {
        guard value.count <= DotEnv.maximumValueByteCount else { throw error("too-large", "the value is larger than 1 MiB", line: line) }
        guard let first = places[name] else {
            places[name] = content.items.count
            content.items.append(DotEnv.Item(name: name, value: value, line: line))
            return
        }
        let firstLine = content.items[first].line
        guard duplicates == .lastWins else {
            throw error(
                "duplicate", "the name was used on line \(firstLine) already", hint: "keep one of the two, or let the last one win", line: line)
        }
        content.warnings.append(DotEnv.Warning(line: line, kind: .overridden(line: firstLine)))
        content.items[first].value.wipe()
        content.items[first] = DotEnv.Item(name: name, value: value, line: line)
    }
}

// MARK: - Lines

extension Parser {
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }
    private var isAtLineEnd: Bool { isLineEnd(position) }

    private func isLineEnd(_ index: Int) -> Bool {
        guard index < bytes.count, bytes[index] != UInt8(ascii: "\n") else { return true }
        return bytes[index] == UInt8(ascii: "\r") && (index + 1 == bytes.count || bytes[index + 1] == UInt8(ascii: "\n"))
    }

    private func isBlank(_ index: Int) -> Bool {
        index < bytes.count && (bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t"))
    }

    private mutating func skipBlanks() { while isBlank(position) { position += 1 } }

    private mutating func skipLine() throws(FormatError) {
        while !isAtLineEnd { try pass() }
        if next == UInt8(ascii: "\r") { position += 1 }
        if next == UInt8(ascii: "\n") {
            position += 1
            line += 1
        }
    }

    /// Passes over a byte outside quotes. A lone carriage return once ended lines: what comes after it would be lost in a value or a comment.
    private mutating func pass() throws(FormatError) {
        guard next != UInt8(ascii: "\r") else {
            let hint = "save the file with LF or CRLF line ends, or put the value in quotes"
            throw error("carriage-return", "a carriage return stands in the line", hint: hint, line: line)
        }
        position += 1
    }

    /// Checks that nothing but a comment follows a value.
    private mutating func finishLine() throws(FormatError) {
        let hasSpace = isBlank(position)
        skipBlanks()
        guard isAtLineEnd || next == UInt8(ascii: "#") && hasSpace else {
            let hint =
                "write a quote that belongs to the value as \\\" within double quotes; lines for a shell, as `tacit export --format shell` "
                + "writes them, are not read where a value has a quote: export as env"
            throw error("after-quote", "something follows the closing quote", hint: hint, line: line)
        }
        try skipLine()
    }

    private func error(_ code: String, _ message: String, hint: String? = nil, line: Int) -> FormatError {
        FormatError("dotenv.\(code)", message, hint: hint, at: FilePosition(line: line))
    }

    private func checkEncoding() throws(FormatError) {
        guard !bytes.starts(with: [0xFF, 0xFE]), !bytes.starts(with: [0xFE, 0xFF]) else {
            throw error("utf16", "the file is UTF-16 text", hint: "save it as UTF-8", line: 1)
        }
        var line = 1
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "\n"): line += 1
            case 0:
                throw error("nul", "the line has a NUL byte", hint: "no variable can hold one; store the value with `tacit set --file`", line: line)
            default: break
            }
        }
    }
}

// MARK: - Names and values

extension Parser {
    /// Reads `[export] NAME =`.
    private mutating func readName() throws(FormatError) -> String {
        var name = takeNameBytes()
        if bytes[name].elementsEqual("export".utf8), isBlank(position) {
            skipBlanks()
            if next != UInt8(ascii: "=") { name = takeNameBytes() }
        }
        skipBlanks()
        guard DotEnv.isName(bytes[name]) else {
            throw error(
                "name", "the line does not begin with the name of a variable", hint: "a line is NAME=value, or a comment that begins with #",
                line: line)
        }
        switch next {
        case UInt8(ascii: "="): position += 1
        case UInt8(ascii: ":"): throw error("colon", "a colon follows the name", hint: "write NAME=value", line: line)
        default: throw error("no-equals", "no `=` follows the name", hint: "write NAME=value, or NAME= for an empty value", line: line)
        }
        return String(decoding: bytes[name], as: UTF8.self)
    }

    private mutating func takeNameBytes() -> Range<Int> {
        let start = position
        while let byte = next, DotEnv.isNameByte(byte) { position += 1 }
        return start..<position
    }

    private mutating func readUnquoted() throws(FormatError) -> [UInt8] {
        let start = position
        while !isAtLineEnd, !(isBlank(position) && position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "#")) { try pass() }
        var end = position
        while end > start, isBlank(end - 1) { end -= 1 }
        warnOfExpansion(in: start..<end, line: line)
        return Array(bytes[start..<end])
    }

    private mutating func readQuoted() throws(FormatError) -> [UInt8] {
        let quote = bytes[position]
        let isDouble = quote == UInt8(ascii: "\"")
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] != quote { end += isDouble && bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
        guard end < bytes.count else { throw error("open-quote", "the quote that begins on this line has no end", line: line) }
        if isDouble { warnOfExpansion(in: start..<end, line: line) }
        line += bytes[start..<end].count { $0 == UInt8(ascii: "\n") }
        position = end + 1
        return isDouble ? unescaped(bytes[start..<end]) : Array(bytes[start..<end])
    }

    private func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var value: [UInt8] = []
        // Never longer than what is written, so that the buffer never moves.
        value.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == UInt8(ascii: "\\"), index + 1 < text.endIndex, let byte = DotEnv.escapes[text[index + 1]] {
                value.append(byte)
                index += 2
            } else {
                value.append(text[index])
                index += 1
            }
        }
        return value
    }

    /// Notes a `$` that a shell would expand.
    private mutating func warnOfExpansion(in range: Range<Int>, line: Int) {
        var index = range.lowerBound
        while index + 1 < range.upperBound {
            let following = bytes[index + 1]
            if bytes[index] == UInt8(ascii: "$"), NameShape.isLetter(following) || "_{(".utf8.contains(following) {
                return content.warnings.append(DotEnv.Warning(line: line, kind: .notExpanded))
            }
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
    }
}

extension DotEnv {
    /// What follows a backslash within double quotes, and the byte that both stand for.
    static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "\""): UInt8(ascii: "\""),
        UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "$"): UInt8(ascii: "$"), UInt8(ascii: "`"): UInt8(ascii: "`"),
    ]
}
