package import Model

/// Passes a body on as it comes, and stops before a token in it: tokens have no place there.
///
/// It keeps back no more than what may be the beginning of a token, so a body of any length takes no more memory than one token.
package struct BodyWatch: Sendable {
    private let tokens: SessionTokens
    private let refusesMethods: Bool
    private var held: [UInt8] = []
    /// The end of what has passed, in lower case, as long as a word may reach over it.
    private var tail: [UInt8] = []

    /// Why a body goes no further.
    package enum Stop: Sendable, Equatable {
        case token(GrantID)
        /// It names another method. What of it has passed is no whole body, and nobody acts on it.
        case method
    }

    /// - Parameter refusesMethods: whether a name by which frameworks take another method ends the body.
    package init(_ tokens: SessionTokens, refusingMethods refusesMethods: Bool = false) {
        self.tokens = tokens
        self.refusesMethods = refusesMethods
    }

    /// Appends what may go on; why nothing more may, if so: a token begins right behind it, or the body names another method.
    package mutating func pass(_ chunk: [UInt8], into output: inout [UInt8]) -> Stop? {
        if refusesMethods, hasMethod(in: chunk) { return .method }
        let text = held + chunk
        if let found = tokens.first(in: text) {
            output += text[..<found.range.lowerBound]
            held = []
            return .token(found.grant)
        }
        let kept = tokens.beginning(at: text)
        output += text.dropLast(kept)
        held = text.suffix(kept)
        return nil
    }

    private mutating func hasMethod(in chunk: [UInt8]) -> Bool {
        let text = tail + chunk.lowercasedBytes
        tail = text.suffix((MethodOverride.words.map(\.count).max() ?? 1) - 1)
        return MethodOverride.words.contains { text.firstRange(of: $0) != nil }
    }

    /// Appends what was kept back: the body ended, and it was no token.
    package mutating func finish(into output: inout [UInt8]) {
        output += held
        held = []
    }
}
