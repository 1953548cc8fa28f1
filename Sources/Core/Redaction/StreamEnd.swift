/// At what an agent's stream ends, in the place of a placeholder or of bytes that nobody looked into.
///
/// Nothing here ends a person's stream: who may reveal a value is told nothing new by it, and is not to lose output.
package struct StreamEnds: OptionSet, Sendable {
    /// The first compressed member: how far it reaches is not known, so nothing behind it is passed on.
    package static let compressed = StreamEnds(rawValue: 1)
    /// A value that could be guessed (`GuessEstimate`): a placeholder in its place would say that a guess was right, and any number of guesses can be printed.
    package static let guessable = StreamEnds(rawValue: 2)

    /// The first value that could not be guessed, in whatever form. One that could be guessed passes as it is: an end there would say that a guess was right.
    package static let value = StreamEnds(rawValue: 4)

    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// What ends the stream before a match; nil where it is hidden.
    func end(at place: Int, _ match: Match, _ needles: NeedleSet) -> StreamEnd? {
        let isGuessable = needles.areGuessable[match.label.name]
        guard contains(isGuessable ? .guessable : .value) else { return nil }
        return StreamEnd(reason: isGuessable ? .guessable : .value, name: needles.names[match.label.name], start: place)
    }

    /// Whether a match that ends nothing stays where it is, unhidden.
    func leaves(_ match: Match, _ needles: NeedleSet) -> Bool { contains(.value) && needles.areGuessable[match.label.name] }
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

    /// As it is told; nil where nothing came afterwards.
    var withheld: RedactionReport.Withheld? { byteCount > 0 ? .init(reason: reason, name: name, bytes: byteCount) : nil }
}
