package import Brokering
package import Model
package import Redaction

/// One request that the broker makes itself, for an agent that asked the keeper.
package struct Errand: Sendable {
    /// Whom it is for.
    package var origin: Brokering.Origin
    /// As a client would send it, with the token in its place.
    package var head: ReceivedHead
    package var body: [UInt8]
    package var tokens: [GrantID: FakeToken]
    /// Whether rule or catalogue say that segments of this service's paths have slashes in them.
    package var allowsEncodedSlash = false
    /// Whether tokens stand in the body, which is a form.
    package var mayStandInBody = false
    /// From when the judge allowed it, which may be after a person was asked, to the end of the reply.
    package var timeout: Duration
    /// How much of the reply's body is kept.
    package var mostBytes: Int

    package init(origin: Brokering.Origin, head: ReceivedHead, body: [UInt8], tokens: [GrantID: FakeToken], timeout: Duration, mostBytes: Int) {
        self.origin = origin
        self.head = head
        self.body = body
        self.tokens = tokens
        self.timeout = timeout
        self.mostBytes = mostBytes
    }
}

/// A reply without values.
package struct ErrandReply: Sendable {
    package var status: Int
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]
    /// Whether more came than was kept.
    package var isTruncated: Bool
    package var redactions: [RedactionReport.Count]
    /// Why the rest of the body was kept back; nil when it was not.
    package var withheld: RedactionReport.Withheld.Reason?

    package init(
        status: Int, fields: [(name: String, value: String)], body: [UInt8], isTruncated: Bool = false, redactions: [RedactionReport.Count] = [],
        withheld: RedactionReport.Withheld.Reason? = nil
    ) {
        (self.status, self.fields, self.body) = (status, fields, body)
        (self.isTruncated, self.redactions, self.withheld) = (isTruncated, redactions, withheld)
    }
}

extension RequestOutcome {
    /// In whole milliseconds.
    package var milliseconds: Int64 { duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000 }
    /// How often a value was taken out of the reply.
    package var redactionCount: Int { redactions.reduce(0) { $0 + $1.count } }
}

/// How a request that was allowed ended.
package struct RequestOutcome: Sendable {
    /// A stable word: `done`, or a failure's code.
    package var result: String
    /// Of the reply; nil when none came.
    package var status: Int?
    package var bytesSent: Int64
    package var bytesReceived: Int64
    package var duration: Duration
    package var redactions: [RedactionReport.Count]
    /// How many guesses the reply answered, by the name of the value.
    package var answers: [String: Int]

    package init(
        result: String, status: Int? = nil, bytesSent: Int64 = 0, bytesReceived: Int64 = 0, duration: Duration,
        redactions: [RedactionReport.Count] = [], answers: [String: Int] = [:]
    ) {
        (self.result, self.status, self.bytesSent, self.bytesReceived) = (result, status, bytesSent, bytesReceived)
        (self.duration, self.redactions, self.answers) = (duration, redactions, answers)
    }
}
