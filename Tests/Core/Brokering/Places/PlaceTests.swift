import Foundation
import Model
import PlaintextDoor
import Policies
import TestKit
import Testing

@testable import Brokering

/// A session with three tokens: of a model provider, of a code host, and one whose alphabet has signs that URLs escape.
private struct Session {
    let grants: [GrantID]
    let texts: [String]
    let tokens: SessionTokens

    init(_ random: SeededRandom) {
        // Strays are told in the order of their ids.
        grants = (0..<3).map { _ in random.id() }.sorted()
        texts = [
            "sk-proj-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789", "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", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        ]
        tokens = SessionTokens(Dictionary(uniqueKeysWithValues: zip(grants, texts.map(FakeToken.init))))
    }

    /// `{0}` is the first token, `{0%}` its escaped form.
    func filled(_ text: String) -> [UInt8] {
        var text = text
        for (index, token) in texts.enumerated() {
            text = text.replacing("{\(index)}", with: token)
            text = text.replacing("{\(index)%}", with: token.replacing("/", with: "%2F").replacing("+", with: "%2b"))
        }
        return Array(text.utf8)
    }

    /// What is seen, as `0 bearer`; `0 stray` where no token may stand.
    func seen(_ target: String, _ fields: [(String, String)] = []) -> [String] {
        shown(tokens.sightings(inTarget: filled(target), fields: fields.map { (String(decoding: filled($0), as: UTF8.self), filled($1)) }))
    }

    func shown(_ sightings: [TokenSighting]) -> [String] {
        sightings.map { sighting in
            "\(grants.firstIndex(of: sighting.grant).map(String.init) ?? "?") \(sighting.place.map(\.description) ?? "stray")"
        }
    }
}

private func base64(_ text: [UInt8]) -> String { Data(text).base64EncodedString() }

@Suite("where fake tokens stand in a request")
struct PlaceTests {
    private let random = SeededRandom()

    @Test(
        "each place is told by how it is written",
        arguments: [
            ("Authorization", "Bearer {0}", ["0 bearer"]), ("authorization", "bearer {0}", ["0 bearer"]),
            ("AUTHORIZATION", "BEARER {0}", ["0 bearer"]),
            ("Authorization", "token {1}", ["1 header: authorization"]), ("Authorization", "Bot {0}", ["0 header: authorization"]),
            ("Authorization", "{1}", ["1 header: authorization"]), ("X-Api-Key", "{0}", ["0 header: x-api-key"]),
            ("x-goog-api-key", "{0}", ["0 header: x-goog-api-key"]), ("DD-API-KEY", "{2}", ["2 header: dd-api-key"]),
            ("Cookie", "a=b; session={0}; c=d", ["0 cookie: session"]), ("cookie", "session=\"{0}\"", ["0 cookie: session"]),
            ("Cookie", "one={0};two={1}", ["0 cookie: one", "1 cookie: two"]),
            ("Cookie", "session={0}; session={0}", ["0 cookie: session", "0 cookie: session"]),
            // Where it is not whole, or not where it should be, it is a stray.
            ("Authorization", "Bearer  {0}", ["0 stray"]), ("Authorization", "Bearer {0} ", ["0 stray"]),
            ("Authorization", "Bearer x{0}", ["0 stray"]),
            ("Authorization", "Bearer {0}x", ["0 stray"]), ("Authorization", "Bearer {0},{0}", ["0 stray", "0 stray"]),
            ("Authorization", "Bearer {0}, Bearer {1}", ["0 stray", "1 stray"]), ("Authorization", "AWS4-HMAC-SHA256 Credential={0}/x", ["0 stray"]),
            ("Cookie", "a=\"x; session={0}; y\"", ["0 stray"]), ("Cookie", "{0}", ["0 stray"]), ("Cookie", "{0}=x", ["0 stray"]),
            ("Cookie", "a=x{0}", ["0 stray"]), ("Cookie", "a=\"{0}", ["0 stray"]),
            ("Referer", "https://a.example/?key={0}", ["0 stray"]), ("User-Agent", "curl {0} more", ["0 stray"]), ("X-{1}", "x", ["1 stray"]),
            ("X-Api-Key", "sk-proj-AbCdEfGhIjKlMnOpQrStUvWxYz012345678", []), ("X-Api-Key", "", []),
        ])
    func fields(_ name: String, _ value: String, _ expected: [String]) {
        #expect(Session(random).seen("/", [(name, value)]) == expected, "\(name): \(value)")
    }

    @Test(
        "in a target it stands in a segment or as a query's value, escaped or not",
        arguments: [
            ("/v1/{0}/x", ["0 segment"]), ("/{1}", ["1 segment"]), ("/a?key={0}", ["0 query: key"]), ("/a?x=1&api%5Fkey={0}&y", ["0 query: api_key"]),
            ("/a?key={2%}", ["2 query: key"]), ("/{2%}", ["2 segment"]), ("/a?k={0}&k={0}", ["0 query: k", "0 query: k"]),
            ("/{0}?k={1}", ["0 segment", "1 query: k"]),
            // Signs that end a segment or mean a space are none of the token's.
            ("/{2}", ["2 stray"]), ("/a?k={2}", ["2 stray"]), ("/bot{0}/send", ["0 stray"]), ("/a?{0}", ["0 stray"]), ("/a?{0}=1", ["0 stray"]),
            ("/a?k=x{0}", ["0 stray"]),
            ("/a?k=%zz{0}", ["0 stray"]), ("/a?k%E2%84%AA={0}", ["0 stray"]), ("/a?k={0}&note=see{0}", ["0 query: k", "0 stray"]),
            ("/a;x={0}", ["0 stray"]), ("/a?k={0}#", ["0 stray"]), ("/a?b?k={0}", ["0 query: b?k"]), ("/", []),
            ("", []), ("/a?", []),
        ])
    func targets(_ target: String, _ expected: [String]) {
        #expect(Session(random).seen(target) == expected, "\(target)")
    }

    @Test("in Basic it is user or password; what is no base64, or has more than the token, is no place")
    func basic() {
        let session = Session(random)
        for (pair, expected) in [
            ("x-access-token:{1}", ["1 basic"]), ("{1}:x-oauth-basic", ["1 basic"]), ("{0}:{1}", ["0 basic", "1 basic"]), ("{0}:", ["0 basic"]),
            (":{0}", ["0 basic"]),
            ("u:{2}", ["2 basic"]), ("u:{0}:", ["0 stray"]), ("u{0}:x", ["0 stray"]), ("{0}", []), ("user:password", []),
        ] {
            let text = base64(session.filled(pair))
            #expect(session.seen("/", [("Authorization", "Basic \(text)")]) == expected, "\(pair)")
            #expect(session.seen("/", [("Authorization", "Basic \(text.replacing("=", with: ""))")]) == expected, "\(pair) without padding")
        }
        #expect(session.seen("/", [("Authorization", "Basic u:{0}")]) == ["0 stray"])
    }

    @Test("our base64 is the library's, and one text for the same bytes is all that is taken")
    func base64Texts() {
        for count in 0..<200 {
            let bytes = random.bytes(count)
            var text: [UInt8] = []
            Base64Text.encode(bytes, into: &text)
            #expect(String(decoding: text, as: UTF8.self) == base64(bytes))
            #expect(Base64Text.decoded(text[...]) == bytes)
        }
        for bad in ["QQ=", "QR==", "QQ===", "Q", "QUI=Q", "=QQ=", "QQ==QQ==", "QQ\n==", "QU-_", "QUJ="] {
            #expect(Base64Text.decoded(Array(bad.utf8)[...]) == nil, "\(bad)")
        }
    }

    @Test("tokens are found at every place of a text, and texts without one give none")
    func search() {
        let session = Session(random)
        for _ in 0..<300 {
            let before = random.bytes(random.int(in: 0...40)), after = random.bytes(random.int(in: 0...40))
            let which = random.int(in: 0...2)
            let token = Array(session.texts[which].utf8)
            #expect(session.tokens.grants(in: before + token + after) == [session.grants[which]])
            #expect(session.tokens.grants(in: before + token.dropLast() + after).isEmpty || after.first == token.last)
        }
        #expect(SessionTokens([:]).grants(in: random.bytes(4096)).isEmpty)
    }

    @Test("what is found in steps is what is found at every place, for tokens of any length, also across each other")
    func searchInSteps() {
        for _ in 0..<200 {
            let letters = Array("ab".utf8)
            let texts = Set((0..<random.int(in: 1...4)).map { _ in (0..<random.int(in: 8...40)).map { _ in letters[random.int(in: 0...1)] } })
            let grants: [GrantID] = texts.map { _ in random.id() }
            let named = Array(zip(grants, texts))
            let tokens = SessionTokens(Dictionary(uniqueKeysWithValues: named.map { ($0, FakeToken(text: String(decoding: $1, as: UTF8.self))) }))
            let text = (0..<6).flatMap { _ in
                random.oneIn(2) ? random.element(of: Array(texts)) ?? [] : (0..<9).map { _ in letters[random.int(in: 0...1)] }
            }
            var expected: [(grant: GrantID, end: Int)] = []
            for end in 1...text.count {
                for (grant, token) in named where text[..<end].suffix(token.count).elementsEqual(token) { expected.append((grant, end)) }
            }
            #expect(Set(tokens.grants(in: text)) == Set(expected.map(\.grant)) && tokens.grants(in: text).count == expected.count)
            #expect(tokens.first(in: text)?.range.upperBound == expected.first?.end)
        }
    }
}
