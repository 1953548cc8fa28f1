import CProcess
import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Lines at a terminal")
struct LineBreakerTests {
    private static func lines(_ text: String, _ columns: Int, indent: Int = 0) -> [String] {
        LineBreaker(columns: columns).broken(text, indent: indent).split(separator: "\n").map(String.init)
    }

    @Test("break between words, and what fits stays one")
    func words() {
        #expect(Self.lines("The vault is made, and unlocked for this terminal.", 30) == ["The vault is made, and", "unlocked for this terminal."])
        #expect(Self.lines("exactly thirty columns of text", 30) == ["exactly thirty columns of text"])
        #expect(Self.lines("tacit: note: one two three four", 20, indent: 2) == ["tacit: note: one two", "  three four"])
        #expect(Self.lines("one\ntwo", 30) == ["one", "two"])
    }

    @Test("nothing is lost or added but the breaks, at any width") func whole() {
        let text = "tacit: hint: run it in a terminal, or pass the password with `--password-fd N`, 日本語 or `a b` and ` alone"
        for columns in 20...120 {
            let lines = Self.lines(text, columns)
            #expect(lines.joined(separator: " ") == text)
            #expect(lines.allSatisfy { $0.width <= columns }, "\(columns): \(lines)")
        }
    }

    @Test(
        "a command that is to be copied stays whole",
        arguments: [
            ("look at it, then run `tacit restore-backup FILE --verify-only` once more", "`tacit restore-backup FILE --verify-only`"),
            ("tacit: hint: chmod 600 /a/b/c, and make sure that you own it", "chmod 600 /a/b/c,"),
            ("restore it beside: TACIT_VAULT=/another/one tacit restore-backup FILE", "TACIT_VAULT=/another/one tacit restore-backup FILE"),
            ("remove the link, which leads nowhere: rm '/no where/it is'", "rm '/no where/it is'"),
        ])
    func commands(_ row: (text: String, command: String)) {
        for columns in max(20, row.command.count + 2)...(row.text.count + 2) {
            #expect(Self.lines(row.text, columns, indent: 2).contains { $0.contains(row.command) }, "\(columns)")
        }
    }

    @Test("what is wider than the terminal has a line of its own, which the terminal breaks, and words go on behind it")
    func wide() {
        let path = "/" + String(repeating: "x", count: 45)
        #expect(Self.lines("the vault in \(path) is locked by now", 20) == ["the vault in", "\(path) is locked by", "now"])
    }

    @Test("letters that take two columns, and colours that take none, count as what they take")
    func columns() {
        #expect("日本語".width == 6 && "e\u{301}é".width == 2 && "\u{1F600}".width == 2 && "한글 a".width == 6)
        #expect(Self.lines("日本語日本 日本語日本 日本語", 22) == ["日本語日本 日本語日本", "日本語"].map { $0.width <= 22 ? $0 : "" })
        #expect(Self.lines("\u{1B}[33mtacit: note:\u{1B}[0m sixteen", 20) == ["\u{1B}[33mtacit: note:\u{1B}[0m sixteen"])
    }

    @Test("rows are counted at every width, where nothing is broken too", arguments: [(8, 8), (12, 6), (19, 4), (63, 2), (64, 1), (200, 1)])
    func rows(_ columns: Int, _ rows: Int) {
        let breaker = LineBreaker(columns: columns)
        #expect(breaker.rows(ofWidth: 64) == rows)
        #expect(breaker.rows(of: "\n" + String(repeating: "word ", count: 13).prefix(64) + "\n") == rows + 2)
    }

    @Test("a second column goes on below itself, and rows of more columns stay as they are")
    func table() {
        #expect(Self.lines("advice  you are root, who can write", 24) == ["advice  you are root,", "        who can write"])
        #expect(Self.lines("\u{1B}[33madvice\u{1B}[0m  you are root, now", 20) == ["\u{1B}[33madvice\u{1B}[0m  you are", "        root, now"])
        #expect(Self.lines("        unlock it with the password", 24) == ["        unlock it with", "        the password"])
        let row = "api/key  3        2 minutes ago  many words here"
        #expect(Self.lines(row, 24) == [row])
    }

    @Test("nothing is broken in a file or pipe, or in a terminal that is too narrow for it")
    func elsewhere() throws {
        let text = String(repeating: "word ", count: 40)
        #expect(LineBreaker(columns: nil).broken(text) == text && LineBreaker(columns: 19).broken(text) == text)
        let rig = try Rig(nil)
        let outcome = try rig.run("run", "--only-is-no-option")
        #expect(outcome.messages.split(separator: "\n").allSatisfy { $0.hasPrefix("tacit: ") }, "\(outcome.messages)")
    }

    @Test("errors and hints at a terminal are broken between words, and so is what is asked there")
    func terminal() throws {
        let terminal = try FakeTerminal()
        let descriptor = unsafe open(terminal.path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(tacit_set_window_size(descriptor, 24, 40) == 0)
        var context = try Rig(nil).context
        (context.messages, context.output, context.terminal) = (descriptor, descriptor, terminal.path)
        let console = Console(context)
        console.complain(CommandFailure("there is no such secret in this place", hint: "`tacit list -p shop` shows what there is"))
        console.say("The vault is locked, and so is everything else.")
        Terminal(context)?.say("Your password is needed to rotate the keys.")
        let lines = terminal.screen.replacing(/\u{1B}\[[0-9]*m/, with: "").split(separator: "\r\n")
        #expect(
            lines == [
                "tacit: error: there is no such secret in", "  this place", "tacit: hint: `tacit list -p shop` shows", "  what there is",
                "The vault is locked, and so is", "everything else.", "Your password is needed to rotate the", "keys.",
            ])
    }
}
