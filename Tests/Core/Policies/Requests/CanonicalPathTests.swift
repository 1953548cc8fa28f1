import TestKit
import Testing

@testable import Policies

@Suite("Paths of request rules")
struct CanonicalPathTests {
    @Test(
        "a path is judged in one form alone",
        arguments: [
            ("/", true), ("/v1/x", true), ("/v1/x/", true), ("/a.b/c..d/...", true), ("/~user/-_.", true), ("/a:b@c!$&'()*+,;=", true),
            ("/%20a", true),
            ("/caf%C3%A9", true), ("/100%25", true), ("/100%25a", true), ("/a%2Fb", true), ("/%E2%82%AC/x", true), ("/a;v=1/b", true),
            ("/a%3Fb%23c", true),
            ("", false), ("v1/x", false), ("//v1", false), ("/v1//x", false), ("/v1/x//", false), ("/.", false), ("/..", false), ("/a/../b", false),
            ("/a/./b", false), ("/a/..", false), ("/..;/b", false), ("/a/..;x=1/b", false), ("/a/.;/b", false), ("/%2e%2e/b", false),
            ("/%2E%2E/b", false),
            ("/a%2F..%2Fb", false), ("/a%2F.%2Fb", false), ("/a%2F", false), ("/%2Fa", false), ("/a%2F%2Fb", false), ("/a%2F..;%2Fb", false),
            ("/%72", false),
            ("/%7E", false), ("/%2D", false), ("/%3a", false), ("/%2f", false), ("/%", false), ("/%2", false), ("/%G0", false), ("/%252F", false),
            ("/%252f", false), ("/%2541", false), ("/%00", false), ("/%0D%0A", false), ("/%7F", false), ("/%5C", false), ("/a\\b", false),
            ("/a b", false),
            ("/a\u{0}", false), ("/a\n", false), ("/é", false), ("/%C3", false), ("/%C3a", false), ("/%C0%AF", false), ("/%E0%80%AF", false),
            ("/%ED%A0%80", false),
            ("/%F8%88%80%80%80", false), ("/%A9", false), ("/a?b", false), ("/a#b", false), ("/a\"b", false), ("/a|b", false), ("/{a}", false),
            ("/[a]", false),
            ("/a^b", false), ("/a`b", false), ("/<a>", false), ("*", false), ("https://a/b", false),
        ] as [(String, Bool)])
    func canonical(path: String, isCanonical: Bool) {
        #expect(CanonicalPath.has(path) == isCanonical)
        #expect((RequestQuestion(host: "a.example", method: "GET", path: path) != nil) == isCanonical)
    }

    @Test("a path has an end")
    func length() {
        #expect(CanonicalPath.has("/" + String(repeating: "a", count: CanonicalPath.maximumLength - 1)))
        #expect(!CanonicalPath.has("/" + String(repeating: "a", count: CanonicalPath.maximumLength)))
    }

    @Test(
        "paths × rules",
        arguments: [
            ("/", ["/"]), ("/**", ["/", "/v1", "/v1/", "/v1/x", "/v1/x/y", "/v1/a%2Fb", "/V1/x", "/v1/x.json", "/repos/o/r/issues"]),
            ("/*", ["/", "/v1"]), ("/v1", ["/v1"]), ("/v1/", ["/v1/"]), ("/v1/*", ["/v1/", "/v1/x", "/v1/a%2Fb", "/v1/x.json"]),
            ("/v1/**", ["/v1/", "/v1/x", "/v1/x/y", "/v1/a%2Fb", "/v1/x.json"]), ("/v1/*/y", ["/v1/x/y"]), ("/v1/**/y", ["/v1/x/y"]),
            ("/v1/x", ["/v1/x"]),
            ("/**/y", ["/v1/x/y"]), ("/v1/*.json", ["/v1/x.json"]), ("/repos/*/*/issues", ["/repos/o/r/issues"]), ("/repos/*/issues", []),
            ("/repos/o/*/issues", ["/repos/o/r/issues"]), ("/v1/a%2Fb", ["/v1/a%2Fb"]), ("/v1/a/b", []), ("/*/x", ["/v1/x", "/V1/x"]),
            ("/v*", ["/v1"]),
            ("/v**", ["/v1", "/v1/", "/v1/x", "/v1/x/y", "/v1/a%2Fb", "/v1/x.json"]),
        ] as [(String, [String])])
    func matching(pattern: String, matched: [String]) throws {
        let paths = ["/", "/v1", "/v1/", "/v1/x", "/v1/x/y", "/v1/a%2Fb", "/V1/x", "/v1/x.json", "/repos/o/r/issues"]
        let glob = try Glob(pattern, over: .path)
        #expect(paths.filter(glob.matches) == matched)
        #expect(CanonicalPath.has(glob.example), "\(glob.example)")
    }

    @Test("what a pattern matches in its canonical form has no other form that it matches")
    func drawn() throws {
        var draws = RandomDraws()
        var seen = 0
        for _ in 0..<20_000 {
            let path =
                "/" + draws.text(of: ["a", "/", ".", "..", "%2F", "%2E", "%41", "%C3%A9", "%C3", "%25", "41", ";", "~", "%5C", "*"], count: 0...6)
            guard CanonicalPath.has(path) else { continue }
            seen += 1
            let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            #expect(
                segments.dropLast().allSatisfy { !$0.isEmpty } && !segments.contains(".") && !segments.contains(".."), "\(path), seed \(draws.seed)")
            // A service that decodes once more, or twice, comes to no dot segment and no other letter that could have stood for itself.
            for escape in ["%2E", "%41", "%5C", "%2541"] { #expect(!path.contains(escape), "\(path), seed \(draws.seed)") }
        }
        #expect(seen > 1000)
    }
}
