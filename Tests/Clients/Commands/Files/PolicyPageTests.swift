import Commands
import Foundation
import Testing

@Suite("The page of the policy")
struct PolicyPageTests {
    @Test("the example in YAML is the example in JSON, and prints as it is written")
    func example() throws {
        let page = (0..<5).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }.appending(path: "docs/POLICY.md")
        let blocks = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```")
        let yaml = try #require(blocks.first { $0.hasPrefix("yaml\n") }).dropFirst("yaml\n".count)
        let json = try #require(blocks.first { $0.hasPrefix("json\n") }).dropFirst("json\n".count).trimmingCharacters(in: .newlines)
        let file = try PolicyFile(yaml: Array(yaml.utf8))
        #expect(String(decoding: file.json, as: UTF8.self) == json)
        #expect(try String(decoding: PolicyFile.yaml(json: file.json), as: UTF8.self) == yaml)
    }
}
