import CompressedMembers
import Redaction
import Testing

@Suite("Entries of zip archives are opened and searched")
struct EntryTests {
    private static let value = "CANARY-6f1c9ab2e71d40"
    private static let weak = "summer-2025"
    private static let text = "nothing of interest; " + String(repeating: "a line of a log, 12:45:01 GET /index\n", count: 20)
    private static let set = needleSet(["KEY": value, "WEAK": weak])
    private static let plain = Archive.Entry(text)
    /// Zip64's sizes.
    private static let sizes: [UInt8] = [1, 0, 16, 0] + [UInt8](repeating: 7, count: 16)
    /// Each way in which an entry is searched.
    private static let kinds: [Archive.Entry] =
        (0...9).map { plain.with(\.level, $0) } + [
            plain.with(\.method, 0), plain.with(\.flags, Archive.Entry.sizesFollow), plain.with(\.method, 0).with(\.flags, Archive.Entry.sizesFollow),
            plain.with(\.extra, sizes).with(\.size, 0xffff_ffff), plain.with(\.name, ""), plain.with(\.size, 0), plain.with(\.size, 3),
            plain.with(\.name, String(repeating: "long/", count: 9_000)),
        ]

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func whole(_ parts: [UInt8]...) -> Redacted { opened([parts.flatMap(\.self)], by: Self.set) }

    @Test("an archive without a value passes byte by byte, between text that is redacted as ever", arguments: kinds.indices)
    func clean(_ index: Int) {
        let entry = Self.kinds[index]
        for archive in [Archive(entry), Archive(entry, entry, entry)].map(\.bytes) {
            let result = whole(bytes("a \(Self.value) b "), archive, bytes(" c \(Self.value) d"))
            #expect(result.output == bytes("a [REDACTED:KEY] b ") + archive + bytes(" c [REDACTED:KEY] d"))
            #expect(result.report.withheld == nil && result.report.unscanned.isEmpty && result.report.counts.map(\.count) == [2])
            let alone = redacted([archive], by: Self.set, mode: .agent, endingAt: .compressed)
            #expect((alone.report.withheld != nil) == (entry.method == 8), "nobody opens it")
        }
    }

    @Test(
        "a value in packed bytes ends the stream before them, which names it; one in bytes that are not packed is replaced", arguments: kinds.indices)
    func hit(_ index: Int) {
        let kind = Self.kinds[index]
        for (value, name, reason) in [(Self.value, "KEY", RedactionReport.Withheld.Reason.compressed), (Self.weak, "WEAK", .guessable)] {
            for (spelling, form) in [(value, ""), (Spellings.hex(bytes(value)).joined(), ":hex"), (Spellings.base64(bytes(value)), ":base64")] {
                let entry = kind.with(\.content, bytes(Self.text + "\n" + spelling + "\n" + Self.text))
                let archive = Archive(kind, entry, kind).bytes
                let result = whole(bytes("before "), archive)
                if kind.method == 8 {
                    #expect(result.output == bytes("before ") + kind.bytes + entry.header, "\(spelling)")
                    let left = archive.count - kind.bytes.count - entry.header.count
                    #expect(result.report.withheld == .init(reason: reason, name: name, bytes: Int64(left)), "\(result.report)")
                } else if reason == .compressed {
                    #expect(result.report.withheld == nil && result.report.counts.map(\.count) == [1])
                    #expect(result.output == bytes("before ") + archive.replacing(bytes(spelling), with: bytes("[REDACTED:KEY\(form)]")))
                } else {
                    #expect(result.report.withheld?.reason == .guessable && result.report.withheld?.name == "WEAK")
                }
            }
        }
    }

    @Test("a header and a central directory are text, too: a name in them is redacted")
    func names() {
        for method in [0, 8] {
            let archive = Archive(Self.plain.with(\.method, method).with(\.name, "a/\(Self.value)/b")).bytes
            #expect(whole(archive).output == archive.replacing(bytes(Self.value), with: bytes("[REDACTED:KEY]")))
        }
    }

    @Test("what is encrypted, or packed by something else, ends the stream before its bytes; where the policy lets it pass that is told")
    func closed() {
        let closed = [1, 9, 1 | 1 << 6, 1 << 6, 1 << 13].flatMap { flags in [0, 8].map { Self.plain.with(\.flags, flags).with(\.method, $0) } }
        let others = [1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 14, 16, 18, 19, 20, 93, 94, 95, 96, 97, 98, 99].map { Self.plain.with(\.method, $0) }
        for entry in closed + others {
            let archive = Archive(Self.plain, entry, Self.plain).bytes
            let result = whole(archive)
            #expect(result.output == Self.plain.bytes + entry.header, "\(entry.method), \(entry.flags)")
            #expect(result.report.withheld == .init(reason: .compressed, bytes: Int64(archive.count - result.output.count)))
            let passed = opened([archive + bytes(" \(Self.value)")], by: Self.set, endingAt: .guessable)
            #expect(passed.output == archive + bytes(" [REDACTED:KEY]") && passed.report.unscanned.count == 1)
        }
    }

    @Test("what is cut or damaged ends the stream before its bytes; a header alone is text")
    func damaged() {
        let (header, packed) = (Self.plain.header, Self.plain.packed)
        for count in 0...header.count { #expect(whole(bytes("x"), Array(header[..<count])).output == bytes("x") + header[..<count], "\(count)") }
        for count in 1..<packed.count { #expect(whole(bytes("x"), header + packed[..<count]).output == bytes("x") + header, "\(count)") }
        for place in packed.indices {
            var broken = packed
            broken[place] ^= 0x10
            let result = whole(bytes("x"), header + broken + bytes("y"))
            // There is no checksum: what is damaged may decode to something else.
            #expect(result.output == bytes("x") + header + (result.report.withheld == nil ? broken + bytes("y") : []), "\(place)")
        }
        let late = Archive.Entry(bytes(Self.value) + SeededGenerator.noise(300_000))
        let cut = whole(Array(late.bytes.prefix(200_000)))
        #expect(cut.output == late.header && cut.report.withheld?.name == "KEY")
    }

    @Test("what only begins like an archive is text")
    func looksLike() {
        let mark: [UInt8] = [0x50, 0x4b, 3, 4]
        let hollow = Self.plain.with(\.size, 0).header
        let texts: [[UInt8]] = [
            mark, mark + bytes(" and a line of text, which goes on for a while"), mark + [UInt8](repeating: 0, count: 40),
            mark + SeededGenerator.noise(300),
            (0..<40).flatMap { _ in mark }, (0..<900).flatMap { _ in mark + [7] },
            Self.plain.with(\.method, 21).bytes, Self.plain.with(\.method, 0x0800).bytes,
            // Of a program that reads archives: flags that none has.
            mark + [0x0f, 0x84, 0x7d, 1, 0, 0, 0xc7, 5, 0x9f, 0x34] + SeededGenerator.noise(60),
        ]
        // A directory that is said to be packed, and has no bytes.
        for text in texts + [hollow + Archive(Self.plain).bytes, hollow + bytes("\n"), hollow] {
            #expect(whole(bytes("a "), text, bytes(" \(Self.value)")).output == bytes("a ") + text + bytes(" [REDACTED:KEY]"), "\(text)")
        }
        for text in texts {
            #expect(whole(Packed.gzip(bytes("a ") + text)).output == Packed.gzip(bytes("a ") + text), "within a member: \(text)")
            #expect(whole(Packed.gzip(text + bytes(Self.value))).report.withheld?.name == "KEY", "within a member: \(text)")
            for count in 4..<30 where text.count > count {
                #expect(whole(Packed.gzip(text.prefix(count) + bytes(Self.value))).report.withheld?.name == "KEY", "cut: \(text.prefix(count))")
            }
        }
    }

    @Test("an archive in an entry is opened, whether its bytes are packed or not")
    func nested() {
        let inner = [Archive(Self.plain), Archive(Self.plain.with(\.method, 0))].map(\.bytes)
        let hits = [Archive(Archive.Entry("<\(Self.value)>")), Archive(Archive.Entry("<\(Self.value)>").with(\.method, 0))].map(\.bytes)
        for (clean, hit) in zip(inner, hits) {
            for outer in [Self.plain.with(\.method, 0), Self.plain] {
                let entry = outer.with(\.content, clean)
                #expect(whole(entry.bytes).output == entry.bytes, "\(outer.method)")
                let found = whole(outer.with(\.content, hit).bytes)
                #expect((found.report.withheld?.name ?? found.report.counts.first?.name) == "KEY", "\(outer.method)")
            }
        }
        for packed in Packed.formats {
            let stored = Self.plain.with(\.method, 0).with(\.content, packed("<\(Self.value)>"))
            #expect(whole(Archive(Self.plain, stored).bytes).report.withheld?.name == "KEY")
        }
    }

    @Test("the search follows what stands in the stream, whatever sizes and the central directory say")
    func lies() {
        let hit = Archive.Entry("<\(Self.value)>")
        for size in [0, 1, 5, 0xffff_ffff] { #expect(whole(Archive(hit.with(\.size, size)).bytes).report.withheld?.name == "KEY", "\(size)") }
        #expect(whole(Archive(hit.with(\.listedMethod, 0)).bytes).report.withheld?.name == "KEY")
        // Bytes that are said not to be packed are tried.
        for method in [0, 21, 0x0800] {
            let unsaid = hit.with(\.method, method).with(\.content, hit.packed).with(\.listedMethod, 8)
            #expect(whole(Archive(unsaid).bytes).output == unsaid.header, "\(method)")
            // They may be others as well, which begin among them.
            let clean = unsaid.with(\.content, Self.plain.packed + bytes(" and more"))
            #expect(whole(Archive(clean).bytes).output == Archive(clean).bytes)
            let both = unsaid.with(\.content, [3, 0] + Packed.gzip("<\(Self.value)>"))
            #expect(whole(Archive(both).bytes).report.withheld?.name == "KEY", "\(method)")
        }
        // A length that lies leads to other bytes, which are none.
        for place in [26, 28] {
            var header = hit.header
            header[place] += 1
            let result = whole(header + hit.packed + bytes("text that follows"))
            #expect(result.output == header + hit.packed.prefix(1) && result.report.withheld?.reason == .compressed)
        }
    }

    @Test("an entry within another one's bytes is opened as well, wherever it lies")
    func overlapping() {
        let hit = Archive.Entry("<\(Self.value)>")
        // Deflate's level 0 keeps what it is given as it is.
        let outer = Archive.Entry(hit.bytes).with(\.level, 0)
        #expect(whole(Archive(outer).bytes).output == outer.header)
        // In bytes of a member that decode to nothing.
        for content in [bytes(Self.text), SeededGenerator.noise(200_000)] {
            let plain = Packed.gzip(content)
            func member(_ extra: [UInt8]) -> [UInt8] {
                plain[..<3] + [4] + plain[4..<10] + [UInt8(extra.count & 255), UInt8(extra.count >> 8)] + extra + plain[10...]
            }
            let file = member(hit.bytes)
            let result = whole(file, bytes("after"))
            #expect(result.output == plain[..<3] + [4] + plain[4..<10] + [UInt8(hit.bytes.count), 0] + hit.header)
            #expect(result.report.withheld == .init(reason: .compressed, name: "KEY", bytes: Int64(5 + file.count - result.output.count)))
            let unread = opened([file], by: Self.set, endingAt: [], isRead: false).report
            #expect(unread.unscanned.isEmpty && unread.withheld?.name == "KEY", "\(unread)")
            // One that is cut where something else goes on is none; what is closed is not opened.
            for clean in [Self.plain.bytes, Self.plain.bytes.dropLast(9)].map(member) {
                #expect(whole(clean, bytes("after")).output == clean + bytes("after"))
                #expect(opened([clean], by: Self.set, endingAt: [], isRead: false).report.unscanned.isEmpty)
            }
            #expect(whole(member(Self.plain.with(\.method, 93).bytes), bytes("after")).report.withheld?.reason == .compressed)
        }
        let name = Archive.Entry(Self.text).with(\.extra, hit.bytes)
        #expect(whole(name.bytes).report.withheld?.name == "KEY")
    }

    @Test("headers in headers, however many, keep nobody busy and hide nothing")
    func heaps() {
        let one = Archive.Entry("").with(\.name, "")
        for (count, last, passes) in [(60, Self.text, true), (60, "<\(Self.value)>", false), (3_000, Self.text, false)] {
            // Each says that its bytes begin where the others' do.
            let heads = (0..<count).flatMap { index -> [UInt8] in
                var header = one.with(\.flags, Archive.Entry.sizesFollow).header
                let left = (count - 1 - index) * header.count
                header.replaceSubrange(26..<30, with: [left / 2, left - left / 2].flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
                return header
            }
            let packed = Archive.Entry(last).packed
            #expect(whole(heads + packed).output == heads + (passes ? packed : []), "\(count)")
        }
    }

    @Test("archives of many entries are searched to the last one")
    func many() {
        let entries = (0..<5_000).map { Archive.Entry("entry \($0)").with(\.level, 1).with(\.name, "f\($0)") }
        let archive = Archive(entries).bytes
        #expect(whole(archive).output == archive)
        let result = whole(Archive(entries + [Archive.Entry("<\(Self.value)>")]).bytes)
        #expect(result.report.withheld?.name == "KEY" && result.output.count > archive.count / 3)
    }

    @Test("an entry that decodes to too much is not searched; one that is long goes on while it is")
    func bombs() {
        let limits = MemberLimits(held: 20_000, decoded: 100_000)
        let (bomb, less) = (Archive.Entry([UInt8](repeating: 0, count: 100_000)), Archive.Entry([UInt8](repeating: 0, count: 99_999)))
        for chunks in [[bomb.bytes, bytes("b")], (bomb.bytes + bytes("b")).map { [$0] }] {
            #expect(opened(chunks, by: Self.set, limits).output == bomb.header)
        }
        #expect(opened([less.bytes], by: Self.set, limits).output == less.bytes)
        let long = Archive.Entry(SeededGenerator.noise(30_000))
        #expect(opened([long.bytes], by: Self.set, limits).output == long.bytes)
        #expect(opened([long.with(\.method, 0).bytes], by: Self.set, limits).output == long.with(\.method, 0).bytes)
        #expect(opened([long.bytes], by: Self.set, endingAt: [], isRead: false, limits).report.unscanned.isEmpty)
    }

    @Test("a pause releases nothing of packed bytes that are not whole")
    func pauses() {
        let (entry, hit) = (Self.plain, Archive.Entry("<\(Self.value)>"))
        for cut in 0..<entry.bytes.count {
            var redactor = Redactor(Self.set, mode: .agent, endingAt: [.compressed, .guessable], opening: LibraryMembers())
            var output: [UInt8] = []
            unsafe redactor.redact(Array(entry.bytes[..<cut]).span.bytes, into: &output)
            redactor.idle(into: &output)
            #expect(output == Array(entry.bytes.prefix(min(cut, entry.header.count))), "\(cut)")
            unsafe redactor.redact(Array(entry.bytes[cut...]).span.bytes, into: &output)
            redactor.idle(into: &output)
            #expect(output == entry.bytes, "\(cut)")
        }
        let result = opened(Archive(hit).bytes.map { [$0] }, by: Self.set, idling: true)
        #expect(result.report.withheld?.name == "KEY" && result.output == hit.header)
    }

    @Test("where nobody reads the output, values are found in entries of any length, and one within another's bytes is told")
    func unread() {
        let noise = SeededGenerator.noise(300_000)
        for (content, name) in [(noise, nil), (noise + bytes(Self.value) + noise, "KEY")] as [([UInt8], String?)] {
            let file = Archive(Archive.Entry(content), Self.plain, Self.plain.with(\.method, 0)).bytes
            for size in [1000, 64 << 10, file.count] {
                let chunks = stride(from: 0, to: file.count, by: size).map { Array(file[$0..<min($0 + size, file.count)]) }
                let report = opened(chunks, by: Self.set, endingAt: [], isRead: false).report
                #expect((report.withheld?.name ?? report.counts.first?.name) == name && report.unscanned.isEmpty, "\(report)")
            }
        }
        // Bytes that are said not to be packed, and may be, are not what hides others.
        let both = Archive.Entry(Packed(format: .deflate, level: 0)(noise) + Packed.gzip("<\(Self.value)>")).with(\.method, 0)
        let doubted = Archive.Entry(Packed(format: .deflate, level: 0)(noise + Packed.gzip("<\(Self.value)>") + noise)).with(\.method, 0)
        for entry in [both, doubted] {
            let report = opened([entry.bytes], by: Self.set, endingAt: [], isRead: false).report
            #expect(report.withheld?.name == "KEY" && report.unscanned.count == 1, "\(report)")
        }
    }
}

extension SeededGenerator {
    /// Bytes that begin nothing.
    static func noise(_ count: Int) -> [UInt8] {
        var random = SeededGenerator()
        return random.bytes(count, from: (0...255).map { UInt8($0) }.filter { ![0x1f, 0x28, 0x42, 0x50, 0x78, 0xfd].contains($0) })
    }
}
