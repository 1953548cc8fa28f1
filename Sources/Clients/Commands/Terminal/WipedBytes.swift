import Glibc

/// Bytes that are overwritten when the last holder lets go: a password or value on its way through a command.
final class WipedBytes {
    private(set) var bytes: [UInt8]

    init(_ bytes: consuming [UInt8]) { self.bytes = bytes }

    deinit { bytes.wipe() }

    var isEmpty: Bool { bytes.isEmpty }
    var count: Int { bytes.count }

    func isSame(as other: WipedBytes) -> Bool { bytes == other.bytes }
}

extension [UInt8] {
    /// Appends; when the buffer has to move, the old one is overwritten.
    mutating func appendWiping(_ more: some Collection<UInt8>) {
        if count + more.count > capacity {
            var larger: [UInt8] = []
            larger.reserveCapacity(Swift.max(2 * capacity, count + more.count, 64))
            larger.append(contentsOf: self)
            wipe()
            self = larger
        }
        append(contentsOf: more)
    }

    /// Removes the last bytes and overwrites them where they lay.
    mutating func removeLastWiping(_ number: Int) {
        for index in (count - number)..<count { self[index] = 0 }
        removeLast(number)
    }
}
