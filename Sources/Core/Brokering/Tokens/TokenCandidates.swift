/// Texts in a request's head that could be fake tokens of another session: a broker knows its own alone, and whoever has the index knows the others.
enum TokenCandidates {
    /// More than so many are told of no request.
    static let most = 16
    private static let lengths = 20...512

    /// Each text in path, query and fields that has the form of some shape's tokens, once.
    static func texts(inTarget target: [UInt8], fields: some Sequence<[UInt8]>) -> [[UInt8]] {
        var found: [[UInt8]] = []
        collect(from: target.contains(UInt8(ascii: "%")) ? PercentEscapes.decoded(target[...], plusIsSpace: true) ?? target : target, into: &found)
        for value in fields where value.count >= lengths.lowerBound {
            collect(from: value, into: &found)
            guard let space = value.firstIndex(of: UInt8(ascii: " ")), let pair = BasicPair(base64: value[(space + 1)...]) else { continue }
            collect(from: pair.user, into: &found)
            collect(from: pair.password, into: &found)
        }
        return found
    }

    /// Looks at each stretch of a token's characters, with and without those that stand between words elsewhere.
    private static func collect(from text: [UInt8], into found: inout [[UInt8]]) {
        var (word, wide) = (0, 0)
        for index in 0...text.count {
            let kind = index < text.count ? kind(of: text[index]) : .other
            if kind != .word {
                take(text[word..<index], into: &found)
                word = index + 1
            }
            if kind == .other {
                // What has nothing between its words was looked at already.
                if wide < word - 1, text[wide..<index].contains(where: { self.kind(of: $0) == .between }) {
                    take(text[wide..<index], into: &found)
                    // Behind a name.
                    if let equals = text[wide..<index].firstIndex(of: UInt8(ascii: "=")) { take(text[(equals + 1)..<index], into: &found) }
                }
                wide = index + 1
            }
        }
    }

    private static func take(_ word: ArraySlice<UInt8>, into found: inout [[UInt8]]) {
        guard lengths.contains(word.count), found.count < most else { return }
        let bytes = Array(word)
        if !found.contains(bytes), TokenShape.couldMake(bytes) { found.append(bytes) }
    }

    private enum Kind { case word, between, other }

    private static func kind(of byte: UInt8) -> Kind {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): .word
        // Of base64, of addresses, and of a few shapes.
        case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "@"): .between
        default: .other
        }
    }
}

extension TokenShape {
    /// Whether a text could be a token that lets somebody in.
    fileprivate static func couldMake(_ text: [UInt8]) -> Bool {
        if text.starts(with: "tacit_".utf8) { return true }
        return registry.contains { $0.role == .authenticates && $0.isForm(of: text) }
    }
}
