import Redaction
import Testing

@Suite("Members are judged alike in any chunks")
struct MemberChunkTests {
    private static let secrets = values([
        "WEAK": "summer-2025", "KEY": "CANARY-6f1c9ab2e71d40", "URL": "root:root@h/1%2", "PEM": "CANARYCANARYCANARY+/\nCANARYcanary+0123456789\n",
    ])
    private static let set = needleSet(secrets)
    private static let choices: [(ends: StreamEnds, isRead: Bool)] = [
        ([.compressed, .guessable], true), ([.guessable], true), ([.compressed], true), ([], false),
    ]

    private func content(using random: inout SeededGenerator) -> [UInt8] {
        if Bool.random(using: &random) { return random.bytes(.random(in: 0...200, using: &random), from: Array("line of text\n ".utf8)) }
        return Spellings.randomText(of: Self.secrets.map(\.bytes), using: &random)
    }

    /// Text with members, whole or not, and what looks like them.
    private func stream(using random: inout SeededGenerator) -> [UInt8] {
        var stream: [UInt8] = []
        for _ in 0..<Int.random(in: 1...5, using: &random) {
            switch Int.random(in: 0..<10, using: &random) {
            case 8, 9: stream += archive(using: &random)
            case 0: stream += content(using: &random)
            case 1:
                stream += [0x78, [0x01, 0x5e, 0x9c, 0xda].randomElement(using: &random) ?? 0] + random.bytes(30, from: (0...255).map { UInt8($0) })
            case 2: stream += [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], Array("BZh91AY&SY".utf8), [0x50, 0x4b, 3, 4]].randomElement(using: &random) ?? []
            default:
                var member = (Packed.all.randomElement(using: &random) ?? .gzip)(content(using: &random))
                switch Int.random(in: 0..<6, using: &random) {
                case 0: member[Int.random(in: 0..<member.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
                case 1: member.removeLast(Int.random(in: 1...member.count, using: &random))
                default: break
                }
                stream += member
            }
        }
        return stream
    }

    /// Entries whole or not, one in another, with headers that lie.
    private func archive(using random: inout SeededGenerator, depth: Int = 0) -> [UInt8] {
        let entries = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            var entry = Archive.Entry(content(using: &random))
            if depth < 2, Int.random(in: 0..<5, using: &random) == 0 { entry.content = archive(using: &random, depth: depth + 1) }
            if Int.random(in: 0..<5, using: &random) == 0 { entry.extra = archive(using: &random, depth: 2) }
            entry.method = [0, 0, 8, 8, 8, 8, 93, 21].randomElement(using: &random) ?? 0
            entry.flags = [0, 0, 0, Archive.Entry.sizesFollow, 1].randomElement(using: &random) ?? 0
            entry.size = [nil, nil, 0, 5].randomElement(using: &random) ?? nil
            entry.level = .random(in: 0...9, using: &random)
            return entry
        }
        var bytes = Archive(entries).bytes
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 1: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
        default: break
        }
        return bytes
    }

    @Test("every third cut, and every byte by itself", arguments: 0..<4)
    func chunks(_ choice: Int) {
        var random = SeededGenerator(number: UInt64(choice))
        let (ends, isRead) = Self.choices[choice]
        // Small limits, so that they are reached.
        let limits = MemberLimits(held: 150, decoded: 400)
        for _ in 0..<12 * soak {
            let text = stream(using: &random)
            func judged(_ chunks: [[UInt8]]) -> Redacted { opened(chunks, by: Self.set, endingAt: ends, isRead: isRead, limits) }
            let whole = judged([text])
            let single = judged(text.map { [$0] })
            #expect(single == whole, "seed \(random.seed): \(text) became \(single), not \(whole)")
            for cut in stride(from: 0, to: text.count, by: 3) {
                let parts = judged([Array(text[..<cut]), Array(text[cut...])])
                #expect(parts == whole, "seed \(random.seed), cut at \(cut): \(text) became \(parts), not \(whole)")
            }
        }
    }

    @Test("what passes holds no value, neither as text nor when it is opened, and is what was written")
    func safe() {
        var random = SeededGenerator(number: 7)
        for _ in 0..<200 * soak {
            let content = content(using: &random)
            let packed = Packed.all.randomElement(using: &random) ?? .gzip
            let plain = redacted([content], by: Self.set, mode: .agent, endingAt: .guessable)
            let isClean = plain.output == content
            let member = packed(content)
            let result = opened([member], by: Self.set)
            #expect((result.output == member) == isClean && (result.report.withheld == nil) == isClean, "seed \(random.seed): \(shown(content))")
            let entry = Archive.Entry(content).with(\.level, packed.level % 10)
            let archived = opened([Archive(entry).bytes], by: Self.set)
            #expect(archived.output == (isClean ? Archive(entry).bytes : entry.header), "seed \(random.seed): \(shown(content))")
        }
    }
}
