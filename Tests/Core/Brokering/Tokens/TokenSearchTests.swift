import TestKit
import Testing

@testable import Brokering

/// Texts in a stream that could be tokens.
@Suite("A search for tokens") struct TokenSearchTests {
    private func found(_ text: String, in pieces: (Int) -> Int = { $0 }) -> [String] {
        var search = TokenSearch()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let piece = rest.prefix(max(1, pieces(rest.count)))
            unsafe piece.withUnsafeBytes { unsafe search.search($0.bytes) }
            rest = rest.dropFirst(piece.count)
        }
        return search.finish().map { String(decoding: $0, as: UTF8.self) }
    }

    private let tokens = ["tacit_" + String(repeating: "aZ3", count: 11), "ghp_" + String(repeating: "aB3d", count: 9)]

    @Test("however a stream is cut, the same is found") func cuts() {
        let random = SeededRandom()
        for round in 0..<200 {
            var text = ""
            // What is longer than a stretch that is looked at without its end takes as long to search as all the rest.
            let longest = round % 8 == 0 ? 9000 : 60
            for _ in 0..<random.int(in: 0...60) {
                let filler = ["\n", " ", "\"", "x=", "a/b/c ", String(repeating: "w", count: random.int(in: 0...longest)), "é", "\0", ", "]
                text += random.int(in: 0...4) == 0 ? " \(random.element(of: tokens) ?? "")\n" : random.element(of: filler) ?? ""
            }
            let whole = found(text)
            #expect(Set(tokens.filter { text.contains(" \($0)\n") }).isSubset(of: whole))
            let limit = random.element(of: [1, 3, 40, 600, 5000]) ?? 1
            #expect(Set(found(text) { random.int(in: 1...min($0, limit)) }).isSuperset(of: tokens.filter(whole.contains)), "\(random)")
        }
        let text = "a \(tokens[0]) b"
        for place in 1..<text.utf8.count { #expect(found(text) { $0 == text.utf8.count ? place : $0 } == [tokens[0]], "\(place)") }
    }

    @Test("at the beginning, at the end, quoted, behind a name, in a stretch without an end; each once, and no more than there is room for")
    func places() {
        for text in [tokens[0], "\(tokens[0])\n", "\"\(tokens[0])\"", "KEY=\(tokens[0])", "x: \(tokens[0]), y: \(tokens[0])"] {
            #expect(found(text) == [tokens[0]], "\(text)")
        }
        let wall = String(repeating: "word/", count: 4000)
        #expect(found("\(wall)\(tokens[1])/\(wall)") { min($0, 700) } == [tokens[1]])
        let many = (100..<600).map { "tacit_\(String(repeating: "x", count: 30))\($0)" }
        #expect(found(many.joined(separator: "\n")).count == TokenSearch.most)
        #expect(found("") == [] && found("let words = [\"of\", \"a\", \"program\"] // and https://example.com/path/of/some/length?q=1\n") == [])
    }
}
