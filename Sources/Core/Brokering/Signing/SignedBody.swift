/// What a signature says of a body that streams behind it, as that passes.
enum SignedBody: Sendable {
    case plain
    case digested(DigestedBody)
    case chunked(ChunkedBody)

    /// For a claim that was checked, and what it became.
    init(_ claim: SignatureClaim, _ pair: SigningPair, _ resigned: SignatureClaim.Resigned) {
        if let chunks = ChunkedBody(claim, shownBy: pair, resigned) {
            self = .chunked(chunks)
        } else if let digested = DigestedBody(claim.payload) {
            self = .digested(digested)
        } else {
            self = .plain
        }
    }
}
