import MCPSession
import Testing

@Suite struct LineFramerTests {
    @Test("any chunking gives the same lines")
    func chunking() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix(seed)
        for _ in 0..<200 {
            let stream = (0..<Int.random(in: 0...80, using: &random)).map { _ in UInt8([0x0A, 0x61, 0x62, 0x0D].randomElement(using: &random)!) }
            var whole = LineFramer(maximumLineBytes: 6)
            let expected = whole.push(stream) + [whole.end()].compactMap(\.self)
            var pieces = LineFramer(maximumLineBytes: 6)
            var frames: [LineFramer.Frame] = []
            var rest = stream[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                frames += pieces.push(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            frames += [pieces.end()].compactMap(\.self)
            #expect(frames == expected, "seed \(seed)")
        }
    }

    @Test("a line at the bound passes; one byte more is told once, at once, and drained to its newline")
    func bound() {
        var framer = LineFramer(maximumLineBytes: 4)
        #expect(framer.push(Array("abcd\nab".utf8)) == [.line(Array("abcd".utf8))])
        #expect(framer.push(Array("cde".utf8)) == [.oversize])
        #expect(framer.push(Array("more and more".utf8)) == [])
        #expect(framer.push(Array("still\nok\n".utf8)) == [.line(Array("ok".utf8))])
        #expect(framer.push(Array("abcde\nok\nabcde".utf8)) == [.oversize, .line(Array("ok".utf8)), .oversize])
        #expect(framer.end() == nil)
    }

    @Test("the last line needs no newline")
    func unterminated() {
        var framer = LineFramer()
        #expect(framer.push(Array("{}\n{}".utf8)) == [.line(Array("{}".utf8))])
        #expect(framer.end() == .line(Array("{}".utf8)))
        #expect(framer.end() == nil)
    }
}

/// A small reproducible generator.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
