import TacitWire
import Testing

@testable import Commands

@Suite("What people read")
struct OutputTests {
    static let distances: [(distance: Int64, text: String)] = [
        (0, "just now"), (-4, "just now"), (-5, "5 seconds ago"), (-59, "1 minute ago"), (-60, "1 minute ago"), (-125, "2 minutes ago"),
        (-3599, "1 hour ago"), (-7200, "2 hours ago"), (-3 * 86_400, "3 days ago"), (30 * 86_400 - 1, "in 30 days"),
        (29 * 86_400 + 40_000, "in 29 days"), (400 * 86_400, "in 1 year"), (90, "in 1 minute"), (10, "in 10 seconds"),
    ]

    @Test("moments are told from now", arguments: distances)
    func relative(_ row: (distance: Int64, text: String)) {
        #expect(RelativeTime.text(RelativeTime.moment(Rig.now + row.distance), now: Rig.now) == row.text)
    }

    @Test(
        "moments are written and read the same",
        arguments: [0, 951_782_399, 951_782_400, 1_709_164_800, 4_102_444_799, -1, -62_135_596_800] as [Int64])
    func moments(_ seconds: Int64) {
        #expect(RelativeTime.seconds(of: RelativeTime.moment(seconds)) == seconds || seconds < -30_000_000_000)
    }

    @Test("known moments")
    func known() {
        #expect(RelativeTime.moment(1_709_164_800) == "2024-02-29T00:00:00Z")
        #expect(RelativeTime.seconds(of: "2026-11-21T05:48:35.296132061Z") == 1_795_240_115)
        #expect(RelativeTime.seconds(of: "2026-11-21 05:48") == nil)
        #expect(RelativeTime.text("\u{1B}[2Jx", now: 0) == "\u{FFFD}[2Jx")
    }

    @Test("in a view that goes on, an entry is one line, and nothing in it reaches the terminal as it came")
    func auditLine() {
        let evil = "x\u{1B}[2J\n\u{202E}y\u{7}"
        let item = AuditItem(
            index: 7, time: evil, actor: evil, source: evil, action: evil, mode: evil, subjects: [evil, evil], decision: "deny", rule: evil,
            phase: evil, repeated: 3, details: ["code": evil])
        var outcome = item
        outcome.decision = "allow"
        for line in [AuditRow(item), AuditRow(outcome)].map({ $0.line(Style(isColoured: false), now: Rig.now) }) {
            #expect(!line.unicodeScalars.contains { $0.value < 32 || $0.value == 0x7F || $0 == "\u{202E}" }, "\(line.debugDescription)")
            #expect(line.hasPrefix("7  x") && line.contains("×3"))
        }
        var plain = AuditItem(
            index: 8, time: RelativeTime.moment(Rig.now), actor: "person ada", source: "cli", action: "secret.set", mode: "write", decision: "allow")
        plain.subjects = ["default/dev/a@1"]
        let words = AuditRow(plain).line(Style(isColoured: false), now: Rig.now + 1)
        #expect(words.hasPrefix("8  ") && words.hasSuffix("  person ada  by cli  secret.set  default/dev/a@1  done"))
        #expect(words.contains(/8  [0-9]{2}:[0-9]{2}:[0-9]{2}  person/) || words.contains(/8  [0-9-]{10} [0-9:]{8}  person/))
    }

    @Test("columns are as wide as they must be, and empty ones are left out")
    func table() {
        var table = Table("NAME", "TAGS", "N")
        table.add("a", "", "10")
        table.add("long", "", "2")
        #expect(table.lines(Style(isColoured: false)) == ["NAME  N", "a     10", "long  2"])
        #expect(table.lines(Style(isColoured: true)).first == "\u{1B}[2mNAME  N\u{1B}[0m")
    }

    @Test("what is stored cannot drive the terminal")
    func printable() {
        #expect("a\u{1B}[31mb\u{202E}c\nd\u{7F}é".printable == "a\u{FFFD}[31mb\u{FFFD}c\u{FFFD}d\u{FFFD}é")
    }

    @Test("masks show no length")
    func masks() {
        #expect(MaskedText.of(Array("short".utf8)) == "********")
        #expect(MaskedText.of(Array("0123456789abcdef".utf8)) == "********cdef")
        #expect(MaskedText.of(Array("0123456789abc\ndef".utf8)) == "********")
        #expect(MaskedText.of([]) == "********")
    }

    @Test(
        "one line loses its end, several keep theirs",
        arguments: [("a\n", "a"), ("a\r\n", "a"), ("a", "a"), ("a\nb\n", "a\nb\n"), ("\n", ""), ("a\n\n", "a\n\n"), ("", "")])
    func lineEnds(_ row: (given: String, kept: String)) {
        var value = Array(row.given.utf8)
        SetFields.dropLineEnd(&value)
        #expect(value == Array(row.kept.utf8))
    }

    @Test(
        "a secret's variable in a .env file",
        arguments: [
            ("stripe/api-key", "value", "STRIPE_API_KEY"), ("db.main", "password", "DB_MAIN_PASSWORD"), ("9lives", "value", "_9LIVES"),
        ])
    func variables(_ row: (secret: String, field: String, variable: String)) {
        #expect(ExportedFields.variable(row.secret, row.field) == row.variable)
    }

    @Test("a line is edited as it is typed")
    func editing() {
        func typed(_ text: String) -> String {
            var line = LineEditor()
            for byte in text.utf8 where line.type(byte) != .more { break }
            return String(decoding: line.take(), as: UTF8.self)
        }
        #expect(typed("abc\u{7F}d\n") == "abd")
        #expect(typed("aé\u{08}b\r") == "ab")
        #expect(typed("wrong\u{15}right\nmore") == "right")
        #expect(typed("\u{7F}\u{7F}x\n") == "x")
        var empty = LineEditor()
        #expect(empty.type(4) == .end)
    }
}
