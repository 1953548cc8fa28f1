import Brokering

/// A request to the door in absolute form (RFC 9112 §3.2.2), `GET https://HOST/PATH`: of programs that ask a proxy for a whole URL and open no tunnel.
///
/// It goes to its origin as one in a tunnel does, over TLS. What names `http` is asked about, too: the policy's answer says what to do, and nothing goes there.
struct AbsoluteRequest: Sendable {
    /// Whom the target names.
    let origin: Brokering.Origin

    init(_ asked: AskedHead, knowing credential: DoorCredential) throws(DoorRefusal) {
        try AddressedRequest.checkProgram(asked.received)
        guard credential.isShown(in: asked.received) else { throw .unknown }
        guard let origin = try? Brokering.Origin(url: String(decoding: asked.received.target, as: UTF8.self)) else {
            throw .ambiguous
        }
        self.origin = origin
    }

    static func isOne(_ head: ReceivedHead) -> Bool {
        head.method != "CONNECT" && head.target.first != UInt8(ascii: "/") && head.target.firstRange(of: Array("://".utf8)) != nil
    }
}
