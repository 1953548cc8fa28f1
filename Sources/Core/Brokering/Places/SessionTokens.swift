package import Model

/// The live fake tokens of one session, and where they stand in a text.
package struct SessionTokens: Sendable {
    private let grants: [[UInt8]: GrantID]
    /// Those whose tokens authenticate.
    private let credentials: Set<GrantID>
    /// Where in the tokens any eight bytes in a row stand.
    private let windows: [UInt64: [Window]]
    /// One bit for each of them, so that nearly every place of a text is passed with one look.
    private let marks: WindowMarks
    /// How far apart the places are that are looked at: wherever a token stands, eight of its bytes are at one of them.
    private let step: Int
    /// Those of them that programs sign with, pair by pair.
    let signers: [SessionSigner]

    /// What does not authenticate: the names of keys.
    private static let publicShapes = TokenShape.registry.filter { $0.role == .identifies }
    private static let windowLength = 8
    private static let longestStep = 16

    private struct Window {
        let token: [UInt8]
        let grant: GrantID
        let offset: Int
    }

    /// Takes each grant's token, and which of them sign together. One shorter than eight bytes is no token.
    package init(_ tokens: [GrantID: FakeToken], signing pairs: [SigningGrants] = []) {
        var grants: [[UInt8]: GrantID] = [:]
        var windows: [UInt64: [Window]] = [:]
        for (grant, token) in tokens {
            let bytes = Array(token.text.utf8)
            precondition(bytes.count >= Self.windowLength, "internal: a fake token is shorter than any shape makes it")
            grants[bytes] = grant
            for offset in 0...(bytes.count - Self.windowLength) {
                windows[Self.window(of: bytes, at: offset), default: []].append(Window(token: bytes, grant: grant, offset: offset))
            }
        }
        (self.grants, self.windows, marks) = (grants, windows, WindowMarks(windows.keys))
        step = max(1, min(Self.longestStep, (grants.keys.map(\.count).min() ?? Self.longestStep) - Self.windowLength + 1))
        credentials = Set(grants.filter { text, _ in !Self.publicShapes.contains { $0.isForm(of: text) } }.values)
        signers = pairs.compactMap { SessionSigner($0, tokens) }
    }

    /// Whether the same is looked for by others.
    func areSame(as other: SessionTokens) -> Bool { grants == other.grants }

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
        var found: [(grant: GrantID, range: Range<Int>)] = []
        var seen: Set<Range<Int>> = []
        search(Array(text)) { grant, range in
            if seen.insert(range).inserted { found.append((grant, range)) }
            return true
        }
        return found.sorted { $0.range.upperBound < $1.range.upperBound }.map(\.grant)
    }

    /// The token that ends first in a text.
    func first(in text: [UInt8]) -> (grant: GrantID, range: Range<Int>)? {
        var first: (grant: GrantID, range: Range<Int>)?
        search(text) { grant, range in
            if first.map({ range.upperBound < $0.range.upperBound }) ?? true { first = (grant, range) }
            // Another that ends before it lies across it.
            return false
        }
        guard let found = first else { return nil }
        search(Array(text[..<(found.range.upperBound - 1)])) { grant, range in
            if range.upperBound < found.range.upperBound { first = (grant, range) }
            return first?.range == found.range
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

    /// Gives each token with its range, some more than once, until it is told to stop.
    private func search(_ text: [UInt8], _ found: (GrantID, Range<Int>) -> Bool) {
        guard !windows.isEmpty else { return }
        for place in stride(from: 0, through: text.count - Self.windowLength, by: step) {
            let window = Self.window(of: text, at: place)
            guard marks.has(window), let candidates = windows[window] else { continue }
            for candidate in candidates {
                let start = place - candidate.offset
                guard start >= 0, start + candidate.token.count <= text.count else { continue }
                let range = start..<(start + candidate.token.count)
                guard text[range].elementsEqual(candidate.token) else { continue }
                if !found(candidate.grant, range) { return }
            }
        }
    }

    private static func window(of text: [UInt8], at place: Int) -> UInt64 {
        precondition(place + windowLength <= text.count, "internal: a window reaches over its text")
        return unsafe text.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: place, as: UInt64.self) }
    }
}

/// Which rows of eight bytes are marked, and about one other in a hundred.
private struct WindowMarks: Sendable {
    private let words: [UInt64]
    private let shift: UInt64

    init(_ windows: some Collection<UInt64>) {
        let bits = max(12, 64 - (windows.count * 64).leadingZeroBitCount)
        var words = [UInt64](repeating: 0, count: 1 << (bits - 6))
        shift = UInt64(64 - bits)
        for window in windows {
            let bit = Self.bit(of: window, shift)
            words[bit >> 6] |= 1 << UInt64(bit & 63)
        }
        self.words = words
    }

    func has(_ window: UInt64) -> Bool {
        let bit = Self.bit(of: window, shift)
        return words[bit >> 6] >> UInt64(bit & 63) & 1 == 1
    }

    /// Some bits of a product, which depend on all eight bytes.
    private static func bit(of window: UInt64, _ shift: UInt64) -> Int { Int((window &* 0x9E37_79B9_7F4A_7C15) >> shift) }
}
