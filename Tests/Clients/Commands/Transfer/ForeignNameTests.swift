import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Names of other programs")
struct ForeignNameTests {
    @Test(
        "a title becomes a segment that can be stored",
        arguments: [
            ("GitHub", "GitHub"), ("My Bank (old)", "My-Bank-old"), ("a/b", "a-b"), ("  x  ", "x"), ("..", ""), (".", ""), ("", ""), ("---", ""),
            ("Café Größe Ærø", "Cafe-Grosse-AEro"), ("e\u{301}té", "ete"), ("銀行", ""), ("銀行 2", "2"), (".env", ".env"),
            ("a\u{0}\u{1B}[31mb", "a-31mb"),
            ("../../etc", "..-..-etc"), (String(repeating: "a", count: 300), String(repeating: "a", count: 80)),
        ])
    func segments(_ title: String, _ name: String) { #expect(ForeignNames.segment(title) == name) }

    @Test("whatever a title and its folders are, the name can be stored")
    func always() {
        var draws = RandomDraws()
        for _ in 0..<2000 {
            var secret = ForeignSecret(title: draws.text(of: ["a", ".", "/", " ", "é", "銀", "-", "\n", "b"], count: 0...400), at: .line(1))
            secret.folders = (0..<draws.pick([0, 1, 5])).map { _ in draws.text(of: ["a", ".", "x/y", " "], count: 0...90) }
            let name = ForeignNames.name(secret)
            #expect(NameShape.isSecret(name.utf8), "\(name), seed \(draws.seed)")
            #expect(NameShape.isSegment(ForeignNames.field(secret.title).utf8), "seed \(draws.seed)")
        }
    }

    @Test("the first keeps its name, the next ones are numbered past every name that is there")
    func distinct() {
        let (names, numbered) = ForeignNames.distinct(["a", "a", "a-2", "b", "a", "a-2"])
        #expect(names == ["a", "a-3", "a-2", "b", "a-4", "a-2-2"])
        #expect(numbered == 3)
        let many = ForeignNames.distinct(Array(repeating: "a", count: 20_000)).names
        #expect(Set(many).count == 20_000)
    }

    @Test("user, host, port and address are plain; what has a password or a query in it is not")
    func kinds() {
        func kind(_ name: String, _ value: String = "x") -> Bool { FieldKinds.kind(of: name, holding: Array(value.utf8)) == .plain }
        #expect(kind("user") && kind("User Name") && kind("HOST") && kind("url-2") && kind("E-Mail") && kind("url", "https://a.example/b"))
        #expect(!kind("password") && !kind("key") && !kind("note") && !kind("url", "https://u:p@a.example") && !kind("url", "https://a.example/?t=x"))
        #expect(!kind("url", "https://a.example/#access_token=x"))
    }

    @Test("remarks of one kind are one sentence, with places and never more than a few of them")
    func sentences() {
        var content = ForeignContent()
        for number in 1...20 { content.remark("a passkey is left out", at: .item(number)) }
        content.remark("it is null", at: .entry("a\u{1B}b"))
        #expect(content.sentences == ["items 1, 2, 3, 4, 5, 6, 7, 8 and 12 more: a passkey is left out", "name a\u{FFFD}b: it is null"])
    }
}
