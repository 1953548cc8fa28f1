/// The texts in an XML document as services answer with, each with its pointer and where it stands.
///
/// It takes a small part of XML 1.0 and vouches for nothing else: elements whose names are ASCII and have no prefix, each with elements or with a text in it,
/// a default namespace, and the five entities that every reader knows. A document type, entities of its own, comments, instructions, sections of characters
/// and attributes could make it another document to another reader.
struct XMLTexts {
    private let bytes: [UInt8]
    private var place = 0
    private var path: [String] = []
    private var found: [JSONStrings.Found] = []

    /// Nil unless the whole is one such document, in UTF-8, without two elements of one name in an element: of two, readers take the one or the other.
    static func all(in bytes: [UInt8]) -> [JSONStrings.Found]? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        var texts = XMLTexts(bytes: bytes)
        guard texts.declaration() else { return nil }
        texts.skipBlanks()
        guard texts.element() != nil else { return nil }
        texts.skipBlanks()
        return texts.place == bytes.count ? texts.found : nil
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// The bytes that a text stands for; nil where it is written as none may be here. A carriage return is another character to each reader.
    static func decoded(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "<"), UInt8(ascii: ">"), 0..<0x09, 0x0B..<0x20: return nil
            case UInt8(ascii: "&"):
                let name = rest.prefix(5).prefix { $0 != UInt8(ascii: ";") }
                guard let character = entities[String(decoding: name, as: UTF8.self)], rest.dropFirst(name.count).first == UInt8(ascii: ";") else {
                    return nil
                }
                bytes.append(character)
                rest = rest.dropFirst(name.count + 1)
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    /// Writes bytes that are UTF-8 as the text of an element.
    static func encode(_ bytes: [UInt8], into text: inout [UInt8]) {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "&"): text += Array("&amp;".utf8)
            case UInt8(ascii: "<"): text += Array("&lt;".utf8)
            case UInt8(ascii: ">"): text += Array("&gt;".utf8)
            default: text.append(byte)
            }
        }
    }

    private static let entities: [String: UInt8] = [
        "amp": UInt8(ascii: "&"), "lt": UInt8(ascii: "<"), "gt": UInt8(ascii: ">"), "quot": UInt8(ascii: "\""), "apos": UInt8(ascii: "'"),
    ]

    /// Passes what may stand before the document: that it is XML 1.0 in UTF-8.
    private mutating func declaration() -> Bool {
        guard take("<?xml ") else { return true }
        let text = String(decoding: bytes[place...].prefix(60).prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
        let words = text.split(separator: " ").map { $0.lowercased().replacing("'", with: "\"") }
        place += text.utf8.count
        let known = [[], ["encoding=\"utf-8\""]].flatMap { [$0, $0 + ["standalone=\"yes\""], $0 + ["standalone=\"no\""]] }
        return words.first == "version=\"1.0\"" && known.contains(Array(words.dropFirst())) && take("?>")
    }

    /// Passes an element; its name.
    private mutating func element() -> String? {
        guard path.count < JSONStrings.maximumDepth, take("<"), let name = name(), namespace() else { return nil }
        if take("/>") { return name }
        path.append(name)
        defer { path.removeLast() }
        guard take(">"), content(), take("</"), self.name() == name else { return nil }
        skipBlanks()
        return take(">") ? name : nil
    }

    private mutating func name() -> String? {
        let text = bytes[place...].prefix { $0.isLetter || $0.isDigit || "_-.".utf8.contains($0) }
        guard let first = text.first, first.isLetter || first == UInt8(ascii: "_") else { return nil }
        place += text.count
        return String(decoding: text, as: UTF8.self)
    }

    /// Passes the default namespace, where there is one.
    private mutating func namespace() -> Bool {
        let start = place
        skipBlanks()
        guard place > start, take("xmlns=") else { return true }
        guard let quote = next, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return false }
        place += 1
        let text = bytes[place...].prefix { $0 != quote && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: "&") && $0 >= 0x20 }
        place += text.count
        guard next == quote else { return false }
        place += 1
        skipBlanks()
        return true
    }

    /// Passes elements, or a text.
    private mutating func content() -> Bool {
        let start = place
        skipBlanks()
        guard isAtElement else {
            place = start
            return text()
        }
        var names: Set<String> = []
        while isAtElement {
            guard let name = element(), names.insert(name).inserted else { return false }
            skipBlanks()
        }
        return true
    }

    private mutating func text() -> Bool {
        let range = place..<(bytes[place...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count)
        guard Self.decoded(bytes[range]) != nil else { return false }
        found.append(JSONStrings.Found(pointer: path.map { "/" + $0 }.joined(), range: range))
        place = range.upperBound
        return true
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private var isAtElement: Bool { next == UInt8(ascii: "<") && bytes.dropFirst(place + 1).first != UInt8(ascii: "/") }

    private mutating func take(_ word: StaticString) -> Bool {
        let text = word.description.utf8
        guard bytes[place...].starts(with: text) else { return false }
        place += text.count
        return true
    }

    private mutating func skipBlanks() { while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A { place += 1 } }
}
