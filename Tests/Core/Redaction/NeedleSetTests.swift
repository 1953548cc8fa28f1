import Model
import Redaction
import Testing

@Suite("what a needle set holds")
struct NeedleSetTests {
    @Test("its memory is given back, wiped, with the set")
    func memory() {
        let arena = SecretArena(byteCount: 1 << 20)
        let values = (0..<50).map { index in
            Needle(name: "K\(index)", value: unsafe SecretValue(copying: Array("CANARY-\(index)-0123456789".utf8).span.bytes))
        }
        var set: NeedleSet? = NeedleSet(values, in: arena)
        #expect(arena.usage.lockedBlocks + arena.usage.ordinaryBlocks == 3)
        #expect(arena.usage.lockedBlocks >= 2, "the values and their heads lie in locked memory")
        #expect(set.map { redacted("CANARY-7-0123456789", by: $0) } == "[REDACTED:K7]")
        set = nil
        #expect(arena.usage.lockedBlocks + arena.usage.ordinaryBlocks == 0)
    }

    @Test("no needles, and empty values, change nothing")
    func nothing() {
        for set in [NeedleSet([]), needleSet(["E": ""])] {
            let result = redacted([Array("anything: \\u0041 %41\n".utf8)], by: set)
            #expect(result.output == Array("anything: \\u0041 %41\n".utf8))
            #expect(result.report == RedactionReport(bytesScanned: 21))
        }
    }

    @Test("a text that is too short for a value comes out as it is, and one of a value's length is not")
    func tooShort() {
        var random = SystemRandomNumberGenerator()
        for length in [1, 3, 6, 15, 16, 17, 40] {
            let value = (0..<length).map { _ in UInt8.random(in: 0x21...0x7D, using: &random) }
            let set = needleSet([("V", value)])
            #expect(!set.isTooShort(value), "\(length)")
            for count in 0...20 {
                let texts = [
                    Array(value.prefix(count)), Array(value.suffix(count)), (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) },
                ]
                for text in texts where set.isTooShort(text) {
                    #expect(text.count < min(length, 16))
                    #expect(redacted([text], by: set, mode: .agent, endingAt: [.compressed, .guessable]).output == text)
                }
            }
            #expect(set.isTooShort(Array("x".utf8)) == (length > 1))
            #expect(!set.isTooShort(Array("x^".utf8)) && !set.isTooShort([0x1F]), "what may be packed is looked into")
        }
    }

    @Test("letters that are shorter in UTF-16 are looked for in texts of any length")
    func foreignLetters() {
        let set = needleSet(["V": "中字符串打"])
        let spelled = Array("N-[W{&N2bS".utf8)
        #expect(!set.isTooShort(spelled))
        #expect(redacted([spelled], by: set, mode: .agent).output != spelled)
    }

    @Test("of equal values the first one's name is shown")
    func equalValues() {
        #expect(redacted("CANARY-same", by: needleSet(["B": "CANARY-same", "A": "CANARY-same"])) == "[REDACTED:B]")
        let lines = needleSet(["PEM": "first line\nCANARY-line-of-enough-bytes", "LINE": "CANARY-line-of-enough-bytes"])
        #expect(redacted("CANARY-line-of-enough-bytes", by: lines) == "[REDACTED:LINE]", "a whole value comes before a line")
    }

    @Test("values of one to three bytes are found as they are, and in no other view")
    func shortValues() {
        let set = needleSet(["ONE": "7", "TWO": "ab", "THREE": "%41"])
        #expect(
            redacted("7 ab %41 cab NDdhYg== 376162 %37%61%62 \\u0037", by: set)
                == "[REDACTED:ONE] [REDACTED:TWO] [REDACTED:THREE] c[REDACTED:TWO] NDdhYg== 3[REDACTED:ONE]6162 %3[REDACTED:ONE]%61%62 \\u003[REDACTED:ONE]"
        )
    }

    @Test("a value of four bytes is found in every view")
    func fourBytes() {
        let set = needleSet(["PIN": "p\"1 "])
        let longer = Spellings.base64(Array("xp\"1 x".utf8))
        for text in ["cCIxIA==", longer, "70223120", "70:22:31:20", "p%221+", "%70%22%31%20", "p\\\"1 ", "\\u0070\\u00221 "] {
            #expect(redacted("<\(text)>", by: set).contains("[REDACTED:PIN:"), "\(text)")
        }
    }

    @Test("a placeholder is never touched by another secret")
    func placeholders() {
        let set = needleSet(["RED": "ACTED", "ACTED": "RED", "1": "1", "[": "[", "KEY": "CANARY-1"])
        #expect(redacted("CANARY-1 RED ACTED 1 [", by: set) == "[REDACTED:KEY] [REDACTED:ACTED] [REDACTED:RED] [REDACTED:1] [REDACTED:[]")
    }

    @Test("secrets that overlap are both hidden, and a repeated one leaves no rest")
    func overlaps() {
        #expect(redacted("xCANARY-ab-YRANACx", by: needleSet(["A": "CANARY-ab", "B": "ab-YRANAC"])) == "x[REDACTED:A][REDACTED:B]x")
        #expect(redacted("xCANARY-abx", by: needleSet(["A": "CANARY-", "B": "CANARY-ab"])) == "x[REDACTED:B]x")
        #expect(redacted("xCANARY-abx", by: needleSet(["A": "ARY", "B": "CANARY-ab"])) == "x[REDACTED:B]x")
        #expect(redacted("ababababa", by: needleSet(["A": "ababa"])) == "[REDACTED:A]")
    }

    @Test("a multi-line value is hidden whole, by its long lines, and without its last line break")
    func lines() {
        let pem = "-----BEGIN PRIVATE KEY-----\nCANARYlineNumberOneIsLong\nCANARYlineNumberTwoIsLong\nshort\n-----END PRIVATE KEY-----\n"
        let set = needleSet(["PEM": pem, "WORD": "CANARY-w\n"])
        #expect(redacted("a\n\(pem)b", by: set) == "a\n[REDACTED:PEM]b")
        #expect(redacted(pem.replacing("\n", with: "\r\n"), by: set).contains("CANARY") == false)
        #expect(redacted("  2: CANARYlineNumberTwoIsLong;", by: set) == "  2: [REDACTED:PEM];")
        #expect(redacted("-----BEGIN PRIVATE KEY-----\nshort", by: set) == "-----BEGIN PRIVATE KEY-----\nshort", "nobody's secret")
        #expect(redacted("CANARY-w;", by: set) == "[REDACTED:WORD];")
    }

    @Test("ten thousand needles, each in a stream of all of them")
    func tenThousand() {
        var generator = SeededGenerator()
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
        let values: Values = (0..<10_000).map { ("K\($0)", Array("CANARY-".utf8) + generator.bytes(20, from: letters)) }
        let set = needleSet(values)
        let text = values.prefix(300).flatMap { (value) -> [UInt8] in value.bytes + [10] }
        let result = redacted([text], by: set)
        #expect(result.output == values.prefix(300).flatMap { Array("[REDACTED:\($0.name)]\n".utf8) }, "seed \(generator.seed)")
        #expect(result.report.counts.count == 300)
    }

    @Test("a value of one mebibyte, in chunks, with one byte wrong and with none")
    func longValue() {
        var generator = SeededGenerator(seed: 20_261_121)
        let value = generator.bytes(1 << 20, from: Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8))
        let set = needleSet([("LONG", value)])
        var wrong = value
        wrong[value.count - 1] ^= 1
        func chunks(_ bytes: [UInt8]) -> [[UInt8]] {
            stride(from: 0, to: bytes.count, by: 400_000).map { Array(bytes[$0..<min($0 + 400_000, bytes.count)]) }
        }
        #expect(redacted(chunks(value), by: set).output == Array("[REDACTED:LONG]".utf8))
        #expect(redacted(chunks(wrong), by: set).output == wrong)
    }

    @Test("bytes that are no secret pass unchanged, whatever they are")
    func binary() {
        var generator = SeededGenerator()
        let noise = generator.bytes(50_000, from: (0...255).map { UInt8($0) })
        let value = Array("CANARY-in-noise-0123".utf8)
        let set = needleSet([("KEY", value)])
        let text = noise[..<20_000] + value + noise[20_000...]
        #expect(redacted(Array(text), by: set) == Array(noise[..<20_000]) + Array("[REDACTED:KEY]".utf8) + noise[20_000...], "seed \(generator.seed)")
    }

    @Test("compressed data is reported as unscanned from its first byte on")
    func compressed() {
        let set = needleSet(["KEY": "CANARY-0123456789"])
        let members: [[UInt8]] = [
            [0x1f, 0x8b, 8, 0], [0x28, 0xb5, 0x2f, 0xfd, 4], [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], Array("BZh91AY&SY".utf8),
        ]
        for member in members {
            let text = Array("size 12\n".utf8) + member + [1, 2, 3]
            for chunks in [[text], text.map { [$0] }] {
                let report = redacted(chunks, by: set).report
                #expect(report.unscanned == [.init(reason: "compressed", bytes: Int64(text.count - 8))], "\(member)")
            }
        }
        for member in members {
            let text = Array("size 12\nCANARY-0123456789 ".utf8) + member + Array("\nCANARY-0123456789".utf8)
            for chunks in [[text], text.map { [$0] }] {
                let result = redacted(chunks, by: set, endingAt: .compressed)
                let report = result.report
                #expect(result.output == Array("size 12\n[REDACTED:KEY] ".utf8), "\(member)")
                #expect(report.withheld == .init(reason: .compressed, bytes: Int64(text.count - 26)) && report.unscanned.isEmpty, "\(report)")
            }
        }
        #expect(redacted([Array("PK BZh9 (\u{b5} \u{fd}7zX".utf8)], by: set).report.unscanned.isEmpty)
    }
}
