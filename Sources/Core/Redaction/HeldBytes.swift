import Model

/// The end of a stream that has been read and not yet judged. It may hold plaintext: what leaves it is wiped.
@safe
struct HeldBytes: ~Copyable, @unchecked Sendable {
    private var memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    /// How much of the memory has held something since it was wiped last.
    private var used = 0

    /// Many a text is a header field.
    private static let firstByteCount = 1 << 10

    init() { unsafe memory = .allocate(byteCount: Self.firstByteCount, alignment: 16) }

    deinit {
        unsafe Self.wipe(memory, upTo: used)
        unsafe memory.deallocate()
    }

    private static func wipe(_ memory: UnsafeMutableRawBufferPointer, upTo count: Int) {
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<count]).wipe()
    }

    /// The bytes as they are; valid until the next change.
    var lent: LentBytes { unsafe LentBytes(UnsafeRawBufferPointer(rebasing: memory[..<count])) }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let needed = count + bytes.count
        if unsafe needed > memory.count { grow(toHold: needed) }
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count = needed
        used = max(used, count)
    }

    mutating func removeFirst(_ removed: Int) {
        guard removed > 0 else { return }
        let kept = count - removed
        unsafe memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[removed..<count]))
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[kept..<count]).wipe()
        count = kept
    }

    private mutating func grow(toHold needed: Int) {
        let larger = unsafe UnsafeMutableRawBufferPointer.allocate(byteCount: max(needed, 2 * memory.count), alignment: 16)
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        unsafe Self.wipe(memory, upTo: used)
        unsafe memory.deallocate()
        unsafe memory = larger
        used = count
    }
}
