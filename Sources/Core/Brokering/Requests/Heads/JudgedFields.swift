import HTTPTypes

/// Fields whose names and values are what they seem, in the order in which they came.
struct JudgedFields {
    let all: [JudgedField]

    init(_ head: ReceivedHead) throws(RequestRefusal) {
        try Self.checkSize(head.fields)
        let overHTTP2 = head.version.isHTTP2
        var all: [JudgedField] = []
        all.reserveCapacity(head.fields.count)
        for received in head.fields {
            let field = try JudgedField(received, overHTTP2: overHTTP2)
            if overHTTP2, field.meaning.contains(.refusedOverHTTP2) { throw .connectionField }
            if field.meaning.contains(.methodOverride) { throw .methodOverride }
            if field.meaning.contains(.routing) { throw .routingField }
            if field.isShadow { throw .fieldShadow }
            if field.meaning.contains(.single), all.contains(where: { $0.key == field.key }) { throw .fieldDuplicate }
            all.append(field)
        }
        self.all = all
    }

    /// Keeps within the limits, which are below those of `HTTPFields`.
    static func checkSize(_ fields: [ReceivedHead.Field]) throws(RequestRefusal) {
        guard fields.count <= HeadGuard.maximumFields else { throw .headTooLarge }
        let bytes = fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.count }
        guard bytes <= HeadGuard.maximumFieldBytes else { throw .headTooLarge }
    }

    /// The values of every field of a name that has a meaning.
    func values(of key: String) -> [[UInt8]] {
        var values: [[UInt8]] = []
        for field in all where !field.meaning.isEmpty && field.key == key { values.append(field.value) }
        return values
    }

    /// The elements of a list of tokens, in lower case, from every field of the name; nil when something else is among them.
    func tokens(of key: String) -> [String]? {
        var tokens: [String] = []
        for value in values(of: key) {
            for part in value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                let token = part.trimmingSpaces
                guard !token.isEmpty, token.allSatisfy({ $0.isTokenCharacter }) else { return nil }
                tokens.append(String(decoding: token.lowercasedBytes, as: UTF8.self))
            }
        }
        return tokens
    }
}

/// A field whose name is a token and whose value is one line.
struct JudgedField {
    let field: HTTPField
    let value: [UInt8]
    let meaning: FieldMeaning
    /// Whether the name is another spelling of one that has a meaning.
    let isShadow: Bool

    /// The name in lower case.
    var key: String { field.name.canonicalName }

    init(_ received: ReceivedHead.Field, overHTTP2: Bool) throws(RequestRefusal) {
        guard let name = HTTPField.Name(received.name), !overHTTP2 || received.name.utf8.allSatisfy({ !(0x41...0x5A).contains($0) }) else {
            throw .fieldName
        }
        guard Self.isLine(received.value) else { throw .fieldValue }
        value = received.value.hasSpacesAround ? Array(received.value[...].trimmingSpaces) : received.value
        // The value has nothing that the library would replace.
        field = HTTPField(name: name, value: value)
        if let folded = Self.folded(name.canonicalName) {
            meaning = .of(folded)
            isShadow = !meaning.isEmpty
        } else {
            meaning = .of(name.canonicalName)
            isShadow = false
        }
    }

    /// Whether a value is one line of text (RFC 9110 §5.5). A fold (a line end before a space) is none.
    ///
    /// The byte 0x85 ends a line in Latin-1, and to servers whose parser splits at every line end that their language knows (Python's, bpo-22233). A
    /// replacement character stands where some layer before could not read the bytes: what was there is lost, and the value is not what was sent.
    private static func isLine(_ value: [UInt8]) -> Bool {
        var isForeign = false
        for byte in value {
            if byte.isControl && byte != 0x09 || byte == 0x85 { return false }
            isForeign = isForeign || byte == 0xEF
        }
        return !isForeign || value.firstRange(of: [0xEF, 0xBF, 0xBD]) == nil
    }

    /// A name as servers that make variables of fields spell it, where that differs: CGI, WSGI and PHP know no difference between `-` and `_`, and
    /// some none between any two characters other than letters and digits.
    static func folded(_ key: String) -> String? {
        let isPlain = { (byte: UInt8) in byte.isLetter || byte.isDigit || byte == UInt8(ascii: "-") }
        guard !key.utf8.allSatisfy(isPlain) else { return nil }
        return String(decoding: key.utf8.map { isPlain($0) ? $0 : UInt8(ascii: "-") }, as: UTF8.self)
    }
}

extension RandomAccessCollection<UInt8> where SubSequence == ArraySlice<UInt8> {
    /// Whether spaces or tabs stand around the value, which belong to none (RFC 9112 §5.1).
    fileprivate var hasSpacesAround: Bool { first.map(Self.isSpace) == true || last.map(Self.isSpace) == true }

    fileprivate var trimmingSpaces: ArraySlice<UInt8> {
        var rest = drop(while: Self.isSpace)
        while let last = rest.last, Self.isSpace(last) { rest.removeLast() }
        return rest
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
