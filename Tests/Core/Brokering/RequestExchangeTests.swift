import HTTPTypes
import Model
import Policies
import TestKit
import Testing

@testable import Brokering

@Suite("one request on its way")
struct RequestExchangeTests {
    private let random = SeededRandom()
    private let grant: GrantID
    private let token = FakeToken(text: "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")
    private let canary = "CANARY-real-value"

    init() { grant = random.id() }

    private func value() -> SecretValue {
        var bytes = Array(canary.utf8)
        return SecretValue(moving: &bytes)
    }

    private func head(_ method: String = "GET", _ target: String = "/repos", _ fields: [(String, String)] = []) -> ReceivedHead {
        let all = [("Host", "api.github.com")] + fields
        return ReceivedHead(
            version: .http1_1, method: method, target: Array(target.replacing("{}", with: token.text).utf8),
            fields: all.map { ReceivedHead.Field($0.replacing("{}", with: token.text), Array($1.replacing("{}", with: token.text).utf8)) })
    }

    private func receive(
        _ head: ReceivedHead, body mayStandInBody: Bool = false, takesUnpacked: Bool = false
    ) throws -> (RequestExchange, RequestExchange.Step) {
        var exchange = RequestExchange(
            SessionTokens([grant: token]), mayStandInBody: mayStandInBody, takesUnpacked: takesUnpacked, clock: { Timestamp(nanoseconds: 0) },
            values: { nil })
        let tunnel = try Origin(url: "https://api.github.com")
        let step = exchange.receive(head, judgedBy: HeadGuard(tunnel: tunnel, serverName: "api.github.com"), allowsEncodedSlash: false)
        return (exchange, step)
    }

    private func wish(_ step: RequestExchange.Step) throws -> RequestWish {
        guard case .ask(let wish) = step else { throw Unexpected(step: "\(step)") }
        return wish
    }

    private struct Unexpected: Error { let step: String }

    @Test("asks with the canonical request and where each token stands, and sends the same with the value in it")
    func asksThenSends() throws {
        var (exchange, step) = try receive(
            head("GET", "/repos/a?page=2", [("Authorization", "Bearer {}"), ("Accept-Encoding", "gzip"), ("Range", "bytes=0-1")]))
        let wish = try wish(step)
        #expect(wish.uses == [RequestWish.TokenUse(grant: grant, place: .bearer, occurrences: 1)])
        let question = try #require(wish.asked.question(for: wish.uses.first))
        #expect(question.line == "GET https://api.github.com/repos/a" && question.place == .bearer && question.occurrences == 1)
        #expect(question.providerPlaces == [.bearer, .header("authorization"), .basic])
        let departure = try exchange.allow([grant: value()])
        #expect(departure.request.headerFields[.authorization] == "Bearer \(canary)" && departure.request.path == "/repos/a?page=2")
        #expect(departure.request.headerFields[.acceptEncoding] == "identity" && departure.request.headerFields[.range] == nil)
        #expect(departure.body == nil && departure.request.authority == "api.github.com")
    }

    @Test("a request without a token asks, too, and leaves unchanged")
    func withoutToken() throws {
        var (exchange, step) = try receive(head("GET", "/a%2Fb", [("Accept", "*/*"), ("Authorization", "Bearer other")]))
        let wish = try wish(step)
        #expect(wish.uses.isEmpty && wish.asked.question(for: nil)?.occurrences == 0)
        let departure = try exchange.allow([:])
        #expect(departure.request.headerFields[.authorization] == "Bearer other" && departure.request.path == "/a%2Fb")
    }

    @Test("counts a token in all its places together, and tells places apart")
    func uses() throws {
        let (_, step) = try receive(head("GET", "/x?k={}&k={}&other={}", [("X-Key", "{}")]))
        #expect(
            try wish(step).uses.map { "\($0.place) \($0.occurrences)" } == ["query: k 4", "query: other 4", "header: x-key 4"])
    }

    @Test(
        "a token in the wrong place ends the request and is told as that grant's misuse",
        arguments: [
            ("/{}x", []), ("/x?{}=1", []), ("/", [("Referer", "https://a/?k={}")]), ("/", [("X-{}", "1")]),
            ("/", [("Proxy-Authorization", "x {} y")]),
            ("/%67hp_{}?z=%zz", []), ("/", [("Connection", "X-Gone"), ("X-Gone", "{}")]), ("/", [("Proxy-Authorization", "Bearer {}")]),
        ] as [(String, [(String, String)])])
    func strays(_ target: String, _ fields: [(String, String)]) throws {
        let (_, step) = try receive(head("GET", target, fields))
        #expect(step == .stop(.stray(grant)))
        guard case .stop(let stop) = step else { return }
        #expect(stop.misusedGrant == grant && !stop.code.contains(token.text))
    }

    @Test("beside a token nothing may be read in two ways; without one it may")
    func ambiguous() throws {
        for target in ["/a/../b", "/a//b", "/a%2Fb", "/%61", "/a;x=1"] {
            let (_, step) = try receive(head("GET", target, [("Authorization", "Bearer {}")]))
            guard case .stop(.ambiguous) = step else {
                Issue.record("\(target): \(step)")
                continue
            }
        }
        let (_, smuggled) = try receive(head("POST", "/", [("Content-Length", "3"), ("Transfer-Encoding", "chunked")]))
        #expect(smuggled == .stop(.ambiguous(.lengthAndCoding)))
    }

    @Test("a body streams on, and is cut off right before a token")
    func streams() throws {
        var (exchange, step) = try receive(
            head("POST", "/x", [("Authorization", "Bearer {}"), ("Content-Length", "100"), ("Content-Type", "application/json")]))
        _ = try wish(step)
        _ = try exchange.allow([grant: value()])
        #expect(exchange.receive(Array("{\"a\":\"ghp_".utf8)) == .pass(Array("{\"a\":\"".utf8)))
        #expect(exchange.receive(Array("other".utf8)) == .pass(Array("ghp_other".utf8)))
        #expect(exchange.receive(Array(token.text.utf8)) == .stop(.stray(grant)))
        #expect(exchange.receive(Array("more".utf8)) == .wait && exchange.receiveEnd() == .wait)
    }

    @Test("where a rule has a place in the body, it is read whole, and leaves with the value and its new length")
    func wholeBody() throws {
        let body = Array(#"{"key":"\#(token.text)"}"#.utf8)
        let digests = [("Content-MD5", "x"), ("Digest", "x"), ("Content-Digest", "x"), ("Repr-Digest", "x"), ("X-Other", "x")]
        var (exchange, step) = try receive(
            head("POST", "/x", [("Content-Length", "\(body.count)"), ("Content-Type", "application/json")] + digests), body: true)
        #expect(step == .wait)
        #expect(exchange.receive(Array(body.prefix(9))) == .wait)
        #expect(exchange.receive(Array(body.dropFirst(9))) == .wait)
        step = exchange.receiveEnd()
        #expect(try wish(step).uses == [RequestWish.TokenUse(grant: grant, place: .json("/key"), occurrences: 1)])
        let departure = try exchange.allow([grant: value()])
        #expect(departure.body == Array(#"{"key":"\#(canary)"}"#.utf8) && departure.framing == .length(Int64(departure.body?.count ?? 0)))
        // The digests were of another body.
        #expect(departure.request.headerFields.map(\.name.canonicalName).filter { $0.hasSuffix("digest") || $0.hasSuffix("md5") } == [])
        #expect(departure.request.headerFields.contains { $0.name.canonicalName == "x-other" })
    }

    @Test("what cannot be looked through where a token may stand does not go on")
    func unreadable() throws {
        let json = ("Content-Type", "application/json")
        var (exchange, step) = try receive(head("POST", "/x", [("Transfer-Encoding", "chunked"), json]), body: true)
        #expect(step == .wait && exchange.receive(Array("{".utf8)) == .wait && exchange.receiveEnd() == .stop(.unreadableBody))
        (exchange, step) = try receive(head("POST", "/x", [("Transfer-Encoding", "chunked"), json]), body: true)
        #expect(exchange.receive([UInt8](repeating: 0x20, count: BodyKind.maximumBytes)) == .wait)
        #expect(exchange.receive([0x20]) == .stop(.unreadableBody))
        #expect(try receive(head("POST", "/x", [("Content-Length", "1048577"), json]), body: true).1 == .stop(.unreadableBody))
        for coding in ["gzip", "br", "identity, gzip"] {
            let fields = [("Content-Length", "9"), ("Content-Encoding", coding), ("Authorization", "Bearer {}")]
            #expect(try receive(head("POST", "/x", fields)).1 == .stop(.codedBody))
        }
    }

    @Test("a packed body beside a token is taken unpacked, and goes on so")
    func unpacked() throws {
        let fields = [
            ("Content-Length", "9"), ("Content-Encoding", "GZIP"), ("Content-Type", "application/x-git-upload-pack-request"), ("Content-MD5", "x"),
            ("Authorization", "Bearer {}"),
        ]
        var (exchange, step) = try receive(head("POST", "/x", fields), takesUnpacked: true)
        #expect(try wish(step).request.body == .streamed && exchange.isUnpacked)
        let departure = try exchange.allow([grant: value()])
        #expect(departure.framing == .streamed && departure.request.headerFields[.contentEncoding] == nil)
        #expect(departure.request.headerFields.allSatisfy { $0.name.canonicalName != "content-md5" })
        #expect(exchange.receive(Array("0032want 1".utf8)) == .pass(Array("0032want 1".utf8)))
        #expect(exchange.receive(Array(token.text.utf8)) == .stop(.stray(grant)))
        for coding in ["br", "identity, gzip", "gzip, gzip"] {
            let fields = [("Content-Length", "9"), ("Content-Encoding", coding), ("Authorization", "Bearer {}")]
            #expect(try receive(head("POST", "/x", fields), takesUnpacked: true).1 == .stop(.codedBody))
        }
    }

    @Test("a form beside a token is looked through for another method")
    func methodInForm() throws {
        let form = "application/x-www-form-urlencoded"
        for (type, body, expected) in [
            (form, "a=1&_method=DELETE", true), (form, "a=1&%5Fmethod=DELETE", true), (form, "a=_method", false), (form, "payment_method=x", false),
            (form, "a=1;_method=DELETE", true), (form, ".method=DELETE", true), (form, "_method%00=DELETE", true), (form, "method=DELETE", true),
            (nil, "_method=DELETE", true), ("\(form); charset=latin1", "_method=DELETE", true), ("\(form),x", "_method=DELETE", true),
        ] as [(String?, String, Bool)] {
            let fields =
                [("Content-Length", "\(body.utf8.count)"), ("Authorization", "Bearer {}")] + (type.map { [("Content-Type", $0)] } ?? [])
            var (exchange, step) = try receive(head("POST", "/x", fields))
            #expect(step == .wait && exchange.receive(Array(body.utf8)) == .wait)
            step = exchange.receiveEnd()
            #expect((step == .stop(.ambiguous(.methodOverride))) == expected, "\(body)")
            if !expected { #expect(try wish(step).uses.map(\.place) == [.bearer] && exchange.allow([grant: value()]).body == Array(body.utf8)) }
        }
    }

    @Test("a body with names in it beside a token streams, and ends where one names another method")
    func methodInNames() throws {
        for (type, body, expected) in [
            ("multipart/form-data; boundary=X", "--X\r\nContent-Disposition: form-data; name=\"_Method\"\r\n\r\nDELETE\r\n--X--\r\n", true),
            ("multipart/mixed; boundary=X", "--X\r\nContent-Disposition: form-data; name=_method\r\n\r\nDELETE\r\n--X--\r\n", true),
            ("application/json", #"{"_method":"DELETE"}"#, true), ("application/json", #"{"payment_method":"card"}"#, false),
            ("multipart/form-data; boundary=X", "--X\r\nContent-Disposition: form-data; name=\"payment_method\"\r\n\r\nx\r\n--X--\r\n", false),
        ] {
            for size in [1, 7, 1000] {
                let fields = [("Transfer-Encoding", "chunked"), ("Content-Type", type), ("Authorization", "Bearer {}")]
                var (exchange, step) = try receive(head("POST", "/x", fields))
                _ = try wish(step)
                _ = try exchange.allow([grant: value()])
                var passed: [UInt8] = []
                var rest = Array(body.utf8)[...]
                while !rest.isEmpty {
                    step = exchange.receive(Array(rest.prefix(size)))
                    rest = rest.dropFirst(size)
                    if case .pass(let bytes) = step { passed += bytes }
                    if case .stop = step { break }
                }
                #expect((step == .stop(.ambiguous(.methodOverride))) == expected, "\(type) in pieces of \(size)")
                #expect(expected || passed == Array(body.utf8))
            }
        }
    }

    @Test("what comes before the answer waits, so much and no more, and goes on with it")
    func early() throws {
        let fields = [("Authorization", "Bearer {}"), ("Content-Length", "9"), ("Content-Type", "text/plain")]
        var (exchange, step) = try receive(head("POST", "/x", fields))
        _ = try wish(step)
        #expect(exchange.receive(Array("a body".utf8)) == .wait && exchange.receiveEnd() == .wait)
        let departure = try exchange.allow([grant: value()])
        #expect(departure.next == [.pass(Array("a body".utf8))] && departure.framing == .length(9))
        (exchange, step) = try receive(head("POST", "/x", fields))
        #expect(exchange.receive(Array("x\(token.text)".utf8)) == .wait)
        #expect(try exchange.allow([grant: value()]).next == [.stop(.stray(grant))])
        (exchange, step) = try receive(head("POST", "/x", fields))
        #expect(
            exchange.receive([UInt8](repeating: 0x20, count: RequestExchange.mostEarly)) == .wait
                && exchange.receive([0x20]) == .stop(.unreadableBody))
        (exchange, step) = try receive(head("GET", "/x", [("Authorization", "Bearer {}")]))
        #expect(exchange.receiveEnd() == .wait)
        #expect(try exchange.allow([grant: value()]).next.isEmpty)
    }

    @Test("a value that was not given, or cannot be written there, lets nothing leave")
    func withoutValue() throws {
        var (exchange, step) = try receive(head("GET", "/x", [("Authorization", "Bearer {}")]))
        _ = try wish(step)
        #expect(throws: ExchangeStop.exchange(.withoutValue)) { try exchange.allow([:]) }
        (exchange, step) = try receive(head("GET", "/x/{}", []))
        _ = try wish(step)
        var bytes = Array("a/b".utf8)
        let slash = SecretValue(moving: &bytes)
        #expect(throws: ExchangeStop.exchange(.unspeakable)) { try exchange.allow([grant: slash]) }
    }

    @Test("what the guard accepts beside a token, the policy can be asked about")
    func oneReading() throws {
        let pieces = ["/", "a", "%2F", "%20", "%25", "..", ".", ";", "~", "%7E", "%C3%A9", "*", ":", "@", "+", "%41", "-", "%", "2", "F"]
        var asked = 0
        for _ in 0..<4000 {
            let path = "/" + (0..<random.int(in: 0...6)).map { _ in random.element(of: pieces) ?? "" }.joined()
            let (_, step) = try receive(head("GET", path, [("Authorization", "Bearer {}")]))
            guard case .ask(let wish) = step else { continue }
            asked += 1
            #expect(wish.asked.question(for: wish.uses.first) != nil, "\(path)")
        }
        #expect(asked > 100)
    }
}
