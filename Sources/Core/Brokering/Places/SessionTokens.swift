package import Model

/// The live fake tokens of one session, and where they stand in a text.
package struct SessionTokens: Sendable {
    private let grants: [[UInt8]: GrantID]
    /// Those whose tokens authenticate.
    private let credentials: Set<GrantID>
    /// The last eight bytes of each token: the first ones are a provider's, and stand in many texts.
    private let ends: [UInt64: [[UInt8]]]
    /// One bit for each of those ends, so that nearly every place of a text is passed with one look.
    private let marks: [UInt64]
    /// Those of them that programs sign with, pair by pair.
    let signers: [SessionSigner]

    /// What does not authenticate: the names of keys.
    private static let publicShapes = TokenShape.registry.filter { $0.role == .identifies }
    private static let endLength = 8
    private static let markCount = 64

    /// Takes each grant's token, and which of them sign together. One shorter than eight bytes is no token.
    package init(_ tokens: [GrantID: FakeToken], signing pairs: [SigningGrants] = []) {
        var grants: [[UInt8]: GrantID] = [:]
        var ends: [UInt64: [[UInt8]]] = [:]
        var marks = [UInt64](repeating: 0, count: Self.markCount)
        for (grant, token) in tokens {
            let bytes = Array(token.text.utf8)
            precondition(bytes.count >= Self.endLength, "internal: a fake token is shorter than any shape makes it")
            grants[bytes] = grant
            let end = bytes.suffix(Self.endLength).reduce(0) { $0 << 8 | UInt64($1) }
            ends[end, default: []].append(bytes)
            let bit = Self.bit(of: end)
            marks[bit >> 6] |= 1 << UInt64(bit & 63)
        }
        (self.grants, self.ends, self.marks) = (grants, ends, marks)
        credentials = Set(grants.filter { text, _ in !Self.publicShapes.contains { $0.isForm(of: text) } }.values)
        signers = pairs.compactMap { SessionSigner($0, tokens) }
    }

    /// How long the shortest token is: nothing shorter is one, however it is written.
    var shortest: Int { grants.keys.map(\.count).min() ?? .max }

    /// How long the longest token is.
    var longest: Int { grants.keys.map(\.count).max() ?? 0 }

    /// The grant whose token this is, from its first byte to its last.
    package func grant(of text: some Collection<UInt8>) -> GrantID? { grants[Array(text)] }

    /// Whether who shows a token of this session has shown a credential. The name of an AWS key is none: it is public, and could be guessed.
    package func isCredential(_ grant: GrantID) -> Bool { credentials.contains(grant) }

    /// The grants whose tokens stand anywhere in a text, once for each time, in the order of their ends.
    package func grants(in text: some Collection<UInt8>) -> [GrantID] {
        var found: [GrantID] = []
        search(Array(text)) { grant, _ in
            found.append(grant)
            return true
        }
        return found
    }

    /// The token that ends first in a text.
    func first(in text: [UInt8]) -> (grant: GrantID, range: Range<Int>)? {
        var first: (GrantID, Range<Int>)?
        search(text) { grant, range in
            first = (grant, range)
            return false
        }
        return first
    }

    /// How many bytes at a text's end may be the beginning of a token.
    func beginning(at text: [UInt8]) -> Int {
        grants.keys.reduce(0) { longest, token in
            var count = min(token.count - 1, text.count)
            while count > longest, !text.suffix(count).elementsEqual(token.prefix(count)) { count -= 1 }
            return max(longest, count)
        }
    }

    /// Gives each token with its range until it is told to stop.
    private func search(_ text: [UInt8], _ found: (GrantID, Range<Int>) -> Bool) {
        var window: UInt64 = 0
        for index in text.indices {
            window = window << 8 | UInt64(text[index])
            guard index >= Self.endLength - 1, isMarked(window), let candidates = ends[window] else { continue }
            for token in candidates where text[...index].hasSuffix(token) {
                if let grant = grants[token], !found(grant, (index + 1 - token.count)..<(index + 1)) { return }
            }
        }
    }

    private func isMarked(_ end: UInt64) -> Bool {
        let bit = Self.bit(of: end)
        return marks[bit >> 6] >> UInt64(bit & 63) & 1 == 1
    }

    /// Twelve bits of a product, which depend on all eight bytes.
    private static func bit(of end: UInt64) -> Int { Int((end &* 0x9E37_79B9_7F4A_7C15) >> 52) }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ other: [UInt8]) -> Bool { suffix(other.count).elementsEqual(other) }
}
