/// A pattern as a machine with one bit per element: bit i is set when the name so far can have led to element i.
///
/// All positions advance at once, so that a name of n characters takes n steps (Baeza-Yates and Gonnet's shift-and, with loops for wildcards).
struct GlobProgram: Sendable {
    private typealias States = UInt128

    /// For each ASCII character, the elements that are this character.
    private var literals = [States](repeating: 0, count: 128)
    /// `*`: stays on any character but a slash.
    private var segmentStars: States = 0
    /// `**`: stays on any character.
    private var stars: States = 0
    /// `**/` at the start of a segment: stays on any character, and is left only at the start of a segment.
    private var wholeSegments: States = 0
    private var final: States = 1

    /// Reads a pattern of at most 127 characters out of the allowed ones.
    init(_ text: String) {
        var rest = text.utf8[...]
        var isAtSegmentStart = true
        while let byte = rest.first {
            if rest.starts(with: "**/".utf8), isAtSegmentStart {
                wholeSegments |= final
                while rest.starts(with: "**/".utf8) { rest = rest.dropFirst(3) }
            } else if rest.starts(with: "**".utf8) {
                stars |= final
                rest = rest.dropFirst(2)
                isAtSegmentStart = false
            } else {
                if byte == UInt8(ascii: "*") { segmentStars |= final } else { literals[Int(byte)] |= final }
                rest = rest.dropFirst()
                isAtSegmentStart = byte == UInt8(ascii: "/")
            }
            final <<= 1
        }
    }

    /// Says whether a name matches; one with characters outside ASCII does so only where `readingForeign` lets wildcards stand for them.
    func matches(_ name: String, readingForeign: Bool = false) -> Bool {
        var states = start
        for byte in name.utf8 {
            guard byte < 128 || readingForeign else { return false }
            states = advance(states, by: byte)
            if states == 0 { return false }
        }
        return states & final != 0
    }

    private var start: States { skipWildcards(1, atSegmentStart: true) }

    @inline(__always)
    private func advance(_ states: States, by byte: UInt8) -> States {
        let isSlash = byte == UInt8(ascii: "/")
        let moved = byte < 128 ? (states & literals[Int(byte)]) << 1 : 0
        let stayed = states & (isSlash ? stars | wholeSegments : stars | wholeSegments | segmentStars)
        return skipWildcards(moved | stayed, atSegmentStart: isSlash)
    }

    /// Adds the elements reached by letting a wildcard end here. No more than two are skippable in a row: `**/` and then one other.
    @inline(__always)
    private func skipWildcards(_ states: States, atSegmentStart: Bool) -> States {
        var states = states
        if atSegmentStart { states |= (states & wholeSegments) << 1 }
        return states | (states & (segmentStars | stars)) << 1
    }
}

extension GlobProgram {
    /// Says whether some name of the subject matches.
    func hasMatch(over subject: Glob.Subject) -> Bool { findsName(notMatching: nil, over: subject) ?? true }

    /// Says whether every name of the subject that `other` matches is matched too.
    func covers(_ other: GlobProgram, over subject: Glob.Subject) -> Bool { other.findsName(notMatching: self, over: subject) == false }

    /// What is known of a name that is being made up, character by character.
    private struct Prefix: Hashable {
        var states: States
        var otherStates: States
        var isAtSegmentStart = true
        var slashes = 0
    }

    /// How many prefixes are looked at before the search gives up. Patterns that people write need a few dozen.
    private static var searchLimit: Int { 1024 }

    /// Looks for a name that this program matches and `other` does not; nil when the search was given up.
    ///
    /// It walks both machines together over every name there is. A name that no pattern tells from another stands for both, which leaves the
    /// characters of the two patterns, one other character and the slash, and finitely many pairs of states.
    private func findsName(notMatching other: GlobProgram?, over subject: Glob.Subject) -> Bool? {
        let alphabet = self.alphabet(with: other)
        let first = Prefix(states: start, otherStates: other?.start ?? 0)
        var known: Set<Prefix> = [first]
        var waiting = [first]
        while let prefix = waiting.popLast() {
            if !prefix.isAtSegmentStart || subject.endsInSlash, subject.slashes.contains(prefix.slashes), prefix.states & final != 0,
                other.map({ prefix.otherStates & $0.final == 0 }) ?? true
            {
                return true
            }
            for byte in alphabet {
                guard let next = extend(prefix, by: byte, other, over: subject), known.insert(next).inserted else { continue }
                waiting.append(next)
            }
            if known.count > Self.searchLimit { return nil }
        }
        return false
    }

    /// The prefix with one more character; nil when no name of this program begins so.
    private func extend(_ prefix: Prefix, by byte: UInt8, _ other: GlobProgram?, over subject: Glob.Subject) -> Prefix? {
        let isSlash = byte == UInt8(ascii: "/")
        if isSlash, prefix.isAtSegmentStart { return nil }
        // Where any number of slashes will do they are not counted, or the search would not end.
        let slashes = isSlash && subject.slashes.upperBound <= 1 ? prefix.slashes + 1 : prefix.slashes
        let states = advance(prefix.states, by: byte)
        guard states != 0, slashes <= subject.slashes.upperBound else { return nil }
        let otherStates = other?.advance(prefix.otherStates, by: byte) ?? 0
        return Prefix(states: states, otherStates: otherStates, isAtSegmentStart: isSlash, slashes: slashes)
    }

    /// The slash, what the two programs write out, and one character that neither does.
    private func alphabet(with other: GlobProgram?) -> [UInt8] {
        let isWritten = { (byte: UInt8) in literals[Int(byte)] != 0 || other.map { $0.literals[Int(byte)] != 0 } ?? false }
        let letters = (UInt8(ascii: " ")...UInt8(ascii: "~")).filter { $0 != UInt8(ascii: "/") }
        return letters.filter(isWritten) + [UInt8(ascii: "/")] + (letters.last { !isWritten($0) }.map { [$0] } ?? [])
    }
}
