/// What a head says about its connection, which ends here: the next one says it anew.
struct ConnectionFields {
    /// The names that the Connection field lists.
    let options: [String]
    let expectsContinue: Bool
    let acceptsTrailers: Bool
    let opensWebSocket: Bool
    /// Whether trailers come that were announced.
    let announcesTrailers: Bool

    init(_ fields: JudgedFields, of head: ReceivedHead, _ body: JudgedRequest.Body) throws(RequestRefusal) {
        guard let options = fields.tokens(of: "connection"), !options.contains(where: { FieldMeaning.of($0).contains(.neverOfConnection) }) else {
            throw .connectionOption
        }
        self.options = options
        acceptsTrailers = try Self.acceptsTrailers(fields, head)
        expectsContinue = try Self.expectsContinue(fields, head, body)
        announcesTrailers = try Self.announcesTrailers(fields, body)
        opensWebSocket = if options.contains("upgrade") { try Self.opensWebSocket(fields, head, body) } else { false }
    }

    /// Codings that TE names besides are for this connection, and are declined by silence. Over HTTP/2 there are none (RFC 9113 §8.2.2).
    private static func acceptsTrailers(_ fields: JudgedFields, _ head: ReceivedHead) throws(RequestRefusal) -> Bool {
        let values = fields.values(of: "te").map { String(decoding: $0.lowercasedBytes, as: UTF8.self) }
        guard !head.version.isHTTP2 || values.allSatisfy({ $0 == "trailers" }) else { throw .connectionField }
        return values.contains("trailers")
    }

    private static func expectsContinue(
        _ fields: JudgedFields, _ head: ReceivedHead, _ body: JudgedRequest.Body
    ) throws(RequestRefusal) -> Bool {
        guard let value = fields.values(of: "expect").first else { return false }
        guard value.lowercasedBytes.elementsEqual("100-continue".utf8), head.version != .http1_0, body != .none, body != .length(0) else {
            throw .expectation
        }
        return true
    }

    private static func announcesTrailers(_ fields: JudgedFields, _ body: JudgedRequest.Body) throws(RequestRefusal) -> Bool {
        guard let names = fields.tokens(of: "trailer"), names.allSatisfy(FieldMeaning.mayFollowBody) else { throw .trailer }
        return body == .streamed && !names.isEmpty
    }

    /// Only a request that is one for a WebSocket in every respect: of one in between, broker and upstream could disagree whether what follows is
    /// frames.
    ///
    /// An Upgrade to anything else is one that no server has to follow, and goes with the connection's other fields.
    private static func opensWebSocket(
        _ fields: JudgedFields, _ head: ReceivedHead, _ body: JudgedRequest.Body
    ) throws(RequestRefusal) -> Bool {
        let upgrades = fields.values(of: "upgrade")
        guard upgrades.count == 1, upgrades[0].lowercasedBytes.elementsEqual("websocket".utf8) else { return false }
        let key = fields.values(of: "sec-websocket-key").first ?? []
        let version = fields.values(of: "sec-websocket-version").first ?? []
        let isKey = key.count == 24 && key.suffix(2).elementsEqual("==".utf8) && key.dropLast(2).allSatisfy(Self.isBase64)
        guard head.method == "GET", head.version == .http1_1, body == .none || body == .length(0), isKey, version.elementsEqual("13".utf8) else {
            throw .upgrade
        }
        return true
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
    }
}
