import TestKit
import Testing

@testable import Commands

/// Pages of docs/ that are made from the program. `RECORD=1` rewrites them and fails the run.
@Suite("Reference pages") struct CommandPageTests {
    @Test("docs/CLI.md is what the commands say of themselves") func commands() throws {
        try GoldenFile.check(ReferenceCommand.page + "\n", against: "CLI.md", in: "docs")
    }
}
