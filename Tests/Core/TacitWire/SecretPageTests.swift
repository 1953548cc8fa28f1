import FoundationEssentials
import TestKit
import Testing

@testable import TacitWire

@Suite("A page of secrets, written and read by hand")
struct SecretPageTests {
    @Test("is what the general coder writes and reads, whatever stands in it")
    func roundTrip() throws {
        let random = SeededRandom()
        for _ in 0..<500 {
            let page = Self.page(random)
            #expect(try WireJSON.decodeStrictly(Page<SecretSummary>.self, from: Data(page.json)) == page)
            #expect(try Page(json: page.json) == page)
            #expect(try Page(json: Array(WireJSON.encode(page))) == page)
        }
    }

    @Test("knows every member")
    func members() throws {
        let item = SecretSummary(
            name: "a/b", version: 7, tags: ["t"], description: "d", updatedAt: "u", expiresAt: "e", deletedAt: "x", usableWith: ["run"],
            requires: ["session"], fields: ["user"])
        // One that is added and forgotten here is nil there, or missing.
        #expect(Mirror(reflecting: item).children.allSatisfy { "\($0.value)" != "nil" })
        let page = Page(items: [item], nextCursor: "a/b", total: 7)
        #expect(String(decoding: page.json, as: UTF8.self) == String(decoding: try WireJSON.encode(page), as: UTF8.self))
    }

    @Test(
        "of a newer keeper, or with spaces and escapes, is read all the same",
        arguments: [
            #"{"items":[{"colour":"red","name":"a","tags":[],"updated_at":"u","version":1}]}"#,
            #"{ "items": [ {"name":"\u0061","tags":[],"updated_at":"u","version":1} ] }"#,
            #"{"items":[{"version":1,"name":"a","tags":[],"updated_at":"u"}],"next_cursor":null}"#,
        ])
    func others(text: String) throws {
        #expect(try Page(json: Array(text.utf8)) == Page(items: [SecretSummary(name: "a", version: 1, updatedAt: "u")]))
    }

    @Test(
        "that is none is an error",
        arguments: [
            "", "{", #"{"items":[}"#, #"{"items":[{}]}"#, #"{"items":[]}x"#, #"{"items":[],"next_cursor":7}"#,
            #"{"items":[{"name":"a","tags":[],"updated_at":"u","version":01}]}"#, #"{"items":[{"name":"a","tags":[],"updated_at":"u","version":}]}"#,
            #"{"items":[{"description":3,"name":"a","tags":[],"updated_at":"u","version":1}]}"#,
            #"{"items":[{"name":"a","tags":[],"updated_at":"u","version":99999999999999999999}]}"#,
        ])
    func malformed(text: String) { #expect(throws: (any Error).self) { try Page<SecretSummary>(json: Array(text.utf8)) } }

    private static func page(_ random: SeededRandom) -> Page<SecretSummary> {
        func text() -> String {
            let scalars = ["a", "Z", "/", "\"", "\\", "\n", "\u{0}", "\u{1F}", "é", "🗝", "\u{2028}", " "]
            return (0..<random.int(in: 0...6)).map { _ in scalars[random.int(in: 0...scalars.count - 1)] }.joined()
        }
        func texts() -> [String] { (0..<random.int(in: 0...3)).map { _ in text() } }
        func perhaps<Value>(_ value: Value) -> Value? { random.int(in: 0...1) == 1 ? value : nil }
        let items = (0..<random.int(in: 0...4)).map { _ in
            SecretSummary(
                name: text(), version: Int64(random.int(in: 0...1_000_000)), tags: texts(), description: perhaps(text()), updatedAt: text(),
                expiresAt: perhaps(text()), deletedAt: perhaps(text()), usableWith: perhaps(texts()), requires: perhaps(texts()),
                fields: perhaps(texts()))
        }
        return Page(items: items, nextCursor: perhaps(text()), total: perhaps(random.int(in: 0...1_000_000)))
    }
}
