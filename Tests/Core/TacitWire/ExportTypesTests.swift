import Testing

@testable import TacitWire

@Suite("Values of an export")
struct ExportTypesTests {
    private static let head = ExportHead(secrets: [.init(name: "a", sizes: [3, 0]), .init(name: "b", sizes: nil), .init(name: "c/d", sizes: [1])])

    @Test("lie where their head says") func values() throws {
        let answer = try Self.head.framed + Array("xyzQ".utf8)
        let found = try #require(ExportHead.values(in: answer))
        #expect(found.map(\.name) == ["a", "b", "c/d"])
        #expect(found.map { $0.ranges?.map { String(decoding: answer[$0], as: UTF8.self) } } == [["xyz", ""], nil, ["Q"]])
        #expect(ExportHead.values(in: try ExportHead(secrets: []).framed)?.isEmpty == true)
    }

    @Test("an answer that is cut anywhere, or has something over, is none") func cut() throws {
        let answer = try Self.head.framed + Array("xyzQ".utf8)
        for count in 0..<answer.count { #expect(ExportHead.values(in: Array(answer[..<count])) == nil, "\(count)") }
        #expect(ExportHead.values(in: answer + [0]) == nil)
        let negative = try ExportHead(secrets: [.init(name: "a", sizes: [-1, 5])]).framed
        #expect(ExportHead.values(in: negative + Array("xyzQ".utf8)) == nil)
    }
}
