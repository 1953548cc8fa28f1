import Testing

@testable import MCPTools

@Suite struct OutputTextTests {
    @Test("output within the bound is whole, however it came")
    func whole() {
        for limit in [1, 2, 3, 10, 64] {
            let bytes = Array(repeating: "aé😀", count: 20).joined().utf8.prefix(limit)
            for size in 1...7 {
                let rendering = Self.rendering(Array(bytes), limit: limit, pieces: size)
                #expect(rendering.omittedBytes == 0)
                #expect(rendering.text == String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    @Test("a cut falls between characters, and nothing is counted wrong, for every bound and chunking")
    func boundaries() throws {
        let text = String(repeating: "aé€😀", count: 40)
        for limit in 8...60 {
            for size in [1, 3, 17, 400] {
                let rendering = Self.rendering(Array(text.utf8), limit: limit, pieces: size)
                #expect(!rendering.isRepaired)
                let parts = rendering.text.split(
                    separator: "\n[... \(rendering.omittedBytes) bytes left out ...]\n", omittingEmptySubsequences: false)
                try #require(parts.count == 2)
                #expect(text.hasPrefix(parts[0]) && text.hasSuffix(parts[1]))
                #expect(parts[0].utf8.count + parts[1].utf8.count + rendering.omittedBytes == text.utf8.count)
                #expect(parts[0].utf8.count + parts[1].utf8.count > limit - 7)
            }
        }
    }

    @Test("bytes that are no UTF-8 are replaced and told, also beside a cut")
    func repaired() {
        #expect(Self.rendering([0x61, 0xFF], limit: 8, pieces: 1) == .init(text: "a\u{FFFD}", omittedBytes: 0, isRepaired: true))
        let continuation = Self.rendering(Array(repeating: 0x80, count: 100), limit: 8, pieces: 9)
        #expect(continuation.isRepaired && continuation.omittedBytes == 92)
        #expect(Self.rendering(Array(repeating: 0xF0, count: 100), limit: 8, pieces: 9).isRepaired)
    }

    @Test("a gigantic output takes no more memory than the bound asks for")
    func bounded() {
        var output = OutputText(limit: 1024)
        let piece = Array(repeating: UInt8(ascii: "x"), count: 64 << 10)
        for _ in 0..<200 { output.append(piece) }
        #expect(output.byteCount == 200 * (64 << 10))
        #expect(output.rendering.text.utf8.count < 1100)
    }

    private static func rendering(_ bytes: [UInt8], limit: Int, pieces size: Int) -> OutputText.Rendering {
        var output = OutputText(limit: limit)
        for start in stride(from: 0, to: bytes.count, by: size) { output.append(Array(bytes[start..<min(start + size, bytes.count)])) }
        return output.rendering
    }
}
