/// The parts of a multipart body (RFC 7578, RFC 2046 §5.1), by name and place.
struct MultipartParts {
    /// A part with a name.
    struct Part: Equatable {
        let name: String
        /// Its content, without the line break before the next boundary.
        let range: Range<Int>
    }

    private static let lineBreak: [UInt8] = [0x0D, 0x0A]

    /// Nil unless the body is parts between boundaries and nothing else, each with one plain name: what some readers would skip or read otherwise is refused.
    static func all(in body: [UInt8], boundary: [UInt8]) -> [Part]? {
        let opening = Array("--".utf8) + boundary
        guard body.starts(with: opening + lineBreak) else { return nil }
        let delimiter = lineBreak + opening
        var parts: [Part] = []
        var start = opening.count + lineBreak.count
        while true {
            guard let end = body[start...].firstRange(of: delimiter), let part = part(in: body, start..<end.lowerBound) else { return nil }
            parts.append(part)
            let rest = body[end.upperBound...]
            if rest.starts(with: "--".utf8) { return rest.dropFirst(2).isEmpty || rest.dropFirst(2).elementsEqual(lineBreak) ? parts : nil }
            guard rest.starts(with: lineBreak) else { return nil }
            start = end.upperBound + lineBreak.count
        }
    }

    private static func part(in body: [UInt8], _ range: Range<Int>) -> Part? {
        guard let blank = body[range].firstRange(of: lineBreak + lineBreak) else { return nil }
        var name: String?
        for line in lines(of: body[range.lowerBound..<blank.lowerBound]) {
            // A line end that is none to us is one to some; and what one reader skips, another takes for a field.
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex, line[..<colon].allSatisfy({ $0.isTokenCharacter }),
                line.allSatisfy({ !$0.isControl || $0 == 0x09 })
            else { return nil }
            guard line[..<colon].lowercasedBytes.elementsEqual("content-disposition".utf8) else { continue }
            guard name == nil, let given = Self.name(in: line[(colon + 1)...]) else { return nil }
            name = given
        }
        return name.map { Part(name: $0, range: blank.upperBound..<range.upperBound) }
    }

    private static func lines(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var rest = text
        while let end = rest.firstRange(of: lineBreak) {
            lines.append(rest[..<end.lowerBound])
            rest = rest[end.upperBound...]
        }
        return lines + [rest]
    }

    /// `form-data; name="x"`, and nothing but a file's name behind it.
    private static func name(in value: ArraySlice<UInt8>) -> String? {
        let text = value.drop { $0 == 0x20 }
        let start = Array("form-data; name=\"".utf8)
        guard text.starts(with: start) else { return nil }
        let rest = text.dropFirst(start.count)
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")), !rest[..<end].contains(UInt8(ascii: "\\")) else { return nil }
        guard isFileName(rest[(end + 1)...]) else { return nil }
        return String(validating: rest[..<end], as: UTF8.self)
    }

    /// Nothing, or a file's name in quotes up to the end: a parameter behind it could be another name to somebody.
    private static func isFileName(_ text: ArraySlice<UInt8>) -> Bool {
        let start = Array("; filename=\"".utf8)
        guard !text.isEmpty else { return true }
        guard text.starts(with: start), text.count > start.count, text.last == UInt8(ascii: "\"") else { return false }
        return !text.dropFirst(start.count).dropLast().contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
    }
}
