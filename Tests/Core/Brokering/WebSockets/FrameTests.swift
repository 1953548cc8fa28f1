import TestKit
import Testing

@testable import Brokering

@Suite("frames of WebSockets")
struct FrameTests {
    private let random = SeededRandom()

    private func frame(_ kind: FrameKind, _ payload: [UInt8], isLast: Bool = true, mask: UInt32? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        Frame.write(kind, isLast: isLast, payload, mask: mask, into: &bytes)
        return bytes
    }

    @Test("the examples of RFC 6455 §5.7 are read and written")
    func examples() {
        let hello = Array("Hello".utf8)
        let masked: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        #expect(frame(.text, hello) == [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f] && frame(.text, hello, mask: 0x37fa_213d) == masked)
        #expect(FrameReader.outcome(of: [masked], from: .program) == FrameOutcome([.message(.text, hello, isLast: true)], nil))
        let fragments: [UInt8] = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]
        #expect(FrameReader.outcome(of: [fragments], from: .service) == FrameOutcome([.message(.text, hello, isLast: true)], nil))
        let ping: [UInt8] = [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]
        #expect(FrameReader.outcome(of: [ping], from: .service) == FrameOutcome([.control(.ping, hello)], nil))
        #expect(frame(.binary, random.bytes(256)).prefix(4) == [0x82, 0x7e, 0x01, 0x00])
        #expect(frame(.binary, random.bytes(65536)).prefix(10) == [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0])
        #expect(frame(.binary, random.bytes(125)).prefix(2) == [0x82, 125] && frame(.binary, random.bytes(126)).prefix(2) == [0x82, 126])
        #expect(WebSocketAnswer.accept(to: "dGhlIHNhbXBsZSBub25jZQ==".utf8) == Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8))
    }

    @Test(
        "what RFC 6455 has nobody send is refused",
        arguments: [
            ([0x91, 0], .reserved), ([0xa1, 0], .reserved), ([0xc1, 0], .reserved), ([0x83, 0], .reserved), ([0x8b, 0], .reserved),
            ([0x8f, 0], .reserved),
            ([0x81, 0x80, 1, 2, 3, 4], .mask), ([0x88, 0x80, 1, 2, 3, 4], .mask),
            ([0x81, 126, 0, 125], .length), ([0x81, 126, 0, 0], .length), ([0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], .length),
            ([0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], .length), ([0x81, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], .length),
            ([0x89, 126], .control), ([0x8a, 127], .control), ([0x09, 0], .control), ([0x08, 0], .control),
            ([0x80, 0], .fragment), ([0x00, 0], .fragment), ([0x01, 0, 0x81, 0], .fragment), ([0x02, 0, 0x89, 0, 0x01, 0], .fragment),
            ([0x88, 1, 3], .close), ([0x88, 2, 3, 237], .close), ([0x88, 2, 0, 0], .close), ([0x88, 2, 0xff, 0xff], .close),
            ([0x88, 3, 3, 232, 0xff], .close), ([0x88, 0, 0x81, 0], .behindClose), ([0x88, 2, 3, 232, 0x8a], .behindClose),
        ] as [([UInt8], FrameRefusal)])
    func refused(_ bytes: [UInt8], _ refusal: FrameRefusal) {
        #expect(FrameReader.outcome(of: [bytes], from: .service).refusal == refusal)
        #expect(FrameReader.outcome(of: bytes.map { [$0] }, from: .service).refusal == refusal)
    }

    @Test("a program's frames have masks, each of them")
    func unmasked() {
        #expect(FrameReader.outcome(of: [frame(.text, [1])], from: .program).refusal == .mask)
        #expect(FrameReader.outcome(of: [frame(.text, [1], mask: 7) + frame(.ping, [])], from: .program).refusal == .mask)
        #expect(Set(FrameRefusal.allCases.map(\.message)).count == FrameRefusal.allCases.count)
    }

    /// Frames as a careful sender writes them, and now and then a byte that is not.
    private func stream(from side: FrameSide) -> [UInt8] {
        var (bytes, isInside): ([UInt8], Bool) = ([], false)
        for _ in 0..<random.int(in: 1...6) {
            let mask: UInt32? = side == .program ? UInt32(random.int(in: 0...Int(UInt32.max))) : nil
            if random.oneIn(4) {
                bytes += frame(random.oneIn(2) ? .ping : .pong, random.bytes(random.int(in: 0...125)), mask: mask)
            } else {
                let (isLast, kind): (Bool, FrameKind) = (random.oneIn(2), random.oneIn(2) ? .text : .binary)
                let length = random.element(of: [0, 1, 5, 125, 126, 200, 65_535, 65_536].prefix(random.oneIn(40) ? 8 : 6)) ?? 0
                bytes += frame(isInside ? .continuation : kind, random.bytes(length), isLast: isLast, mask: mask)
                isInside = !isLast
            }
        }
        if random.oneIn(3) { bytes += Frame.close(1000, "bye", mask: side == .program ? 9 : nil) }
        if random.oneIn(8) { bytes += random.bytes(random.int(in: 1...12)) }
        if random.oneIn(2) { bytes[random.int(in: 0...min(random.oneIn(2) ? 3 : 40, bytes.count - 1))] ^= 1 << UInt8(random.int(in: 0...7)) }
        return bytes
    }

    @Test("wherever a stream is cut, the same is read in it as in one piece, and as a plain reader finds")
    func segmentation() {
        var refusals: Set<FrameRefusal> = []
        for round in 0..<300 {
            let side: FrameSide = round % 2 == 0 ? .program : .service
            let bytes = stream(from: side)
            let expected = ReferenceFrames.outcome(of: bytes, from: side)
            if let refusal = expected.refusal { refusals.insert(refusal) }
            #expect(FrameReader.outcome(of: [bytes], from: side) == expected, "\(bytes.prefix(200)) from \(side)")
            #expect(
                FrameReader.outcome(of: bytes.cut(by: random, atMost: bytes.count > 1000 ? 900 : 7), from: side) == expected,
                "\(bytes.prefix(200)) from \(side)")
        }
        #expect(refusals.isSuperset(of: [.reserved, .fragment, .mask]))
    }

    @Test("a stream of all kinds of frames is read the same with every single cut")
    func everyCut() {
        let fragments =
            frame(.text, Array("one ".utf8), isLast: false, mask: 1) + frame(.ping, [7], mask: 2)
            + frame(.continuation, Array("two".utf8), mask: 3) + frame(.binary, random.bytes(130), mask: 4)
        let bytes = fragments + Frame.close(1001, "gone", mask: 5)
        let expected = ReferenceFrames.outcome(of: bytes, from: .program)
        #expect(expected.events.count == 5 && expected.refusal == nil)
        for cut in 0...bytes.count {
            #expect(FrameReader.outcome(of: [Array(bytes[..<cut]), Array(bytes[cut...])], from: .program) == expected)
        }
        #expect(FrameReader.outcome(of: bytes.map { [$0] }, from: .program) == expected)
    }

    @Test("no length makes a reader hold more than a head")
    func lengths() {
        let head: [UInt8] = [0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
        let pieces = [head] + (0..<50).map { _ in random.bytes(1000) }
        let outcome = FrameReader.outcome(of: pieces, from: .service)
        #expect(outcome.refusal == nil && outcome.events == [.message(.binary, pieces.dropFirst().flatMap(\.self), isLast: false)])
    }
}
