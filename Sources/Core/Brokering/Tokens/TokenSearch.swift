/// Looks through a stream, as of a file, for texts that could be fake tokens, in whatever pieces it comes.
package struct TokenSearch {
    /// More than so many are told of no stream.
    package static let most = 256
    /// A stretch without an end goes on for so long until it is looked at.
    private static let longest = 8 * TokenCandidates.lengths.upperBound

    private var candidates = TokenCandidates(most: most)
    /// What was not looked through yet, in which a stretch may go on.
    private var rest: [UInt8] = []

    package init() {}

    /// Takes the next bytes.
    package mutating func search(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe rest.append(contentsOf: $0) }
        let kinds = TokenCandidates.kinds
        if let last = rest.lastIndex(where: { kinds[Int($0)] == .other }) {
            candidates.look(through: rest[..<last])
            rest.removeFirst(last + 1)
        }
        if rest.count > Self.longest {
            candidates.look(through: rest[...])
            rest.removeFirst(rest.count - TokenCandidates.lengths.upperBound)
        }
    }

    /// The texts, each once, when the stream has ended.
    package mutating func finish() -> [[UInt8]] {
        candidates.look(through: rest[...])
        rest = []
        return candidates.texts
    }
}
