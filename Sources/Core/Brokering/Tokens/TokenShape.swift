/// What a fake token looks like, so that a client's own check of what it was given passes.
///
/// A shape says nothing of a value but which kind of credential it is: its length and fixed text are the kind's, from the provider's documentation, and
/// everything else is drawn. A shape is part of a stored grant by its name: what it makes must stay the same, so a change gets a new name.
package struct TokenShape: Sendable, Equatable, CustomStringConvertible {
    /// What a token of this shape does for the one who shows it.
    package enum Role: Sendable, Equatable {
        /// It lets in: nobody may guess it.
        case authenticates
        /// It names who asks, beside something else that lets in: it may be short, and everybody may know it.
        case identifies
    }

    /// A token that lets in has at least so many drawn bits.
    package static let enoughBits = 96

    /// Unique among shapes; stored with a grant.
    package let name: String
    package let role: Role
    let parts: [TokenPart]
    /// How a value of this kind begins; empty where only its whole form tells.
    let marks: [String]

    init(_ name: String, _ parts: TokenPart..., role: Role = .authenticates, marks: [String]? = nil) {
        self.name = name
        self.role = role
        self.parts = parts
        if let marks {
            self.marks = marks
        } else if case .text(let text)? = parts.first {
            self.marks = [text]
        } else {
            self.marks = []
        }
    }

    package var description: String { name }

    /// The bits that are drawn for a token, rounded down.
    package var bits: Int { parts.reduce(0) { $0 + $1.centibits } / 100 }

    /// Whether a token of this shape may stand for a value: what lets in is beyond guessing.
    package var isStrong: Bool { role == .identifies || bits >= Self.enoughBits }
}

extension TokenShape {
    /// The form for what has no shape of its own, and for a provider on request: `tacit_openai_…`.
    ///
    /// Nil unless the provider is 1 to 24 small letters and digits.
    package static func neutral(provider: String? = nil) -> TokenShape? {
        guard let provider else { return neutral }
        let isPlain = (1...24).contains(provider.utf8.count) && provider.utf8.allSatisfy(TokenAlphabet.base36.contains)
        return isPlain ? TokenShape("tacit-\(provider)", .text("tacit_\(provider)_"), .base62(32)) : nil
    }

    static let neutral = TokenShape("tacit", "tacit_", .base62(32))
}
