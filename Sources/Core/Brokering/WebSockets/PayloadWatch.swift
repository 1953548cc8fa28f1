import Redaction

/// Looks through the payloads that a program sends one after the other, for tokens and for real values, also where one stands over the edge of two.
struct PayloadWatch: Sendable {
    private var tokens: SessionTokens
    private var values: NeedleSet?
    private var egress: EgressWatch?
    /// The end of what came, as long as a token may reach over it.
    private var tail: [UInt8] = []
    /// Whether more is looked for than when the last bytes came.
    private var knowsMore = false

    init(_ tokens: SessionTokens) { self.tokens = tokens }

    /// Looks for these from here on.
    mutating func know(_ tokens: SessionTokens) {
        guard !tokens.areSame(as: self.tokens) else { return }
        (self.tokens, knowsMore) = (tokens, true)
    }

    /// Looks for these from here on, too.
    mutating func know(_ values: NeedleSet) {
        if let egress { egress.know(values) } else { egress = EgressWatch(values) }
        (self.values, knowsMore) = (values, true)
    }

    /// Looks again through what came of a payload and has not gone on, where more is looked for since; gives how much of its beginning may go on.
    ///
    /// - Parameter settled: how much of its beginning might go on before.
    mutating func settle(_ content: [UInt8], upTo settled: Int, sent byteCount: Int64) throws(ExchangeStop) -> Int {
        guard knowsMore else { return settled }
        knowsMore = false
        if let found = tokens.first(in: content) {
            let before = Array(content.prefix(found.range.lowerBound))
            if let name = values.flatMap({ EgressWatch.name(in: before, $0) }) { throw .egress(Egress(name: name, bytesSent: byteCount)) }
            throw .stray(found.grant)
        }
        // The beginning of a token that is longer than those before.
        if content.count > tail.count { tail = content.suffix(max(0, tokens.longest - 1)) }
        // Where nothing has been let go, all of it is still to be judged, together with payloads before it. Where something has, nothing before it counts any more.
        guard settled > 0, let values else { return settled }
        let again = EgressWatch(values)
        var passed: [UInt8] = []
        if let name = again.pass(content, into: &passed) { throw .egress(Egress(name: name, bytesSent: byteCount)) }
        egress = again
        return passed.count
    }

    /// Appends what may go on. All of what came may, once a payload is whole: who waits for its end is not to wait for the next one.
    ///
    /// - Parameter isWhole: whether a payload ends with these bytes.
    mutating func pass(_ bytes: [UInt8], isWhole: Bool, sent byteCount: Int64, into output: inout [UInt8]) throws(ExchangeStop) {
        let text = tail + bytes
        if let found = tokens.first(in: text) {
            // A value before it is what ends all, however the payload is cut.
            let before = Array(bytes.prefix(max(0, found.range.lowerBound - tail.count)))
            if let name = egress?.pass(before, isEnd: true, into: &output) { throw .egress(Egress(name: name, bytesSent: byteCount)) }
            throw .stray(found.grant)
        }
        tail = text.suffix(max(0, tokens.longest - 1))
        guard let egress else {
            output += bytes
            return
        }
        if let name = egress.pass(bytes, isPause: isWhole, into: &output) { throw .egress(Egress(name: name, bytesSent: byteCount)) }
    }
}
