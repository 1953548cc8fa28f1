import CompressedMembers
import Redaction
import Testing

/// What a redactor holds of a stream has a bound, and the stream's length is not part of it.
@Suite("What is held of a stream is bounded, however long it is")
struct MemoryTests {
    private static let value = "CANARY-6f1c9ab2e71d4083"
    private static let (portion, portions) = (4 << 10, 48)
    /// Of one member.
    private static let most = 32 << 10
    /// Of anything: less than half of a stream.
    private static let bound = 80 << 10

    /// A stream without an end, in portions.
    struct Stream: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Of this portion.
        let bytes: @Sendable (Int) -> [UInt8]
    }

    private static func rows(_ text: String) -> @Sendable (Int) -> [UInt8] { rows(Array(text.utf8)) }

    private static func rows(_ bytes: [UInt8]) -> @Sendable (Int) -> [UInt8] {
        { number in (0..<portion).map { bytes[(number * portion + $0) % bytes.count] } }
    }

    static let streams = [
        Stream(testDescription: "text", bytes: rows("a line of a log, 12:45:01 GET /index.html\n")),
        Stream(testDescription: "one letter", bytes: rows("A")),
        Stream(testDescription: "letters of a value", bytes: rows("CANARY-")),
        Stream(testDescription: "a value's beginning again and again", bytes: rows("CANARY-6f1c9ab2e71d408")),
        Stream(testDescription: "the value again and again", bytes: rows(value)),
        Stream(testDescription: "a value with as many breaks as may be", bytes: rows("C\n\n\n\n\n\n\n\n")),
        Stream(testDescription: "blanks behind a value's beginning", bytes: { $0 == 0 ? Array("CANARY-6f1c9".utf8) : rows(" ")($0) }),
        Stream(testDescription: "a row of base64", bytes: rows("Q0FOQVJZLTZmMWM5YWIyZTcx")),
        Stream(testDescription: "a row of hexadecimal digits", bytes: rows("43414e4152592d366631633961")),
        Stream(testDescription: "escapes in escapes", bytes: rows("\\\\\\u005cu0043")),
        Stream(testDescription: "beginnings of gzip", bytes: rows([0x1f, 0x8b, 0x08, 0x00])),
        Stream(testDescription: "beginnings of zlib", bytes: rows("x^")),
    ]

    /// Of which all but what is held goes on.
    static let members = [
        Stream(testDescription: "a member of gzip without an end", bytes: { part(gzip, $0) }),
        Stream(testDescription: "a member of zlib without an end", bytes: { part(zlib, $0) }),
        Stream(testDescription: "a member of zstd without an end", bytes: { part(zstd, $0) }),
        Stream(testDescription: "a member without an end in members without an end", bytes: { part(nested, $0) }),
    ]

    /// Members longer than the streams of these tests: of bytes that cannot be made shorter, and of bits, with which a block of zstd's is shorter than what is held.
    private static let (gzip, zlib, zstd) = (
        Packed.gzip(noise), Packed.zlib(noise), Packed.zstd(noise.flatMap { byte in (0..<8).map { byte >> $0 & 1 } })
    )
    private static let nested = Packed.gzip(Array("a file: ".utf8) + Packed.zlib(Array("a file: ".utf8) + gzip))
    private static let noise: [UInt8] = {
        var generator = SeededGenerator(seed: 1)
        return (0..<(portions + 1) * portion / 8).flatMap { _ in unsafe withUnsafeBytes(of: generator.next()) { unsafe Array($0) } }
    }()

    private static func part(_ member: [UInt8], _ number: Int) -> [UInt8] { Array(member[number * portion..<(number + 1) * portion]) }

    /// The most that is held in each half of a stream, and how much of it went on.
    private static func peaks(_ stream: Stream, endingAt ends: StreamEnds) -> (first: Int, second: Int, passed: Int) {
        var redactor = Redactor(
            needleSet(["KEY": value]), mode: .agent, endingAt: ends, opening: LibraryMembers(), MemberLimits(held: most))
        var (output, peaks, passed) = ([UInt8](), [0, 0], 0)
        for number in 0..<portions {
            let bytes = stream.bytes(number)
            unsafe redactor.redact(bytes.span.bytes, into: &output)
            while redactor.isBehind { redactor.catchUp(portion, into: &output) }
            let half = number * 2 / portions
            peaks[half] = max(peaks[half], redactor.heldByteCount)
            passed += output.count
            output.removeAll(keepingCapacity: true)
        }
        return (peaks[0], peaks[1], passed)
    }

    @Test("text, rows, beginnings of values and members", arguments: streams + members)
    func bounded(_ stream: Stream) {
        // A member that is damaged ends the stream, unless it is let pass.
        for ends in [[], .compressed] as [StreamEnds] {
            let (first, second, _) = Self.peaks(stream, endingAt: ends)
            #expect(max(first, second) <= Self.bound, "\(first), then \(second) of \(Self.portions * Self.portion) bytes")
            #expect(second <= first + Self.portion, "\(first), then \(second): it grows with the stream")
        }
    }

    @Test("a member that is longer than what is held goes on", arguments: members)
    func flowing(_ stream: Stream) { #expect(Self.peaks(stream, endingAt: .compressed).passed > Self.portions * Self.portion - Self.most) }
}
