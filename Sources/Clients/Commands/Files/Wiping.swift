import Glibc

extension [UInt8] {
    /// Overwrites the bytes in place and empties the array, which must be the only holder of its storage.
    mutating func wipe() {
        unsafe withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { unsafe explicit_bzero(start, buffer.count) }
        }
        removeAll()
    }
}
