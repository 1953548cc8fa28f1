package import HTTPTypes

/// A request in the form that rules are asked of, and that is sent when they allow it.
package struct JudgedRequest: Sendable, Hashable {
    package let target: RequestTarget
    /// Method, origin, canonical target and the fields that go on. It has no field that says whom it is for or where its body ends: whoever writes
    /// it to a connection says both once, from `target` and `body`.
    package let request: HTTPRequest
    package let body: Body
    /// Whether the client waits for `100 Continue`; the field goes on, so that the upstream can refuse a body unseen.
    package let expectsContinue: Bool
    /// Whether the client takes trailers with its answer (`TE: trailers`); to ask the upstream for them is the connection's matter.
    package let acceptsTrailers: Bool
    /// Whether it opens a WebSocket. Its extensions are declined: a compressed frame is one that nobody can look into.
    package let opensWebSocket: Bool

    /// How the end of the body is known.
    package enum Body: Sendable, Hashable {
        case none
        case length(Int64)
        /// It ends when it ends: chunks, or the end of an HTTP/2 stream.
        case streamed
    }

    /// Whether it asks for a part of something: none that carries a token does by now.
    package var asksForPart: Bool { request.headerFields[.range] != nil }

    /// Whether the upstream connection that carries it must carry no other request after it.
    ///
    /// A server that ignores a body where it expects none reads its bytes as the next request (CL.0), and the credential of the one that really is
    /// next would belong to what those bytes ask for. The same happens to a body that a server answered before it came.
    package var needsOwnConnection: Bool {
        let expectsNoBody =
            switch request.method {
            case .post, .put, .patch: false
            default: true
            }
        return opensWebSocket || expectsContinue || expectsNoBody && body != .none && body != .length(0)
    }
}
