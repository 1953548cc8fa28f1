import Redaction
import Testing

@Suite("any chunking gives the same output as one chunk")
struct ChunkingTests {
    static let secrets = values([
        "KEY": "CANARY-k+/9~ \"x\\", "PIN": "4821", "PEM": "-----BEGIN X-----\nCANARYCANARYCANARY+/\nCANARYcanary\n-----END X-----\n",
        "URL": "https://u:p@h/?q=1%2", "BIN": "\u{0}\u{1}é\u{10FFFF}ÿ", "PRE": "CANARY-k", "ONE": "1",
    ])

    @Test("every cut of a short stream, and every single byte by itself", arguments: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    func everyCut(_ round: Int) {
        var generator = SeededGenerator(number: UInt64(round))
        let set = needleSet(Self.secrets)
        let text = Spellings.randomText(of: Self.secrets.map(\.bytes), using: &generator)
        let whole = redacted([text], by: set, mode: .agent)
        #expect(redacted(text.map { [$0] }, by: set, mode: .agent) == whole, "seed \(generator.seed), byte by byte: \(shown(text))")
        for cut in text.indices {
            let parts = redacted([Array(text[..<cut]), Array(text[cut...])], by: set, mode: .agent)
            #expect(parts == whole, "seed \(generator.seed), cut at \(cut): \(shown(text)) became \(shown(parts.output)), not \(shown(whole.output))")
        }
    }

    /// By the second seed, `\%43%41…` is a value of few letters right behind a backslash.
    @Test("random cuts of a long stream", arguments: [nil, 890_935_035_852_647_253])
    func randomCuts(_ seed: UInt64?) {
        var generator = seed.map { SeededGenerator(seed: $0) } ?? SeededGenerator()
        let set = needleSet(Self.secrets)
        let plain = needleSet(Self.secrets, views: RedactionViews.all.subtracting(.layers))
        var (rounds, cuts) = (0, 0)
        while rounds < (seed == nil ? 8 * soak : 32) || seed == nil && cuts < wantedCuts {
            let text = (0..<30).flatMap { _ in Spellings.randomText(of: Self.secrets.map(\.bytes), using: &generator) }
            let chunks = generator.chunks(of: text, atMost: 200)
            #expect(redacted(chunks, by: set, mode: .agent) == redacted([text], by: set, mode: .agent), "seed \(generator.seed)")
            // A person does not wait for the rest of a short row of digits, so what lies in another form may have another name, or none.
            #expect(redacted(chunks, by: plain) == redacted([text], by: plain), "a person, seed \(generator.seed)")
            rounds += 1
            cuts += 2 * (chunks.count - 1)
        }
        if seed == nil, wantedCuts > 0 { print("soak: \(cuts) cuts") }
    }

    @Test("long rows of one character, and long values in them, are cut alike")
    func rows() {
        var generator = SeededGenerator()
        let long = generator.bytes(700, from: Array("CANARYabcdef0123456789".utf8))
        let secrets = Self.secrets + [("LONG", long), ("ZEROS", Array("000000000000".utf8)), ("WIDE", Array("AAAAAAAAAAAA=A".utf8))]
        let set = needleSet(secrets)
        for _ in 0..<4 * soak {
            let text = (0..<6).flatMap { _ in
                let row = [UInt8](
                    repeating: generator.bytes(1, from: Array("0Aaf= \u{0}.2\n".utf8))[0], count: .random(in: 0...900, using: &generator))
                let value = (secrets.randomElement(using: &generator)?.bytes ?? []) + row.prefix(40)
                let inner = Bool.random(using: &generator) ? Array(Spellings.hex(value).joined().utf8) : Array(Spellings.base64(value).utf8)
                return row + value + row.prefix(300) + Array(Spellings.base64(row + inner + row).utf8) + generator.bytes(3, from: Array(" \n;".utf8))
            }
            let whole = redacted([text], by: set, mode: .agent)
            #expect(redacted(generator.chunks(of: text, atMost: 2000), by: set, mode: .agent) == whole, "seed \(generator.seed)")
            #expect(redacted(generator.chunks(of: text, atMost: 60), by: set, mode: .agent) == whole, "seed \(generator.seed)")
        }
    }

    @Test("a pause changes when bytes come out, and hides what a value's end completes")
    func pauses() {
        let value = "CANARY-0123456789"
        let set = needleSet(["KEY": value])
        for cut in 1..<value.count {
            var redactor = Redactor(set, mode: .person)
            let (head, tail) = (String(value.prefix(cut)), String(value.dropFirst(cut)) + "!")
            #expect(redactor.taking(Array(head.utf8)) + redactor.pausing() == head, "a person sees what is held")
            #expect(redactor.taking(Array(tail.utf8)) + redactor.pausing(isEnd: true) == "[REDACTED:KEY]!", "cut at \(cut)")
        }
    }

    @Test("a whole secret inside what is held does not come out in a pause")
    func pauseWithSecretInside() {
        let set = needleSet(["LONG": "x CANARY-0123456789 y and then more", "KEY": "CANARY-0123456789"])
        var redactor = Redactor(set, mode: .person)
        #expect(redactor.taking(Array("x CANARY-0123456789 y and".utf8)) == "")
        #expect(redactor.pausing() == "x [REDACTED:KEY] y and")
        #expect(redactor.pausing() == "")
        #expect(redactor.taking(Array(" then more.".utf8)) + redactor.pausing(isEnd: true) == "[REDACTED:LONG].")
    }

    @Test("nothing is held that cannot be the beginning of a value")
    func promptsAreNotHeld() {
        var redactor = Redactor(needleSet(["KEY": "CANARY-0123456789"]), mode: .person)
        #expect(redactor.taking(Array("Continue? (yes/no): ".utf8)) == "Continue? (yes/no): ")
    }
}

/// An agent's stream shows no beginning of a value of sixteen bytes or more at its edges, and does not tell a shorter one from chance.
@Suite("the edges of an agent's stream")
struct EdgeTests {
    static let value = Array("CANARY-0123456789-abcdefghijkl".utf8)
    static let set = needleSet([("KEY", value)])

    private func edge(_ text: [UInt8], mode: Redactor.Mode, pausing: Bool) -> String {
        var redactor = Redactor(Self.set, mode: mode)
        return redactor.taking(Array("out: ".utf8) + text) + redactor.pausing(isEnd: !pausing)
    }

    @Test("a beginning is hidden from sixteen bytes on, and shown below", arguments: [true, false])
    func sixteenBytes(pausing: Bool) {
        for count in 1..<Self.value.count {
            let text = Array(Self.value[..<count])
            let shownText = "out: " + String(decoding: text, as: UTF8.self)
            #expect(edge(text, mode: .agent, pausing: pausing) == (count < 16 ? shownText : "out: [REDACTED:KEY]"), "\(count) bytes")
            #expect(edge(text, mode: .person, pausing: pausing) == shownText, "\(count) bytes")
        }
    }

    @Test("a beginning is hidden in encoded forms too")
    func encoded() {
        let pairs = Spellings.hex(Self.value)
        #expect(edge(Array(pairs[..<16].joined().utf8), mode: .agent, pausing: false) == "out: [REDACTED:KEY:hex]")
        #expect(edge(Array(pairs[..<15].joined().utf8), mode: .agent, pausing: false) == "out: " + pairs[..<15].joined())
        #expect(edge(Array(Spellings.base64(Self.value).utf8.prefix(22)), mode: .agent, pausing: true) == "out: [REDACTED:KEY:base64]")
    }

    @Test(
        "the sixteen bytes are counted behind what is everybody's: a PEM block's first line, a token's header",
        arguments: [
            "-----BEGIN PRIVATE KEY-----\n", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.", "sk-ant-admin01-", "github_pat_", "xapp-1-A", "ghp_",
            "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
        ])
    func publicHeads(head: String) {
        let value = Array((head + "CANARY-0123456789-abcdefghijkl").utf8)
        let set = needleSet([("KEY", value)])
        for count in 1..<value.count {
            var redactor = Redactor(set, mode: .agent)
            let shown = redactor.taking(Array(value[..<count])) + redactor.pausing(isEnd: true)
            let expected = count < head.utf8.count + 16 ? String(decoding: value[..<count], as: UTF8.self) : "[REDACTED:KEY]"
            #expect(shown == expected, "\(count) bytes")
        }
    }

    @Test("the rest of a value after a pause is hidden with its beginning, under one placeholder")
    func restAfterPause() {
        var redactor = Redactor(Self.set, mode: .agent)
        #expect(redactor.taking(Array(Self.value[..<20])) + redactor.pausing() == "[REDACTED:KEY]")
        #expect(redactor.taking(Self.value[20...] + [33]) + redactor.pausing(isEnd: true) == "!")
        #expect(redactor.report.counts == [.init(name: "KEY", view: "raw", count: 1)])
    }
}
