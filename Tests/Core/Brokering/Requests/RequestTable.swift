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

/// Repeatable draws for property tests (SplitMix64). A failing test shows the seed.
struct RequestDraws: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init(seed: UInt64 = .random(in: 1...UInt64(UInt32.max))) {
        self.seed = seed
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int.random(in: elements.indices, using: &self)] }

    mutating func text(of pieces: [String], count: ClosedRange<Int>) -> String {
        (0..<Int.random(in: count, using: &self)).map { _ in pick(pieces) }.joined()
    }

    mutating func bytes(count: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: count, using: &self)).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }
}

/// An origin that a test writes as a URL.
func origin(_ url: String) throws -> Origin { try Origin(url: url) }
