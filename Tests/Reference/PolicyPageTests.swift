import Foundation
import Policies
import TestKit
import Testing

/// docs/POLICY.md is written by people; what it says of words and bounds is held against the program.
@Suite("Reference page of the policy") struct PolicyPageTests {
    private let page: String

    init() throws { page = try String(contentsOfFile: GoldenFile.repositoryRoot + "/docs/POLICY.md", encoding: .utf8) }

    @Test("its words and bounds are those of the program") func bounds() {
        for words in [AgentPolicy.Permission.allCases.map(\.rawValue), AgentPolicy.Home.allCases.map(\.rawValue)] {
            #expect(page.contains("| `\(words[0])`, or `\(words[1])`"))
            #expect(page.contains("| `\(words[0])` |\n"), "the default of \(words)")
        }
        #expect(page.contains("allows in `\(AgentPolicy.defaultEnvironment)` alone"))
        #expect(page.contains("At most \(PolicyDocument.maximumByteCount >> 10) KiB"))
        #expect(page.contains("\(PolicyDocument.maximumListCount) elements in a list"))
        #expect(page.contains("has at most \(Glob.maximumLength) characters"))
    }
}
