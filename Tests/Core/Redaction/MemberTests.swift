import CompressedMembers
import Redaction
import Testing

@Suite("Compressed members are opened and searched")
struct MemberTests {
    private static let value = "CANARY-6f1c9ab2e71d40"
    private static let weak = "summer-2025"
    private static let text = "nothing of interest; " + String(repeating: "a line of a log, 12:45:01 GET /index\n", count: 20)
    private static let set = needleSet(["KEY": value, "WEAK": weak])

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func whole(_ parts: [UInt8]...) -> Redacted { opened([parts.flatMap(\.self)], by: Self.set) }

    @Test("one without a value passes byte by byte, between text that is redacted as ever", arguments: Packed.all)
    func clean(_ packed: Packed) {
        let member = packed(Self.text)
        let result = whole(bytes("a \(Self.value) b "), member, bytes(" c \(Self.value) d"))
        #expect(result.output == bytes("a [REDACTED:KEY] b ") + member + bytes(" c [REDACTED:KEY] d"))
        #expect(result.report.withheld == nil && result.report.unscanned.isEmpty && result.report.counts.map(\.count) == [2])
        let alone = redacted([member], by: Self.set, mode: .agent, endingAt: .compressed)
        #expect((alone.report.withheld != nil) == (packed.format != .zlib), "nobody opens it")
    }

    @Test("one that holds a value ends the stream, which names it; a value that could be guessed says so", arguments: Packed.all)
    func hit(_ packed: Packed) {
        for (value, name, reason) in [(Self.value, "KEY", RedactionReport.Withheld.Reason.compressed), (Self.weak, "WEAK", .guessable)] {
            for spelling in [value, Spellings.hex(bytes(value)).joined(), Spellings.base64(bytes(value))] {
                let member = packed(Self.text + spelling + Self.text)
                let result = whole(bytes("before "), member, bytes(" after"))
                #expect(shown(result.output) == "\"before \"", "\(spelling)")
                #expect(result.report.withheld == .init(reason: reason, name: name, bytes: Int64(member.count + 6)), "\(result.report)")
                #expect(result.report.counts.isEmpty && result.report.bytesScanned == 7)
            }
        }
    }

    @Test("members that follow each other are searched one by one, and a value across their edge is found", arguments: Packed.formats)
    func concatenated(_ packed: Packed) {
        let clean = packed(Self.text) + Packed.gzip("") + packed("more") + Packed.zstd("and more")
        #expect(whole(clean, bytes("x")).output == clean + bytes("x"))
        let late = whole(clean, packed("<\(Self.value)>"), clean)
        #expect(late.output == clean && late.report.withheld?.name == "KEY")
        for cut in 1..<Self.value.count {
            let first = packed("<" + Self.value.prefix(cut))
            let result = whole(first, packed(Self.value.dropFirst(cut) + ">"), bytes("after"))
            #expect(result.output == (cut < 16 ? first : []) && result.report.withheld?.name == "KEY", "cut at \(cut): \(result.report)")
        }
    }

    @Test("a long beginning of a value at a member's end is hidden with it", arguments: Packed.formats)
    func edge(_ packed: Packed) {
        for (count, passes) in [(15, true), (16, false)] {
            let member = packed("<" + Self.value.prefix(count))
            let result = whole(member, bytes(" after"))
            #expect(result.output == (passes ? member + bytes(" after") : []), "\(count)")
        }
    }

    @Test("what is cut or damaged ends the stream; what only looks like zlib is text", arguments: Packed.formats)
    func damaged(_ packed: Packed) {
        let member = packed(Self.text)
        let passes = packed.format == .zlib
        for count in 3..<member.count {
            let cut = whole(bytes("x"), Array(member[..<count]))
            // Before the whole mark is there it is no member.
            let isMarked = count > 3 || packed.format != .zstd
            #expect(cut.output == (passes || !isMarked ? bytes("x") + member[..<count] : bytes("x")), "\(count)")
            var broken = member
            broken[count] ^= 0x10
            let damaged = whole(bytes("x"), broken, bytes("y"))
            #expect(damaged.output == bytes("x") + (damaged.report.withheld == nil ? broken + bytes("y") : []), "\(count)")
            #expect(damaged.report.withheld == nil || damaged.report.withheld == .init(reason: .compressed, bytes: Int64(member.count + 1)))
        }
        #expect(whole(member.dropLast() + [member[member.count - 1] ^ 1]).output.isEmpty == (packed.format != .zlib))
    }

    @Test("a value in what is damaged behind it, or cut, is found", arguments: Packed.formats)
    func damagedBehind(_ packed: Packed) {
        var random = SeededGenerator()
        let noise = random.bytes(300_000, from: (0...255).map { UInt8($0) })
        let member = packed(bytes(Self.value) + noise)
        let cut = whole(bytes("x"), Array(member[..<200_000]))
        #expect(cut.output == bytes("x") && cut.report.withheld?.name == "KEY")
        let broken = whole(bytes("x"), member[..<200_000] + [1, 2, 3, 4, 5, 6, 7, 8] + member[200_000...])
        #expect(broken.output == bytes("x") && broken.report.withheld?.name == "KEY")
    }

    @Test("what looks like zlib in text and noise passes, and a value in it is replaced as ever")
    func looksLike() {
        var random = SeededGenerator()
        for mark in [[0x78, 0x01], [0x78, 0x5e], [0x78, 0x9c], [0x78, 0xda]] as [[UInt8]] {
            for head in [[], [0x63], [0x4b, 0x4c]] as [[UInt8]] {
                let result = whole(bytes("f(x) = 3 "), mark, head, bytes("2 + \(Self.value), x^2"), mark)
                #expect(result.output == bytes("f(x) = 3 ") + mark + head + bytes("2 + [REDACTED:KEY], x^2") + mark, "\(mark) \(head)")
            }
        }
        let noise: [UInt8] = (0..<40).flatMap { _ in random.bytes(997, from: (0...255).map { UInt8($0) }) + [0x78, 0x9c] as [UInt8] }
        let result = opened([noise], by: needleSet(["KEY": Self.value]))
        #expect(result.output == noise || result.report.withheld?.name == nil && noise.contains(0x1f), "seed \(random.seed)")
    }

    @Test("a member's own bytes are text, too: a name in a gzip header is redacted")
    func header() {
        let plain = Packed.gzip(Self.text)
        let named = plain[..<3] + [8] + plain[4..<10] + bytes(Self.value) + [0] + plain[10...]
        let result = whole(Array(named), bytes(" after"))
        let shown = plain[..<3] + [8] + plain[4..<10] + bytes("[REDACTED:KEY]") + [0] + plain[10...] + bytes(" after")
        #expect(result.output == Array(shown))
    }

    @Test("one of the other formats in a member is not opened", arguments: Packed.formats)
    func others(_ packed: Packed) {
        for inner in [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1], bytes("BZh91AY&SY")] {
            #expect(whole(bytes("a"), packed(inner + bytes("more"))).output == bytes("a"), "\(inner)")
            let held = opened([packed(inner + bytes("more"))], by: Self.set, endingAt: .guessable)
            #expect(held.report.unscanned.count == 1 && held.report.withheld == nil, "told where it may pass")
        }
    }

    @Test("a member that decodes to too much is not searched, nor one whose blocks are too long to be waited for", arguments: Packed.formats)
    func bombs(_ packed: Packed) {
        let limits = MemberLimits(held: 20_000, decoded: 100_000)
        let (bomb, less) = (packed([UInt8](repeating: 0, count: 100_000)), packed([UInt8](repeating: 0, count: 99_999)))
        let told = RedactionReport.Unscanned(reason: "compressed", bytes: Int64(bomb.count + 1))
        for chunks in [[bomb, bytes("b")], (bomb + bytes("b")).map { [$0] }] {
            #expect(opened([bytes("a")] + chunks, by: Self.set, limits).output == bytes("a"))
            #expect(opened([bytes("a")] + chunks, by: Self.set, endingAt: [], isRead: false, limits).report.unscanned == [told])
        }
        #expect(opened([bytes("a"), less], by: Self.set, limits).output == bytes("a") + less)
        var random = SeededGenerator()
        let noise = random.bytes(30_000, from: (0...255).map { UInt8($0) })
        for (content, name) in [(noise, nil), (bytes(Self.value) + noise, "KEY"), (noise + bytes(Self.value), nil)] as [([UInt8], String?)] {
            let member = packed(content)
            for chunks in [[member, bytes("b")], (member + bytes("b")).map { [$0] }] {
                let result = opened([bytes("a")] + chunks, by: Self.set, limits)
                // Of a block of zstd's nothing goes before it is whole.
                guard packed.format == .zstd else { continue }
                #expect(result.output.count < 20 && result.report.withheld?.reason == .compressed && result.report.withheld?.name == name)
            }
            let unread = opened([member], by: Self.set, endingAt: [], isRead: false, limits).report
            #expect(unread.unscanned.isEmpty && (unread.withheld?.name == "KEY") == (content.count > 30_000))
        }
    }

    @Test("what decodes to much is read in turns", arguments: Packed.formats)
    func turns(_ packed: Packed) {
        let member = packed([UInt8](repeating: 0x2e, count: 3 << 20) + bytes(Self.value))
        for (byteCount, expected) in [(128 << 10, 20...26), (64 << 10, 40...50), (1, 180...780)] {
            var redactor = Redactor(Self.set, mode: .agent, endingAt: .compressed, opening: LibraryMembers())
            #expect(redactor.taking(bytes("a") + member) == "a" && redactor.isBehind)
            var turns = 0
            var output: [UInt8] = []
            while redactor.isBehind {
                redactor.catchUp(byteCount, into: &output)
                turns += 1
            }
            #expect(expected.contains(turns) && output.isEmpty && redactor.report.withheld?.name == "KEY", "\(turns)")
        }
    }

    @Test("a pause releases nothing of a member that is not whole", arguments: Packed.formats)
    func pauses(_ packed: Packed) {
        let member = packed(Self.text)
        for cut in 4..<member.count {
            var redactor = Redactor(Self.set, mode: .agent, endingAt: [.compressed, .guessable], opening: LibraryMembers())
            #expect(redactor.taking(bytes("a") + member[..<cut]) + redactor.pausing() == "a")
            var output: [UInt8] = []
            unsafe redactor.redact(Array(member[cut...]).span.bytes, into: &output)
            redactor.idle(into: &output)
            #expect(output == member, "\(cut)")
        }
        let hit = packed("<\(Self.value)>")
        let result = opened((bytes("a") + hit + bytes("b")).map { [$0] }, by: Self.set, idling: true)
        #expect(result.report.withheld?.name == "KEY")
        // What comes in a pause each is known by its mark, whose first bytes passed.
        #expect(result.output == bytes("a") + hit[..<(packed.format == .zlib ? 1 : packed.format == .gzip ? 2 : 3)])
    }

    @Test("where nobody reads the output, a value is found, and the rest is searched on", arguments: Packed.formats)
    func unread(_ packed: Packed) {
        var random = SeededGenerator()
        let noise = random.bytes(300_000, from: (0...255).map { UInt8($0) }.filter { $0 != 0x1f && $0 != 0x28 && $0 != 0xfd && $0 != 0x50 })
        for (content, name) in [(noise, nil), (noise + bytes(Self.value) + noise, "KEY")] as [([UInt8], String?)] {
            let member = packed(content)
            let file = bytes("a") + member + Packed.gzip("b") + bytes(" \(Self.value)")
            for size in [1000, 64 << 10, file.count] {
                let chunks = stride(from: 0, to: file.count, by: size).map { Array(file[$0..<min($0 + size, file.count)]) }
                let report = opened(chunks, by: Self.set, endingAt: [], isRead: false).report
                #expect(report.withheld?.name == name && report.unscanned.isEmpty, "\(report)")
                // What noise decodes to stands in zstd's blocks as it is, and may be seen there first.
                #expect(report.counts.map(\.name) == ["KEY"] || name == "KEY" && report.counts.isEmpty, "\(report)")
            }
        }
    }
}
