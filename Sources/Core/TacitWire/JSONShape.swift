import FoundationEssentials

/// The keys of a JSON text, without what they hold.
///
/// Foundation's decoder keeps one of two members of the same name without a word, so what was judged need not be what was sent. This reader goes over the
/// bytes once and refuses that; it also refuses what is nested too deep. Whether numbers and escapes are spelled right is the decoder's matter.
indirect enum JSONShape {
    case leaf
    case null
    case list([JSONShape])
    case object([String: JSONShape])

    /// How deep objects and lists may lie in each other.
    static let deepest = 32

    init(_ text: some Collection<UInt8>) throws(WireError) {
        var reader = Reader(Array(text))
        self = try reader.value(depth: 0)
        guard reader.next() == nil else { throw .notJSON }
    }

    /// The first key, in order, that `known` does not have in the same place, or that is null.
    func firstUnknownKey(against known: JSONShape, path: String = "") -> String? {
        switch (self, known) {
        case (.object(let given), .object(let members)):
            for (key, value) in given.sorted(by: { $0.key < $1.key }) {
                guard let member = members[key] else { return path + key }
                if let unknown = value.firstUnknownKey(against: member, path: path + key + ".") { return unknown }
            }
        case (.list(let given), .list(let elements)):
            for (value, element) in zip(given, elements) {
                if let unknown = value.firstUnknownKey(against: element, path: path) { return unknown }
            }
        case (.leaf, .leaf): break
        default: return String(path.dropLast())
        }
        return nil
    }

    private struct Reader {
        private let bytes: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        /// The next byte that is no blank, taken; nil at the end.
        mutating func next() -> UInt8? {
            while position < bytes.count {
                defer { position += 1 }
                if ![0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { return bytes[position] }
            }
            return nil
        }

        mutating func value(depth: Int) throws(WireError) -> JSONShape {
            guard depth <= deepest, let first = next() else { throw .notJSON }
            switch first {
            case UInt8(ascii: "{"): return .object(try members(depth: depth))
            case UInt8(ascii: "["): return .list(try elements(depth: depth))
            case UInt8(ascii: "\""):
                try skipString()
                return .leaf
            default:
                skipWord()
                return first == UInt8(ascii: "n") ? .null : .leaf
            }
        }

        private mutating func members(depth: Int) throws(WireError) -> [String: JSONShape] {
            var members: [String: JSONShape] = [:]
            guard var byte = next() else { throw .notJSON }
            if byte == UInt8(ascii: "}") { return members }
            while true {
                guard byte == UInt8(ascii: "\"") else { throw .notJSON }
                let key = try key()
                guard next() == UInt8(ascii: ":") else { throw .notJSON }
                guard members.updateValue(try value(depth: depth + 1), forKey: key) == nil else { throw .doubledField(key) }
                guard let separator = next() else { throw .notJSON }
                if separator == UInt8(ascii: "}") { return members }
                guard separator == UInt8(ascii: ","), let start = next() else { throw .notJSON }
                byte = start
            }
        }

        private mutating func elements(depth: Int) throws(WireError) -> [JSONShape] {
            var elements: [JSONShape] = []
            let start = position
            if next() == UInt8(ascii: "]") { return elements }
            position = start
            while true {
                elements.append(try value(depth: depth + 1))
                guard let separator = next() else { throw .notJSON }
                if separator == UInt8(ascii: "]") { return elements }
                guard separator == UInt8(ascii: ",") else { throw .notJSON }
            }
        }

        /// Goes to the end of a string whose opening quote was taken.
        private mutating func skipString() throws(WireError) {
            while position < bytes.count {
                defer { position += 1 }
                switch bytes[position] {
                case UInt8(ascii: "\""): return
                case UInt8(ascii: "\\"): position += 1
                default: break
                }
            }
            throw .notJSON
        }

        /// A key, however it is spelled.
        private mutating func key() throws(WireError) -> String {
            let start = position
            try skipString()
            let text = bytes[start..<(position - 1)]
            if text.contains(UInt8(ascii: "\\")) {
                guard let key = try? JSONDecoder().decode(String.self, from: Data(bytes[(start - 1)..<position])) else { throw .notJSON }
                return key
            }
            guard let key = String(validating: text, as: UTF8.self) else { throw .notJSON }
            return key
        }

        /// Goes to the end of a number or word.
        private mutating func skipWord() {
            while position < bytes.count, !Array(",]} \t\r\n".utf8).contains(bytes[position]) { position += 1 }
        }
    }
}
