/// The signatures of one key over the chunks of a body, each over the one before (Amazon S3, "Transferring payload in multiple chunks").
struct ChunkSignatures: Sendable {
    private let key: SigningKey
    private let time: SigningTime
    private let scope: SigningScope
    /// That of the chunk before; of the head before the first.
    private var previous: [UInt8]

    init(_ key: SigningKey, _ time: SigningTime, _ scope: SigningScope, after seed: [UInt8]) {
        (self.key, self.time, self.scope, previous) = (key, time, scope, seed)
    }

    /// The signature of the next chunk.
    mutating func sign(chunk: [UInt8]) -> [UInt8] { sign(chunkText(chunk)) }

    /// That of the fields behind the last chunk.
    mutating func sign(trailers: [UInt8]) -> [UInt8] { sign(trailerText(trailers)) }

    /// Whether this is the signature of the next chunk; it is the one before, then.
    mutating func check(_ signature: [UInt8], ofChunk chunk: [UInt8]) -> Bool { check(signature, chunkText(chunk)) }

    mutating func check(_ signature: [UInt8], ofTrailers trailers: [UInt8]) -> Bool { check(signature, trailerText(trailers)) }

    private mutating func sign(_ text: String) -> [UInt8] {
        previous = key.signature(over: text)
        return previous
    }

    private mutating func check(_ signature: [UInt8], _ text: String) -> Bool {
        guard key.isSignature(signature, over: text) else { return false }
        previous = signature
        return true
    }

    private func chunkText(_ chunk: [UInt8]) -> String {
        text("AWS4-HMAC-SHA256-PAYLOAD", "\(BodyDigest.ofNothing)\n\(BodyDigest.of(chunk))")
    }

    private func trailerText(_ trailers: [UInt8]) -> String { text("AWS4-HMAC-SHA256-TRAILER", BodyDigest.of(trailers)) }

    private func text(_ kind: String, _ digests: String) -> String {
        "\(kind)\n\(time.text)\n\(scope.text)\n\(String(decoding: previous, as: UTF8.self))\n\(digests)"
    }
}
