import Foundation
import Testing

/// A table of `vectors/names`: what it says of each text, checked to be whole before any case is run.
struct VectorTable<Case: Decodable & Sendable>: Decodable, Sendable {
    let count: Int
    let cases: [Case]

    static func read(_ name: String) throws -> [Case] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../vectors/names")
        let table = try JSONDecoder().decode(Self.self, from: Data(contentsOf: root.appending(path: name)))
        try #require(table.cases.count == table.count, "\(name) says it has \(table.count) cases and has \(table.cases.count)")
        return table.cases
    }
}

/// A generator that repeats: property tests print its seed with every failure.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    let seed: UInt64
    private var state: UInt64

    init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        state = seed
    }

    // SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A text with one to three characters left out, doubled, or replaced by one of `alphabet`.
func changed(_ text: String, with alphabet: String, _ generator: inout SeededGenerator) -> String {
    var characters = Array(text.unicodeScalars)
    for _ in 0..<Int.random(in: 1...3, using: &generator) where !characters.isEmpty {
        let place = characters.indices.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0...2, using: &generator) {
        case 0: characters.remove(at: place)
        case 1: characters.insert(characters[place], at: place)
        default: characters[place] = alphabet.unicodeScalars.randomElement(using: &generator) ?? characters[place]
        }
    }
    return String(String.UnicodeScalarView(characters))
}

/// Raw bytes of `count` bytes drawn from a generator.
func randomBytes(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
