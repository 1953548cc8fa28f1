/// Where random bytes come from. Rules take it as a parameter, so that vectors can be reproduced.
package struct RandomBytes: Sendable {
    private let generate: @Sendable (Int) -> [UInt8]

    /// Makes a source from a function that returns exactly as many bytes as asked.
    package init(_ generate: @escaping @Sendable (Int) -> [UInt8]) { self.generate = generate }

    /// The operating system's generator (getrandom).
    package static let system = RandomBytes { count in
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            unsafe withUnsafeBytes(of: generator.next()) { unsafe bytes.append(contentsOf: $0) }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// Draws `count` bytes.
    package func bytes(_ count: Int) -> [UInt8] { generate(count) }
}
