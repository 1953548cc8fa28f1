import TestKit
import Testing

@testable import Policies

@Suite("Hosts of request rules")
struct HostPatternTests {
    @Test(
        "a pattern matches whole names, and a star whole labels",
        arguments: [
            ("api.example.com", "api.example.com", true), ("api.example.com", "api.example.com.evil.com", false),
            ("api.example.com", "evil-api.example.com", false), ("api.example.com", "a.api.example.com", false),
            ("api.example.com", "apiXexample.com", false), ("api.example.com", "example.com", false), ("api.example.com", "com", false),
            ("api.example.com", "API.example.com", false), ("api.example.com", "api.example.com.", false),
            ("api.example.com", "api.example.com:443", false),
            ("api.example.com", "user@api.example.com", false), ("api.example.com", " api.example.com", false), ("api.example.com", "", false),
            ("*.example.com", "api.example.com", true), ("*.example.com", "a.b.c.example.com", true),
            ("*.example.com", "xn--bcher-kva.example.com", true),
            ("*.example.com", "example.com", false), ("*.example.com", ".example.com", false), ("*.example.com", "evilexample.com", false),
            ("*.example.com", "example.com.evil.com", false), ("*.example.com", "api.example.com.evil.com", false),
            ("*.example.com", "api.example.co", false),
            ("*.example.com", "api.example.comm", false), ("*.example.com", "api-example.com", false), ("*.example.com", "api.EXAMPLE.com", false),
            ("*.example.com", "api.example.com.", false), ("*.example.com", "*.example.com", false), ("*.example.com", "..example.com", false),
            ("*.example.com", "a..example.com", false), ("*.example.com", "-.example.com", false), ("*.example.com", "bücher.example.com", false),
            ("*.example.com", "evil.com/.example.com", false), ("*.example.com", "evil.com#.example.com", false),
            ("*.example.com", "evil.com\\.example.com", false),
            ("*.example.com", "evil.com@.example.com", false), ("*.example.com", "a_b.example.com", false),
            ("*.example.com", "a b.example.com", false),
            ("*.example.com", "\u{FF41}pi.example.com", false), ("*.example.com", "api\u{3002}example.com", false),
            ("*.a.example.com", "b.example.com", false),
            ("xn--bcher-kva.example", "xn--bcher-kva.example", true), ("xn--bcher-kva.example", "bücher.example", false),
            ("localhost", "localhost", true),
            ("localhost", "localhost.evil.com", false), ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.1", false),
            ("127.0.0.1", "2130706433", false),
            ("127.0.0.1", "0x7f000001", false), ("127.0.0.1", "127.0.0.01", false), ("127.0.0.1", "[::ffff:7f00:1]", false), ("[::1]", "[::1]", true),
            ("[::1]", "::1", false), ("[::1]", "[0:0:0:0:0:0:0:1]", false), ("[2001:db8::1]", "[2001:DB8::1]", false),
            ("github.io", "github.io", true),
            ("github.io", "evil.github.io", false), ("*.shop.co.uk", "api.shop.co.uk", true), ("*.shop.co.uk", "api.other.co.uk", false),
            ("*.mine.github.io", "a.mine.github.io", true), ("*.mine.github.io", "a.yours.github.io", false), ("*.www.ck", "a.www.ck", true),
        ] as [(String, String, Bool)])
    func matching(pattern: String, host: String, matches: Bool) throws {
        let pattern = try HostPattern(pattern)
        // What is no host in its canonical form never gets as far as a pattern.
        let question = RequestQuestion(host: host, method: "GET", path: "/")
        #expect((question.map { pattern.matches($0.host) } ?? false) == matches)
        guard matches else { return }
        let single = try HostPattern(host)
        #expect(pattern.matches(pattern.example) && pattern.covers(single))
    }

    @Test(
        "no star stands over names that different owners have",
        arguments: [
            "herokuapp.com", "vercel.app", "netlify.app", "github.io", "pages.dev", "workers.dev", "amazonaws.com", "azurewebsites.net",
            "cloudfront.net",
            "firebaseapp.com", "web.app", "run.app", "appspot.com", "blob.core.windows.net", "core.windows.net", "windows.net", "supabase.co",
            "ngrok.io",
            "ngrok.app", "trycloudflare.com", "notion.site", "slack.com", "fly.dev", "hf.space", "r2.dev", "googleapis.com", "storage.googleapis.com",
            "s3.eu-central-1.amazonaws.com", "execute-api.eu-west-1.amazonaws.com", "lambda-url.eu-west-1.on.aws", "nip.io", "myshopify.com",
            "atlassian.net",
            "com", "co.uk", "uk", "ck", "foo.ck", "kawasaki.jp", "compute.amazonaws.com", "dev", "io", "xn--p1ai", "nosuchtld",
        ])
    func shared(suffix: String) {
        let refusals: [HostProblem] = [.wildcardOnPublicSuffix, .wildcardOnTenants]
        do {
            _ = try HostPattern("*.\(suffix)")
            Issue.record("it was taken")
        } catch { #expect(refusals.contains(error)) }
        // By its full name it is one host.
        #expect(throws: Never.self) { try HostPattern(suffix) }
    }

    @Test(
        "a star stands over one owner's names",
        arguments: [
            "example.com", "github.com", "openai.com", "stripe.com", "example.co.uk", "mine.github.io", "a.b.example.org", "city.kawasaki.jp",
            "www.ck", "foo.bar.ck",
            "xn--bcher-kva.example", "example.notlisted", "mine.herokuapp.com", "team.slack.com",
        ])
    func owned(suffix: String) throws { #expect(try HostPattern("*.\(suffix)").matches("api.\(suffix)")) }

    @Test("one pattern covers another exactly when it matches all of its names")
    func coverage() throws {
        let patterns = try [
            "example.com", "a.example.com", "b.a.example.com", "*.example.com", "*.a.example.com", "*.xa.example.com", "*.example.org",
        ]
        .map { try HostPattern($0) }
        let names = [
            "example.com", "a.example.com", "b.a.example.com", "xa.example.com", "c.xa.example.com", "d.b.a.example.com", "z.example.org",
            "z.example.com",
        ]
        for outer in patterns {
            for inner in patterns { #expect(outer.covers(inner) == names.filter(inner.matches).allSatisfy(outer.matches), "\(outer) over \(inner)") }
        }
    }

    @Test("every host that is tried is taken in one form alone, or not at all")
    func drawn() {
        var draws = RandomDraws()
        var taken = 0
        for _ in 0..<20_000 {
            let text = draws.text(
                of: ["a", "b", "1", "0", "127", ".", "..", "-", "xn--", "A", "[", "]", ":", "::", "f", "*", "é", "%", "_", "com"], count: 1...7)
            guard let host = try? HostName(text) else { continue }
            taken += 1
            #expect(text == text.lowercased() && text.utf8.allSatisfy { $0 < 0x80 } && !text.hasSuffix("."), "seed \(draws.seed)")
            if case .name = host {
                #expect(!text.contains(":") && Double(text.split(separator: ".").last ?? "") == nil, "\(text), seed \(draws.seed)")
            }
        }
        #expect(taken > 500)
    }
}

@Suite("Public suffixes")
struct PublicSuffixTests {
    @Test("the table is in order, holds the whole list and finds each of its words")
    func table() {
        let words = PublicSuffixData.text.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(words.count > 9000)
        #expect(zip(words, words.dropFirst()).allSatisfy { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        let table = WordTable(PublicSuffixData.text)
        let missing = words.filter { !table.contains($0) }
        #expect(missing.isEmpty)
        #expect(words.allSatisfy { $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } })
        let found = ["", "a", "c", "io.githu", "zzz", "io.github.x", "~", "!", "uk.c"].filter(table.contains)
        #expect(found.isEmpty)
        let heads = ["uk", "com.amazonaws", "com.example", "io.github", "zzz"].filter(table.hasEntry)
        #expect(heads == ["uk", "com.amazonaws"])
    }

    @Test("a small table finds what is there, at its ends and between")
    func small() {
        let table = WordTable("b\n  c.d \n e.f.g")
        #expect(["a", "b", "c", "c.d", "c.d.e", "d", "e.f", "e.f.g", "f", ""].filter(table.contains) == ["b", "c.d", "e.f.g"])
        #expect(["b", "c", "c.d", "e", "e.f", "e.f.g", "z"].filter(table.hasEntry) == ["c", "e", "e.f"])
        #expect(!WordTable("").contains("a") && !WordTable(" \n").hasEntry(below: "a"))
    }
}
