import CLockedMemory
package import PlaintextDoor

/// A value or key in plaintext, held in locked memory and wiped when the last holder lets go.
///
/// It prints `<redacted>`, is not Codable and compares in constant time. Its bytes are reached only through `withPlaintext`.
@safe
package final class SecretValue: Sendable, CustomStringConvertible, CustomReflectable {
    /// The largest value of a field: 1 MiB.
    package static let maximumByteCount = 1 << 20

    /// How many bytes the value has.
    package let byteCount: Int
    private nonisolated(unsafe) let block: SecretArena.Block

    /// Makes a value of up to `capacity` bytes by letting `fill` write it in place; `fill` returns how many bytes it wrote.
    ///
    /// When `fill` throws, whatever it wrote is wiped.
    package init<E: Error>(
        capacity: Int, in arena: SecretArena = .process,
        filledBy fill: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        let block = unsafe arena.take(capacity)
        do throws(E) {
            let count = unsafe try fill(UnsafeMutableRawBufferPointer(start: block.start, count: capacity))
            precondition((0...capacity).contains(count), "internal: a secret value was filled past its capacity")
            byteCount = count
        } catch {
            unsafe block.giveBack()
            throw error
        }
        unsafe self.block = block
    }

    /// Makes a value by copying bytes; the caller wipes the source.
    package convenience init(copying bytes: RawSpan, in arena: SecretArena = .process) {
        unsafe self.init(capacity: bytes.byteCount, in: arena) { target in
            unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
            return bytes.byteCount
        }
    }

    /// Makes a value by copying a buffer and overwriting that buffer.
    package convenience init(moving bytes: inout [UInt8], in arena: SecretArena = .process) {
        unsafe self.init(copying: bytes.span.bytes, in: arena)
        bytes.wipe()
    }

    deinit { unsafe block.giveBack() }

    /// Lends the bytes for one call. They must not outlive it.
    package func withPlaintext<Result, E: Error>(
        _ door: PlaintextDoor, _ body: (RawSpan) throws(E) -> Result
    ) throws(E) -> Result {
        let buffer = unsafe UnsafeRawBufferPointer(start: block.start, count: byteCount)
        return try unsafe body(buffer.bytes)
    }

    package var description: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension SecretValue: Equatable {
    /// Compares in a time that depends on the lengths alone.
    package static func == (left: SecretValue, right: SecretValue) -> Bool {
        guard left.byteCount == right.byteCount else { return false }
        return left.withPlaintext(PlaintextDoor()) { leftBytes in
            right.withPlaintext(PlaintextDoor()) { rightBytes in
                var difference: UInt8 = 0
                for index in 0..<leftBytes.byteCount {
                    difference |= leftBytes[index] ^ rightBytes[index]
                }
                return difference == 0
            }
        }
    }
}

extension [UInt8] {
    /// Overwrites the array's bytes in place and empties it. The array must be the only holder of its storage.
    package mutating func wipe() {
        // What an earlier, longer content left behind the end goes too.
        append(contentsOf: repeatElement(0, count: capacity - count))
        unsafe withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { unsafe tacit_wipe(start, buffer.count) }
        }
        removeAll()
    }
}

extension RawSpan {
    @inlinable
    subscript(index: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self) }
}
