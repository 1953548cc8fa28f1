import Brokering

/// A request to the door's own address, `/via/PROVIDER/…` or `/via/PROVIDER@HOST/…`: for programs that take a key and a base address. The token in it is its credential.
struct AddressedRequest: Sendable {
    /// A host of the provider's own, to which it goes.
    let origin: Brokering.Origin
    /// As it would have come through a tunnel to that host.
    let head: AskedHead

    static let prefix = "/via/"

    /// - Parameters:
    ///   - port: of the door, which its `Host` has to name: a page that leads a browser here by a name of its own does not know better. Nil at a socket with a path,
    ///     which no page reaches, and where clients say `localhost`.
    ///   - tokens: of the session; one has to stand in the head.
    init(_ asked: AskedHead, at port: Int?, knowing tokens: SessionTokens) throws(DoorRefusal) {
        let received = asked.received
        try Self.checkProgram(received)
        let hosts = received.fields.filter { $0.name.lowercased() == "host" }
        guard hosts.count == 1, hosts[0].value.elementsEqual((port.map { "127.0.0.1:\($0)" } ?? "localhost").utf8) else { throw .ambiguous }
        guard received.target.starts(with: Self.prefix.utf8) else { throw .notAnAddress }
        let rest = received.target.dropFirst(Self.prefix.utf8.count)
        let name = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard let origin = BaseAddress(named: String(decoding: name, as: UTF8.self))?.origin else { throw .notAnAddress }
        var target = Array(rest.dropFirst(name.count))
        if target.first != UInt8(ascii: "/") { target.insert(UInt8(ascii: "/"), at: 0) }
        // Before anything else is read of whoever it is.
        let shown = tokens.sightings(inTarget: target, fields: received.fields.map { ($0.name, $0.value) })
        guard shown.contains(where: { $0.place != nil && tokens.isCredential($0.grant) }) else { throw .withoutToken }
        let fields = received.fields.map { field in
            field.name.lowercased() == "host" ? ReceivedHead.Field(field.name, Array(origin.authority.utf8)) : field
        }
        self.origin = origin
        head = AskedHead(
            received: ReceivedHead(version: received.version, method: received.method, target: target, fields: fields), keepsAlive: asked.keepsAlive)
    }

    /// Whether a request that is for the door itself says that a page in a browser makes it.
    static func checkProgram(_ received: ReceivedHead) throws(DoorRefusal) {
        let isOfPage = received.fields.contains { ["origin", "sec-fetch-site"].contains($0.name.lowercased()) }
        guard !isOfPage else { throw .fromPage }
    }
}
