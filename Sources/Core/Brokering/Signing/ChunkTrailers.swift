/// The fields behind the last chunk of a body, line by line.
struct ChunkTrailers: Sendable {
    /// What the last of them says where chunks are signed.
    static let signatureName = "x-amz-trailer-signature"
    /// More than any checksum needs.
    static let maximumBytes = 8 << 10

    /// The lines as they came, without the signature.
    private(set) var lines: [UInt8] = []
    private(set) var signature: [UInt8]?
    private var names: [String] = []
    /// As they are signed: each name, a colon, the value, a line feed.
    private(set) var canonical: [UInt8] = []

    /// Takes one line without its end.
    mutating func take(_ line: [UInt8], isSigned: Bool) throws(SignatureRefusal) {
        guard signature == nil, lines.count + line.count <= Self.maximumBytes, let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            throw .trailer
        }
        let name = String(decoding: line[..<colon].lowercasedBytes, as: UTF8.self)
        let value = Array(line[(colon + 1)...]).trimmed
        guard line[..<colon].allSatisfy(\.isTokenCharacter), colon > 0, !value.contains(where: \.isControl) else { throw .trailer }
        if name == Self.signatureName {
            guard isSigned, BodyDigest.isDigest(value) else { throw .trailer }
            signature = value
            return
        }
        // In the order of their names, so that what is signed does not depend on who sorts.
        guard names.last.map({ $0.utf8.lexicographicallyPrecedes(name.utf8) }) ?? true else { throw .trailer }
        names.append(name)
        lines += line + Array("\r\n".utf8)
        canonical += Array("\(name):".utf8) + value + [UInt8(ascii: "\n")]
    }

    /// Whether all that was announced is there, and nothing else.
    func isComplete(_ announced: [String], isSigned: Bool) -> Bool {
        names.count == announced.count && Set(names) == Set(announced) && (signature != nil) == isSigned
    }
}
