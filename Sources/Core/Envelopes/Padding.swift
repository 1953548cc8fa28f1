import Model

/// Hides how long a value is: its length in four bytes, the value, then zeros up to a size bucket (SPEC §4.2).
enum Padding {
    /// The largest value or document.
    static let maximumContent = SecretValue.maximumByteCount
    private static let lengthByteCount = 4
    private static let smallestBucket = 64
    private static let largestDoubledBucket = 4096

    /// The bucket for `byteCount` bytes of length and content: a power of two up to 4 KiB, then the next of sixteen steps to the next power of two.
    static func bucket(for byteCount: Int) -> Int {
        if byteCount <= smallestBucket { return smallestBucket }
        let exponent = Int.bitWidth - 1 - byteCount.leadingZeroBitCount
        let step = byteCount <= largestDoubledBucket ? nextPowerOfTwo(byteCount) : 1 << (exponent - 4)
        return (byteCount + step - 1) / step * step
    }

    /// Whether padded bytes can have this length.
    static func isBucket(_ byteCount: Int) -> Bool {
        byteCount >= smallestBucket && byteCount <= bucket(for: lengthByteCount + maximumContent) && bucket(for: byteCount) == byteCount
    }

    /// Length, content and fill, in locked memory.
    static func padded(_ content: RawSpan) throws(EnvelopeError) -> SecretValue {
        guard content.byteCount <= maximumContent else { throw .tooLarge(maximum: maximumContent) }
        let end = lengthByteCount + content.byteCount
        let size = bucket(for: end)
        return unsafe SecretValue(capacity: size) { target in
            unsafe target.storeBytes(of: UInt32(content.byteCount).bigEndian, as: UInt32.self)
            unsafe content.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(rebasing: target[lengthByteCount..<end]).copyMemory(from: $0) }
            unsafe UnsafeMutableRawBufferPointer(rebasing: target[end..<size]).initializeMemory(as: UInt8.self, repeating: 0)
            return size
        }
    }

    /// The content of padded bytes; its bucket must be the smallest that holds it, and the fill all zeros.
    static func content(of padded: UnsafeRawBufferPointer) throws(EnvelopeError) -> UnsafeRawBufferPointer {
        guard padded.count >= lengthByteCount else { throw .badPadding }
        let end = unsafe lengthByteCount + Int(UInt32(bigEndian: padded.loadUnaligned(as: UInt32.self)))
        guard bucket(for: end) == padded.count else { throw .badPadding }
        let fill = unsafe padded[end...].reduce(0) { $0 | $1 }
        guard fill == 0 else { throw .badPadding }
        return unsafe UnsafeRawBufferPointer(rebasing: padded[lengthByteCount..<end])
    }

    private static func nextPowerOfTwo(_ value: Int) -> Int { 1 << (Int.bitWidth - (value - 1).leadingZeroBitCount) }
}
