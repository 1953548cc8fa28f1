import Model
import Redaction
import Synchronization
import TestKit
import Testing

@testable import Brokering

@Suite("what a program sends over a WebSocket")
struct MessagePassageTests {
    private let random = SeededRandom()
    private let canary: Canary
    private let grant: GrantID
    private let token = "ghp_abcdefghijklmnopqrstuvwxyzABCDEF1234"

    init() { (canary, grant) = (Canary(random), random.id()) }

    private func passage(knowing values: [(String, SecretValue)]? = nil) -> MessagePassage {
        let masks = Mutex<UInt32>(0)
        var passage = MessagePassage(SessionTokens([grant: FakeToken(text: token)])) {
            masks.withLock { mask in
                mask += 0x0101_0101
                return mask
            }
        }
        passage.know(NeedleSet((values ?? [("app/key", canary.secret)]).map { Needle(name: $0.0, value: $0.1) }))
        return passage
    }

    private func frame(_ kind: FrameKind, _ payload: [UInt8], isLast: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        Frame.write(kind, isLast: isLast, payload, mask: UInt32(random.int(in: 0...Int(UInt32.max))), into: &bytes)
        return bytes
    }

    /// What a service reads of what went on, and why nothing more did.
    private func passed(_ frames: [UInt8], atMost length: Int = 5000, by passage: MessagePassage? = nil) -> (read: FrameOutcome, stop: ExchangeStop?)
    {
        var passage = passage ?? self.passage()
        var (output, stop): ([UInt8], ExchangeStop?) = ([], nil)
        for piece in frames.cut(by: random, atMost: length) where stop == nil { stop = passage.pass(piece, into: &output) }
        return (FrameReader.outcome(of: [output], from: .program), stop)
    }

    @Test("messages, pings and the close go on as they were, under other masks", arguments: [1, 7, 100_000])
    func ordinary(_ length: Int) {
        let (short, long) = (Array("hello".utf8), random.bytes(3000))
        let frames =
            frame(.text, short) + frame(.binary, Array(long[..<1000]), isLast: false) + frame(.ping, [1]) + frame(.continuation, Array(long[1000...]))
        let (read, stop) = passed(frames + frame(.text, []) + Frame.close(1000, mask: 1), atMost: length)
        let events: [FrameReader.Event] = [
            .message(.text, short, isLast: true), .control(.ping, [1]), .message(.binary, long, isLast: true), .message(.text, [], isLast: true),
            .control(.close, [3, 232]),
        ]
        #expect(read.events == events && stop == nil && read.refusal == nil)
    }

    @Test("a token that came while it is open is no less a token, in messages and in pings", arguments: [FrameKind.text, .ping])
    func newTokens(_ kind: FrameKind) {
        let (other, text) = (random.id(GrantKind.self), "ghp_zyxwvutsrqponmlkjihgfedcbaZYXWVU9876")
        var (passage, output) = (passage(), [UInt8]())
        #expect(passage.pass(frame(kind, Array(text.utf8)), into: &output) == nil)
        passage.know(SessionTokens([grant: FakeToken(text: token), other: FakeToken(text: text)]))
        #expect(passage.pass(frame(kind, Array(text.utf8)), into: &output) == .stray(other))
    }

    @Test("a message is one frame, and no mask is the program's or comes twice")
    func masks() {
        var (passage, output) = (passage(), [UInt8]())
        let payload = [UInt8](repeating: 0, count: 8)
        for _ in 0..<2 { #expect(passage.pass(frame(.binary, payload), into: &output) == nil) }
        #expect(output.count == 28 && output[2..<6] == [1, 1, 1, 1] && output[16..<20] == [2, 2, 2, 2])
    }

    @Test("a value ends it before any of its message leaves, in one frame, over fragments and pings, and in every form", arguments: [1, 40, 10_000])
    func values(_ length: Int) {
        for spelling in [Spelling.raw, .base64, .hex, .percent, .jsonEscapes] {
            let text = Array("{\"key\": \"".utf8) + spelling.bytes(of: canary.bytes) + Array("\"}".utf8)
            let cut = text.count / 2
            let whole = frame(.text, text)
            let fragments = frame(.text, Array(text[..<cut]), isLast: false) + frame(.ping, []) + frame(.continuation, Array(text[cut...]))
            for frames in [whole, fragments] {
                let (read, stop) = passed(frame(.text, [65]) + frames, atMost: length)
                #expect(stop == .egress(Egress(name: "app/key", bytesSent: frames == whole ? 7 : 13)), "\(spelling)")
                #expect(read.events.filter { $0 != .control(.ping, []) } == [.message(.text, [65], isLast: true)])
            }
        }
    }

    @Test("of a value over two messages the second does not leave, nor does one in a ping, a pong or a close")
    func edges() {
        let (first, second) = (Array(canary.bytes.prefix(20)), Array(canary.bytes.dropFirst(20)))
        let (read, stop) = passed(frame(.text, first) + frame(.text, second))
        #expect(read.events == [.message(.text, first, isLast: true)] && stop?.code == "value.egress")
        for kind in [FrameKind.ping, .pong] {
            #expect(passed(frame(kind, canary.bytes)).stop?.code == "value.egress")
            #expect(passed(frame(kind, first) + frame(.text, [1]) + frame(kind, second)).stop?.code == "value.egress")
        }
        let close = passed(Frame.close(1000, canary.text, mask: 1))
        #expect(close.stop?.code == "value.egress" && close.read.events.isEmpty)
    }

    @Test("a token is a misuse wherever it stands", arguments: [1, 30, 10_000])
    func tokens(_ length: Int) {
        let (first, second) = (Array(token.utf8.prefix(9)), Array(token.utf8.dropFirst(9)))
        for frames in [
            frame(.text, Array("a \(token) b".utf8)), frame(.binary, first, isLast: false) + frame(.ping, []) + frame(.continuation, second),
            frame(.text, first) + frame(.text, second), frame(.ping, Array(token.utf8)), Frame.close(1000, token, mask: 3),
        ] {
            let (read, stop) = passed(frames, atMost: length)
            #expect(stop == .stray(grant))
            #expect(!read.events.contains { event in if case .message(_, let piece, _) = event { piece.count > 9 } else { false } })
        }
    }

    @Test("what could be guessed passes, and so does what is no value yet")
    func guesses() {
        var word = Array("hunter22".utf8)
        let (text, guessing) = (word, passage(knowing: [("app/word", SecretValue(moving: &word))]))
        #expect(passed(frame(.text, text), by: guessing).stop == nil)
        var ignorant = passage(knowing: [])
        #expect(passed(frame(.text, canary.bytes), by: ignorant).stop == nil)
        ignorant.know(NeedleSet([Needle(name: "app/key", value: canary.secret)]))
        #expect(passed(frame(.text, canary.bytes), by: ignorant).stop?.code == "value.egress")
    }

    @Test("a long message goes on in fragments, as far behind what came as tells nothing of what is held")
    func long() {
        let message = random.bytes(300_000)
        var (passage, output) = (passage(), [UInt8]())
        let frames = frame(.binary, message, isLast: false)
        var sent: [Int] = []
        for piece in [UInt8](frames).cut(by: random, atMost: 20_000) {
            #expect(passage.pass(piece, into: &output) == nil)
            sent.append(output.count)
        }
        guard case .message(.binary, let gone, false)? = FrameReader.outcome(of: [output], from: .program).events.first else {
            Issue.record("nothing went on")
            return
        }
        #expect(gone.count == message.count - ContentDelay.distance && message.starts(with: gone) && sent.first == 0)
        // The same with the beginning of a value at its end: nobody sees from outside that there is one.
        var (other, same) = (self.passage(), [UInt8]())
        let marked = message.dropLast(20) + canary.bytes.prefix(20)
        #expect(other.pass(frame(.binary, Array(marked), isLast: false), into: &same) == nil)
        guard case .message(.binary, let also, false)? = FrameReader.outcome(of: [same], from: .program).events.first else {
            Issue.record("nothing went on")
            return
        }
        #expect(also == gone)
        #expect(other.pass(frame(.continuation, Array(canary.bytes.dropFirst(20))), into: &same)?.code == "value.egress")
    }

    @Test("what came of a message and has not gone on is searched again for values that come meanwhile", arguments: [39, 20])
    func valuesMeanwhile(_ count: Int) {
        var (passage, output) = (passage(knowing: []), [UInt8]())
        let (first, second) = (canary.bytes.prefix(count), canary.bytes.dropFirst(count))
        let begun = frame(.text, random.bytes(30_000) + first + (second.isEmpty ? random.bytes(30_000) : []), isLast: false)
        #expect(passage.pass(begun, into: &output) == nil && output.isEmpty)
        passage.know(NeedleSet([Needle(name: "app/key", value: canary.secret)]))
        #expect(passage.pass(frame(.ping, []), into: &output) == nil)
        let gone = output
        #expect(passage.pass(frame(.continuation, Array(second)), into: &output) == .egress(Egress(name: "app/key", bytesSent: Int64(gone.count))))
        #expect(output == gone)
    }

    @Test("what had gone on before is not searched again, and a value over two messages is seen all the same")
    func goneBefore() {
        var (passage, output) = (passage(knowing: []), [UInt8]())
        let other = Canary(random)
        #expect(passage.pass(frame(.text, canary.bytes), into: &output) == nil)
        passage.know(NeedleSet([Needle(name: "app/other", value: other.secret)]))
        let (first, second) = (Array(other.bytes.prefix(20)), Array(other.bytes.dropFirst(20)))
        #expect(passage.pass(frame(.text, first) + frame(.text, Array(second.prefix(4)), isLast: false), into: &output) == nil)
        let both = [("app/key", canary.secret), ("app/other", other.secret)].map { Needle(name: $0, value: $1) }
        passage.know(NeedleSet(both))
        #expect(passage.pass(frame(.continuation, Array(second.dropFirst(4))), into: &output)?.code == "value.egress")
    }

    @Test("so it is for tokens, of which a longer one may have begun, and a value before one is what ends it", arguments: [100, 45])
    func tokensMeanwhile(_ count: Int) {
        let (other, text) = (random.id(GrantKind.self), Array("github_pat_zyxwvutsrqponmlkjihgfedcbaZYXWVU9876543210".utf8))
        let known = SessionTokens([grant: FakeToken(text: token), other: FakeToken(text: String(decoding: text, as: UTF8.self))])
        let (first, second) = (text.prefix(count), text.dropFirst(count))
        for value in [[], canary.bytes] {
            var (passage, output) = (passage(knowing: []), [UInt8]())
            #expect(passage.pass(frame(.text, value + random.bytes(100) + first, isLast: false), into: &output) == nil)
            passage.know(NeedleSet([Needle(name: "app/key", value: canary.secret)]))
            passage.know(known)
            let stop = passage.pass(frame(.continuation, Array(second)), into: &output)
            #expect(stop == (value.isEmpty ? .stray(other) : .egress(Egress(name: "app/key", bytesSent: 0))) && output.isEmpty)
        }
    }

    @Test("what is refused ends it behind what came before", arguments: [1, 100])
    func refusals(_ length: Int) {
        let (read, stop) = passed(frame(.text, [65]) + [0x81, 1, 66], atMost: length)
        #expect(read.events == [.message(.text, [65], isLast: true)] && stop == .frames(.mask) && stop?.code == "broker.frame-mask")
        #expect(passed(Frame.close(1000, mask: 1) + frame(.text, [1]), atMost: length).stop == .frames(.behindClose))
    }
}
