import CompressedMembers
import Redaction
import Testing

/// Ways to wrap bytes in a member; what comes before the packed bytes is text of the stream around it.
struct Wrapping: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var format: MemberFormat
    var pack: @Sendable ([UInt8]) -> (head: [UInt8], member: [UInt8])

    func callAsFunction(_ bytes: [UInt8]) -> [UInt8] {
        let (head, member) = pack(bytes)
        return head + member
    }

    static let entry = Wrapping(testDescription: "an entry", format: .deflate) { (Archive.Entry($0).header, Archive.Entry($0).packed) }
    static let all =
        Packed.formats.map { packed in Wrapping(testDescription: packed.testDescription, format: packed.format) { ([], packed($0)) } } + [entry]
}

@Suite("Members in members are opened and searched")
struct NestedMemberTests {
    private static let value = "CANARY-6f1c9ab2e71d40"
    private static let weak = "summer-2025"
    private static let text = "nothing of interest; " + String(repeating: "a line of a log, 12:45:01 GET /index\n", count: 20)
    private static let set = needleSet(["KEY": value, "WEAK": weak])
    /// Outermost first.
    private static let pairs = Wrapping.all.flatMap { outer in Wrapping.all.map { [outer, $0] } }
    private static let towers =
        pairs + Wrapping.all.map { [$0, .all[0], $0] }
        + [[.all[0], .entry, .entry, .all[2]], [.all[2], .all[0], .entry, .all[1]], [.entry, .all[1], .all[1], .entry]]

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func whole(_ parts: [UInt8]..., endingAt ends: StreamEnds = [.compressed, .guessable], within limits: MemberLimits = MemberLimits())
        -> Redacted
    {
        opened([parts.flatMap(\.self)], by: Self.set, endingAt: ends, limits)
    }

    /// In each level with text around it.
    private func tower(_ wrappings: [Wrapping], _ content: [UInt8]) -> (head: [UInt8], member: [UInt8]) {
        let inner = wrappings.dropFirst().reversed().reduce(content) { bytes("a file: ") + $1($0) + bytes(" and its end\n") }
        return wrappings[0].pack(inner)
    }

    @Test("without a value they pass byte by byte, between text that is redacted as ever", arguments: towers)
    func clean(_ wrappings: [Wrapping]) {
        let (head, member) = tower(wrappings, bytes(Self.text))
        for chunks in [[head + member], (head + member).map { [$0] }] {
            let result = opened([bytes("a \(Self.value) b ")] + chunks + [bytes(" c \(Self.value) d")], by: Self.set)
            #expect(result.output == bytes("a [REDACTED:KEY] b ") + head + member + bytes(" c [REDACTED:KEY] d"))
            #expect(result.report.withheld == nil && result.report.unscanned.isEmpty && result.report.counts.map(\.count) == [2])
        }
    }

    @Test(
        "a value in the innermost ends the stream before the outermost, which names it, in whatever form; one that could be guessed says so",
        arguments: towers)
    func hit(_ wrappings: [Wrapping]) {
        for (value, name, reason) in [(Self.value, "KEY", RedactionReport.Withheld.Reason.compressed), (Self.weak, "WEAK", .guessable)] {
            for spelling in [value, Spellings.hex(bytes(value)).joined(), Spellings.base64(bytes(value))] {
                let (head, member) = tower(wrappings, bytes(Self.text + spelling + "\n" + Self.text))
                let result = whole(bytes("before "), head, member, bytes(" after"))
                #expect(result.output == bytes("before ") + head, "\(spelling)")
                #expect(result.report.withheld == .init(reason: reason, name: name, bytes: Int64(member.count + 6)), "\(result.report)")
                // Where what cannot be searched may pass, what was searched ends as well.
                let allowed = whole(bytes("before "), head, member, endingAt: .guessable)
                #expect(allowed.output == bytes("before ") + head && allowed.report.withheld?.name == name)
                let unread = opened([head + member], by: Self.set, endingAt: [], isRead: false).report
                #expect(unread.withheld?.name == name && unread.unscanned.isEmpty, "\(unread)")
            }
        }
    }

    @Test("the end of each is an edge: a long beginning of a value is an answer, a short one is shown", arguments: pairs)
    func edge(_ wrappings: [Wrapping]) {
        for (content, passes, told) in [
            (Self.value.prefix(15), true, []), (Self.value.prefix(16), false, ["KEY"]), (Self.weak[...], false, ["WEAK"]),
        ] {
            let (head, member) = tower(wrappings, bytes("<" + content))
            let answers = AnswerBook()
            var redactor = Redactor(Self.set, mode: .agent, endingAt: [.compressed, .guessable], answers: answers, opening: LibraryMembers())
            var output: [UInt8] = []
            unsafe redactor.redact(Array(bytes("a ") + head + member).span.bytes, into: &output)
            redactor.idle(into: &output)
            #expect(output == bytes("a ") + head + (passes ? member : []) && answers.takeNew() == told, "\(content)")
            let report = redactor.report
            #expect(report.answered == told)
        }
    }

    @Test("four in each other are opened, a fifth is not: it cannot be searched", arguments: [0, 2])
    func levels(_ index: Int) {
        let packed = Wrapping.all[index]
        for (count, passes) in [(4, true), (5, false), (6, false)] {
            let wrappings = [Wrapping](repeating: packed, count: count)
            let member = tower(wrappings, bytes(Self.text)).member
            #expect(whole(bytes("a"), member).output == bytes("a") + (passes ? member : []))
            let told = whole(bytes("a"), member, endingAt: .guessable)
            #expect(told.output == bytes("a") + member && told.report.unscanned.map(\.bytes) == (passes ? [] : [Int64(member.count)]))
            let hit = whole(bytes("a"), tower(wrappings, bytes("<\(Self.value)>")).member).report
            #expect(hit.withheld?.reason == .compressed && hit.withheld?.name == (passes ? "KEY" : nil))
        }
        let usual = MemberLimits()
        #expect(usual.levels == 4)
        #expect(whole(tower([packed, packed], []).member, within: MemberLimits(levels: 1)).output.isEmpty)
    }

    @Test("one that is damaged or cut ends the stream, as one that lies in no other does", arguments: pairs)
    func damaged(_ wrappings: [Wrapping]) {
        let (head, inner) = wrappings[1].pack(bytes(Self.text) + SeededGenerator.noise(60_000))
        let isSure = wrappings[1].format != .zlib
        for count in [inner.count - 1, inner.count - 100] {
            let cut = wrappings[0].pack(head + inner[..<count])
            #expect(whole(cut.head, cut.member, bytes("x")).output == cut.head + (isSure ? [] : cut.member + bytes("x")), "\(count)")
        }
        // What an entry decodes to has no checksum.
        var broken = wrappings[1].pack(bytes(Self.text) + SeededGenerator.noise(150_000)).member
        for place in broken.count - 20_000..<broken.count - 15_000 { broken[place] = 0xff }
        let whole = whole(wrappings[0](head + broken))
        if wrappings[1].format != .deflate { #expect((whole.report.withheld?.reason == .compressed) == isSure && whole.report.withheld?.name == nil) }
        // Up to there it was searched.
        let late = wrappings[1](bytes(Self.value) + SeededGenerator.noise(60_000)).prefix(40_000)
        #expect(self.whole(wrappings[0](Array(late))).report.withheld?.name == "KEY")
    }

    @Test("what only looks like a member ends nothing, at any depth", arguments: Wrapping.all)
    func looksLike(_ outer: Wrapping) {
        var random = SeededGenerator()
        let marks: [[UInt8]] = [
            [0x1f, 0x8b, 8], [0x28, 0xb5, 0x2f, 0xfd], [0x50, 0x4b, 3, 4], [0x78, 0x9c], [0x78, 0x01], [0x78, 0x5e], [0x78, 0xda],
        ]
        // As programs that know the formats hold them: a mark beside other text, code that compares with it.
        let tails = [
            bytes("Accept"), bytes("text/plain; charset=utf-8"), [0x75, 0x18, 0x48, 0x8b], [0, 0, 0, 0], [0xff, 0xff], [0x0f, 0x84, 0x20, 1], [7],
        ]
        for mark in marks {
            func program(_ tails: some Sequence<[UInt8]>) -> [UInt8] {
                tails.flatMap { random.bytes(40, from: Array("MOV CMP".utf8)) + mark + $0 } + random.bytes(400, from: Array("MOV CMP".utf8))
            }
            // One whose header is said to go on ends the stream where that ends first.
            let start = program(tails.dropLast(2))
            #expect(whole(start + bytes(" \(Self.value)")).output == start + bytes(" [REDACTED:KEY]"), "\(mark)")
            let program = program(tails)
            for depth in 1...4 {
                let clean = tower([Wrapping](repeating: outer, count: depth), program)
                // One may end within what looks like one, at the last level.
                guard depth < 4 || mark.count == 2 || mark[0] == 0x50 else { continue }
                #expect(whole(clean.head, clean.member).output == clean.head + clean.member, "\(mark) at \(depth)")
                let hit = tower([Wrapping](repeating: outer, count: depth), program + bytes("<\(Self.value)>"))
                #expect(whole(hit.head, hit.member).report.withheld?.name == "KEY", "\(mark) at \(depth)")
            }
        }
    }

    @Test("one that goes on in the members behind its own is opened, wherever these are cut", arguments: [Packed.gzip, .zstd])
    func continued(_ packed: Packed) {
        let inner = Packed.gzip("<" + Self.text)
        let hit = Packed.gzip("<\(Self.value)>")
        for others in [packed, Packed.gzip, .zstd] {
            for cut in 1..<inner.count {
                let stream = packed(bytes("a ") + inner[..<cut]) + others(inner[cut...] + bytes(" b"))
                let result = whole(stream, bytes(" \(Self.value)"))
                #expect(result.output == stream + bytes(" [REDACTED:KEY]"), "cut at \(cut): \(result.report)")
            }
            for cut in 1..<hit.count {
                let stream = packed(bytes("a ") + hit[..<cut]) + others(hit[cut...] + bytes(" b"))
                let result = whole(stream, bytes("c"))
                // Of a mark that is not whole nothing is known.
                #expect(result.output == (cut < 3 ? packed(bytes("a ") + hit[..<cut]) : []) && result.report.withheld?.name == "KEY", "cut at \(cut)")
            }
        }
        // In many, with nothing in some, and byte by byte.
        let pieces = stride(from: 0, to: inner.count, by: 7).map { packed(inner[$0..<min($0 + 7, inner.count)] + []) + packed([]) }
        let stream = pieces.flatMap(\.self)
        for chunks in [[stream], stream.map { [$0] }] {
            #expect(opened(chunks + [bytes("c")], by: Self.set).output == stream + bytes("c"))
            #expect(opened(chunks, by: Self.set, endingAt: [], isRead: false).report.unscanned.isEmpty)
        }
        // Something else follows, or nothing.
        for end in [[], bytes("text"), [0x1f], [0x1f, 0x8b, 7], [0x28, 0xb5, 0x2f]] as [[UInt8]] {
            let cut = packed(inner.dropLast(3) + [])
            #expect(whole(bytes("a"), cut + end).output == bytes("a"), "\(end)")
            #expect(
                opened((cut + end).map { [$0] }, by: Self.set, endingAt: .guessable).report.unscanned.map(\.bytes) == [Int64(cut.count + end.count)])
        }
        // What only looked like one in it is text, and a value behind it is found.
        let doubtful = packed("2 + x^") + bytes(" then \(Self.value)")
        #expect(whole(doubtful).output == packed("2 + x^") + bytes(" then [REDACTED:KEY]"))
    }

    @Test("what they decode to counts together", arguments: Packed.formats)
    func bombs(_ packed: Packed) {
        let zeros = [UInt8](repeating: 0, count: 60_000)
        let limits = MemberLimits(held: 20_000, decoded: 100_000)
        let one = Packed.gzip(zeros)
        #expect(whole(packed(one), within: limits).output == packed(one))
        let two = packed(one + one)
        for chunks in [[two, bytes("b")], (two + bytes("b")).map { [$0] }] {
            let result = opened(chunks, by: Self.set, limits)
            #expect(result.output.isEmpty && result.report.withheld?.reason == .compressed && result.report.withheld?.name == nil)
            let unread = opened(chunks, by: Self.set, endingAt: [], isRead: false, limits).report
            #expect(unread.unscanned.map(\.bytes) == [Int64(two.count + 1)])
        }
        // Beside each other they count each.
        #expect(whole(one + one + one, within: limits).output == one + one + one)
        let deep = packed(packed(packed([UInt8](repeating: 0, count: 100_000))))
        #expect(whole(bytes("a"), deep, within: limits).output == bytes("a"))
        // Before that is seen, a value is.
        #expect(whole(packed(Packed.gzip(bytes(Self.value) + zeros + zeros)), within: limits).report.withheld?.name == "KEY")
        // Beginnings count as well: a few bytes stand for any number of them.
        for mark in [Packed.gzip("x"), [0x78, 0x9c, 0x4b, 0xff], Archive.Entry("").with(\.method, 0).bytes] {
            let heap = packed((0..<2_000).flatMap { _ in mark })
            #expect(whole(bytes("a"), heap, within: limits).output == bytes("a") && heap.count < 2_000)
            let few = packed((0..<40).flatMap { _ in mark })
            #expect(whole(few, within: limits).output == few)
        }
    }

    @Test("what decodes to much is read in turns, at every depth", arguments: Packed.formats)
    func turns(_ packed: Packed) {
        let member = packed(packed(Packed.gzip([UInt8](repeating: 0x2e, count: 3 << 20) + bytes(Self.value))))
        for (byteCount, expected) in [(128 << 10, 10...40), (64 << 10, 20...60), (1, 90...780)] {
            var redactor = Redactor(Self.set, mode: .agent, endingAt: .compressed, opening: LibraryMembers())
            #expect(redactor.taking(bytes("a") + member) == "a" && redactor.isBehind)
            var (turns, output) = (0, [UInt8]())
            while redactor.isBehind {
                redactor.catchUp(byteCount, into: &output)
                turns += 1
            }
            #expect(expected.contains(turns) && output.isEmpty && redactor.report.withheld?.name == "KEY", "\(turns)")
        }
    }

    @Test("a pause releases nothing of one that is not whole, and what comes next is seen together with it", arguments: Wrapping.all)
    func pauses(_ outer: Wrapping) {
        for (content, name) in [(Self.text, nil), ("<\(Self.value)>", "KEY")] as [(String, String?)] {
            let (head, member) = tower([outer, .all[0], .entry], bytes(content))
            for cut in 4..<member.count {
                var redactor = Redactor(Self.set, mode: .agent, endingAt: [.compressed, .guessable], opening: LibraryMembers())
                var output: [UInt8] = []
                unsafe redactor.redact(Array(head + member[..<cut]).span.bytes, into: &output)
                redactor.idle(into: &output)
                #expect(output == head, "\(cut)")
                unsafe redactor.redact(Array(member[cut...]).span.bytes, into: &output)
                redactor.idle(into: &output)
                let found = redactor.report.withheld?.name
                #expect(output == head + (name == nil ? member : []) && found == name, "\(cut)")
            }
        }
    }
}
