import CLockedMemory

extension UnsafeMutableRawBufferPointer {
    /// Overwrites the bytes with zeros in a way that no optimiser removes.
    package func wipe() {
        if let start = baseAddress { unsafe tacit_wipe(start, count) }
    }
}
