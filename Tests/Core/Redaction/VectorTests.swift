import Foundation
import Model
import Redaction
import Testing

/// A table of `vectors/redaction`.
struct RedactionTable: Decodable {
    var count: Int
    var cases: [RedactionCase]

    static let folder = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }.appending(path: "vectors/redaction")

    static func read(_ name: String) throws -> [RedactionCase] {
        let table = try JSONDecoder().decode(Self.self, from: Data(contentsOf: folder.appending(path: name)))
        try #require(table.cases.count == table.count, "\(name) says it has \(table.count) cases and has \(table.cases.count)")
        return table.cases
    }
}

struct RedactionCase: Decodable {
    var title: String
    var needles: [NamedText]
    var input: Text
    var output: Text
    var counts: [String: Int]
    var mode: String?

    struct NamedText: Decodable {
        var name: String
        var value: Text

        init(from decoder: any Decoder) throws {
            value = try Text(from: decoder)
            name = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .name)
        }

        enum CodingKeys: CodingKey { case name }
    }

    /// Bytes that a table writes as text or in base64.
    struct Text: Decodable {
        var text: String?
        var base64: Data?
        var bytes: [UInt8] { text.map { Array($0.utf8) } ?? Array(base64 ?? Data()) }
    }
}

@Suite("the vectors of redaction")
struct VectorTests {
    @Test("each comes out as its table says, whole and byte by byte", arguments: ["views.json", "rules.json"])
    func everyCase(_ file: String) throws {
        for entry in try RedactionTable.read(file) {
            let set = needleSet(entry.needles.map { ($0.name, $0.value.bytes) })
            let input = entry.input.bytes
            for chunks in [[input], input.map { [$0] }] {
                let result = redacted(chunks, by: set, mode: entry.mode == "agent" ? .agent : .person)
                #expect(result.output == entry.output.bytes, "\(file): \(entry.title): \(shown(result.output))")
                let counts = result.report.counts.map { ("\($0.name):\($0.view)", $0.count) }
                #expect(Dictionary(uniqueKeysWithValues: counts) == entry.counts, "\(file): \(entry.title)")
                #expect(result.report.bytesScanned == Int64(input.count))
            }
        }
    }
}
