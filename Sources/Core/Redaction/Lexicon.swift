/// The compiled needles as they are lent for one call.
struct Lexicon {
    let index: PatternIndex
    let filter: WindowFilter
    let traits: Traits

    /// What makes some spellings needless to look for.
    struct Traits {
        /// Whether a form may write `+` in some value.
        let hasSpaces: Bool
        /// Whether some value may be written as escapes of bytes above 127.
        let hasHighBytes: Bool
        /// Whether some pattern has exactly the shortest length that is looked for in every view: no window stands for it when it is escaped.
        let hasShortestEncoded: Bool

        /// Whether some pattern is that short or shorter, so that its first byte must be watched for.
        let hasShortPatterns: Bool

        init(_ patterns: [Pattern], in bytes: LentBytes) {
            hasSpaces = (0..<bytes.count).contains { bytes[$0] == UInt8(ascii: " ") }
            hasHighBytes = (0..<bytes.count).contains { bytes[$0] >= 0x80 }
            hasShortPatterns = patterns.contains { $0.length <= Pattern.shortestEncoded }
            hasShortestEncoded = patterns.contains { $0.length == Pattern.shortestEncoded }
        }
    }
}
