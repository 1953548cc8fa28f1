import HTTPTypes
import TestKit
import Testing

@testable import Brokering

@Suite("Heads of requests, drawn")
struct HeadPropertyTests {
    private static let names = [
        "Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "TE", "Trailer", "Upgrade", "Expect", "X-A", "X_A", "Content_Length",
        "Range",
        "Accept-Encoding", "Authorization", "Cookie", "Keep-Alive", "Proxy-Authorization", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
        "X-Original-URL", "",
        "a b", "X-A:",
    ]
    private static let values = [
        "a", "a:443", "5", "0", "chunked", "close", "x-a", "upgrade", "trailers", "websocket", "100-continue", "13", "dGhlIHNhbXBsZSBub25jZQ==", "",
        " 5 ", "a\r\nb",
        "a\u{0}", "identity", "bytes=0-1", "close, x-a", "é", ",",
    ]

    private func drawn(_ draws: inout RandomDraws) -> ReceivedHead {
        var fields = (0..<Int.random(in: 0...5, using: &draws)).map { _ in
            ReceivedHead.Field(
                draws.pick(Self.names), draws.pick([true, true, true, false]) ? Array(draws.pick(Self.values).utf8) : draws.bytes(count: 0...6))
        }
        if draws.pick([true, true, true, false]) { fields.append(.init("Host", Array("a".utf8))) }
        return ReceivedHead(
            version: draws.pick([.http1_1, .http1_1, .http1_0, .http2(isWhole: true), .http2(isWhole: false)]),
            method: draws.pick(["GET", "POST", "PUT", "DELETE", "CONNECT", "get", ""]),
            target: Array(draws.pick(["/", "/a", "/a/../b", "*", "https://a/b", "%"]).utf8),
            authority: draws.pick(["a", "a", "b", nil]), scheme: draws.pick(["https", "https", "http", nil]), fields: fields)
    }

    @Test("what goes on has one length, one host, no line end, and nothing of the connection")
    func clean() throws {
        var draws = RandomDraws()
        let guarded = HeadGuard(tunnel: try origin("https://a"), serverName: "a")
        var accepted = 0
        for _ in 0..<12_000 {
            let head = drawn(&draws)
            let isToken = draws.pick([true, false])
            guard let judged = guarded.verdict(on: head, carriesToken: isToken).accepted else { continue }
            accepted += 1
            #expect(
                judged.request.authority == "a" && judged.request.path?.hasPrefix("/") ?? false || judged.request.path == "*", "seed \(draws.seed)")
            let names = judged.request.headerFields.map(\.name.canonicalName)
            let gone: Set<String> = ["host", "content-length", "transfer-encoding", "keep-alive", "te", "proxy-authorization"]
            #expect(gone.isDisjoint(with: names), "seed \(draws.seed)")
            #expect(judged.opensWebSocket || !names.contains("connection") && !names.contains("upgrade"), "seed \(draws.seed)")
            #expect(!isToken || judged.request.headerFields[.acceptEncoding] == "identity" && !names.contains("range"), "seed \(draws.seed)")
            #expect(judged.request.headerFields.allSatisfy { field in HTTPField.isValidValue(field.value) && !field.value.contains("\n") })
        }
        #expect(accepted > 250, "seed \(draws.seed)")
    }

    @Test("what goes on is judged again to be itself")
    func idempotent() throws {
        var draws = RandomDraws()
        let guarded = HeadGuard(tunnel: try origin("https://a"))
        var accepted = 0
        for _ in 0..<6000 {
            let head = drawn(&draws)
            let isToken = draws.pick([true, false])
            guard let judged = guarded.verdict(on: head, carriesToken: isToken).accepted else { continue }
            accepted += 1
            let sent = judged.request.headerFields.map { field in
                ReceivedHead.Field(field.name.rawName, unsafe field.withUnsafeBytesOfValue { unsafe Array($0) })
            }
            var next = ReceivedHead(
                version: .http1_1, method: judged.request.method.rawValue, target: Array((judged.request.path ?? "").utf8),
                fields: [.init("Host", Array((judged.request.authority ?? "").utf8))] + sent)
            switch judged.body {
            case .none: break
            case .length(let length): next.fields.append(.init("Content-Length", Array(String(length).utf8)))
            case .streamed: next.fields.append(.init("Transfer-Encoding", Array("chunked".utf8)))
            }
            let again = try #require(guarded.verdict(on: next, carriesToken: isToken).accepted, "\(head), seed \(draws.seed)")
            #expect(again.target == judged.target && again.body == judged.body && again.opensWebSocket == judged.opensWebSocket, "seed \(draws.seed)")
            let fields = { (judged: JudgedRequest) in judged.request.headerFields.map { "\($0.name.canonicalName): \($0.value)" }.sorted() }
            #expect(fields(again) == fields(judged), "\(head), seed \(draws.seed)")
        }
        #expect(accepted > 100, "seed \(draws.seed)")
    }

    @Test("any bytes are judged")
    func anyBytes() throws {
        var draws = RandomDraws()
        let guarded = HeadGuard(tunnel: nil)
        for _ in 0..<3000 {
            let text = { (draws: inout RandomDraws) in String(decoding: draws.bytes(count: 0...8), as: UTF8.self) }
            let fields = (0..<Int.random(in: 0...4, using: &draws)).map { _ in ReceivedHead.Field(text(&draws), draws.bytes(count: 0...12)) }
            let head = ReceivedHead(
                version: draws.pick([.http1_1, .http2(isWhole: false)]), method: text(&draws), target: draws.bytes(count: 0...12),
                authority: text(&draws),
                scheme: "http", fields: fields)
            _ = guarded.verdict(on: head, carriesToken: true)
            _ = HeadGuard.verdict(onTrailers: fields, overHTTP2: false)
        }
    }
}
