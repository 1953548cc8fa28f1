/// The parameters of a query as a signature covers them, one by one as they are written.
struct SignedQuery {
    /// Each with its name and value as they are on the wire.
    private(set) var pairs: [(name: [UInt8], value: [UInt8], hasEquals: Bool)]

    /// The parameters by which an address says how it is signed.
    enum Part: String, CaseIterable {
        case algorithm = "X-Amz-Algorithm"
        case credential = "X-Amz-Credential"
        case date = "X-Amz-Date"
        case life = "X-Amz-Expires"
        case names = "X-Amz-SignedHeaders"
        case signature = "X-Amz-Signature"
        case token = "X-Amz-Security-Token"
        case digest = "X-Amz-Content-Sha256"
    }

    /// Refuses what services read in different ways: a plus sign is a space to some, an empty parameter nothing to some, and a name is found in any case.
    init(_ query: [UInt8]?) throws(SignatureRefusal) {
        pairs = []
        guard let query, !query.isEmpty else { return }
        for piece in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            guard !piece.isEmpty, !piece.contains(UInt8(ascii: "+")), PercentEscapes.decoded(piece, plusIsSpace: false) != nil else { throw .query }
            let equals = piece.firstIndex(of: UInt8(ascii: "="))
            let name = Array(piece[..<(equals ?? piece.endIndex)])
            try Self.check(name)
            pairs.append((name, equals.map { Array(piece[($0 + 1)...]) } ?? [], equals != nil))
        }
        for part in Part.allCases where pairs.count(where: { $0.name.elementsEqual(part.rawValue.utf8) }) > 1 { throw .twice }
    }

    private static let partNames = Set(Part.allCases.map { $0.rawValue.lowercased() })

    /// A name that somebody could take for a part of the signature is one, exactly.
    private static func check(_ name: [UInt8]) throws(SignatureRefusal) {
        let decoded = PercentEscapes.decoded(name[...], plusIsSpace: false) ?? []
        guard partNames.contains(String(decoding: decoded.lowercasedBytes, as: UTF8.self)) else { return }
        guard Part(rawValue: String(decoding: name, as: UTF8.self)) != nil else { throw .query }
    }

    /// What a part says, without escapes; nil where it is not there.
    subscript(part: Part) -> [UInt8]? {
        pairs.first { $0.name.elementsEqual(part.rawValue.utf8) }.flatMap { PercentEscapes.decoded($0.value[...], plusIsSpace: false) }
    }

    /// Whether any of it says that the address is signed.
    var isSigned: Bool { [Part.algorithm, .credential, .signature].contains { self[$0] != nil } }

    /// Puts a value in the place of a part's, before the signature where there is none; nil takes the part away.
    mutating func set(_ part: Part, _ value: [UInt8]?) {
        let index = pairs.firstIndex { $0.name.elementsEqual(part.rawValue.utf8) }
        guard let value else {
            if let index { pairs.remove(at: index) }
            return
        }
        var escaped: [UInt8] = []
        PercentEscapes.encode(value, into: &escaped)
        if let index {
            pairs[index].value = escaped
        } else {
            let end = pairs.firstIndex { $0.name.elementsEqual(Part.signature.rawValue.utf8) } ?? pairs.endIndex
            pairs.insert((Array(part.rawValue.utf8), escaped, true), at: end)
        }
    }

    /// As it is on the wire.
    var bytes: [UInt8] {
        Array(pairs.map { $0.hasEquals ? $0.name + [UInt8(ascii: "=")] + $0.value : $0.name }.joined(separator: [UInt8(ascii: "&")]))
    }

    /// As it is signed: each name and value with the same escapes, in the order of their bytes, without the signature itself.
    var canonical: [UInt8] {
        let signed = pairs.filter { !$0.name.elementsEqual(Part.signature.rawValue.utf8) }.map { (Self.canonical($0.name), Self.canonical($0.value)) }
        let sorted = signed.sorted { left, right in
            left.0 == right.0 ? left.1.lexicographicallyPrecedes(right.1) : left.0.lexicographicallyPrecedes(right.0)
        }
        return Array(sorted.map { $0.0 + [UInt8(ascii: "=")] + $0.1 }.joined(separator: [UInt8(ascii: "&")]))
    }

    private static func canonical(_ text: [UInt8]) -> [UInt8] {
        var escaped: [UInt8] = []
        PercentEscapes.encode(PercentEscapes.decoded(text[...], plusIsSpace: false) ?? [], into: &escaped)
        return escaped
    }
}
