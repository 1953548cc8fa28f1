/// Texts that could be fake tokens, of whatever run or agent: a broker knows its own alone, and whoever has the index knows the others.
struct TokenCandidates {
    /// More than so many are told of no request.
    static let mostInRequest = 16
    /// Of a token.
    static let lengths = 20...512

    private let most: Int
    private(set) var texts: [[UInt8]] = []
    private var known: Set<[UInt8]> = []

    init(most: Int) { self.most = most }

    /// Each text in path, query and fields of a request that has the form of some shape's tokens, once.
    static func texts(inTarget target: [UInt8], fields: some Sequence<[UInt8]>) -> [[UInt8]] {
        var found = TokenCandidates(most: mostInRequest)
        let path = target.contains(UInt8(ascii: "%")) ? PercentEscapes.decoded(target[...], plusIsSpace: true) ?? target : target
        found.look(through: path[...])
        for value in fields where value.count >= lengths.lowerBound {
            found.look(through: value[...])
            guard let space = value.firstIndex(of: UInt8(ascii: " ")), let pair = BasicPair(base64: value[(space + 1)...]) else { continue }
            found.look(through: pair.user[...])
            found.look(through: pair.password[...])
        }
        return found.texts
    }

    /// Looks at each stretch of a token's characters, with and without those that stand between words elsewhere.
    mutating func look(through text: ArraySlice<UInt8>) {
        guard texts.count < most else { return }
        let kinds = Self.kinds
        // Where the stretches began, and whether something stands between the words of the wider one.
        var (word, wide, isParted) = (text.startIndex, text.startIndex, false)
        for index in text.startIndex...text.endIndex {
            let kind = index < text.endIndex ? kinds[Int(text[index])] : .other
            guard kind != .word else { continue }
            if index - word >= Self.lengths.lowerBound { take(text[word..<index]) }
            word = index + 1
            if kind == .between {
                isParted = isParted || index > wide
                continue
            }
            // What has nothing between its words was looked at already.
            if isParted, index - wide >= Self.lengths.lowerBound {
                take(text[wide..<index])
                // Behind a name.
                if let equals = text[wide..<index].firstIndex(of: UInt8(ascii: "=")) { take(text[(equals + 1)..<index]) }
            }
            (wide, isParted) = (index + 1, false)
        }
    }

    private mutating func take(_ word: ArraySlice<UInt8>) {
        guard Self.lengths.contains(word.count), texts.count < most else { return }
        let bytes = Array(word)
        if TokenShape.couldMake(bytes), known.insert(bytes).inserted { texts.append(bytes) }
    }

    enum Kind { case word, between, other }

    /// By byte.
    static let kinds: [Kind] = (UInt8.min...UInt8.max).map { byte in
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
        return byLength[text.count]?.contains { $0.isForm(of: text) } ?? false
    }

    /// The shapes that let in, by the length of what they make.
    private static let byLength = Dictionary(grouping: registry.lazy.filter { $0.role == .authenticates }) { $0.parts.reduce(0) { $0 + $1.length } }
}
