/// The compiled needles as they are lent for one call.
struct Lexicon {
    let index: PatternIndex
    let filter: WindowFilter
    let traits: Traits

    /// What makes some spellings needless to look for.
    struct Traits {
        let views: RedactionViews
        /// Whether a form may write `+` in some value.
        let hasSpaces: Bool
        /// Whether some value has a blank, which could be taken for the indentation of a line.
        let hasBlanks: Bool
        /// Whether a shell may write a quote inside quotes in some value.
        let hasQuotes: Bool
        /// Whether some pattern has exactly the shortest length that is looked for in every view: no window stands for it when it is escaped.
        let hasShortestEncoded: Bool
        /// Whether some pattern is that short or shorter, so that its first byte must be watched for.
        let hasShortPatterns: Bool
        /// The bytes with which some value may begin in UTF-16: a bit for each.
        private var utf16Heads = InlineArray<4, UInt64>(repeating: 0)
        /// At how many places in a row a value may begin for one look at their windows: one to four.
        let stride: Int

        init(_ patterns: [Pattern], in bytes: LentBytes, views: RedactionViews) {
            self.views = views
            hasSpaces = (0..<bytes.count).contains { bytes[$0] == UInt8(ascii: " ") }
            hasBlanks = (0..<bytes.count).contains { bytes[$0].isBlank }
            hasQuotes = (0..<bytes.count).contains { bytes[$0] == UInt8(ascii: "'") }
            hasShortPatterns = patterns.contains { $0.length <= Pattern.shortestEncoded }
            hasShortestEncoded = patterns.contains { $0.length == Pattern.shortestEncoded }
            let shortest = patterns.map(\.length).filter { $0 >= Pattern.shortestEncoded }.min() ?? .max
            for pattern in patterns where pattern.length >= Pattern.shortestEncoded {
                let head = (0..<min(4, pattern.length)).map { bytes[pattern.offset + $0] }
                for unit in String(decoding: head, as: UTF8.self).utf16.prefix(1) {
                    for byte in [unit & 255, unit >> 8] { utf16Heads[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
                }
            }
            stride = min(max(shortest - Pattern.shortestEncoded, 1), WindowFilter.longestStride)
        }

        func mayBeginUTF16(_ byte: UInt8) -> Bool { utf16Heads[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }
    }
}
