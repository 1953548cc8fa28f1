import TestKit

extension RandomDraws {
    mutating func bytes(_ count: ClosedRange<Int>, from alphabet: [UInt8]) -> [UInt8] {
        (0..<Int.random(in: count, using: &self)).map { _ in pick(alphabet) }
    }

    /// A text with a few bytes changed, removed, repeated or put in.
    mutating func mutation(of bytes: [UInt8], inserting alphabet: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &self)
            switch Int.random(in: 0..<5, using: &self) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &self)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(pick(alphabet), at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 20))
            default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 30)], at: place)
            }
        }
        return bytes
    }
}
