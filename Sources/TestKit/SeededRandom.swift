import Glibc
package import Model
import Synchronization

/// Random numbers that a printed seed brings back. `TEST_SEED` in the environment sets the seed.
package final class SeededRandom: Sendable {
    package let seed: UInt64
    private let state: Mutex<UInt64>

    /// Makes a generator and prints its seed, so that a failing run can be repeated.
    package init(seed: UInt64? = nil) {
        let chosen = seed ?? Self.seedFromEnvironment ?? UInt64.random(in: .min ... .max)
        self.seed = chosen
        state = Mutex(chosen)
        print("TEST_SEED=\(chosen)")
    }

    /// The generator as the source of ids and keys.
    package var bytes: RandomBytes { RandomBytes { count in self.bytes(count) } }

    package func bytes(_ count: Int) -> [UInt8] {
        state.withLock { state in (0..<count).map { _ in UInt8(truncatingIfNeeded: Self.next(&state) >> 32) } }
    }

    /// A number from the range.
    package func int(in range: ClosedRange<Int>) -> Int {
        Int(state.withLock { Self.next(&$0) } % UInt64(range.upperBound - range.lowerBound + 1)) + range.lowerBound
    }

    /// True once in `count` calls, on average.
    package func oneIn(_ count: Int) -> Bool { int(in: 1...count) == 1 }

    package func element<Elements: RandomAccessCollection>(of elements: Elements) -> Elements.Element? {
        guard !elements.isEmpty else { return nil }
        return elements[elements.index(elements.startIndex, offsetBy: int(in: 0...(elements.count - 1)))]
    }

    /// A fresh id of any kind.
    package func id<Kind>(_ kind: Kind.Type = Kind.self) -> RecordID<Kind> { RecordID(random: bytes) }

    private static var seedFromEnvironment: UInt64? {
        guard let text = unsafe getenv("TEST_SEED") else { return nil }
        return unsafe UInt64(String(cString: text))
    }

    /// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
    private static func next(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
