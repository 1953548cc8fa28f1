/// A body whose digest was signed, on its way: its end goes on once the digest is right, and without its end it is no body.
package struct DigestedBody: Sendable {
    private let digest: String
    private var coming = BodyDigest()
    private var held: [UInt8] = []

    /// Nil where the signature names no digest.
    package init?(_ payload: SignedPayload) {
        guard case .digest(let digest) = payload else { return nil }
        self.digest = digest
    }

    /// Takes bytes of the body and appends those that came before.
    package mutating func pass(_ bytes: [UInt8], into output: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        coming.take(bytes)
        output += held
        held = bytes
    }

    /// Appends the end of the body.
    package mutating func finish(into output: inout [UInt8]) throws(SignatureRefusal) {
        guard coming.text == digest else { throw .body }
        output += held
        held = []
    }
}
