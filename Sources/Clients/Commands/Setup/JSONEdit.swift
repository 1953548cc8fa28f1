/// Changes one member of a JSON text and leaves every other byte as it is.
///
/// The text must be strict JSON: one with comments is refused, since what they belong to cannot be known.
struct JSONEdit {
    private let bytes: [UInt8]
    private let root: Node

    /// A value and where it stands.
    private indirect enum Node {
        case object(Range<Int>, [Member])
        case other(Range<Int>)

        var range: Range<Int> {
            switch self {
            case .object(let range, _), .other(let range): range
            }
        }
    }

    private struct Member {
        var key: String
        /// Where the key's quotation mark stands.
        var start: Int
        var value: Node
    }

    /// Reads a text; an empty one counts as `{}`.
    init(_ text: [UInt8]) throws(FormatError) {
        bytes = text.allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 } ? Array("{}\n".utf8) : text
        var reader = JSONReader(bytes)
        root = try Self.read(&reader, depth: 0)
        try reader.finish()
        guard case .object = root else { throw JSONReader(bytes).error("not-an-object", "the file does not hold a JSON object") }
    }

    private static func read(_ reader: inout JSONReader, depth: Int) throws(FormatError) -> Node {
        guard depth < 64 else { throw reader.error("depth", "the JSON is nested too deeply") }
        let kind = try reader.kind()
        let start = reader.position
        switch kind {
        case .object:
            var members: [Member] = []
            try reader.object { (reader, key) throws(FormatError) in
                let place = reader.keyStart
                members.append(Member(key: key, start: place, value: try read(&reader, depth: depth + 1)))
            }
            return .object(start..<reader.position, members)
        case .array: try reader.array { (reader) throws(FormatError) in _ = try read(&reader, depth: depth + 1) }
        case .string: _ = try reader.string()
        case .number, .truthValue, .null: _ = try reader.word()
        }
        return .other(start..<reader.position)
    }

    /// The text of the value at a path of keys; nil when there is none.
    func text(at path: [String]) -> [UInt8]? {
        var node = root
        for key in path {
            guard case .object(_, let members) = node, let member = members.first(where: { $0.key == key }) else { return nil }
            node = member.value
        }
        return Array(bytes[node.range])
    }

    /// The text with the value at the path put in or replaced.
    func setting(_ path: [String], to value: JSONText) throws(FormatError) -> [UInt8] {
        var node = root
        for (depth, key) in path.enumerated() {
            guard case .object(let range, let members) = node else {
                throw JSONReader(bytes).error("not-an-object", "`\(path[depth - 1])` is not an object")
            }
            guard let member = members.first(where: { $0.key == key }) else {
                return inserting(key, Self.nested(value, in: path[(depth + 1)...]), into: range, members, depth: depth)
            }
            node = member.value
        }
        return replacing(node.range, with: value.rendered(indent: indent(path.count), unit: unit))
    }

    /// The text without the member at the path, and without the objects around it that would be left empty.
    func removing(_ path: [String]) -> [UInt8] {
        var node = root
        for (depth, key) in path.enumerated() {
            guard case .object(let range, let members) = node, let index = members.firstIndex(where: { $0.key == key }) else { return bytes }
            if depth < path.count - 1 {
                node = members[index].value
                continue
            }
            if members.count == 1, depth > 0 { return removing(Array(path.dropLast())) }
            if members.count == 1 { return replacing((range.lowerBound + 1)..<(range.upperBound - 1), with: "") }
            // With the comma before it, or for the first member the one behind it.
            let cut =
                index == 0 ? members[0].start..<members[1].start : members[index - 1].value.range.upperBound..<members[index].value.range.upperBound
            return replacing(cut, with: "")
        }
        return bytes
    }

    private static func nested(_ value: JSONText, in path: ArraySlice<String>) -> JSONText {
        path.reversed().reduce(value) { .object([(key: $1, value: $0)]) }
    }

    private func inserting(_ key: String, _ value: JSONText, into range: Range<Int>, _ members: [Member], depth: Int) -> [UInt8] {
        guard let last = members.last, let first = members.first else {
            let inner = indent(depth + 1)
            let member = "\n\(inner)\(JSONText.quoted(key)): \(value.rendered(indent: inner, unit: unit))\n\(indent(depth))"
            return replacing((range.lowerBound + 1)..<(range.upperBound - 1), with: member)
        }
        // As the members before it stand: on lines of their own, or behind each other.
        let before = bytes[..<first.start].reversed().prefix { $0 == 0x20 || $0 == 0x09 }
        let isOnLine = bytes[..<(first.start - before.count)].last == 0x0A
        let inner = String(decoding: before.reversed(), as: UTF8.self)
        let member = "\(JSONText.quoted(key)): \(value.rendered(indent: inner, unit: isOnLine ? unit : nil))"
        let end = last.value.range.upperBound
        return replacing(end..<end, with: isOnLine ? ",\n\(inner)\(member)" : ", \(member)")
    }

    private func replacing(_ range: Range<Int>, with text: String) -> [UInt8] {
        bytes[..<range.lowerBound] + Array(text.utf8) + bytes[range.upperBound...]
    }

    /// One step of indentation, as the file's first member has it.
    private var unit: String {
        guard case .object(_, let members) = root, let first = members.first else { return "  " }
        let space = bytes[..<first.start].reversed().prefix { $0 == 0x20 || $0 == 0x09 }
        return space.isEmpty ? "  " : String(decoding: space.reversed(), as: UTF8.self)
    }

    private func indent(_ depth: Int) -> String { String(repeating: unit, count: depth) }
}

extension JSONText {
    /// The value as text: members on lines of their own, `unit` deeper than `indent`; or on one line where `unit` is nil.
    func rendered(indent: String, unit: String?) -> String {
        switch self {
        case .string(let text): Self.quoted(text)
        case .word(let word): word
        case .array(let elements): "[\(elements.map { $0.rendered(indent: indent, unit: nil) }.joined(separator: ", "))]"
        case .object(let members) where members.isEmpty: "{}"
        case .object(let members):
            if let unit {
                "{\n"
                    + members.map { "\(indent)\(unit)\(Self.quoted($0.key)): \($0.value.rendered(indent: indent + unit, unit: unit))" }
                    .joined(separator: ",\n") + "\n\(indent)}"
            } else {
                "{\(members.map { "\(Self.quoted($0.key)): \($0.value.rendered(indent: indent, unit: nil))" }.joined(separator: ", "))}"
            }
        }
    }
}
