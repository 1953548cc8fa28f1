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

    @Test("a token of nearly every shape is one wherever a credential stands") func shapes() throws {
        let random = SeededRandom()
        var seen = 0
        for shape in TokenShape.registry + [.neutral] where shape.role == .authenticates {
            let token = String(decoding: text(shape.parts, random), as: UTF8.self)
            // A form with parts of base64url is not told by its form, and an address has other characters.
            guard shape.isForm(of: Array(token.utf8)), !token.contains("://") else { continue }
            seen += 1
            #expect(found("/", ["Bearer \(token)"]).contains(token), "\(shape)")
        }
        #expect(seen > 40)
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
        #expect(found("/", [many.joined(separator: " ")]).count == TokenCandidates.most)
        #expect(
            found(
                "/v1/repos/apple/swift/pulls?state=open",
                ["api.github.com", "curl/8.5.0", "application/vnd.github+json", "Mon, 01 Jan 2026 00:00:00 GMT", "gzip, deflate, br"]) == [])
    }
}
