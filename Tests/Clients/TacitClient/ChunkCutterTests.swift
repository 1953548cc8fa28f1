import TestKit
import Testing

@testable import TacitClient

@Suite("A chunked body")
struct ChunkCutterTests {
    private static func content(of pieces: [[UInt8]]) -> (content: [UInt8], isWhole: Bool, isAtEnd: Bool) {
        var cutter = ChunkCutter()
        var content: [UInt8] = []
        var isWhole = true
        for piece in pieces where isWhole { isWhole = cutter.read(piece) { content += $0 } }
        return (content, isWhole, cutter.isAtEnd)
    }

    private static let body = Array("5\r\nhello\r\n1;note=x\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n".utf8)

    @Test("is the same however it is cut")
    func anyCut() {
        let expected = Array("hello 0123456789".utf8)
        for cut in 0...Self.body.count {
            let result = Self.content(of: [Array(Self.body[..<cut]), Array(Self.body[cut...])])
            #expect(result.content == expected && result.isWhole && result.isAtEnd)
        }
        #expect(Self.content(of: Self.body.map { [$0] }).content == expected)
    }

    @Test("ends only with its last chunk")
    func ends() {
        for cut in 0..<Self.body.count { #expect(!Self.content(of: [Array(Self.body[..<cut])]).isAtEnd) }
    }

    @Test(
        "is refused where it is none",
        arguments: [
            "x\r\n", "-1\r\n", "5\nhello\r\n", "5\r\nhelloX\r\n", "0\r\n\r\nmore", "\r\n", String(repeating: "1", count: 5000),
            "99999999999999999999\r\n",
        ])
    func malformed(_ text: String) {
        #expect(!Self.content(of: [Array(text.utf8)]).isWhole)
    }
}
