import Model
import PlaintextDoor
import Testing

@testable import Approvals

@Suite("Authenticators")
struct TimedFactorTests {
    private static let moment = Timestamp(nanoseconds: 1_111_111_111_000_000_000)
    private static let factor = TimedFactor(random: RandomBytes { _ in Array("12345678901234567890".utf8) })

    private func bytes(_ value: SecretValue) -> [UInt8] {
        value.withPlaintext(PlaintextDoor()) { bytes in unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) } }
    }

    @Test("the key is shown in base32 without padding") func text() {
        #expect(bytes(Self.factor.text) == Array("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".utf8))
    }

    @Test("it opens nothing before its first code, and that code only once") func confirming() {
        var factor = Self.factor
        #expect(factor.judge("050471", at: Self.moment) == .closed)
        #expect(factor.confirm("000000", at: Self.moment) == .wrong(triesLeft: 4))
        #expect(!factor.isConfirmed)
        #expect(factor.confirm("050471", at: Self.moment) == .opens)
        #expect(factor.judge("050471", at: Self.moment) == .wrong(triesLeft: 4))
    }

    @Test("it reads back as it was written, and anything cut, left over or unknown is refused") func coding() throws {
        var factor = Self.factor
        _ = factor.confirm("050471", at: Self.moment)
        let written = factor.encoded
        let read = try TimedFactor(decoding: written)
        #expect(read.isConfirmed && read.codes == factor.codes && bytes(read.key) == bytes(factor.key))
        for count in written.indices { #expect(throws: CanonicalError.self) { try TimedFactor(decoding: Array(written[..<count])) } }
        #expect(throws: CanonicalError.self) { try TimedFactor(decoding: written + [0]) }
        var changed = written
        changed[25] = 2
        #expect(throws: CanonicalError.self) { try TimedFactor(decoding: changed) }
    }
}
