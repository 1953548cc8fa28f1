import Model
import TestKit
import Testing

@testable import Brokering

/// Texts in a head that could be another session's tokens.
@Suite("Candidates for tokens") struct TokenCandidateTests {
    /// A token of a shape as a keeper would draw it, from any source of bytes.
    private func text(_ parts: [TokenPart], _ random: SeededRandom) -> [UInt8] {
        var drawn: [UInt8] = []
        return parts.flatMap { part -> [UInt8] in
            switch part {
            case .text(let text): return Array(text.utf8)
            case .random(let alphabet, let count):
                let characters = (0..<count).map { _ in alphabet.characters[random.int(in: 0...(alphabet.characters.count - 1))] }
                drawn += characters
                return characters
            case .checksum: return TokenChecksum.digits(of: drawn)
            case .base64url(let inner):
                var encoded: [UInt8] = []
                Base64Text.encode(self.text(inner, random), forURLs: true, into: &encoded)
                return encoded
            }
        }
    }

    private func found(_ target: String = "/", _ fields: [String] = []) -> [String] {
        TokenCandidates.texts(inTarget: Array(target.utf8), fields: fields.map { Array($0.utf8) }).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("a token of every shape is one wherever a credential stands, also one like a signed claim or an address of a database")
    func shapes() throws {
        let random = SeededRandom()
        for shape in TokenShape.registry + [.neutral] where shape.role == .authenticates {
            let token = String(decoding: text(shape.parts, random), as: UTF8.self)
            #expect(shape.isForm(of: Array(token.utf8)) && token.utf8.count == shape.parts.reduce(0) { $0 + $1.length }, "\(shape)")
            #expect(found("/", ["Bearer \(token)"]).contains(token) && found("/", [token]).contains(token), "\(shape)")
        }
        let jwt = try #require(TokenShape.named("jwt"))
        let token = text(jwt.parts, random)
        for place in [0, 20, 40, 60, 69, 90] {
            var other = token
            other[place] = other[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            // What is drawn has any letter; the rest is the shape's.
            #expect(!jwt.isForm(of: other) || (70..<104).contains(place), "\(place)")
        }
        #expect(!jwt.isForm(of: token.dropLast()) && !jwt.isForm(of: token + [UInt8(ascii: "A")]))
        let password = String(repeating: "x", count: 32)
        let addresses = found("/?u=postgres%3A%2F%2Fabcdefgh%3A\(password)%40db.tacit.invalid%2Fapp")
        #expect(addresses.contains("postgres://abcdefgh:\(password)@db.tacit.invalid/app"))
    }

    @Test("in path, query, cookie and Basic, once each, and no more than sixteen; ordinary heads have none") func places() {
        let token = "tacit_" + String(repeating: "aZ3", count: 10) + "aZ"
        var pair: [UInt8] = []
        Base64Text.encode(Array("user:\(token)".utf8), into: &pair)
        #expect(found("/bot\(token)/send") == [] && found("/x/\(token)/send") == [token])
        #expect(found("/x?key=\(token)&key=\(token)") == [token])
        #expect(found("/", ["a=b; session=\(token); c=d"]) == [token])
        #expect(found("/", ["Basic \(String(decoding: pair, as: UTF8.self))"]) == [token])
        #expect(found("/", ["Basic \(String(decoding: pair.dropLast(), as: UTF8.self))!"]) == [])
        let many = (10..<60).map { "tacit_\(String(repeating: "x", count: 30))\($0)" }
        #expect(found("/", [many.joined(separator: " ")]).count == TokenCandidates.mostInRequest)
        #expect(
            found(
                "/v1/repos/apple/swift/pulls?state=open",
                ["api.github.com", "curl/8.5.0", "application/vnd.github+json", "Mon, 01 Jan 2026 00:00:00 GMT", "gzip, deflate, br"]) == [])
    }
}
