/// The compiled needles as they are lent for one call.
struct Lexicon {
    let index: PatternIndex
    let table: LexiconTable
    let traits: Traits

    /// What holds for all patterns together.
    struct Traits {
        let views: RedactionViews
        let landmarks: Landmarks
        /// How many letters a place must have behind it for its landmarks to have been seen; zero when there are none.
        private(set) var reach = 0
        /// Whether a pattern in some view has no landmarks.
        private(set) var hasRare = false
        /// Whether a pattern has landmarks, but none at its beginning.
        private(set) var hasLateLandmarks = false
        /// Whether a form may write `+` in some value.
        private let hasSpaces: Bool
        /// Whether a shell may write a quote inside quotes in some value.
        private let hasQuotes: Bool
        /// The bytes with which some value may begin in UTF-16: a bit for each.
        private var utf16Heads = InlineArray<4, UInt64>(repeating: 0)

        init(_ patterns: [Pattern], in bytes: LentBytes, views: RedactionViews) {
            self.views = views
            hasSpaces = (0..<bytes.count).contains { bytes[$0] == UInt8(ascii: " ") }
            hasQuotes = (0..<bytes.count).contains { bytes[$0] == UInt8(ascii: "'") }
            landmarks = Self.landmarks(for: patterns, in: bytes, views)
            for pattern in patterns {
                let whole = bytes.slice(pattern.offset..<pattern.end)
                guard pattern.length >= Pattern.shortestEncoded else {
                    hasRare = true
                    continue
                }
                var farthest = 0
                let lacks = landmarks.forEach(of: whole, views) { farthest = max(farthest, $1) }
                if lacks.contains(.plainHead) { hasLateLandmarks = true }
                if !lacks.isDisjoint(with: [.plain, .base64, .hex]) { hasRare = true }
                if farthest > 0 { reach = max(reach, farthest + landmarks.length + landmarks.stride) }
                for unit in String(decoding: (0..<min(4, whole.count)).map { whole[$0] }, as: UTF8.self).utf16.prefix(1) {
                    for byte in [unit & 255, unit >> 8] { utf16Heads[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
                }
            }
        }

        /// The farthest apart of those that serve every pattern best.
        private static func landmarks(for patterns: [Pattern], in bytes: LentBytes, _ views: RedactionViews) -> Landmarks {
            var best = Landmarks.sparse
            for pattern in patterns where pattern.length >= Pattern.shortestEncoded {
                let whole = bytes.slice(pattern.offset..<pattern.end)
                if best.stride == Landmarks.sparse.stride, !best.lacks(whole, views).isEmpty { best = .usual }
                guard best.stride == Landmarks.usual.stride, case let lacks = best.lacks(whole, views), !lacks.isEmpty else { continue }
                if Landmarks.dense.lacks(whole, views) != lacks { return .dense }
            }
            return best
        }

        func mayBeginUTF16(_ byte: UInt8) -> Bool { utf16Heads[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }

        /// Whether an escape that begins with a byte could stand for something in a value.
        func maySpell(_ lead: UInt8) -> Bool {
            guard views.contains(.escapes) else { return false }
            return lead == UInt8(ascii: "+") ? hasSpaces : lead == UInt8(ascii: "'") ? hasQuotes : true
        }
    }

    /// Whether an escape may begin at a place.
    func mayBeginEscape(at place: Int, in text: LentBytes) -> Bool {
        EscapeLead.stands(at: place, in: text) && traits.maySpell(text[place])
    }

    /// Whether the bytes of a range are not all what they look like.
    func hasTurn(in range: Range<Int>, of text: LentBytes) -> Bool {
        range.contains { place in
            table.beginning(text[place]).contains(.turn)
                && (mayBeginEscape(at: place, in: text) || EscapeLead.beginsGap(at: place, in: text))
        }
    }
}
