package import HTTPTypes

/// A reply in the form in which it is searched for values and goes to the agent.
package struct JudgedReply: Sendable, Equatable {
    package let status: Int
    /// The fields that go on, in their order. None says where the body ends or how it is coded: it is decoded, searched, and may come out longer or shorter.
    package let fields: HTTPFields
    package let coding: Coding
    package let body: Body
    /// How long the body would have been that the answer to HEAD leaves out, where the service says so of one that is not packed. Programs plan by it; with
    /// values in it, the body of GET comes out longer or shorter.
    package var lengthLeftOut: Int64?
    /// Whether it is a part of something, or says so: a value that is cut right is in none of the parts.
    package var isPart = false
    /// Whether the connection carries frames of a WebSocket from here on.
    package let opensWebSocket: Bool

    /// How a body is packed; it is opened before it is searched.
    package enum Coding: String, Sendable, CaseIterable {
        case identity, gzip, deflate
        case brotli = "br"
        case zstandard = "zstd"
    }

    /// How the end of the body is known.
    package enum Body: Sendable, Equatable {
        case none
        case length(Int64)
        case streamed
        /// It ends with the connection: a cut one cannot be told from a whole one.
        case untilClose
    }
}

/// Why a reply does not reach the agent. It names nothing of the reply.
package enum ReplyRefusal: String, Error, Sendable, CaseIterable {
    /// A part of something, of a service that was sent a value or was not asked for a part.
    case partial
    /// A coding that nobody here looks into, or several around each other.
    case coding
    /// The end of the body is told in two ways, or in none.
    case framing
    case fields
    case tooLarge = "too-large"
    case status
    /// Another protocol, which nobody asked for.
    case upgrade
    /// A new credential in it was to be sealed, and it is not where the rule has it, or could not be stored.
    case unsealed
    /// Frames of a WebSocket that two readers could read differently, or that nobody asked for.
    case frames
    /// It holds a value that could be guessed, or something that cannot be searched.
    case withheld

    /// A stable name.
    package var code: String { "broker.reply-\(rawValue)" }
}
