import CLockedMemory
import Synchronization

/// Where random bytes come from. Rules take it as a parameter, so that vectors can be reproduced.
package struct RandomBytes: Sendable {
    private let generate: @Sendable (Int) -> [UInt8]

    /// Makes a source from a function that returns exactly as many bytes as asked.
    package init(_ generate: @escaping @Sendable (Int) -> [UInt8]) { self.generate = generate }

    /// The operating system's generator (getrandom).
    package static let system = RandomBytes { count in
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            if count > 0 { precondition(unsafe tacit_random(buffer.baseAddress, count) == 0, "internal: the system gives no random bytes") }
            initialized = count
        }
    }

    /// Draws `count` bytes.
    package func bytes(_ count: Int) -> [UInt8] { generate(count) }

    /// The same source for one who asks often for `byteCount` bytes: they come from a stock that is drawn for `count` times at once, each byte of it given once.
    /// What has another length is drawn as it is asked for, and never lies in the stock.
    package func stocking(_ count: Int, of byteCount: Int) -> RandomBytes {
        let stock = Mutex<ArraySlice<UInt8>>([])
        return RandomBytes { [generate] asked in
            guard asked == byteCount else { return generate(asked) }
            return stock.withLock { stock in
                if stock.count < byteCount { stock = generate(max(1, count) * byteCount)[...] }
                defer { stock = stock.dropFirst(byteCount) }
                return Array(stock.prefix(byteCount))
            }
        }
    }
}
