import Foundation
import TestKit
import Testing

@Suite("The table of leaks") struct LeakTableTests {
    @Test("docs/THREAT-MODEL.md has a line for each test of leaks, and a test for each line") func lines() throws {
        let page = try text("docs/THREAT-MODEL.md")
        let table = try #require(page.split(separator: "<!-- leaks -->\n").last?.split(separator: "<!-- /leaks -->").first)
        let lines = table.split(separator: "\n").dropFirst(2).map { $0.split(separator: "|")[0].trimmingCharacters(in: .whitespaces) }
        var tests: [String] = []
        for file in ["LeakTests.swift", "LeakTests+Access.swift"] {
            let source = try text("Tests/Engine/Secrets/\(file)")
            tests += source.split(separator: "@Test(\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
        }
        #expect(lines.count >= 20 && Set(lines) == Set(tests))
        #expect(Set(lines).count == lines.count)
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: URL(filePath: "\(GoldenFile.repositoryRoot)/\(path)"), encoding: .utf8)
    }
}
