import TacitWire

/// The text of one entry of a `pass` or `gopass` store.
///
/// The first line is the password; each further line with `: ` in it is a field, `otpauth://` begins a code, and what is left is a note. gopass has two
/// older forms besides: a YAML document behind `---`, and MIME headers behind `GOPASS-SECRET-1.0`.
enum StoreEntry {
    private static let mark = Array("GOPASS-SECRET-1.0".utf8)
    private static let newline = UInt8(ascii: "\n")

    static func secret(_ path: String, _ bytes: [UInt8], into content: inout ForeignContent) {
        let parts = path.split(separator: "/").map(String.init)
        var secret = ForeignSecret(title: parts.last ?? "", at: .entry(path))
        secret.folders = parts.dropLast()
        let lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
        let first = lines.first ?? []
        if first.elementsEqual(mark) || first.dropLast().elementsEqual(mark) && first.last == UInt8(ascii: "\r") {
            readHeaders(lines.dropFirst(), into: &secret, &content)
        } else if isWhole(bytes, first) {
            secret.add("value", WipedBytes(bytes), .secret)
        } else {
            let rest = lines.dropFirst()
            // An entry of one line has one value.
            let hasMore = rest.contains { !$0.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
            secret.add(hasMore ? "password" : "value", WipedBytes(Array(first)), .secret)
            readBody(rest, into: &secret, &content)
        }
        content.secrets.append(secret)
    }

    /// Whether the first line means nothing by itself: a key or certificate, or bytes that are no text.
    private static func isWhole(_ bytes: [UInt8], _ first: ArraySlice<UInt8>) -> Bool {
        first.starts(with: "-----BEGIN ".utf8) || bytes.contains(0) || !isUTF8(bytes)
    }

    private static func readBody(_ lines: ArraySlice<ArraySlice<UInt8>>, into secret: inout ForeignSecret, _ content: inout ForeignContent) {
        if let first = lines.first, first.elementsEqual("---".utf8) {
            return readDocument(lines.dropFirst(), into: &secret, &content)
        }
        var notes = Notes()
        for line in lines {
            if line.starts(with: "otpauth://".utf8) {
                secret.add("totp", WipedBytes(Array(line)), .secret)
            } else if let mark = line.firstRange(of: ": ".utf8), let name = name(line[..<mark.lowerBound]) {
                secret.add(name, WipedBytes(Array(line[mark.upperBound...])))
            } else {
                notes.add(line)
            }
        }
        secret.add("notes", notes.text, .secret)
    }

    /// A field's name; nil where a line is rather a sentence.
    private static func name(_ text: ArraySlice<UInt8>) -> String? {
        let text = text.drop { $0 == 0x20 || $0 == 0x09 }
        guard (1...60).contains(text.count), text.split(separator: 0x20).count <= 4 else { return nil }
        let name = ForeignNames.segment(String(decoding: text, as: UTF8.self))
        return name.isEmpty ? nil : name
    }

    /// Reads the document of the form with `---`, where it is simple: keys, and scalars on their lines. Any other is kept whole.
    private static func readDocument(_ lines: ArraySlice<ArraySlice<UInt8>>, into secret: inout ForeignSecret, _ content: inout ForeignContent) {
        var fields: [(name: String, value: WipedBytes)] = []
        for line in lines where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D }) && line.first != UInt8(ascii: "#") {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), let name = name(line[..<colon]), line.first != 0x20,
                let value = YAMLScalar.value(line[(colon + 1)...])
            else {
                var notes = Notes()
                for line in lines { notes.add(line) }
                content.remark("its YAML is not simple, and is kept whole as `notes`", at: secret.place)
                return secret.add("notes", notes.text, .secret)
            }
            fields.append((name, value))
        }
        for field in fields { secret.add(field.name, field.value) }
    }

    private static func readHeaders(_ lines: ArraySlice<ArraySlice<UInt8>>, into secret: inout ForeignSecret, _ content: inout ForeignContent) {
        var (isYAML, isAttached, isBase64) = (false, false, false)
        var index = lines.startIndex
        while index < lines.endIndex, lines[index].contains(where: { $0 != 0x0D }) {
            let line = lines[index].last == 0x0D ? lines[index].dropLast() : lines[index]
            index += 1
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                content.remark("a header is no `Key: value`, and is left out", at: secret.place)
                continue
            }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = line[(colon + 1)...].drop { $0 == 0x20 }
            switch name {
            case "content-type": isYAML = value.elementsEqual("text/yaml".utf8)
            case "content-disposition": isAttached = true
            case "content-transfer-encoding": isBase64 = value.lazy.map { $0 | 0x20 }.elementsEqual("base64".utf8)
            default: secret.add(name, WipedBytes(Array(value)), name == "password" ? .secret : nil)
            }
        }
        let body = lines[min(index + 1, lines.endIndex)...]
        if isAttached, isBase64 {
            let file = Base64.decode(body.reduce(into: []) { $0.appendWiping($1.filter { $0 != 0x0D }) })
            if file == nil { content.remark("its base64 is not understood, and is left out", at: secret.place) }
            return secret.add("value", file.map { WipedBytes($0) }, .secret)
        }
        if isYAML { return readDocument(body, into: &secret, &content) }
        var notes = Notes()
        for line in body { notes.add(line) }
        secret.add("notes", notes.text, .secret)
    }

    /// The lines that are no fields.
    private struct Notes {
        private var bytes: [UInt8] = []

        mutating func add(_ line: ArraySlice<UInt8>) {
            bytes.appendWiping(line)
            bytes.appendWiping([newline])
        }

        /// The lines without empty ones at the ends.
        var text: WipedBytes? {
            mutating get {
                defer { bytes.wipe() }
                guard let start = bytes.firstIndex(where: { $0 != newline }), let end = bytes.lastIndex(where: { $0 != newline }) else { return nil }
                return WipedBytes(Array(bytes[start...end]))
            }
        }
    }
}

/// A YAML scalar that stands on the line of its key.
enum YAMLScalar {
    /// Its value; nil when only a YAML parser can say it.
    static func value(_ text: ArraySlice<UInt8>) -> WipedBytes? {
        var text = text.drop { $0 == 0x20 }
        while let last = text.last, last == 0x20 || last == 0x0D { text = text.dropLast() }
        guard let first = text.first else { return WipedBytes([]) }
        switch first {
        case UInt8(ascii: "'"):
            let inner = text.dropFirst().dropLast()
            guard text.count >= 2, text.last == first, inner.split(separator: first, omittingEmptySubsequences: false).count == 1 else { return nil }
            return WipedBytes(Array(inner))
        case UInt8(ascii: "\""):
            let inner = text.dropFirst().dropLast()
            guard text.count >= 2, text.last == first, !inner.contains(first), !inner.contains(UInt8(ascii: "\\")) else { return nil }
            return WipedBytes(Array(inner))
        default:
            let isPlain = !"&*!|>[]{}%@`#,?-~".utf8.contains(first) && text.firstRange(of: " #".utf8) == nil && text.firstRange(of: ": ".utf8) == nil
            return isPlain && text.last != UInt8(ascii: ":") ? WipedBytes(Array(text)) : nil
        }
    }
}
