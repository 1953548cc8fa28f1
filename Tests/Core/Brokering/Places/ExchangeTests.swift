import Foundation
import Model
import Policies
import TestKit
import Testing

@testable import Brokering

@Suite("tokens are exchanged for values")
struct ExchangeTests {
    private let random = SeededRandom()
    private let grant: GrantID
    private let token = FakeToken(text: "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")

    init() { grant = random.id() }

    private func exchange(_ value: [UInt8]?) -> TextExchange {
        var value = value
        return TextExchange(SessionTokens([grant: token]), values: value == nil ? [:] : [grant: SecretValue(moving: &value!)])
    }

    private func exchanged(_ name: String, _ text: String, _ value: String) throws -> String {
        String(decoding: try exchange(Array(value.utf8)).field(name, Array(text.replacing("{}", with: token.text).utf8)), as: UTF8.self)
    }

    private func target(_ text: String, _ value: String) throws -> String {
        String(decoding: try exchange(Array(value.utf8)).target(Array(text.replacing("{}", with: token.text).utf8)), as: UTF8.self)
    }

    private func basic(_ pair: String) -> String { "Basic " + Data(pair.replacing("{}", with: token.text).utf8).base64EncodedString() }

    @Test("nothing but the token's bytes changes")
    func byteExact() throws {
        let value = "CANARY value/+&=\"é"
        #expect(try exchanged("Authorization", "bEaReR {}", value) == "bEaReR \(value)")
        #expect(try exchanged("X-Api-Key", "{}", value) == value)
        #expect(try exchanged("X-Api-Key", "x{}", value) == "x\(token.text)")
        #expect(try exchanged("Cookie", "a=b;  s=\"{}\"; t=%zz", "CANARY-value") == "a=b;  s=\"CANARY-value\"; t=%zz")
        #expect(try exchanged("Authorization", basic("u:{}"), "CANARY:pw") == basic("u:CANARY:pw"))
        #expect(try exchanged("Authorization", basic("{}:{}"), "CANARY") == basic("CANARY:CANARY"))
        #expect(try exchanged("Authorization", basic("u:p"), "CANARY") == basic("u:p"))
        #expect(try target("/a%2fb?x=%41+b&k={}&y", value) == "/a%2fb?x=%41+b&k=CANARY%20value%2F%2B%26%3D%22%C3%A9&y")
        #expect(try target("/a%2fb/{}/c?x=%41", "CANARY é") == "/a%2fb/CANARY%20%C3%A9/c?x=%41")
        #expect(try target("/a/x{}?k", value) == "/a/x\(token.text)?k")
    }

    @Test(
        "a value that cannot be written in a place goes nowhere",
        arguments: [
            ("X-Api-Key", "a\r\nHost: evil"), ("X-Api-Key", "a\nb"), ("X-Api-Key", "a\rb"), ("X-Api-Key", "a\0b"), ("X-Api-Key", " a"),
            ("X-Api-Key", "a "),
            ("X-Api-Key", "a\u{7F}"), ("Cookie", "a;b"), ("Cookie", "a b"), ("Cookie", "a,b"), ("Cookie", "a\"b"), ("Cookie", "a\\b"),
            ("Cookie", "é"),
        ])
    func unspeakable(_ name: String, _ value: String) {
        #expect(throws: ExchangeRefusal.unspeakable) { try exchanged(name, name == "Cookie" ? "s={}" : "{}", value) }
    }

    @Test("a segment takes no value that makes another path, a user none with a colon")
    func otherPaths() {
        for value in ["", ".", "..", "a/b", "/"] { #expect(throws: ExchangeRefusal.unspeakable) { try target("/x/{}/y", value) } }
        #expect(throws: ExchangeRefusal.unspeakable) { try exchanged("Authorization", basic("{}:p"), "CANARY:admin") }
    }

    @Test("a token whose grant was not allowed stays, and the request with it")
    func notAllowed() {
        #expect(throws: ExchangeRefusal.withoutValue) { try exchange(nil).field("Authorization", Array("Bearer \(token.text)".utf8)) }
    }

    @Test("every value that can be written in a place is read there again, byte by byte")
    func readBack() throws {
        for _ in 0..<500 {
            let value = random.bytes(random.int(in: 1...60))
            var wiped = value
            let exchange = TextExchange(SessionTokens([grant: token]), values: [grant: SecretValue(moving: &wiped)])
            if let text = try? exchange.target(Array("/x/\(token.text)?k=\(token.text)".utf8)) {
                let slots = PlaceSlot.ofTarget(text)
                #expect(slots.filter { $0.place == .query("k") }.map { $0.parts(of: text[$0.range]) } == [[value]])
                let segments = slots.filter { $0.place == .segment }.map { $0.parts(of: text[$0.range]) }
                #expect(segments.last == [value])
            } else {
                #expect(value.contains(UInt8(ascii: "/")) || value == [0x2E] || value == [0x2E, 0x2E])
            }
            let basic = try exchange.field("Authorization", Array(self.basic("u:{}").utf8))
            #expect(PlaceSlot.ofField("authorization", basic).map { $0.parts(of: basic[$0.range]) } == [[Array("u".utf8), value]])
        }
    }
}
