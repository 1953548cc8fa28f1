import CompressedMembers
import Redaction
import Testing

/// Of what is longer than what may be held back, each part goes on when the next one was searched, too.
@Suite("Members longer than what is held back go on piece by piece")
struct LongMemberTests {
    private static let value = "CANARY-6f1c9ab2e71d40"
    private static let set = needleSet(["KEY": value, "WEAK": "summer-2025"])
    private static let limits = MemberLimits(held: 48_000, decoded: 100_000)
    private static let part = 3_000

    /// Members, and the header that an entry has before its own.
    struct Kind: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var format: MemberFormat
        var pack: @Sendable ([UInt8]) -> (head: [UInt8], member: [UInt8])
    }

    private static let kinds =
        Packed.formats.map { packed in Kind(testDescription: packed.testDescription, format: packed.format) { ([], packed($0)) } }
        + [Kind(testDescription: "an entry", format: .deflate) { (Archive.Entry($0).header, Archive.Entry($0).packed) }]

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func whole(_ parts: [UInt8]..., endingAt ends: StreamEnds = [.compressed, .guessable]) -> Redacted {
        opened([parts.flatMap(\.self)], by: Self.set, endingAt: ends, Self.limits)
    }

    /// Text that becomes about a quarter of itself, so that a block of zstd's is shorter than what may be held.
    private static func text(_ count: Int, number: UInt64 = 0) -> [UInt8] {
        var random = SeededGenerator(number: number)
        return random.bytes(count, from: Array("acgt".utf8))
    }

    /// What somebody learns who opens what came.
    private static func decoded(_ format: MemberFormat, _ member: some Sequence<UInt8>) -> [UInt8] {
        guard let reader = LibraryMembers().reader(of: format) else { return [] }
        var (input, output) = (Array(member), [UInt8]())
        var room = [UInt8](repeating: 0, count: 4096)
        while true {
            let progress = unsafe room.withUnsafeMutableBytes { room in
                var span = unsafe room.mutableBytes
                return unsafe reader.read(input.span.bytes, into: &span)
            }
            input.removeFirst(progress.taken)
            output += room[..<progress.written]
            if progress.state != .goesOn || input.isEmpty && progress.written < room.count { return output }
        }
    }

    @Test("one without a value passes byte by byte, in whatever chunks, and what follows is judged as ever", arguments: kinds)
    func clean(_ kind: Kind) {
        let (head, member) = kind.pack(Self.text(300_000))
        #expect(member.count > Self.limits.held * 3 / 2)
        let stream = bytes("a \(Self.value) ") + head + member + bytes(" \(Self.value) z")
        for size in [3_000, stream.count] {
            let chunks = stride(from: 0, to: stream.count, by: size).map { Array(stream[$0..<min($0 + size, stream.count)]) }
            let result = opened(chunks, by: Self.set, Self.limits)
            #expect(result.output == bytes("a [REDACTED:KEY] ") + head + member + bytes(" [REDACTED:KEY] z"), "in chunks of \(size)")
            #expect(result.report.withheld == nil && result.report.unscanned.isEmpty)
        }
    }

    @Test("nothing is let go of one before it is longer, and then it goes on while it comes, a few parts behind", arguments: kinds)
    func flow(_ kind: Kind) {
        let (head, member) = kind.pack(Self.text(300_000))
        var redactor = Redactor(Self.set, mode: .agent, endingAt: .compressed, opening: LibraryMembers(), Self.limits)
        var output: [UInt8] = []
        unsafe redactor.redact(head.span.bytes, into: &output)
        for start in stride(from: 0, to: member.count - 500, by: 500) {
            unsafe redactor.redact(Array(member[start..<start + 500]).span.bytes, into: &output)
            let (came, seen) = (start + 500, max(output.count - head.count, 0))
            #expect(seen <= max(came - Self.part, 0) && (seen == 0) == (came < Self.limits.held), "\(seen) of \(came)")
            #expect(came - seen <= Self.limits.held)
        }
    }

    @Test("a value deep in it does not come, nor anything that opens to its beginning, and it is named", arguments: kinds)
    func hit(_ kind: Kind) {
        var random = SeededGenerator()
        for number in 0..<6 * soak {
            let (value, name) = number % 4 == 3 ? ("summer-2025", "WEAK") : (Self.value, "KEY")
            let spelling = [value, Spellings.hex(bytes(value)).joined(), Spellings.base64(bytes(value))][number % 3]
            let text = Self.text(300_000, number: UInt64(number))
            let place = [50_000, 299_000, .random(in: 0...text.count, using: &random)][number % 3]
            let (head, member) = kind.pack(text[..<place] + bytes(spelling) + text[place...])
            let result = whole(bytes("before "), head, member, bytes(" after"))
            let start = 7 + head.count
            #expect(result.output == Array((bytes("before ") + head + member).prefix(result.output.count)) && result.output.count >= start)
            #expect(result.report.withheld?.name == name && result.report.counts.isEmpty, "\(result.report)")
            let came = Self.decoded(kind.format, result.output.dropFirst(start))
            #expect(came.count <= place && came == Array(text[..<came.count]), "\(came.count) of \(place), seed \(random.seed)")
            if place < 100_000 { #expect(came.isEmpty) }
            if place > 290_000 { #expect(came.count > 100_000) }
        }
    }

    @Test("one that is damaged or cut ends as late as that is seen; where it may pass, that is told from there on", arguments: kinds)
    func damaged(_ kind: Kind) {
        let (head, member) = kind.pack(Self.text(300_000))
        var broken = member
        for place in 60_000..<60_040 { broken[place] = 0xff }
        // An entry has no checksum: what is damaged may be something else.
        for stream in kind.format == .deflate ? [Array(member[..<60_000])] : [Array(member[..<60_000]), broken] {
            let result = whole(head, stream)
            #expect(result.report.withheld?.reason == .compressed && result.report.withheld?.name == nil)
            #expect(result.output == Array((head + stream).prefix(result.output.count)) && result.output.count > 30_000)
            let passed = whole(head, stream, endingAt: .guessable)
            #expect(
                passed.output == head + stream && passed.report.unscanned.map(\.bytes) == [Int64(stream.count + head.count - result.output.count)])
        }
    }

    @Test("whether what is let go ends in a value's beginning is not told by when it goes")
    func beginnings() {
        // Stored blocks: what stands in them stands in the member as it is. The empty ones behind decode to nothing.
        func block(_ content: [UInt8]) -> [UInt8] {
            let count = [UInt8(content.count & 255), UInt8(content.count >> 8)]
            return [0] + count + count.map { ~$0 } + content
        }
        func seen(_ guess: String, _ answers: AnswerBook) -> (counts: [Int], report: RedactionReport) {
            var member = Packed.gzip("").prefix(10) + block(Self.text(50_000)) + block(bytes("<" + guess))
            while member.count < 62_000 { member += block([]) }
            var redactor = Redactor(
                Self.set, mode: .agent, endingAt: [.compressed, .guessable], answers: answers, opening: LibraryMembers(), Self.limits)
            var (counts, output) = ([Int](), [UInt8]())
            for byte in member {
                unsafe redactor.redact([byte].span.bytes, into: &output)
                counts.append(output.count)
            }
            return (counts, redactor.report)
        }
        let wrong = seen("DOVE--6f1c9ab2e71d40", AnswerBook())
        #expect(wrong.counts.last.map { $0 > 55_000 } == true && wrong.report.withheld == nil)
        for count in [1, 2, 7, 14, 15] {
            let answers = AnswerBook()
            let right = seen(String(Self.value.prefix(count)), answers)
            let other = seen(String("QRSTUV-6f1c9ab2e71d40".prefix(count)), AnswerBook())
            #expect(right.counts == other.counts && right.report.withheld == nil && answers.takeNew().isEmpty, "\(count)")
        }
        // From sixteen bytes on it is an answer, as at any edge.
        let answers = AnswerBook()
        let right = seen(String(Self.value.prefix(16)), answers)
        #expect(
            right.report.withheld?.name == "KEY" && answers.takeNew() == ["KEY"] && right.counts.last.map { $0 < 52_000 } == true, "\(right.report)")
    }

    @Test("what is surely no text any more ends the stream when it fails: others in it would have passed")
    func likely() {
        let member = Packed.zlib(Self.text(300_000))
        let result = whole(bytes("x"), Array(member.dropLast(4)), bytes("text"))
        #expect(result.report.withheld?.reason == .compressed && result.output == bytes("x") + member.prefix(result.output.count - 1))
        #expect(result.output.count > member.count - 3 * Self.part)
        // What nothing says of that it is packed waits, as it may be something else.
        let unsaid = Archive.Entry(Packed(format: .deflate, level: 6)(Self.text(300_000))).with(\.method, 0)
        #expect(whole(unsaid.bytes).output == unsaid.header)
    }

    @Test("a member may decode to more the longer it is, and one that decodes to much more ends", arguments: kinds)
    func bombs(_ kind: Kind) {
        let text = Self.text(300_000)
        #expect(whole(kind.pack(text).head, kind.pack(text).member).report.withheld == nil)
        let (head, bomb) = kind.pack(text + [UInt8](repeating: 0, count: 3_000_000) + text)
        let result = whole(head, bomb)
        #expect(result.report.withheld?.reason == .compressed && result.output == Array((head + bomb).prefix(result.output.count)))
        #expect(Self.decoded(kind.format, result.output.dropFirst(head.count)).count < 100_000 + 16 * bomb.count)
        let usual = MemberLimits()
        #expect(usual.held == 1 << 20 && usual.decoded == 64 << 20 && usual.decodedPerByte == 16)
    }

    @Test("an entry that begins in what is let go ends the stream before its own bytes, in whatever chunks")
    func entries() {
        let entry = Archive.Entry("<\(Self.value)>")
        for place in [3_000, 40_000, 80_000] {
            let (text, hit) = (Self.text(90_000), Self.text(3_000) + bytes(Self.value))
            // A block that is not packed holds the header as it is, where it is packed itself and means nothing.
            let member = Packed(format: .gzip, level: 0)(text[..<place] + entry.header + text[place...] + hit)
            for size in [100, member.count] {
                let chunks = stride(from: 0, to: member.count, by: size).map { Array(member[$0..<min($0 + size, member.count)]) }
                let result = opened(chunks, by: Self.set, Self.limits)
                #expect(result == opened([member], by: Self.set, Self.limits) && result.report.withheld?.reason == .compressed)
            }
        }
    }

    /// What a redactor gives out that learns of a value when it has read so many bytes of a member, and whose value it then withheld for.
    static func learning(
        _ name: String, _ value: String, behind count: Int, of stream: [UInt8], from start: Int, _ limits: MemberLimits
    ) -> (withheld: String?, output: [UInt8]) {
        var redactor = Redactor(
            needleSet(["OTHER": "CANARY-another-0123456"]), mode: .agent, endingAt: .compressed, opening: LibraryMembers(), limits)
        var output: [UInt8] = []
        unsafe redactor.redact(Array(stream[..<(start + count)]).span.bytes, into: &output)
        redactor.know(needleSet(["FIRST": "CANARY-first-0123456789", "OTHER": "CANARY-another-0123456", name: value]), endingAt: .compressed)
        unsafe redactor.redact(Array(stream[(start + count)...]).span.bytes, into: &output)
        redactor.finish(into: &output)
        while redactor.isBehind { redactor.catchUp(64 << 10, into: &output) }
        return (redactor.report.withheld?.name, output)
    }

    @Test("what becomes known while it comes is looked for from then on, by its own name", arguments: kinds)
    func later(_ kind: Kind) {
        let (head, member) = kind.pack(Self.text(200_000) + bytes("<\(Self.value)>") + Self.text(50_000))
        let (name, output) = Self.learning("KEY", Self.value, behind: 30_000, of: head + member, from: head.count, Self.limits)
        #expect(name == "KEY" && output == Array((head + member).prefix(output.count)) && output.count > 30_000)
        #expect(!Self.decoded(kind.format, output.dropFirst(head.count)).contains(UInt8(ascii: "<")))
    }

    @Test("what was found while others were known keeps its name")
    func named() {
        let stream = bytes("CANARY-fir") + Packed.gzip("<\(Self.value)>")
        var redactor = Redactor(
            needleSet(["FIRST": "CANARY-first-0123456789", "KEY": Self.value]), mode: .agent, endingAt: .compressed, opening: LibraryMembers())
        var output: [UInt8] = []
        // It is read ahead as long as it is open what stands before it.
        unsafe redactor.redact(stream.span.bytes, into: &output)
        redactor.know(needleSet(["KEY": Self.value]), endingAt: .compressed)
        redactor.finish(into: &output)
        let name = redactor.report.withheld?.name
        #expect(name == "KEY" && output == bytes("CANARY-fir"))
    }

    @Test("in any chunks it is the same, wherever values, damage and other members lie")
    func chunks() {
        var random = SeededGenerator(number: 11)
        let limits = MemberLimits(held: 160, decoded: 600, decodedPerByte: 2)
        for round in 0..<40 * soak {
            let stream = (0..<Int.random(in: 1...3, using: &random)).flatMap { _ in Self.member(using: &random) }
            for ends in [[.compressed, .guessable], .guessable] as [StreamEnds] {
                let expected = opened([stream], by: Self.set, endingAt: ends, limits)
                for most in [1, 7, 60, 400] {
                    let result = opened(random.chunks(of: stream, atMost: most), by: Self.set, endingAt: ends, limits)
                    #expect(result == expected, "seed \(random.seed), round \(round), \(most): \(stream) became \(result), not \(expected)")
                }
            }
        }
    }

    /// With values and headers of entries in it, or beginnings of such, or damage.
    private static func member(using random: inout SeededGenerator) -> [UInt8] {
        func happens(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
        let letters = happens(2) ? "ab" : "abcdefghijklmnopqrstuvwxyz0123"
        var content = random.bytes(.random(in: 100...900, using: &random), from: Array(letters.utf8))
        let beginning = value.prefix(.random(in: 1...20, using: &random))
        for piece in [Array("<\(value)".utf8), Array(beginning.utf8), Array("summer-2025".utf8), Archive.Entry("x").header] where happens(6) {
            content.insert(contentsOf: piece, at: .random(in: 0...content.count, using: &random))
        }
        if happens(6) { content += [UInt8](repeating: 0, count: 3_000) }
        var member = (Packed.all.randomElement(using: &random) ?? .gzip)(content)
        if happens(3) { member = Archive.Entry(content).with(\.level, .random(in: 0...9, using: &random)).bytes }
        if happens(6) { member[Int.random(in: 0..<member.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random) }
        if happens(6) { member.removeLast(Int.random(in: 1...member.count, using: &random)) }
        return member
    }
}
