/// The texts in a JSON document (RFC 8259), each with its pointer (RFC 6901) and where it stands.
///
/// It is no parser: nothing is built, and the document stays as it is, byte by byte. What it does not understand to the last byte it does not vouch for.
struct JSONStrings {
    /// Deeper documents are refused: no API asks for them, and readers differ in how deep they look.
    static let maximumDepth = 64

    /// A text that is a value, not a name.
    struct Found: Equatable {
        let pointer: String
        /// Its bytes between the quotes.
        let range: Range<Int>
        /// False for a number, whose bytes these are.
        var isText = true
    }

    private let bytes: [UInt8]
    private let length: Int
    private let takesNumbers: Bool
    private var place = 0
    /// The steps to where it is, each as a pointer writes it.
    private var path: [[UInt8]] = []
    private var pathByteCount = 0
    private var found: [Found] = []
    /// The values of the outermost object's members.
    private var members: [String: ArraySlice<UInt8>] = [:]

    /// The texts of at least so many bytes, as they are written, that a rule could name: by a pointer of printable ASCII, not longer than rules have it.
    ///
    /// Nil unless the whole is one JSON text, without a name twice in an object: of two values readers take the one or the other.
    static func all(in bytes: [UInt8], ofAtLeast length: Int = 0) -> [Found]? {
        JSONStrings(bytes: bytes, length: length).read()
    }

    /// As `all`, and the numbers.
    static func scalars(in bytes: [UInt8]) -> [Found]? { JSONStrings(bytes: bytes, length: 0, takesNumbers: true).read() }

    /// The values of the members of an object, as they are written, by their names; nil where the whole is no object.
    static func members(in bytes: [UInt8]) -> [String: ArraySlice<UInt8>]? {
        var strings = JSONStrings(bytes: bytes, length: .max)
        strings.skipBlanks()
        guard strings.next == UInt8(ascii: "{"), strings.value(), strings.isAtEnd() else { return nil }
        return strings.members
    }

    private init(bytes: [UInt8], length: Int, takesNumbers: Bool = false) {
        (self.bytes, self.length, self.takesNumbers) = (bytes, length, takesNumbers)
    }

    private consuming func read() -> [Found]? {
        var strings = self
        guard strings.value(), strings.isAtEnd() else { return nil }
        return strings.found
    }

    private mutating func value() -> Bool {
        skipBlanks()
        switch next {
        case UInt8(ascii: "{"): return members(closedBy: UInt8(ascii: "}"), Self.member)
        case UInt8(ascii: "["): return members(closedBy: UInt8(ascii: "]"), Self.element)
        case UInt8(ascii: "\""):
            guard let range = text() else { return false }
            if range.count >= length, let pointer { found.append(Found(pointer: pointer, range: range)) }
            return true
        case UInt8(ascii: "t"): return take("true")
        case UInt8(ascii: "f"): return take("false")
        case UInt8(ascii: "n"): return take("null")
        default:
            let start = place
            guard number() else { return false }
            if takesNumbers, let pointer { found.append(Found(pointer: pointer, range: start..<place, isText: false)) }
            return true
        }
    }

    private static let longestPointer = 256

    /// The pointer to where it is; nil for one that no rule has. Most texts are never asked for it: a long one would be written out for each.
    private var pointer: String? {
        guard pathByteCount + path.count <= Self.longestPointer, path.allSatisfy({ $0.allSatisfy { (0x20...0x7E).contains($0) } }) else { return nil }
        return path.map { "/" + String(decoding: $0, as: UTF8.self) }.joined()
    }

    private mutating func enter(_ step: [UInt8]) {
        path.append(step)
        pathByteCount += step.count
    }

    private mutating func leave() { pathByteCount -= path.removeLast().count }

    /// What one level of the document has been found to have so far.
    private struct Level {
        var names: Set<[UInt8]> = []
        var count = 0
    }

    private mutating func members(closedBy end: UInt8, _ member: (inout JSONStrings, inout Level) -> Bool) -> Bool {
        guard path.count < Self.maximumDepth else { return false }
        place += 1
        skipBlanks()
        if take(end) { return true }
        var level = Level()
        while true {
            guard member(&self, &level) else { return false }
            leave()
            skipBlanks()
            if take(end) { return true }
            guard take(UInt8(ascii: ",")) else { return false }
        }
    }

    private static func member(_ strings: inout JSONStrings, _ level: inout Level) -> Bool {
        strings.skipBlanks()
        guard strings.next == UInt8(ascii: "\""), let range = strings.text(),
            let name = JSONTexts.decoded(strings.bytes[range]), level.names.insert(name).inserted
        else { return false }
        strings.skipBlanks()
        guard strings.take(UInt8(ascii: ":")) else { return false }
        strings.enter(escaped(name))
        strings.skipBlanks()
        let start = strings.place
        guard strings.value() else { return false }
        if strings.path.count == 1 { strings.members[String(decoding: name, as: UTF8.self)] = strings.bytes[start..<strings.place] }
        return true
    }

    private static func element(_ strings: inout JSONStrings, _ level: inout Level) -> Bool {
        strings.enter(Array("\(level.count)".utf8))
        level.count += 1
        return strings.value()
    }

    private static func escaped(_ name: [UInt8]) -> [UInt8] {
        name.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "~"): Array("~0".utf8)
            case UInt8(ascii: "/"): Array("~1".utf8)
            default: [byte]
            }
        }
    }

    /// Passes a text; its range between the quotes.
    private mutating func text() -> Range<Int>? {
        place += 1
        let start = place
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                let range = start..<(place - 1)
                return JSONTexts.decoded(bytes[range]) == nil ? nil : range
            case UInt8(ascii: "\\"): place += 2
            default: place += 1
            }
        }
        return nil
    }

    private mutating func number() -> Bool {
        _ = take(UInt8(ascii: "-"))
        guard take(UInt8(ascii: "0")) || digits() else { return false }
        if take(UInt8(ascii: ".")), !digits() { return false }
        guard take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) else { return true }
        _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
        return digits()
    }

    private mutating func digits() -> Bool {
        let start = place
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
        return place > start
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        place += 1
        return true
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let text = word.description.utf8
        guard bytes[place...].starts(with: text) else { return false }
        place += text.count
        return true
    }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { place += 1 }
    }

    private mutating func isAtEnd() -> Bool {
        skipBlanks()
        return place == bytes.count
    }
}
