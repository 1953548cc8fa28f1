import TacitWire
import Testing

@Suite("Run frames")
struct RunFrameTests {
    static let client: [RunFrame] = [
        .stdin([]), .stdin([0, 255, 10]), .stdin(Array(repeating: 7, count: RunFrame.maximumPayload)), .stdinEnd, .terminalInput([3]),
        .windowSize(rows: 24, columns: 80), .windowSize(rows: .max, columns: .max), .signal(1), .signal(64), .resume,
    ].filter { $0 != .stdin([]) }
    static let runner: [RunFrame] = [
        .started(process: 1), .started(process: .max), .stdout(Array("out".utf8)), .stderr([0]), .stdinCredit(0), .stdinCredit(Int(UInt32.max)),
        .terminalCredit(4096), .stopped(signal: 20), .timedOut, .terminalFree, .answered(Array("a/b".utf8)), .candidate([1]), .mayLeave,
        .report(Array("{}".utf8)),
        .exit(.exited(code: 0)),
        .exit(.exited(code: 255)),
        .exit(.signaled(9)), .exit(.failed(RunFailure(status: 127, code: "run.x", message: "no ümlaut lost", hint: "next"))),
        .exit(.failed(RunFailure(status: 125, code: "run.y", message: "no hint"))),
    ]

    @Test("every frame is read back as it was, in any pieces", arguments: [1, 2, 3, 5, 7, 64, 4096, 1 << 20])
    func anyChunking(size: Int) throws {
        for (sender, frames) in [
            (RunFrame.Sender.client, Self.client), (.keeper, Self.client + [.leave, .withhold, .refuse]), (.runner, Self.runner),
        ] {
            #expect(try Self.read(frames.flatMap(\.encoded), from: sender) { _ in size } == frames)
        }
    }

    @Test("every frame is read back as it was, in random pieces")
    func randomChunking() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed)
        for _ in 0..<20 {
            let frames = Self.runner.shuffled(using: &random)
            #expect(
                try Self.read(frames.flatMap(\.encoded), from: .runner) { Int.random(in: 1...min($0, 40), using: &random) } == frames, "seed \(seed)")
        }
    }

    @Test("a long payload becomes several frames, none longer than the limit")
    func longPayload() throws {
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        let frames = try Self.read(RunFrame.stdout(bytes).encoded, from: .runner) { _ in 1000 }
        #expect(frames.count == 4)
        let read = frames.flatMap { frame -> [UInt8] in if case .stdout(let part) = frame { part } else { [] } }
        #expect(read == bytes)
    }

    @Test("unknown kinds, the other side's kinds, long and malformed payloads are refused")
    func refusals() {
        func error(_ bytes: [UInt8], from sender: RunFrame.Sender) -> RunFrameError? {
            do {
                _ = try Self.read(bytes, from: sender) { _ in 3 }
                return nil
            } catch { return error as? RunFrameError }
        }
        #expect(error([0, 0, 0, 0, 0], from: .client) == .unknownKind(0))
        #expect(error([7], from: .client) == .unknownKind(7))
        for frame in [RunFrame.leave, .withhold, .refuse] {
            #expect(error(frame.encoded, from: .client) == .unknownKind(frame.kind.rawValue) && error(frame.encoded, from: .keeper) == nil)
        }
        #expect(error(RunFrame.mayLeave.encoded, from: .keeper) == .unknownKind(43))
        #expect(error([200, 0], from: .runner) == .unknownKind(200))
        #expect(error(RunFrame.stdinEnd.encoded, from: .runner) == .unknownKind(2))
        #expect(error(RunFrame.timedOut.encoded, from: .client) == .unknownKind(38))
        #expect(error([1, 0, 1, 0, 1], from: .client) == .tooLong(.stdin, 65_537))
        #expect(error([1, 255, 255, 255, 255], from: .client) == .tooLong(.stdin, 4_294_967_295))
        #expect(error([2, 0, 0, 0, 1, 0], from: .client) == .tooLong(.stdinEnd, 1))
        #expect(error([5, 0, 0, 0, 4, 0, 0, 0, 0], from: .client) == .malformed(.signal))
        #expect(error([5, 0, 0, 0, 4, 0, 0, 0, 65], from: .client) == .malformed(.signal))
        #expect(error([5, 0, 0, 0, 3, 0, 0, 1], from: .client) == .malformed(.signal))
        #expect(error([40, 0, 0, 0, 0], from: .runner) == .malformed(.exit))
        #expect(error([40, 0, 0, 0, 5, 3, 0, 0, 0, 0], from: .runner) == .malformed(.exit))
        #expect(error([40, 0, 0, 0, 5, 2, 0, 0, 0, 1], from: .runner) == .malformed(.exit))
    }

    @Test("a cut stream is seen as cut")
    func cut() throws {
        let whole = RunFrame.exit(.exited(code: 3)).encoded
        for length in 1..<whole.count {
            var decoder = RunFrameDecoder(from: .runner)
            decoder.append(whole.prefix(length))
            #expect(try decoder.next() == nil)
            #expect(decoder.isWithinFrame)
        }
    }

    @Test("random bytes never trap and never grow past one frame")
    func noise() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed)
        for _ in 0..<2000 {
            var decoder = RunFrameDecoder(from: .client)
            decoder.append((0..<40).map { _ in UInt8.random(in: 0...8, using: &random) })
            while let frame = try? decoder.next() { #expect(frame.kind.sender == .client, "seed \(seed)") }
        }
    }

    private static func read(_ bytes: [UInt8], from sender: RunFrame.Sender, piece: (Int) -> Int) throws -> [RunFrame] {
        var decoder = RunFrameDecoder(from: sender)
        var frames: [RunFrame] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = piece(rest.count)
            decoder.append(rest.prefix(count))
            rest = rest.dropFirst(count)
            while let frame = try decoder.next() { frames.append(frame) }
        }
        #expect(!decoder.isWithinFrame)
        return frames
    }
}

/// A generator that a seed repeats (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
