package import Model
import PlaintextDoor

/// Plaintext that comes in pieces of one length and goes in pieces of another, always in locked memory.
package struct PlaintextPieces: Sendable {
    private var pieces: [SecretValue] = []
    /// How much of the first piece is gone.
    private var offset = 0
    package private(set) var byteCount = 0

    package init() {}

    package mutating func append(_ piece: SecretValue) {
        guard piece.byteCount > 0 else { return }
        pieces.append(piece)
        byteCount += piece.byteCount
    }

    /// The next bytes, exactly so many, as a value of their own; nil where there are fewer.
    package mutating func take(_ count: Int) -> SecretValue? {
        guard (0...byteCount).contains(count) else { return nil }
        if offset == 0, let first = pieces.first, first.byteCount == count {
            advance(count)
            return first
        }
        let taken = unsafe SecretValue(capacity: count) { target in
            unsafe copy(count, into: target)
            return count
        }
        advance(count)
        return taken
    }

    /// The next bytes, exactly so many, where they are no value; nil where there are fewer.
    package mutating func takeBytes(_ count: Int) -> [UInt8]? {
        guard (0...byteCount).contains(count) else { return nil }
        let taken = unsafe [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            unsafe copy(count, into: UnsafeMutableRawBufferPointer(target))
            filled = count
        }
        advance(count)
        return taken
    }

    private func copy(_ count: Int, into target: UnsafeMutableRawBufferPointer) {
        var (done, start) = (0, offset)
        for piece in pieces {
            guard done < count else { return }
            let part = min(piece.byteCount - start, count - done)
            piece.withPlaintext(PlaintextDoor()) { bytes in
                unsafe bytes.withUnsafeBytes { bytes in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: target[done..<(done + part)])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + part)]))
                }
            }
            done += part
            start = 0
        }
    }

    private mutating func advance(_ count: Int) {
        byteCount -= count
        offset += count
        var gone = 0
        while gone < pieces.count, offset >= pieces[gone].byteCount {
            offset -= pieces[gone].byteCount
            gone += 1
        }
        pieces.removeFirst(gone)
    }
}
