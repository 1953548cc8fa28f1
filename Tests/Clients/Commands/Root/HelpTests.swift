import ArgumentParser
import FoundationEssentials
import Testing

@testable import Commands

@Suite("Help")
struct HelpTests {
    /// Golden files are rewritten, and the run fails, with RECORD=1.
    private static let isRecording = ProcessFacts.environment["RECORD"] == "1"
    private static let root = URL(filePath: #filePath).appending(path: "../../../../..").standardizedFileURL
    private static let folder = root.appending(path: "vectors/commands/help")

    @Test("the help of every command is as recorded", arguments: ReferenceCommand.commands.map { $0.path.joined(separator: "-") })
    func golden(_ name: String) throws {
        let command = try #require(ReferenceCommand.commands.first { $0.path.joined(separator: "-") == name })
        try Self.compare(ReferenceCommand.help(for: command.type) + "\n", with: Self.folder.appending(path: "\(name).txt"))
    }

    @Test("the reference page is as recorded")
    func reference() throws {
        try Self.compare(ReferenceCommand.page + "\n", with: Self.root.appending(path: "docs/CLI.md"))
    }

    @Test("no recorded help is left of a command that is gone")
    func leftovers() throws {
        let names = Set(ReferenceCommand.commands.map { $0.path.joined(separator: "-") + ".txt" })
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: Self.folder.path(percentEncoded: false))).subtracting(names) == [])
    }

    @Test(
        "every command shows examples that fit a narrow terminal and parse",
        arguments: ReferenceCommand.commands.map { $0.path.joined(separator: " ") })
    func examples(_ name: String) throws {
        let command = try #require(ReferenceCommand.commands.first { $0.path.joined(separator: " ") == name })
        if name == "tacit" { return }
        let lines = command.type.configuration.discussion.split(separator: "\n").drop { $0 != "EXAMPLES" }.dropFirst().prefix { $0.hasPrefix("  ") }
        #expect(!lines.isEmpty)
        for line in lines {
            #expect(line.count <= 82, "\(line)")
            guard let start = line.ranges(of: "tacit ").last?.lowerBound else {
                Issue.record("an example without tacit: \(line)")
                continue
            }
            let words = Self.words(of: Self.withoutRedirections(line[start...])).dropFirst()
            #expect(throws: Never.self, "\(line)") { _ = try TacitCommand.parseAsRoot(Array(words)) }
        }
    }

    /// The words of a line; what stands in double quotes is in one.
    private static func words(of line: Substring) -> [String] {
        line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().flatMap { index, part in
            index % 2 == 0 ? part.split(separator: " ").map(String.init) : [String(part)]
        }
    }

    /// The line up to `|`, `>`, `<` or `3<`.
    private static func withoutRedirections(_ line: Substring) -> Substring {
        guard let sign = line.firstIndex(where: { "|<>".contains($0) }) else { return line }
        let words = line[..<sign]
        return words.last?.isNumber == true ? words.dropLast() : words
    }

    private static func compare(_ text: String, with file: URL) throws {
        if isRecording {
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
            Issue.record("recorded \(file.lastPathComponent): look at it, and run again without RECORD")
            return
        }
        let recorded = (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) }
        #expect(recorded == text, "\(file.lastPathComponent) is stale: RECORD=1 rewrites it")
    }
}
