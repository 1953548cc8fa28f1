import Redaction

/// Looks through the payloads that a program sends one after the other, for tokens and for real values, also where one stands over the edge of two.
struct PayloadWatch: Sendable {
    private var tokens: SessionTokens
    private var egress: EgressWatch?
    /// The end of what came, as long as a token may reach over it.
    private var tail: [UInt8] = []

    init(_ tokens: SessionTokens) { self.tokens = tokens }

    /// Looks for these from here on.
    mutating func know(_ tokens: SessionTokens) { self.tokens = tokens }

    /// Looks for these from here on, too.
    mutating func know(_ values: NeedleSet) {
        if let egress { egress.know(values) } else { egress = EgressWatch(values) }
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
