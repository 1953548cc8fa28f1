import HTTPTypes
import Testing

@testable import Brokering

@Suite("Heads of requests")
struct HeadTests {
    @Test("each head of the table goes on as it says, or is refused for its reason")
    func table() throws {
        let cases = try RequestTable<HeadCase>.read("heads.json")
        #expect(cases.count >= 200)
        for entry in cases {
            switch try entry.verdict() {
            case .refused(let refusal): #expect(refusal.code == entry.refused, "\(entry.title)")
            case .accepted(let judged):
                #expect(entry.refused == nil, "\(entry.title)")
                #expect(judged.request.headerFields.map { [$0.name.rawName, $0.value] } == entry.sent, "\(entry.title)")
                #expect(judged.body.text == entry.body, "\(entry.title)")
                if let path = entry.path { #expect(judged.request.path == path, "\(entry.title)") }
                if let expected = entry.needsOwnConnection { #expect(judged.needsOwnConnection == expected, "\(entry.title)") }
                #expect(judged.opensWebSocket == (entry.opensWebSocket ?? false), "\(entry.title)")
                #expect(judged.acceptsTrailers == (entry.acceptsTrailers ?? false), "\(entry.title)")
                #expect(judged.expectsContinue == (entry.expectsContinue ?? false), "\(entry.title)")
            }
        }
    }

    @Test("a judged request names its origin once, in the canonical form")
    func origins() throws {
        let head = ReceivedHead(
            version: .http1_1, method: "GET", target: Array("/a%2c?b".utf8), fields: [.init("host", Array("API.Example.com:8443".utf8))])
        let guarded = HeadGuard(tunnel: try origin("https://api.example.com:8443"))
        let judged = try #require(guarded.verdict(on: head, carriesToken: true).accepted)
        #expect(judged.request.scheme == "https" && judged.request.authority == "api.example.com:8443" && judged.request.path == "/a%2C?b")
        #expect(judged.target.judgedPath == "/a,")
        #expect(!judged.request.headerFields.contains { $0.name.canonicalName == "host" })
    }

    @Test("an encoded slash passes where the rule says so")
    func encodedSlash() throws {
        let head = ReceivedHead(version: .http1_1, method: "GET", target: Array("/a%2Fb".utf8), fields: [.init("Host", Array("a".utf8))])
        let guarded = HeadGuard(tunnel: try origin("https://a"))
        #expect(guarded.verdict(on: head, carriesToken: true).refusal == .pathEncodedSlash)
        #expect(guarded.verdict(on: head, carriesToken: true, allowsEncodedSlash: true).accepted?.target.path == "/a%2Fb")
    }

    @Test("a request to a listener goes on to the provider, without the segments that name the provider")
    func readdressed() throws {
        let listener = HeadGuard(tunnel: try origin("http://127.0.0.1:4000"))
        let provider = try origin("https://api.example.com")
        let judged = { (target: String) throws in
            let head = ReceivedHead(
                version: .http1_1, method: "GET", target: Array(target.utf8), fields: [.init("Host", Array("127.0.0.1:4000".utf8))])
            return try #require(listener.verdict(on: head, carriesToken: false).accepted, "\(target)")
        }
        for (target, expected) in [
            ("/via/x/a%2cb/c?d=/e", "/a%2Cb/c?d=/e"), ("/via/x/", "/"), ("/via/x", "/"), ("/via/x?a", "/?a"),
            ("/via/x/.evil.example", "/.evil.example"),
            ("/via/x/@evil.example", "/@evil.example"), ("/via/x//evil.example", "//evil.example"), ("/a/../via/x/b", "/b"), ("/via%2fx/y/z", "/z"),
        ] {
            let readdressed = try #require(judged(target).addressed(to: provider, droppingSegments: 2), "\(target)")
            #expect(readdressed.request.path == expected && readdressed.target.pathAndQuery == expected, "\(target)")
            #expect(readdressed.request.authority == "api.example.com" && readdressed.request.scheme == "https")
            #expect(readdressed.target.origin == provider)
        }
        #expect(try judged("/via/x/a%2cb").addressed(to: provider, droppingSegments: 2)?.target.judgedPath == "/a,b")
        #expect(try judged("/via").addressed(to: provider, droppingSegments: 2) == nil)
        #expect(try judged("/via/%78/b").target.firstSegments(2) == ["via", "x"])
        #expect(try judged("/via").target.firstSegments(2) == nil)
    }

    @Test("a request that was made here is judged like one that came")
    func made() throws {
        let guarded = HeadGuard(tunnel: try origin("https://a"))
        let request = HTTPRequest(method: .post, scheme: "https", authority: "a", path: "/b", headerFields: [.accept: "x", .contentLength: "3"])
        let judged = try #require(guarded.verdict(on: ReceivedHead(request, hasBody: true), carriesToken: false).accepted)
        #expect(judged.body == .length(3) && judged.request.headerFields == [.accept: "x"])
        let refusal = { (change: (inout HTTPRequest) -> Void) in
            var changed = request
            change(&changed)
            return guarded.verdict(on: ReceivedHead(changed, hasBody: true), carriesToken: false).refusal
        }
        #expect(refusal { $0.authority = "evil.example" } == .hostDisagrees)
        #expect(refusal { $0.authority = nil } == .hostMissing)
        #expect(refusal { $0.scheme = "http" } == .schemeDisagrees)
        #expect(refusal { $0.path = nil } == .targetMalformed)
        #expect(refusal { $0.path = ".evil.example/x" } == .targetMalformed)
        #expect(refusal { $0.path = "@evil.example/x" } == .targetMalformed)
        #expect(refusal { $0.extendedConnectProtocol = "websocket" } == .methodRefused)
        #expect(guarded.verdict(on: ReceivedHead(request, hasBody: false), carriesToken: false).refusal == .lengthIllegal)
    }

    @Test("values that are no UTF-8 go on byte by byte")
    func bytes() throws {
        let value: [UInt8] = [0x61, 0xE9, 0xFF, 0x80, 0x62]
        let head = ReceivedHead(
            version: .http1_1, method: "GET", target: [0x2F], fields: [.init("Host", [0x61]), .init("X-Name", [0x20] + value + [0x09])])
        let judged = try #require(HeadGuard(tunnel: try origin("https://a")).verdict(on: head, carriesToken: false).accepted)
        let field = try #require(judged.request.headerFields.first { $0.name.rawName == "X-Name" })
        #expect(unsafe field.withUnsafeBytesOfValue { unsafe Array($0) } == value)
    }

    struct TrailerCase: Decodable, Sendable {
        var title: String
        var fields: [[String]]
        var http2: Bool?
        var refused: String?
    }

    @Test("each list of trailers goes on as it came, or is refused for its reason")
    func trailers() throws {
        for entry in try RequestTable<TrailerCase>.read("trailers.json") {
            let fields = entry.fields.map { ReceivedHead.Field($0[0], Array($0[1].utf8)) }
            switch HeadGuard.verdict(onTrailers: fields, overHTTP2: entry.http2 ?? false) {
            case .refused(let refusal): #expect(refusal.code == entry.refused, "\(entry.title)")
            case .accepted(let trailers):
                #expect(entry.refused == nil, "\(entry.title)")
                #expect(trailers.map { [$0.name.rawName, $0.value] } == entry.fields, "\(entry.title)")
            }
        }
    }

    @Test("every reason has a code of its own, a sentence, a remedy, and a vector that gives it")
    func reasons() throws {
        let all = RequestRefusal.allCases
        #expect(Set(all.map(\.code)).count == all.count && Set(all.map(\.message)).count == all.count)
        #expect(all.allSatisfy { $0.message.first?.isUppercase == false && !$0.message.hasSuffix(".") && $0.hint?.hasSuffix(".") == false })
        var given: Set<String?> = ["broker.port-missing"]  // of CONNECT alone
        given.formUnion(try RequestTable<HeadCase>.read("heads.json").map(\.refused))
        given.formUnion(try RequestTable<TargetTests.Case>.read("paths.json").flatMap { [$0.token, $0.plain] })
        given.formUnion(try RequestTable<AuthorityTests.Case>.read("authorities.json").map(\.refused))
        given.insert(RequestRefusal.targetTooLong.code)
        #expect(all.map(\.code).filter { !given.contains($0) } == [])
    }
}
