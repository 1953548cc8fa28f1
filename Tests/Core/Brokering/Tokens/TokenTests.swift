import Brokering
import Envelopes
import Foundation
import Model
import Redaction
import TestKit
import Testing

@testable import Brokering

/// The table of `vectors/broker/tokens.json`, which a second implementation wrote.
private struct TokenTable: Decodable {
    struct Case: Decodable, Sendable { let shape: String, grant: String, token: String, lookup: String }
    let organizationKey: String, count: Int, cases: [Case]

    static func read() throws -> TokenTable {
        let root = (0..<5).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        return try JSONDecoder().decode(Self.self, from: Data(contentsOf: root.appending(path: "vectors/broker/tokens.json")))
    }

    func keys() throws -> FakeTokenKeys {
        let organization = try WrappingKey(material: try value(organizationKey))
        return try FakeTokenKeys(
            making: MACKey(material: organization.derive(.fakeToken)), index: MACKey(material: organization.derive(.fakeTokenIndex)))
    }

    private func value(_ text: String) throws -> SecretValue {
        var bytes = try #require([UInt8](hexadecimal: text))
        return SecretValue(moving: &bytes)
    }
}

private func fitting(_ text: String) -> String {
    let bytes = Array(text.utf8)
    return unsafe TokenShape.fitting(bytes.span.bytes).name
}

private func token(_ shape: String, of grant: GrantID) throws -> String {
    let shape = try #require(TokenShape.named(shape))
    return try #require(TokenTable.read().keys().token(of: grant, shaped: shape)).text
}

@Suite("fake tokens")
struct TokenTests {
    private let random = SeededRandom()

    @Test("are those of the vectors, and are found by the code that the vectors have")
    func vectors() throws {
        let table = try TokenTable.read()
        try #require(table.cases.count == table.count && table.count >= 28)
        let keys = try table.keys()
        for scenario in table.cases {
            let shape = try #require(TokenShape.named(scenario.shape))
            let grant = try #require(GrantID(scenario.grant))
            #expect(keys.token(of: grant, shaped: shape)?.text == scenario.token)
            #expect(keys.lookup(of: Array(scenario.token.utf8)).hexadecimal == scenario.lookup)
        }
        #expect(Set(table.cases.map(\.token)).count == table.count)
    }

    @Test("the registry has at least forty shapes, each found by its name, and all that let in are beyond guessing")
    func registry() throws {
        let shapes = TokenShape.registry
        #expect(shapes.count >= 80)
        #expect(Set(shapes.map(\.name)).count == shapes.count)
        for shape in shapes {
            #expect(TokenShape.named(shape.name) == shape)
            #expect(shape.isStrong, "\(shape.name) has \(shape.bits) bits")
            #expect(shape.role == .identifies || shape.bits >= 96)
        }
        #expect(shapes.filter { $0.role == .identifies }.map(\.name) == ["twilio-key", "aws-key-id", "aws-session-key-id"])
    }

    @Test("a shape that could be guessed makes none where it lets in, and one where it only names")
    func guessable() throws {
        let keys = try TokenTable.read().keys()
        let weak = TokenShape("weak", "pin-", .digits(28))
        #expect(weak.bits == 92)
        #expect(keys.token(of: random.id(), shaped: weak) == nil)
        #expect(keys.token(of: random.id(), shaped: TokenShape("weak", "pin-", .digits(28), role: .identifies)) != nil)
        #expect(keys.token(of: random.id(), shaped: TokenShape("enough", "pin-", .digits(29))) != nil)
    }

    @Test("every shape makes what it would itself take for its own, different for each grant", arguments: TokenShape.registry)
    func made(_ shape: TokenShape) throws {
        let keys = try TokenTable.read().keys()
        var seen: Set<String> = []
        for _ in 0..<20 {
            let token = try #require(keys.token(of: random.id(), shaped: shape))
            #expect(token.text.utf8.allSatisfy { (0x21...0x7E).contains($0) })
            seen.insert(token.text)
            let found = TokenShape.fitting(Array(token.text.utf8))
            // A form without a mark may be that of a narrower shape, never of a wider one.
            #expect(
                found.name == shape.name || shape.marks.isEmpty && found.isForm(of: Array(token.text.utf8)), "\(found.name) instead of \(shape.name)")
        }
        #expect(seen.count == 20)
    }

    @Test(
        "a value is told by its longest known beginning, else by its whole form, else not at all",
        arguments: [
            ("sk-proj-" + String(repeating: "a", count: 120), "openai-project"), ("sk-" + String(repeating: "a", count: 48), "openai"),
            ("sk-ant-api03-" + String(repeating: "b", count: 95), "anthropic"), ("sk-or-v1-" + String(repeating: "0", count: 64), "openrouter"),
            ("ghp_" + String(repeating: "c", count: 36), "github-ghp"), ("github_pat_" + String(repeating: "c", count: 82), "github-fine-grained"),
            ("AKIA" + String(repeating: "A", count: 16), "aws-key-id"), ("AKIA" + String(repeating: "A", count: 16) + ":secret", "tacit"),
            (String(repeating: "a/", count: 20), "base64-40"),
            ("postgresql://shop:CANARY-pw@db.internal:5432/shop?sslmode=require", "postgres-url"), ("rediss://:CANARY@cache:6380/0", "redis-url"),
            ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "jwt"), ("0f8fad5b-d9cb-469f-a165-70867728950e", "uuid"),
            ("0f8fad5b-d9cb-169f-a165-70867728950e", "tacit"), (String(repeating: "0", count: 31) + "a", "hex-32"),
            (String(repeating: "0a", count: 16) + "-us11", "mailchimp"), ("abcdefghijklmn.atlasv1." + String(repeating: "x", count: 67), "terraform"),
            ("correct horse battery staple", "tacit"), ("ghp_short", "tacit"), ("ghp_with a blank in it, which no token has", "tacit"), ("", "tacit"),
            ("MT" + String(repeating: "a", count: 41), "base64url-43"), ("hf_" + String(repeating: "a", count: 34), "hugging-face"),
            ("sk-CANARY\0with-NUL-inside", "tacit"), ("Ünïcode-is-no-token-either-of-any-kind", "tacit"),
            (String(repeating: "a", count: 10_000), "tacit"),
        ])
    func fittingShape(_ text: String, _ name: String) {
        #expect(fitting(text) == name)
    }

    @Test("GitHub's and npm's checksum is the one that they publish, and every token has it")
    func checksum() throws {
        #expect(TokenChecksum.digits(of: "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ".utf8) == Array("0mLq17".utf8))
        #expect(TokenChecksum.crc32("123456789".utf8) == 0xCBF4_3926)
        for name in ["github-ghp", "github-ghs", "npm"] {
            let text = try token(name, of: random.id())
            #expect(text.count == 40)
            #expect(TokenChecksum.digits(of: text.utf8.dropFirst(4).dropLast(6)) == Array(text.utf8.suffix(6)))
        }
    }

    @Test("a JSON web token and the address of a database parse as such, and name nothing that is real")
    func structured() throws {
        let web = try token("jwt", of: random.id()).split(separator: ".")
        try #require(web.count == 3)
        let claims = try web.prefix(2).map { part in
            let base64 = part.replacing("-", with: "+").replacing("_", with: "/")
            let data = try #require(Data(base64Encoded: base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4)))
            return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
        #expect(claims[0]["alg"] as? String == "HS256" && Set(claims[1].keys) == ["exp", "jti"])
        let address = try #require(URL(string: token("postgres-url", of: random.id())))
        #expect(address.scheme == "postgres" && address.host() == "db.tacit.invalid" && address.password()?.count == 32 && address.user()?.count == 8)
    }

    @Test("the neutral form carries a provider's name where it is a plain word, and nothing else")
    func neutral() throws {
        #expect(TokenShape.neutral()?.name == "tacit")
        #expect(TokenShape.neutral(provider: "openai")?.name == "tacit-openai")
        #expect(TokenShape.named("tacit-openai") == TokenShape.neutral(provider: "openai"))
        for bad in ["", "Open", "a_b", "a-b", "a b", "é", String(repeating: "a", count: 25)] { #expect(TokenShape.neutral(provider: bad) == nil) }
        for bad in ["tacit-", "tacit_openai", "tacitopenai", "tacit-OpenAI", "nothing"] { #expect(TokenShape.named(bad) == nil) }
    }

    @Test("characters are drawn evenly, whatever the size of the alphabet")
    func even() throws {
        let keys = try TokenTable.read().keys()
        for alphabet in [TokenAlphabet.digits, .hex, .base36, .base58, .base62, .base64url] {
            let shape = TokenShape("even", .random(alphabet, 20_000))
            let text = try #require(keys.token(of: random.id(), shaped: shape)).text
            var counts: [UInt8: Int] = [:]
            for character in text.utf8 { counts[character, default: 0] += 1 }
            #expect(Set(counts.keys) == Set(alphabet.characters))
            let expected = 20_000.0 / Double(alphabet.characters.count)
            let square = counts.values.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
            // Chi-square: a fair draw exceeds its mean by eight of its deviations less than once in a million.
            let freedom = Double(alphabet.characters.count - 1)
            #expect(square < freedom + 8 * (2 * freedom).squareRoot(), "\(square) for \(alphabet.characters.count) characters")
        }
        #expect(TokenAlphabet.hex.centibits == 400 && TokenAlphabet.base62.centibits == 595 && TokenAlphabet.digits.centibits == 332)
    }

    @Test("a token prints nothing of itself")
    func printing() throws {
        let token = try #require(TokenTable.read().keys().token(of: random.id(), shaped: .neutral))
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", "\([token])", String(reflecting: token), dumped] { #expect(!text.contains(token.text.suffix(8))) }
    }

    @Test("what a shape begins with is everybody's to the redactor, too")
    func publicHeads() {
        for shape in TokenShape.registry where shape.name != "jwt" {
            for mark in shape.marks {
                let value = Array("\(mark)Xq7Xq7Xq7Xq7Xq7Xq7".utf8)
                #expect(PublicHead.byteCount(of: value) == mark.utf8.count, "\(shape.name): \(mark)")
            }
        }
    }
}
