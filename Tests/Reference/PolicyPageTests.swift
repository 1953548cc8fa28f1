import Foundation
import Policies
import TestKit
import Testing

/// docs/POLICY.md is written by people; what it says of keys, words and bounds is held against the program.
@Suite("Reference page of the policy") struct PolicyPageTests {
    private let page: String

    init() throws { page = try String(contentsOfFile: GoldenFile.repositoryRoot + "/docs/POLICY.md", encoding: .utf8) }

    /// The first cells of the table whose head begins so.
    private func rows(below head: String) throws -> [String] {
        let start = try #require(page.range(of: "\n| \(head) |"))
        let lines = page[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false).dropFirst(2).prefix { $0.hasPrefix("|") }
        return lines.map { $0.split(separator: "|")[0].trimmingCharacters(in: .whitespaces).replacing("`", with: "") }
    }

    @Test("its tables have the keys and capabilities there are, in their order") func tables() throws {
        #expect(try rows(below: "key") == AgentPolicy.keys)
        #expect(try rows(below: "capability") == Capability.allCases.map(\.rawValue))
    }

    @Test("its words and bounds are those of the program") func bounds() {
        for words in [AgentPolicy.Permission.allCases.map(\.rawValue), AgentPolicy.Home.allCases.map(\.rawValue)] {
            #expect(page.contains("| `\(words[0])`, or `\(words[1])`"))
            #expect(page.contains("| `\(words[0])` |\n"), "the default of \(words)")
        }
        #expect(page.contains("allows in `\(AgentPolicy.defaultEnvironment)` alone"))
        #expect(page.contains("At most \(PolicyDocument.maximumByteCount >> 10) KiB"))
        #expect(page.contains("\(PolicyDocument.maximumListCount) policies, and \(PolicyDocument.maximumListCount) patterns"))
        #expect(page.contains("has at most \(Glob.maximumLength) characters"))
    }
}
