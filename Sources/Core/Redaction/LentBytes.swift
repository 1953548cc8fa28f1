/// Bytes lent by their owner for one call; reads are checked.
@safe
struct LentBytes {
    private let buffer: UnsafeRawBufferPointer

    /// The owner keeps the memory alive and unchanged while the copy is used.
    @unsafe
    init(_ buffer: UnsafeRawBufferPointer) { unsafe self.buffer = buffer }

    @inline(__always)
    var count: Int { unsafe buffer.count }

    @inline(__always)
    subscript(index: Int) -> UInt8 {
        precondition(index >= 0 && index < count, "internal: a lent byte was read out of bounds")
        return unsafe buffer[index]
    }

    /// The four bytes from `index` on, the first one lowest.
    @inline(__always)
    func word(at index: Int) -> UInt32 {
        precondition(index >= 0 && index <= count - 4, "internal: a lent word was read out of bounds")
        return unsafe UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: index, as: UInt32.self))
    }

    /// The eight bytes from `index` on, the first one lowest.
    @inline(__always)
    func longWord(at index: Int) -> UInt64 {
        precondition(index >= 0 && index <= count - 8, "internal: a lent word was read out of bounds")
        return unsafe UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// How many bytes, in steps of eight, are the same here from `index` on and in `other`.
    func agreement(from index: Int, with other: LentBytes) -> Int {
        precondition(index >= 0 && index <= count, "internal: lent bytes were compared out of bounds")
        let end = min(count - index, other.count) - 8
        var agreed = 0
        while agreed <= end,
            unsafe buffer.loadUnaligned(fromByteOffset: index + agreed, as: UInt64.self)
                == other.buffer.loadUnaligned(fromByteOffset: agreed, as: UInt64.self)
        {
            agreed += 8
        }
        return agreed
    }

    /// Lends the memory to a loop that proves its own bounds.
    @unsafe
    var start: UnsafeRawPointer? { unsafe buffer.baseAddress }

    /// Lends the bytes to who reads spans.
    func withSpan<Result>(_ body: (RawSpan) -> Result) -> Result { unsafe body(buffer.bytes) }

    /// Where the line breaks begin that end at a place; the place itself where none do.
    func end(beforeLineBreaksAt place: Int) -> Int {
        var place = place
        while place > 0, self[place - 1].isLineEnd { place -= 1 }
        return place
    }

    func slice(_ range: Range<Int>) -> LentBytes { unsafe LentBytes(UnsafeRawBufferPointer(rebasing: buffer[range])) }

    func append(to output: inout [UInt8], _ range: Range<Int>) {
        unsafe output.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[range]).assumingMemoryBound(to: UInt8.self))
    }

    /// Copies the bytes to `target`, which has room for them from `offset` on.
    func copy(to target: UnsafeMutableRawBufferPointer, at offset: Int) {
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + count]).copyMemory(from: buffer)
    }
}
