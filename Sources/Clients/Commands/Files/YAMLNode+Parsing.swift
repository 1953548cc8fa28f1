import Yams

extension YAMLNode {
    /// The largest file, in bytes.
    static let maximumByteCount = 256 << 10

    /// Reads the one document of a file.
    init(parsing bytes: [UInt8]) throws(FormatError) {
        guard bytes.count <= Self.maximumByteCount else {
            throw FormatError("yaml.too-large", "the file is larger than \(Self.maximumByteCount / 1024) KiB", at: nil)
        }
        try Self.checkCharacters(bytes)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FormatError("yaml.not-utf8", "the file is not UTF-8 text", at: nil) }
        try Self.checkAnchors(bytes)
        guard let root = try Self.compose(text) else { throw FormatError("yaml.empty", "the file says nothing", at: nil) }
        self = try NodeReader(text).node(root)
    }

    /// Runs the YAML parser. Tags are not resolved: its rules are regular expressions, which take longer than all the rest.
    private static func compose(_ text: String) throws(FormatError) -> Node? {
        do { return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot() } catch {
            throw FormatError(parserError: error)
        }
    }

    /// Refuses characters that are invisible.
    private static func checkCharacters(_ bytes: [UInt8]) throws(FormatError) {
        var line = 1
        for byte in bytes {
            if byte == UInt8(ascii: "\n") { line += 1 }
            guard byte >= 0x20 && byte != 0x7F || [0x09, 0x0A, 0x0D].contains(byte) else {
                throw FormatError("yaml.control-character", "the file has a control character here", at: FilePosition(line: line))
            }
        }
    }

    /// Refuses whatever could be an anchor, before parsing: a few aliases of aliases as keys keep the parser busy for years.
    ///
    /// An anchor is `&` and a name at the start of a token, so what stands before it is no letter or digit.
    private static func checkAnchors(_ bytes: [UInt8]) throws(FormatError) {
        func isWord(_ byte: UInt8) -> Bool {
            NameShape.isLetter(byte) || NameShape.isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
        for index in bytes.indices.dropLast() where bytes[index] == UInt8(ascii: "&") && isWord(bytes[index + 1]) {
            guard index == 0 || !NameShape.isLetter(bytes[index - 1]) && !NameShape.isDigit(bytes[index - 1]) else { continue }
            let line = 1 + bytes[..<index].count { $0 == UInt8(ascii: "\n") }
            let hint = "write each value out; an `&` in a text or comment needs a space behind it"
            throw FormatError("yaml.anchor", "anchors and aliases are not read", hint: hint, at: FilePosition(line: line))
        }
    }

    fileprivate static func content(of scalar: Node.Scalar) -> Content {
        guard scalar.style == .plain else { return .text(scalar.string) }
        switch scalar.string.lowercased() {
        case "", "~", "null": return .other(.nothing, scalar.string)
        case "true", "false", "yes", "no", "on", "off": return .other(.truthValue, scalar.string)
        default: return isNumber(scalar.string) ? .other(.number, scalar.string) : .text(scalar.string)
        }
    }

    /// Whether a plain scalar is a number in YAML 1.1 or 1.2.
    static func isNumber(_ text: String) -> Bool {
        var digits = text.lowercased().replacing("_", with: "")[...]
        if digits.hasPrefix("+") || digits.hasPrefix("-") { digits = digits.dropFirst() }
        guard let first = digits.utf8.first else { return false }
        if digits == ".inf" || digits == ".nan" { return true }
        guard NameShape.isDigit(first) || first == UInt8(ascii: ".") else { return false }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            return digits.count > 2 && digits.dropFirst(2).allSatisfy { Int(String($0), radix: radix) != nil }
        }
        return Double(digits) != nil
    }
}

/// Turns the parser's nodes into ours.
private struct NodeReader {
    private let lines: [Substring]

    init(_ text: String) { lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) }

    func node(_ node: Node) throws(FormatError) -> YAMLNode {
        let position = FilePosition(node.mark)
        guard node.anchor == nil else { throw FormatError("yaml.anchor", "anchors and aliases are not read", at: position) }
        guard !isTagged(position) else {
            throw FormatError("yaml.tag", "tags are not read", hint: "put a text that begins with `!` in quotes", at: position)
        }
        switch node {
        case .alias: throw FormatError("yaml.anchor", "anchors and aliases are not read", at: position)
        case .scalar(let scalar): return YAMLNode(content: YAMLNode.content(of: scalar), position: position)
        case .sequence(let sequence):
            var elements: [YAMLNode] = []
            for element in sequence { elements.append(try self.node(element)) }
            return YAMLNode(content: .list(elements), position: position)
        case .mapping(let mapping): return YAMLNode(content: .mapping(try members(of: mapping)), position: position)
        }
    }

    private func members(of mapping: Node.Mapping) throws(FormatError) -> [YAMLNode.Member] {
        var members: [YAMLNode.Member] = []
        var known: Set<String> = []
        for (keyNode, valueNode) in mapping {
            let key = try node(keyNode)
            guard case .text(let text) = key.content else { throw key.error("key", "a key must be a text") }
            guard text != "<<" else { throw key.error("merge", "merge keys are not read", hint: "write the members out") }
            guard known.insert(text).inserted else { throw key.error("duplicate-key", "this key is written twice") }
            members.append(YAMLNode.Member(key: text, keyPosition: key.position, value: try node(valueNode)))
        }
        return members
    }

    /// Whether a node begins with a tag. (The parser forgets which tags were written when it compares keys.)
    private func isTagged(_ position: FilePosition) -> Bool {
        guard lines.indices.contains(position.line - 1), let column = position.column else { return false }
        return lines[position.line - 1].unicodeScalars.dropFirst(column - 1).first == "!"
    }
}

extension FilePosition {
    fileprivate init(_ mark: Mark?) {
        self.init(line: mark?.line ?? 1, column: mark?.column)
    }
}

extension FormatError {
    /// Tells in our words what the YAML parser found. Its own words about the place repeat the text, so they are left out.
    fileprivate init(parserError error: any Error) {
        switch error as? YamlError {
        case .scanner(let context?, _, _, _) where context.text == "while scanning a quoted scalar":
            self.init("yaml.syntax", "the quote that begins here has no end", at: FilePosition(context.mark))
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            self.init(problem: problem, at: FilePosition(mark))
        case .duplicatedKeysInMapping(_, let context):
            self.init("yaml.duplicate-key", "this key is written again further down", hint: "keep one of the two", at: FilePosition(context.mark))
        case .reader: self.init("yaml.not-text", "the file has a character that YAML does not allow", at: nil)
        default: self.init("yaml.syntax", "the file is not valid YAML", at: nil)
        }
    }

    private init(problem: String, at position: FilePosition) {
        let quoteHint = "put a pattern that begins with `*` in quotes"
        switch problem {
        case "found undefined alias", "did not find expected alphabetic or numeric character":
            self.init("yaml.anchor", "anchors and aliases are not read", hint: quoteHint, at: position)
        case "but found another document": self.init("yaml.documents", "a second document begins here", hint: "keep one", at: position)
        case "found character that cannot start any token":
            let hint = "indent with spaces, and put texts that begin with a special character in quotes"
            self.init("yaml.syntax", "no value can begin with this character", hint: hint, at: position)
        default: self.init("yaml.syntax", "this is not valid YAML: \(problem)", at: position)
        }
    }
}
