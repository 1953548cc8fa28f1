import Foundation
import Model
import Policies
import Testing

@Suite("The page of the policy")
struct PolicyPageTests {
    @Test("the example in JSON is a document in its canonical form, and decides as the page says")
    func example() throws {
        let page = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }.appending(path: "docs/POLICY.md")
        let blocks = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```")
        let json = try #require(blocks.first { $0.hasPrefix("json\n") }).dropFirst("json\n".count).trimmingCharacters(in: .newlines)
        let document = try PolicyDocument(json: Array(json.utf8))
        #expect(document.json() == Array(json.utf8))
        let scope = try Scope(parsing: "shop/dev")
        let view = try document.compiled(for: .agent(SegmentName("claude", of: .agent))).scoped(to: scope)
        #expect(try view.mayList(SecretName("stripe/test")))
        #expect(try !view.mayList(SecretName("stripe/live-1")))
        #expect(try !view.mayList(SecretName("root/read-only")))
    }

    @Test("the page names every key, and every word that is a value")
    func words() throws {
        let page = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }.appending(path: "docs/POLICY.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let keys = PolicySection.allCases.flatMap { [$0.rawValue] + $0.keys.map(\.name) }
        let words =
            Capability.allCases.map(\.rawValue) + TagRule.Kind.allCases.map(\.rawValue) + PolicyTest.Fact.allCases.map(\.rawValue)
            + PolicyObligation.allCases.map(\.rawValue) + PolicyDenial.Code.allCases.map(\.rawValue)
        for word in keys + words { #expect(text.contains("\n| `\(word)` | "), "\(word)") }
    }
}
