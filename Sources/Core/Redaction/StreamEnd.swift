/// At what an agent's stream ends, in the place of a placeholder or of bytes that nobody looked into.
///
/// Nothing here ends a person's stream: who may reveal a value is told nothing new by it, and is not to lose output.
package struct StreamEnds: OptionSet, Sendable {
    /// The first compressed member: how far it reaches is not known, so nothing behind it is passed on.
    package static let compressed = StreamEnds(rawValue: 1)
    /// A value that could be guessed (`GuessEstimate`): a placeholder in its place would say that a guess was right, and any number of guesses can be printed.
    package static let guessable = StreamEnds(rawValue: 2)

    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// What ends the stream before a match; nil where it is hidden.
    func end(at place: Int, _ match: Match, _ needles: NeedleSet) -> StreamEnd? {
        guard contains(.guessable), needles.areGuessable[match.label.name] else { return nil }
        return StreamEnd(reason: .guessable, name: needles.names[match.label.name], start: place)
    }
}

/// Where a stream ended before its program did, and why.
struct StreamEnd {
    var reason: RedactionReport.Withheld.Reason
    /// The value's, where one was hit.
    var name: String?
    /// Within the held bytes.
    var start: Int
    /// What was not passed on so far.
    var byteCount: Int64 = 0
}
