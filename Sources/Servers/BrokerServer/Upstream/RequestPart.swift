import Brokering
import HTTPTypes
import NIOCore

/// What is written to a connection of a request. The head brings whom its reply is for.
enum RequestPart: Sendable {
    case head(DepartingRequest, ServiceExchange)
    case body(ByteBuffer)
    /// The fields behind the body.
    case end(HTTPFields)
    /// Frames, once the reply has opened a WebSocket.
    case frames(ByteBuffer)
}

/// A request that was allowed, with values in it: it goes to a connection at once, and nowhere else.
struct DepartingRequest: Sendable {
    let judged: JudgedRequest
    let request: HTTPRequest
    let origin: Brokering.Origin
    /// How the end of the body is told.
    let framing: JudgedRequest.Body
    /// The whole body, where it was read; nil where it streams behind.
    let body: [UInt8]?

    init(_ judged: JudgedRequest, _ departure: RequestExchange.Departure, to origin: Brokering.Origin) {
        (self.judged, request, self.origin) = (judged, departure.request, origin)
        (framing, body) = (departure.framing, departure.body)
    }

    init(_ judged: JudgedRequest, _ request: HTTPRequest, to origin: Brokering.Origin, framing: JudgedRequest.Body, body: [UInt8]) {
        (self.judged, self.request, self.origin, self.framing, self.body) = (judged, request, origin, framing, body)
    }

    /// Whether its body is here, or it has none: nothing has to come from the program any more.
    var isWhole: Bool { body != nil || hasNoBody }

    /// Whether nothing follows its head. A body that a service leaves unread, it could take for the next request on a connection, with the credential of that one.
    var hasNoBody: Bool { framing == .none || framing == .length(0) }

    /// Whether a service that got it twice does what it does for one (RFC 9110 §9.2.2), and there is something to send again.
    var isReplayable: Bool {
        switch judged.request.method {
        case .get, .head, .options, .put, .delete, .trace: isWhole
        default: false
        }
    }
}
