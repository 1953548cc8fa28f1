/// What `Authorization` says of a signature, and where in it.
///
/// `AWS4-HMAC-SHA256 Credential=KEY/DAY/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=DIGITS`
struct SignatureText {
    static let algorithm = "AWS4-HMAC-SHA256"

    private let text: [UInt8]
    /// By the name of each part, where its value stands.
    private let parts: [String: Range<Int>]

    static let credential = "Credential"
    static let names = "SignedHeaders"
    static let signature = "Signature"

    /// Refuses every other algorithm, a part that is missing or there twice, and one that is not known.
    init(_ text: [UInt8]) throws(SignatureRefusal) {
        let word = text.prefix { $0 != 0x20 && $0 != UInt8(ascii: ",") }
        guard word.elementsEqual(Self.algorithm.utf8) else { throw .unsupported }
        var parts: [String: Range<Int>] = [:]
        var start = word.endIndex
        while start < text.endIndex {
            let end = text[start...].firstIndex(of: UInt8(ascii: ",")) ?? text.endIndex
            let piece = text[start..<end].drop { $0 == 0x20 }
            guard let equals = piece.firstIndex(of: UInt8(ascii: "=")) else { throw .malformed }
            let name = String(decoding: piece[..<equals], as: UTF8.self)
            let value = piece[(equals + 1)...]
            guard [Self.credential, Self.names, Self.signature].contains(name), parts[name] == nil, !value.contains(0x20) else { throw .malformed }
            parts[name] = value.indices
            start = end + 1
        }
        guard parts.count == 3, text.last != UInt8(ascii: ",") else { throw .malformed }
        (self.text, self.parts) = (text, parts)
    }

    subscript(part: String) -> [UInt8] { parts[part].map { Array(text[$0]) } ?? [] }

    /// The same with other values.
    func replacing(_ values: [String: [UInt8]]) -> [UInt8] {
        var replaced = text
        // From behind, so that what stands before keeps its place.
        for (name, range) in parts.sorted(by: { $0.value.lowerBound > $1.value.lowerBound }) {
            if let value = values[name] { replaced.replaceSubrange(range, with: value) }
        }
        return replaced
    }
}
