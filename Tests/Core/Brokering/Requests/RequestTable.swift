import Foundation
import Testing

@testable import Brokering

/// A table of `vectors/requests`, checked to be whole before any case is run.
struct RequestTable<Case: Decodable & Sendable>: Decodable, Sendable {
    let count: Int
    let cases: [Case]

    static func read(_ name: String) throws -> [Case] {
        let folder = (0..<5).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }.appending(path: "vectors/requests")
        let table = try JSONDecoder().decode(Self.self, from: Data(contentsOf: folder.appending(path: name)))
        try #require(table.cases.count == table.count, "\(name) says it has \(table.count) cases and has \(table.cases.count)")
        return table.cases
    }
}

/// An origin that a test writes as a URL.
func origin(_ url: String) throws -> Origin { try Origin(url: url) }
