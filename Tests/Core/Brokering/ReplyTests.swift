import HTTPTypes
import Testing

@testable import Brokering

@Suite("heads of replies")
struct ReplyTests {
    private func request(_ method: String = "GET", _ fields: [(String, String)] = [], carriesToken: Bool = true) throws -> JudgedRequest {
        let head = ReceivedHead(
            version: .http1_1, method: method, target: Array("/".utf8),
            fields: ([("Host", "api.github.com")] + fields).map { ReceivedHead.Field($0, Array($1.utf8)) })
        let verdict = HeadGuard(tunnel: try Origin(url: "https://api.github.com")).verdict(on: head, carriesToken: carriesToken)
        return try #require(verdict.accepted)
    }

    private func verdict(_ status: Int, _ fields: [(String, String)] = [], to request: JudgedRequest? = nil, http2: Bool = false) throws
        -> ReplyGuard.Verdict
    {
        let reply = ReceivedReply(isHTTP2: http2, status: status, fields: fields.map { ReceivedHead.Field($0, Array($1.utf8)) })
        return ReplyGuard.verdict(on: reply, to: try request ?? self.request())
    }

    private func accepted(_ status: Int, _ fields: [(String, String)] = [], to request: JudgedRequest? = nil, http2: Bool = false) throws
        -> JudgedReply
    {
        guard case .accepted(let reply) = try verdict(status, fields, to: request, http2: http2) else { throw Refused() }
        return reply
    }

    private struct Refused: Error {}

    @Test("what is of the connection, tells of other bytes or leads past the broker stays behind; the rest goes on in its order")
    func fields() throws {
        let reply = try accepted(
            200,
            [
                ("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("Connection", "close, X-Hop"), ("X-Hop", "1"),
                ("Keep-Alive", "5"),
                ("Content-Length", "12"), ("Content-Encoding", "GZIP"), ("Alt-Svc", "h3=\":443\""), ("Digest", "sha-256=x"), ("Content-Digest", "x"),
                ("Repr-Digest", "x"),
                ("Content-MD5", "x"), ("Accept-Ranges", "bytes"), ("Proxy-Authenticate", "Basic"), ("Location", "/next"), ("X-Last", "é"),
            ])
        #expect(
            reply.fields.map { "\($0.name.rawName): \($0.value)" } == [
                "Content-Type: text/plain", "Set-Cookie: a=1", "set-cookie: b=2", "Location: /next", "X-Last: é",
            ])
        #expect(reply.coding == .gzip && reply.body == .length(12) && reply.status == 200)
    }

    @Test(
        "a body ends where one thing says it ends",
        arguments: [
            ([("Content-Length", "0")], .length(0)), ([("Transfer-Encoding", "chunked")], .streamed), ([("Transfer-Encoding", "Chunked")], .streamed),
            ([], .untilClose),
        ] as [([(String, String)], JudgedReply.Body)])
    func bodies(_ fields: [(String, String)], _ body: JudgedReply.Body) throws {
        #expect(try accepted(200, fields).body == body)
        #expect(try accepted(204, fields).body == .none)
        #expect(try accepted(304, fields).body == .none)
        #expect(try accepted(200, fields, to: request("HEAD")).body == .none)
    }

    @Test("the answer to HEAD says how long the body would have been, and no other does, nor one whose body is packed")
    func lengthLeftOut() throws {
        let length = ("Content-Length", "1234")
        #expect(try accepted(200, [length], to: request("HEAD")).lengthLeftOut == 1234)
        #expect(try accepted(200, [length, ("Content-Encoding", "gzip")], to: request("HEAD")).lengthLeftOut == nil)
        #expect(try accepted(200, [], to: request("HEAD")).lengthLeftOut == nil && accepted(200, [length]).lengthLeftOut == nil)
    }

    @Test(
        "what two readers could end in two places is refused",
        arguments: [
            [("Content-Length", "1"), ("Transfer-Encoding", "chunked")], [("Content-Length", "1"), ("Content-Length", "1")],
            [("Content-Length", "1, 1")],
            [("Content-Length", "+1")], [("Content-Length", "-1")], [("Content-Length", "0x1")], [("Content-Length", "")],
            [("Content-Length", "1 2")],
            [("Content-Length", "9999999999999999999")], [("Transfer-Encoding", "gzip, chunked")], [("Transfer-Encoding", "identity")],
            [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
        ] as [[(String, String)]])
    func framing(_ fields: [(String, String)]) throws {
        #expect(try verdict(200, fields) == .refused(.framing))
    }

    @Test("a part of a body, a coding that nobody opens, a proxy's question and a status that is none are refused")
    func refused() throws {
        #expect(try verdict(206) == .refused(.partial))
        #expect(try verdict(200, [("Content-Range", "bytes 0-1/2")]) == .refused(.partial))
        for coding in ["gzip, br", "compress", "aes128gcm", "exi", "dcb"] {
            #expect(try verdict(200, [("Content-Encoding", coding)]) == .refused(.coding))
        }
        #expect(try verdict(200, [("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")]) == .refused(.coding))
        for status in [0, 99, 407, 600, 999] { #expect(try verdict(status) == .refused(.status)) }
        for (name, value) in [("X Y", "1"), ("", "1"), ("X", "a\r\nb"), ("X", "a\0b"), ("Xé", "1")] {
            #expect(try verdict(200, [(name, value)]) == .refused(.fields))
        }
        #expect(try verdict(200, [("Upper", "1")], http2: true) == .refused(.fields))
        #expect(try verdict(200, Array(repeating: ("X", "1"), count: 257)) == .refused(.tooLarge))
        #expect(try verdict(200, [("x", String(repeating: "a", count: 70_000))]) == .refused(.tooLarge))
        #expect(Set(ReplyRefusal.allCases.map(\.code)).count == ReplyRefusal.allCases.count)
    }

    @Test("a part of something is the answer to who asked for one, and nobody asks for one with a token") func parts() throws {
        let (range, part) = ([("Range", "bytes=0-1")], [("Content-Range", "bytes 0-1/2"), ("Content-Length", "2")])
        let asking = try request("GET", range, carriesToken: false)
        let reply = try accepted(206, part, to: asking)
        #expect(reply.isPart && reply.body == .length(2) && reply.fields.map(\.name.rawName) == ["Content-Range"])
        #expect(try accepted(416, [("Content-Range", "bytes */2")], to: asking).isPart && accepted(206, to: asking).isPart)
        #expect(try !accepted(200, to: asking).isPart && verdict(226, to: asking) == .refused(.partial))
        for other in try [request("GET", range), request(carriesToken: false), request("GET", [("If-Range", "x")], carriesToken: false)] {
            #expect(try verdict(206, part, to: other) == .refused(.partial) && verdict(416, part, to: other) == .refused(.partial))
        }
    }

    @Test("every coding that is opened is known by its name, whatever its case")
    func codings() throws {
        for (name, coding) in [
            ("gzip", .gzip), ("x-gzip", .gzip), ("Deflate", .deflate), ("br", .brotli), ("zstd", .zstandard), ("identity", .identity),
            ("", .identity),
        ] as [(String, JudgedReply.Coding)] {
            #expect(try accepted(200, [("Content-Encoding", name)]).coding == coding)
        }
    }

    @Test("what comes before the answer stays behind, but for the leave to send a body")
    func interim() throws {
        #expect(try verdict(103, [("Link", "<https://evil.example>; rel=preload")]) == .interim(continues: false))
        #expect(try verdict(100) == .interim(continues: false))
        let waiting = try request("POST", [("Expect", "100-continue"), ("Content-Length", "5")])
        #expect(try verdict(100, to: waiting) == .interim(continues: true))
    }

    @Test("another protocol comes only when it was asked for, and then without extensions")
    func upgrades() throws {
        let asked = try request(
            "GET",
            [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13")])
        let answer = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]
        #expect(try accepted(101, answer, to: asked).opensWebSocket)
        #expect(try verdict(101, answer) == .refused(.upgrade))
        #expect(try verdict(101, answer + [("Sec-WebSocket-Extensions", "permessage-deflate")], to: asked) == .refused(.upgrade))
        #expect(try verdict(101, [("Upgrade", "h2c"), ("Connection", "Upgrade")], to: asked) == .refused(.upgrade))
        #expect(try verdict(101, Array(answer.dropFirst()), to: asked) == .refused(.upgrade))
        #expect(try accepted(101, [answer[0], ("Connection", "keep-alive, upgrade"), answer[2]], to: asked).fields[.connection] == "Upgrade")
        for more in [
            ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), ("Content-Length", "0"), ("Transfer-Encoding", "chunked"),
            ("Content-Encoding", "gzip"), ("Sec-WebSocket-Protocol", "chat"), ("Upgrade", "websocket"), ("Sec-WebSocket-Extensions", ""),
        ] {
            #expect(try verdict(101, answer + [more], to: asked) == .refused(.upgrade), "\(more)")
        }
        for wrong in ["", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "dGhlIHNhbXBsZSBub25jZQ=="] {
            #expect(try verdict(101, Array(answer.dropLast()) + [("Sec-WebSocket-Accept", wrong)], to: asked) == .refused(.upgrade))
        }
        #expect(try verdict(101, answer, to: asked, http2: true) == .refused(.fields))
        #expect(try verdict(101, answer.map { ($0.lowercased(), $1) }, to: asked, http2: true) == .refused(.upgrade))
    }

    @Test("of protocols inside a WebSocket a service chooses one that it was offered")
    func protocols() throws {
        let asked = try request(
            "GET",
            [
                ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Protocol", "chat, news"), ("Sec-WebSocket-Extensions", "permessage-deflate"),
            ])
        #expect(asked.request.headerFields.first { $0.name.canonicalName == "sec-websocket-extensions" } == nil)
        let answer = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]
        for chosen in ["chat", "news"] { #expect(try accepted(101, answer + [("Sec-WebSocket-Protocol", chosen)], to: asked).opensWebSocket) }
        for chosen in ["other", "chat, news", "Chat", ""] {
            #expect(try verdict(101, answer + [("Sec-WebSocket-Protocol", chosen)], to: asked) == .refused(.upgrade))
        }
    }
}
