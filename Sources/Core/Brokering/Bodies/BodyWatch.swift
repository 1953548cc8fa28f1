package import Model

/// Passes a body on as it comes, and stops before a token in it: tokens have no place there.
///
/// It keeps back no more than what may be the beginning of a token, so a body of any length takes no more memory than one token.
package struct BodyWatch: Sendable {
    private let tokens: SessionTokens
    private var held: [UInt8] = []

    package init(_ tokens: SessionTokens) { self.tokens = tokens }

    /// Appends what may go on; the grant of a token that begins right behind it, and then nothing more may go.
    package mutating func pass(_ chunk: [UInt8], into output: inout [UInt8]) -> GrantID? {
        let text = held + chunk
        if let found = tokens.first(in: text) {
            output += text[..<found.range.lowerBound]
            held = []
            return found.grant
        }
        let kept = tokens.beginning(at: text)
        output += text.dropLast(kept)
        held = text.suffix(kept)
        return nil
    }

    /// Appends what was kept back: the body ended, and it was no token.
    package mutating func finish(into output: inout [UInt8]) {
        output += held
        held = []
    }
}
