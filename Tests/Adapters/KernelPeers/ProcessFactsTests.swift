import Testing

@testable import KernelPeers

@Suite("Lines of /proc/PID/stat")
struct ProcessFactsTests {
    private static let rest = "S 41 42 40 34817 50 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 2 3\n"

    @Test(
        "whatever the program is called, its parent is the parent",
        arguments: ["bash", "a) S 1 1 1 1 1", ") (", "))))", "(", "", "a b\nc", "x) Z 9 9 9 9"])
    func names(name: String) {
        let facts = ProcessFacts(statLine: Array("43 (\(name)) \(Self.rest)".utf8))
        #expect(facts?.parent == 41)
        #expect(facts?.session == 40)
        #expect(facts?.terminal == 34817)
        #expect(facts?.start == 98765)
    }

    @Test("a program's own name is shown in printable characters, to its last parenthesis")
    func calledName() {
        #expect(ProcessFacts(statLine: Array("43 (a) (b) \(Self.rest)".utf8))?.name == "a) (b")
        #expect(ProcessFacts(statLine: Array("43 (".utf8) + [0x1B, 0xFF, 0x61, 0x29] + Array(" \(Self.rest)".utf8))?.name == "??a")
        #expect(ProcessFacts(statLine: Array("43 )( \(Self.rest)".utf8)) == nil)
    }

    @Test(
        "the first process of a namespace is known by its number there",
        arguments: [
            ("Name:\tx\nNSpid:\t1\nNSpgid:\t1\n", true), ("NSpid:\t4711\t1\n", true), ("NSpid:\t4711\t12\n", false), ("NSpid:\t1\t12\n", false),
            ("NSpid:\t12\n", false), ("Name:\tx\n", true), ("", true),
        ])
    func firstProcess(status: String, isFirst: Bool) { #expect(ProcessFiles.isFirst(status: status) == isFirst) }

    @Test("a name of bytes that are no text changes nothing")
    func bytes() { #expect(ProcessFacts(statLine: Array("43 (".utf8) + [0xFF, 0xFE, 0x29] + Array(" \(Self.rest)".utf8))?.parent == 41) }

    @Test(
        "a line that is cut, or of a process that has ended, tells nothing",
        arguments: ["", "43", "43 (a", "43 (a) S 41", "43 (a) " + rest.replacing("S", with: "Z")])
    func useless(line: String) { #expect(ProcessFacts(statLine: Array(line.utf8)) == nil) }

    @Test("a terminal's number above 2³¹ is no negative one")
    func terminal() { #expect(ProcessFacts(statLine: Array("1 (a) \(Self.rest.replacing("34817", with: "-1"))".utf8))?.terminal == 0xFFFF_FFFF) }
}

extension String {
    fileprivate func replacing(_ text: String, with other: String) -> String {
        var words = split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        if let place = words.firstIndex(of: text) { words[place] = other }
        return words.joined(separator: " ")
    }
}
