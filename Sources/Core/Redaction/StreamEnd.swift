/// At what an agent's stream ends, in the place of a placeholder or of bytes that nobody looked into.
///
/// Nothing here ends a person's stream: who may reveal a value is told nothing new by it, and is not to lose output.
package struct StreamEnds: OptionSet, Sendable {
    /// The first compressed member: how far it reaches is not known, so nothing behind it is passed on.
    package static let compressed = StreamEnds(rawValue: 1)

    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// What ends the stream at a place; nil where it goes on.
    func end(at place: Int, _ finding: Finding) -> StreamEnd? {
        contains(.compressed) && finding.beginsMember ? StreamEnd(reason: .compressed, start: place) : nil
    }
}

/// Where a stream ended before its program did, and why.
struct StreamEnd {
    var reason: RedactionReport.Withheld.Reason
    /// Within the held bytes.
    var start: Int
    /// What was not passed on so far.
    var byteCount: Int64 = 0
}
