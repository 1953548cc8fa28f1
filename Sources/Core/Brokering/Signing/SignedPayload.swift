/// What a signature says of the body behind it.
package enum SignedPayload: Sendable, Equatable {
    /// Its digest stands in the head.
    case digest(String)
    /// Its digest is signed and stands nowhere: without the whole body nobody can say whether the signature holds.
    case whole
    /// Nothing: who reads the body relies on the connection, or on a checksum.
    case unsigned
    /// It comes in chunks, each with its signature or none, perhaps with fields behind them.
    case chunks(ChunkForm)

    /// The forms in which a body comes in chunks (`aws-chunked`).
    package struct ChunkForm: Sendable, Equatable {
        package let isSigned: Bool
        /// The names of the fields behind the last chunk, which the head announces; nil where none follow.
        package let trailers: [String]?
        /// How long the body is without what frames it.
        package let byteCount: Int64
    }

    private static let unsignedWord = "UNSIGNED-PAYLOAD"
    private static let chunkWords: [String: (isSigned: Bool, hasTrailers: Bool)] = [
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": (true, false), "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": (true, true),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER": (false, true),
    ]

    /// Reads what a head says of its body.
    ///
    /// - Parameter inQuery: the digest that an address says, where the signature stands in it.
    init(_ head: SignableHead, inQuery: [UInt8]?, isAddress: Bool, _ scope: SigningScope) throws(SignatureRefusal) {
        let field = try head.value(of: "x-amz-content-sha256")
        guard field == nil || inQuery == nil else { throw .twice }
        guard let said = field ?? inQuery else {
            // A service other than Amazon S3 reads the body before the signature; S3 wants the digest, and none in an address.
            guard isAddress || !scope.isStorage else { throw .payload }
            self = scope.isStorage ? .unsigned : .whole
            try Self.check(self, head)
            return
        }
        let text = String(decoding: said, as: UTF8.self)
        if BodyDigest.isDigest(said) {
            self = .digest(text)
        } else if text == Self.unsignedWord {
            self = .unsigned
        } else if let form = Self.chunkWords[text] {
            guard !isAddress else { throw .payload }
            self = .chunks(
                ChunkForm(
                    isSigned: form.isSigned, trailers: form.hasTrailers ? try Self.trailers(head) : nil, byteCount: try Self.byteCount(head)))
        } else {
            throw text.hasPrefix("STREAMING-") ? .unsupported : .payload
        }
        try Self.check(self, head)
    }

    /// A body that is said to be in chunks in one place and not in another is two bodies.
    private static func check(_ payload: SignedPayload, _ head: SignableHead) throws(SignatureRefusal) {
        let codings = head.values(of: "content-encoding").flatMap { $0.split(separator: UInt8(ascii: ",")) }
        let isCoded = codings.contains { Array($0).trimmed.lowercasedBytes.elementsEqual(chunkCoding.utf8) }
        switch payload {
        case .chunks(let form):
            guard form.trailers != nil || head.values(of: "x-amz-trailer").isEmpty else { throw .payload }
        case .digest, .whole, .unsigned:
            guard !isCoded, head.values(of: "x-amz-trailer").isEmpty, head.values(of: "x-amz-decoded-content-length").isEmpty else { throw .payload }
        }
    }

    /// What Content-Encoding calls such chunks.
    static let chunkCoding = "aws-chunked"

    private static func trailers(_ head: SignableHead) throws(SignatureRefusal) -> [String] {
        guard let value = try head.value(of: "x-amz-trailer") else { throw .payload }
        let names = value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { Array($0).trimmed.lowercasedBytes }
        guard names.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isTokenCharacter } }) else { throw .payload }
        let texts = names.map { String(decoding: $0, as: UTF8.self) }
        // A field behind a body that would change what was judged before it.
        guard Set(texts).count == texts.count, texts.allSatisfy({ FieldMeaning.mayFollowBody($0) && $0 != ChunkTrailers.signatureName }) else {
            throw .payload
        }
        return texts
    }

    private static func byteCount(_ head: SignableHead) throws(SignatureRefusal) -> Int64 {
        guard let digits = try head.value(of: "x-amz-decoded-content-length"), (1...18).contains(digits.count), digits.allSatisfy(\.isDigit),
            digits.count == 1 || digits[0] != UInt8(ascii: "0"), let count = Int64(String(decoding: digits, as: UTF8.self))
        else { throw .payload }
        return count
    }

    /// The last line of what is signed; nil where it is the digest of a body that has to be read.
    var line: String? {
        switch self {
        case .digest(let digest): digest
        case .whole: nil
        case .unsigned: Self.unsignedWord
        case .chunks(let form):
            Self.chunkWords.first { $0.value == (form.isSigned, form.trailers != nil) }?.key
        }
    }
}
