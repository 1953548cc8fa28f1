import Approvals
import Model
import Testing

@Suite("Timed codes")
struct TimedCodesTests {
    private static func moment(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: seconds * 1_000_000_000) }

    private static var key: SecretValue {
        var bytes = Array("12345678901234567890".utf8)
        return SecretValue(moving: &bytes)
    }

    @Test(
        "codes are those of RFC 6238, appendix B, cut to six digits",
        arguments: [
            (Int64(59), "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"), (2_000_000_000, "279037"),
        ])
    func standard(_ seconds: Int64, _ code: String) {
        var codes = TimedCodes()
        #expect(codes.judge(code, key: Self.key, at: Self.moment(seconds)) == .opens)
    }

    @Test("a code opens once, and one of an earlier step not after it")
    func once() {
        var codes = TimedCodes()
        #expect(codes.judge("050471", key: Self.key, at: Self.moment(1_111_111_111)) == .opens)
        #expect(codes.judge("050471", key: Self.key, at: Self.moment(1_111_111_111)) == .wrong(triesLeft: 4))
        #expect(codes.judge("081804", key: Self.key, at: Self.moment(1_111_111_111)) == .wrong(triesLeft: 3))
    }

    @Test("a clock may be one step off, and no more")
    func skew() {
        for (seconds, opens) in [(1_111_111_111 - 30, true), (1_111_111_111 + 29, true), (1_111_111_111 + 60, false), (1_111_111_111 - 61, false)] {
            var codes = TimedCodes()
            #expect((codes.judge("050471", key: Self.key, at: Self.moment(Int64(seconds))) == .opens) == opens, "\(seconds)")
        }
    }

    @Test("after five wrong tries not even the right code opens, until a password was checked")
    func tries() {
        var codes = TimedCodes()
        for left in [4, 3, 2, 1] as [Int64] {
            #expect(codes.judge("000000", key: Self.key, at: Self.moment(59)) == .wrong(triesLeft: left))
        }
        #expect(codes.judge("", key: Self.key, at: Self.moment(59)) == .closed)
        #expect(codes.judge("287082", key: Self.key, at: Self.moment(59)) == .closed)
        codes.forgive()
        #expect(codes.judge("287 082", key: Self.key, at: Self.moment(59)) == .opens)
    }

    @Test("a clock that was set back opens nothing twice")
    func clockBack() {
        var codes = TimedCodes()
        #expect(codes.judge("279037", key: Self.key, at: Self.moment(2_000_000_000)) == .opens)
        #expect(codes.judge("287082", key: Self.key, at: Self.moment(59)) != .opens)
    }

    @Test("the state reads back as it was written")
    func coding() throws {
        var codes = TimedCodes()
        _ = codes.judge("000000", key: Self.key, at: Self.moment(59))
        _ = codes.judge("050471", key: Self.key, at: Self.moment(1_111_111_111))
        _ = codes.judge("1", key: Self.key, at: Self.moment(1_111_111_111))
        #expect(try TimedCodes(decoding: codes.encoded) == codes)
        #expect(throws: CanonicalError.self) { try TimedCodes(decoding: Array(codes.encoded.dropLast())) }
        #expect(throws: CanonicalError.self) { try TimedCodes(decoding: codes.encoded + [0]) }
    }
}
