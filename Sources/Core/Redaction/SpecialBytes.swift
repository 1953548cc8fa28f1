/// Finds the bytes that escapes, gaps and compressed members are known by: sixteen at once, with some that turn out to be ordinary.
enum SpecialBytes {
    private typealias Block = SIMD2<UInt64>

    /// How many of the eight bytes of a word, the first one lowest, come before one that may be special.
    @inline(__always)
    static func plainCount(_ word: UInt64) -> Int { marks(Block(word, 0x4141_4141_4141_4141)).x.trailingZeroBitCount / 8 }

    static func next(from place: Int, in text: LentBytes) -> Int {
        guard let start = unsafe text.start else { return text.count }
        var place = place
        while place <= text.count &- 16 {
            let marks = unsafe marks(start.loadUnaligned(fromByteOffset: place, as: Block.self))
            if (marks.x | marks.y) != 0 {
                return marks.x != 0 ? place &+ marks.x.trailingZeroBitCount / 8 : place &+ 8 &+ marks.y.trailingZeroBitCount / 8
            }
            place &+= 16
        }
        while place < text.count, !contains(text[place]) { place &+= 1 }
        return place
    }

    /// The high bit of each byte that may be special. A borrow can set it in a byte above such a one, never below the first.
    @inline(__always)
    private static func marks(_ block: Block) -> Block {
        let controls = (block &- all(0x20)) & ~block
        let signs = zeros((block & all(0xfc)) ^ all(0x24)) | zeros(block ^ all(0x2b)) | zeros(block ^ all(0x3d))
        let marks = (controls | signs | zeros((block & all(0xfd)) ^ all(0x5c))) & all(0x80)
        let high = block & all(0x80)
        return high.x | high.y == 0 ? marks : marks | highMarks(block)
    }

    /// The same for bytes above 127, which are rare in most texts.
    private static func highMarks(_ block: Block) -> Block {
        zeros(block ^ all(0xfd)) & all(0x80)
    }

    @inline(__always)
    private static func zeros(_ block: Block) -> Block { (block &- all(0x01)) & ~block }

    @inline(__always)
    private static func all(_ byte: UInt8) -> Block { Block(repeating: UInt64(byte) &* 0x0101_0101_0101_0101) }

    /// Whether a byte may be special.
    @inline(__always)
    static func contains(_ byte: UInt8) -> Bool {
        switch byte {
        case 0..<0x20, 0x24...0x27, 0x2b, 0x3d, 0x5c, 0x5e, 0xfd: true
        default: false
        }
    }

    /// Whether a byte may be the one by which the beginning of a compressed member is known, and is nothing else.
    @inline(__always)
    static func mayEndMark(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00, 0x04, 0x08, 0xfd: true
        default: false
        }
    }
}
