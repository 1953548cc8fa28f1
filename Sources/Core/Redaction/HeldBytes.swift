import Model

/// The end of a stream that has been read and not yet judged. It may hold plaintext: what leaves it is wiped.
@safe
struct HeldBytes: ~Copyable, @unchecked Sendable {
    private var memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init() { unsafe memory = .allocate(byteCount: 64 << 10, alignment: 16) }

    deinit {
        unsafe memory.wipe()
        unsafe memory.deallocate()
    }

    /// The bytes as they are; valid until the next change.
    var lent: LentBytes { unsafe LentBytes(UnsafeRawBufferPointer(rebasing: memory[..<count])) }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let needed = count + bytes.count
        if unsafe needed > memory.count { grow(toHold: needed) }
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count = needed
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
        unsafe memory.wipe()
        unsafe memory.deallocate()
        unsafe memory = larger
    }
}
