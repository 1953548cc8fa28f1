import Glibc
import Model
import Redaction
import TacitWire
import Testing

@testable import ProcessRunner

/// When output is let go. The time is the tests' own, in milliseconds.
@Suite("An output stream by a given clock")
struct OutputStreamTests {
    private static let value = "CANARY-9d2e71b04c65f8a3"

    /// A pipe that a test writes to, and what comes of it.
    @safe
    private final class Flow {
        let stream: OutputStream
        private let end: Int32
        private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

        init(_ mode: Redactor.Mode) throws {
            var ends: [Int32] = [-1, -1]
            try #require(unsafe pipe(&ends) == 0)
            end = ends[1]
            var bytes = Array(OutputStreamTests.value.utf8)
            let needles = NeedleSet([Needle(name: "KEY", value: SecretValue(moving: &bytes))])
            stream = OutputStream(ends[0], .stdout, .redacting(Redactor(needles, mode: mode)), isForAgent: mode == .agent)
        }

        deinit {
            close(end)
            if let descriptor = stream.descriptor { close(descriptor) }
            unsafe buffer.deallocate()
        }

        /// Writes, and has it read at a time; what was let go then.
        func read(_ text: some StringProtocol, at now: Int64) throws -> String { try read(Array(text.utf8), at: now) }

        func read(_ bytes: [UInt8], at now: Int64) throws -> String {
            try #require(unsafe write(end, bytes, bytes.count) == bytes.count)
            var frames: [UInt8] = []
            while stream.hasUnread { unsafe stream.read(with: buffer, into: &frames, now: now) }
            return try Self.text(of: frames)
        }

        /// What is let go at a time, when nothing came.
        func pause(at now: Int64) throws -> String {
            var frames: [UInt8] = []
            stream.idle(into: &frames, now: now)
            return try Self.text(of: frames)
        }

        private static func text(of frames: [UInt8]) throws -> String {
            var (decoder, bytes) = (RunFrameDecoder(from: .runner), [UInt8]())
            decoder.append(frames)
            while let frame = try decoder.next() { if case .stdout(let part) = frame { bytes += part } }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Beginnings of the value, and texts of the same length that are none.
    private static let guesses = [1, 5, 15].flatMap { count in
        let right = String(value.prefix(count))
        return [right, String(right.dropLast()) + "~"]
    }

    @Test("an agent gets what begins a value, or does not, 50 ms after the last byte, neither sooner nor later", arguments: guesses)
    func pauses(_ guess: String) throws {
        let flow = try Flow(.agent)
        #expect(try flow.read("> \(guess)", at: 0) == "")
        #expect(flow.stream.idleAt == 50)
        #expect(try flow.pause(at: 49) == "")
        #expect(try flow.pause(at: 50) == "> \(guess)")
        #expect(flow.stream.idleAt == nil && flow.stream.report?.counts.isEmpty == true)
        #expect(try flow.pause(at: 1000) == "", "once")
    }

    @Test("of more than that what is the value's is hidden, at the same time")
    func hides() throws {
        for (guess, shown) in [(String(Self.value.prefix(16)), "[REDACTED:KEY]"), (String(Self.value.prefix(15)) + "~", "CANARY-9d2e71b0~")] {
            let flow = try Flow(.agent)
            #expect(try flow.read(guess, at: 7) == "")
            #expect(try flow.pause(at: 56) == "")
            #expect(try flow.pause(at: 57) == shown)
        }
    }

    @Test("each byte starts the pause anew, until a second is over since the first: then what is there goes, whatever it begins", arguments: guesses)
    func neverPausing(_ guess: String) throws {
        let flow = try Flow(.agent)
        for (number, character) in guess.enumerated() { #expect(try flow.read(String(character), at: Int64(number) * 40) == "") }
        let last = Int64(guess.count - 1) * 40
        #expect(flow.stream.idleAt == last + 50)
        let begun = try Flow(.agent)
        for now in stride(from: Int64(0), through: 960, by: 40) {
            #expect(try begun.read(".", at: now) == "")
            #expect(try begun.pause(at: now + 39) == "")
        }
        #expect(try begun.read(guess, at: 999) == "")
        #expect(begun.stream.idleAt == 1000)
        #expect(try begun.pause(at: 999) == "")
        #expect(try begun.pause(at: 1000) == String(repeating: ".", count: 25) + guess)
        #expect(try begun.read("x", at: 1001) == "")
        #expect(begun.stream.idleAt == 1051, "and the second begins anew")
    }

    @Test("without a pause an agent gets half of it after a mebibyte, whatever stands at the edge", arguments: [String(value.prefix(8)), "abcdefgh"])
    func much(_ guess: String) throws {
        let flow = try Flow(.agent)
        let (before, released) = OutputStream.taken
        let piece = Array(repeating: UInt8(ascii: "."), count: 32 << 10)
        var count = 0
        while count < before - 2 * piece.count {
            #expect(try flow.read(piece, at: 0) == "")
            count += piece.count
        }
        #expect(try flow.read(piece.dropLast(8) + Array(guess.utf8), at: 0) == "")
        #expect(try flow.read(piece, at: 0).utf8.count == released)
    }

    @Test("a person does not wait for what begins no value, and 50 ms for what does")
    func person() throws {
        let flow = try Flow(.person)
        #expect(try flow.read("password? ", at: 0) == "password? ")
        #expect(try flow.read("CANARY", at: 10) == "")
        #expect(try flow.pause(at: 59) == "")
        #expect(try flow.pause(at: 60) == "CANARY")
    }
}
