package import HTTPTypes

/// Judges heads of replies: where the body ends, how it is packed, and what of the head goes on.
package enum ReplyGuard {
    /// What the guard says of a head.
    package enum Verdict: Sendable, Equatable {
        case accepted(JudgedReply)
        /// It is not the answer, and the answer is still to come; `continues` where the client waits to be told to send its body.
        case interim(continues: Bool)
        case refused(ReplyRefusal)
    }

    /// Judges the head of a reply to a request.
    package static func verdict(on reply: ReceivedReply, to request: JudgedRequest) -> Verdict {
        do { return try judge(reply, request) } catch { return .refused(error) }
    }

    private static func judge(_ reply: ReceivedReply, _ request: JudgedRequest) throws(ReplyRefusal) -> Verdict {
        guard (100...599).contains(reply.status) else { throw .status }
        let fields = try judged(reply.fields, isHTTP2: reply.isHTTP2)
        if reply.status == 101 { return .accepted(try upgraded(reply, fields, request)) }
        // Early hints lead a client to other hosts before anything was searched; they may be left out (RFC 8297).
        if reply.status < 200 { return .interim(continues: reply.status == 100 && request.expectsContinue) }
        let isPart = reply.status == 206 || fields.contains { $0.key == "content-range" }
        guard reply.status != 226, !isPart || request.asksForPart else { throw .partial }
        // Who asks for a credential of the proxy's is not whom the request is for.
        guard reply.status != 407 else { throw .status }
        var judged = JudgedReply(
            status: reply.status, fields: sent(fields), coding: try coding(fields), body: try body(of: reply, fields, request), opensWebSocket: false)
        judged.isPart = isPart
        if request.request.method == .head, judged.coding == .identity {
            judged.lengthLeftOut = values("content-length", fields).first.flatMap { Int64($0) }
        }
        return .accepted(judged)
    }

    private static func judged(_ received: [ReceivedHead.Field], isHTTP2: Bool) throws(ReplyRefusal) -> [JudgedField] {
        do { try JudgedFields.checkSize(received) } catch { throw .tooLarge }
        var fields: [JudgedField] = []
        fields.reserveCapacity(received.count)
        for field in received {
            do { fields.append(try JudgedField(field, overHTTP2: isHTTP2)) } catch { throw .fields }
        }
        return fields
    }

    private static func values(_ key: String, _ fields: [JudgedField]) -> [String] {
        fields.filter { $0.key == key }.map { String(decoding: $0.value.map(\.lowercased), as: UTF8.self) }
    }

    /// One coding or none. A list is refused: what is packed twice is opened once by some and twice by others.
    private static func coding(_ fields: [JudgedField]) throws(ReplyRefusal) -> JudgedReply.Coding {
        let codings = values("content-encoding", fields)
        guard codings.count <= 1 else { throw .coding }
        switch codings.first {
        case nil, "": return .identity
        case "x-gzip": return .gzip
        case let name?:
            guard let coding = JudgedReply.Coding(rawValue: name) else { throw .coding }
            return coding
        }
    }

    /// Where the body ends (RFC 9112 §6.3), without any of the choices that it leaves.
    private static func body(
        of reply: ReceivedReply, _ fields: [JudgedField], _ request: JudgedRequest
    ) throws(ReplyRefusal) -> JudgedReply.Body {
        let lengths = values("content-length", fields)
        let codings = values("transfer-encoding", fields)
        guard lengths.isEmpty || codings.isEmpty, lengths.count <= 1, codings.count <= 1 else { throw .framing }
        guard codings.isEmpty || codings == ["chunked"] && !reply.isHTTP2 else { throw .framing }
        var length: Int64?
        if let text = lengths.first {
            guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ $0.isDigit }), let number = Int64(text) else { throw .framing }
            length = number
        }
        if request.request.method == .head || reply.status == 204 || reply.status == 304 { return .none }
        if reply.isWhole {
            guard length ?? 0 == 0 else { throw .framing }
            return .length(0)
        }
        if let length { return .length(length) }
        return codings.isEmpty && !reply.isHTTP2 ? .untilClose : .streamed
    }

    /// What goes on: all but what belongs to the connection or says how the body was packed, and what leads an agent's next request past the broker or
    /// tells of bytes that it does not see.
    private static func sent(_ fields: [JudgedField]) -> HTTPFields {
        let options = options(fields)
        var sent = HTTPFields()
        sent.reserveCapacity(fields.count)
        for field in fields
        where !field.meaning.contains(.ofConnection) && !removed.contains(field.key) && !options.contains(field.key) && !isDigest(field.key) {
            sent.append(field.field)
        }
        return sent
    }

    /// What the Connection field names.
    private static func options(_ fields: [JudgedField]) -> Set<String> {
        Set(values("connection", fields).flatMap { $0.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } } })
    }

    /// What goes on of the fields behind a body. Those that have no place there, or that no reply has here, are left out (RFC 9110 §6.5.2).
    package static func trailers(_ received: [ReceivedHead.Field]) throws(ReplyRefusal) -> HTTPFields {
        var trailers = HTTPFields()
        for field in try judged(received, isHTTP2: false)
        where field.meaning.isDisjoint(with: .refusedBehindBody) && !removed.contains(field.key) && !isDigest(field.key) {
            trailers.append(field.field)
        }
        return trailers
    }

    /// Digests that stores have under names of their own.
    private static func isDigest(_ name: String) -> Bool {
        name == "x-goog-hash" || name.hasPrefix("x-amz-checksum-") || name.hasPrefix("x-ms-") && (name.hasSuffix("md5") || name.hasSuffix("crc64"))
    }

    private static let removed: Set<String> = [
        "content-length", "content-encoding", "accept-ranges",
        // Digests of a body with the values that are taken out of it.
        "content-md5", "digest", "content-digest", "repr-digest",
        // Another place for the same host, which no proxy is asked for.
        "alt-svc", "alt-used",
        "proxy-authenticate", "proxy-authentication-info", "proxy-status",
    ]

    private static func upgraded(
        _ reply: ReceivedReply, _ fields: [JudgedField], _ request: JudgedRequest
    ) throws(ReplyRefusal) -> JudgedReply {
        let bytes = { (key: String) in fields.filter { $0.key == key }.map { Array($0.value) } }
        let key = request.request.headerFields.first { $0.name.canonicalName == "sec-websocket-key" }?.bytes ?? []
        // Extensions were not offered; one that comes all the same makes frames that nobody can look into. What says where a body ends has no place beside frames.
        guard request.opensWebSocket, !reply.isHTTP2, values("upgrade", fields) == ["websocket"], options(fields).contains("upgrade"),
            bytes("sec-websocket-accept") == [WebSocketAnswer.accept(to: key)],
            WebSocketAnswer.isChoice(bytes("sec-websocket-protocol"), of: request.request),
            ["sec-websocket-extensions", "content-length", "transfer-encoding", "content-encoding"].allSatisfy({ bytes($0).isEmpty })
        else { throw .upgrade }
        var sent = sent(fields)
        sent[.connection] = "Upgrade"
        sent[.upgrade] = "websocket"
        return JudgedReply(status: 101, fields: sent, coding: .identity, body: .streamed, opensWebSocket: true)
    }
}
