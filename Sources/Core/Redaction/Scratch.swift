import Model

/// Memory that is used again and again for what may be plaintext. It is wiped when it is let go of.
@safe
struct Scratch: ~Copyable, @unchecked Sendable {
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 16)

    init() {}

    deinit { discard() }

    @unsafe
    var start: UnsafeMutableRawPointer {
        guard let start = unsafe memory.baseAddress else { preconditionFailure("internal: scratch memory has no address") }
        return unsafe start
    }

    /// Makes room; what was there is lost.
    mutating func reserve(_ byteCount: Int) {
        guard unsafe byteCount > memory.count else { return }
        discard()
        unsafe memory = .allocate(byteCount: byteCount + byteCount / 4, alignment: 16)
    }

    func clear(_ offset: Int, _ byteCount: Int) { unsafe (start + offset).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }

    /// Overwrites what was put there.
    func wipe(_ byteCount: Int) { unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<min(byteCount, memory.count)]).wipe() }

    private func discard() {
        unsafe memory.wipe()
        unsafe memory.deallocate()
    }
}
