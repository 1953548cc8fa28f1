import CompressedMembers
import Redaction
import Testing

/// A part of the outer one goes on when what it holds of the inner ones would go on.
@Suite("Long members with long ones in them go on piece by piece")
struct LongNestedTests {
    private static let value = "CANARY-6f1c9ab2e71d40"
    private static let set = needleSet(["KEY": value, "WEAK": "summer-2025"])
    private static let limits = MemberLimits(held: 48_000, decoded: 600_000)
    private static let part = 3_000
    /// What is packed already stays as it is in blocks of zstd's, which are longer than what is held here.
    private static let pairs = Wrapping.all.filter { $0.format != .zstd }.flatMap { outer in
        Wrapping.all.filter { $0.format != .zlib }.map { [outer, $0] }
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// Text that becomes about a quarter of itself, so that a block of zstd's is shorter than what may be held.
    private static func text(_ count: Int, number: UInt64 = 0) -> [UInt8] {
        var random = SeededGenerator(number: number)
        return random.bytes(count, from: Array("acgt".utf8))
    }

    /// What somebody learns who opens what came, of a member or of several behind each other.
    private final class Opening {
        private let format: MemberFormat
        private var reader: (any MemberReader)?
        private var room = [UInt8](repeating: 0, count: 64 << 10)
        private(set) var bytes: [UInt8] = []

        init(_ format: MemberFormat) { (self.format, reader) = (format, LibraryMembers().reader(of: format)) }

        func take(_ input: some Sequence<UInt8>) -> Self {
            let input = Array(input)
            var taken = 0
            while let reader {
                let progress = unsafe room.withUnsafeMutableBytes { room in
                    var span = unsafe room.mutableBytes
                    return unsafe reader.read(input.span.bytes.extracting(taken..<input.count), into: &span)
                }
                taken += progress.taken
                bytes += room[..<progress.written]
                switch progress.state {
                case .failed: self.reader = nil
                case .ended: self.reader = taken < input.count ? LibraryMembers().reader(of: format) : nil
                case .goesOn: if taken == input.count, progress.written < room.count { return self }
                }
            }
            return self
        }
    }

    private static func decoded(_ format: MemberFormat, _ member: some Sequence<UInt8>) -> [UInt8] { Opening(format).take(member).bytes }

    @Test("they pass byte by byte, in whatever chunks, and do so while they come", arguments: pairs)
    func flow(_ wrappings: [Wrapping]) {
        let inner = wrappings[1](Self.text(250_000))
        let (head, member) = wrappings[0].pack(Self.text(60_000) + inner + Self.text(60_000, number: 1) + inner)
        var redactor = Redactor(Self.set, mode: .agent, endingAt: .compressed, opening: LibraryMembers(), Self.limits)
        var (output, most) = ([UInt8](), 0)
        unsafe redactor.redact(head.span.bytes, into: &output)
        for start in stride(from: 0, to: member.count, by: 1_500) {
            unsafe redactor.redact(Array(member[start..<min(start + 1_500, member.count)]).span.bytes, into: &output)
            while redactor.isBehind { redactor.catchUp(1_500, into: &output) }
            most = max(most, redactor.heldByteCount)
        }
        #expect(most <= 2 * Self.limits.held && output.count > head.count + member.count - 1_000)
        unsafe redactor.redact(bytes(" \(Self.value) z").span.bytes, into: &output)
        redactor.finish(into: &output)
        #expect(output == head + member + bytes(" [REDACTED:KEY] z"))
        let once = opened([head + member], by: Self.set, Self.limits)
        #expect(once.output == head + member && once.report.withheld == nil && once.report.unscanned.isEmpty)
    }

    @Test("nothing of the outer one goes on that holds what of the inner one would wait", arguments: pairs)
    func waits(_ wrappings: [Wrapping]) {
        let inner = wrappings[1].pack(Self.text(250_000))
        let before = Self.text(200_000) + inner.head
        let (head, member) = wrappings[0].pack(before + inner.member + Self.text(200_000))
        var redactor = Redactor(Self.set, mode: .agent, endingAt: .compressed, opening: LibraryMembers(), Self.limits)
        let (all, seen) = (Opening(wrappings[0].format), Opening(wrappings[0].format))
        var (output, told) = ([UInt8](), head.count)
        unsafe redactor.redact(head.span.bytes, into: &output)
        for start in stride(from: 0, to: member.count, by: 2_000) {
            let bytes = Array(member[start..<min(start + 2_000, member.count)])
            unsafe redactor.redact(bytes.span.bytes, into: &output)
            while redactor.isBehind { redactor.catchUp(2_000, into: &output) }
            let came = all.take(bytes).bytes.count - before.count
            let shown = seen.take(output[told...]).bytes.count - before.count
            told = output.count
            guard came > 0, came < inner.member.count else { continue }
            #expect(came < Self.limits.held ? shown <= 0 : shown <= came - Self.part, "\(shown) of \(came)")
        }
        #expect(output.count > head.count + member.count - Self.limits.held / 2)
    }

    @Test("a value deep in the innermost does not come, nor anything that opens to its beginning, and it is named", arguments: pairs)
    func hit(_ wrappings: [Wrapping]) {
        var random = SeededGenerator()
        for number in 0..<3 * soak {
            let (value, name) = number % 4 == 1 ? ("summer-2025", "WEAK") : (Self.value, "KEY")
            let spelling = [value, Spellings.hex(bytes(value)).joined(), Spellings.base64(bytes(value))][number % 3]
            let text = Self.text(300_000, number: UInt64(number))
            let place = [50_000, 299_000, .random(in: 0...text.count, using: &random)][number % 3]
            let inner = wrappings[1].pack(text[..<place] + bytes(spelling) + text[place...])
            let before = Self.text(number % 2 * 200_000) + inner.head
            let (head, member) = wrappings[0].pack(before + inner.member + bytes("more"))
            let result = opened([bytes("before ") + head + member + bytes(" after")], by: Self.set, Self.limits)
            let start = 7 + head.count
            #expect(result.output == Array((bytes("before ") + head + member).prefix(result.output.count)) && result.output.count >= start)
            #expect(result.report.withheld?.name == name && result.report.counts.isEmpty, "\(result.report)")
            let came = Self.decoded(wrappings[0].format, result.output.dropFirst(start))
            let seen = Self.decoded(wrappings[1].format, came.dropFirst(before.count))
            #expect(seen.count <= place && seen == Array(text[..<seen.count]), "\(seen.count) of \(place), seed \(random.seed)")
            if place < 100_000 { #expect(seen.isEmpty) }
            if place > 290_000 { #expect(seen.count > 60_000) }
        }
    }

    @Test("one that goes on through many members is opened, goes on while it comes, and ends before a value", arguments: [Packed.gzip, .zstd])
    func continued(_ packed: Packed) {
        let inner = Packed.gzip(Self.text(250_000))
        let hit = Packed.gzip(Self.text(250_000) + bytes("<\(Self.value)>") + Self.text(9_000))
        func framed(_ content: [UInt8]) -> [UInt8] {
            stride(from: 0, to: content.count, by: 9_000).flatMap { packed(Array(content[$0..<min($0 + 9_000, content.count)])) }
        }
        var redactor = Redactor(Self.set, mode: .agent, endingAt: .compressed, opening: LibraryMembers(), Self.limits)
        let stream = framed(Self.text(30_000) + inner + bytes("end"))
        var (output, most) = ([UInt8](), 0)
        for start in stride(from: 0, to: stream.count, by: 900) {
            unsafe redactor.redact(Array(stream[start..<min(start + 900, stream.count)]).span.bytes, into: &output)
            while redactor.isBehind { redactor.catchUp(900, into: &output) }
            most = max(most, redactor.heldByteCount)
        }
        redactor.finish(into: &output)
        let report = redactor.report
        #expect(output == stream && most < 2 * Self.limits.held, "\(output.count) of \(stream.count), \(most) held: \(report)")
        let found = opened([framed(hit)], by: Self.set, Self.limits)
        #expect(found.report.withheld?.name == "KEY" && found.output == Array(framed(hit).prefix(found.output.count)) && found.output.count > 30_000)
        #expect(!Self.decoded(.gzip, Self.decoded(packed.format, found.output)).contains(UInt8(ascii: "<")))
    }

    @Test("what becomes known while one comes is looked for in it from then on, by its own name", arguments: pairs)
    func later(_ wrappings: [Wrapping]) {
        let inner = wrappings[1](Self.text(200_000) + bytes("<\(Self.value)>") + Self.text(50_000))
        let (head, member) = wrappings[0].pack(inner)
        let (name, output) = LongMemberTests.learning("KEY", Self.value, behind: 30_000, of: head + member, from: head.count, Self.limits)
        #expect(name == "KEY" && output == Array((head + member).prefix(output.count)))
    }

    @Test("in any chunks it is the same, wherever values, damage and other members lie")
    func chunks() {
        var random = SeededGenerator(number: 12)
        let limits = MemberLimits(held: 160, decoded: 9_000, decodedPerByte: 20)
        for round in 0..<40 * soak {
            let stream = (0..<Int.random(in: 1...3, using: &random)).flatMap { _ in Self.member(using: &random, depth: 0) }
            let choices: [(ends: StreamEnds, isRead: Bool)] = [([.compressed, .guessable], true), (.guessable, true), ([], false)]
            for (ends, isRead) in choices {
                let expected = opened([stream], by: Self.set, endingAt: ends, isRead: isRead, limits)
                for most in [1, 7, 60, 400] {
                    let result = opened(random.chunks(of: stream, atMost: most), by: Self.set, endingAt: ends, isRead: isRead, limits)
                    #expect(result == expected, "seed \(random.seed), round \(round), \(most): \(stream) became \(result), not \(expected)")
                }
            }
        }
    }

    /// Of text and other members, with values and headers in it, or beginnings of such, or damage.
    private static func member(using random: inout SeededGenerator, depth: Int) -> [UInt8] {
        func happens(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
        let letters = happens(2) ? "ab" : "abcdefghijklmnopqrstuvwxyz0123"
        var content = random.bytes(.random(in: 10...500, using: &random), from: Array(letters.utf8))
        for _ in 0..<(depth < 5 ? Int.random(in: 0...2, using: &random) : 0) {
            content.insert(contentsOf: member(using: &random, depth: depth + 1), at: .random(in: 0...content.count, using: &random))
        }
        let beginning = value.prefix(.random(in: 1...20, using: &random))
        for piece in [Array("<\(value)".utf8), Array(beginning.utf8), Array("summer-2025".utf8), [0x1f, 0x8b, 8], [0x78, 0x9c]] where happens(9) {
            content.insert(contentsOf: piece, at: .random(in: 0...content.count, using: &random))
        }
        let packed = Packed.all.randomElement(using: &random) ?? .gzip
        var member = packed(content)
        if happens(3) { member = Archive.Entry(content).with(\.level, .random(in: 0...9, using: &random)).bytes }
        if happens(4) {
            let cut = Int.random(in: 0...content.count, using: &random)
            member = packed(Array(content[..<cut])) + packed(Array(content[cut...]))
        }
        if happens(12) { member[Int.random(in: 0..<member.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random) }
        if happens(12) { member.removeLast(Int.random(in: 1...member.count, using: &random)) }
        return member
    }
}
