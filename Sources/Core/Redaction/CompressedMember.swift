/// The beginning of a compressed member: what follows cannot be scanned.
enum CompressedMember {
    enum Sniff {
        case found
        case nothing
        case cut
    }

    /// The first byte of a gzip member; the second byte of all the others hints at them, see `windows`.
    @inline(__always) static var gzip: UInt8 { 0x1f }

    private static let marks: [[UInt8]] = [
        [gzip, 0x8b, 0x08],
        [0x28, 0xb5, 0x2f, 0xfd],
        [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
        Array("BZh".utf8),
        [0x50, 0x4b, 0x03, 0x04],
    ]

    /// The windows of zstd, xz, bzip2 and zip members.
    static func forEachWindow(_ body: (UInt32) -> Void) {
        body(0x5a58_7a37)
        for byte in UInt32(0)...255 {
            body(0xfd2fb5 | byte << 24)
            body(0x04034b | byte << 24)
        }
        for level in UInt8(ascii: "1")...UInt8(ascii: "9") { body(0x3100_685a | UInt32(level) << 16) }
    }

    /// Whether a member begins at a place of a text.
    static func sniff(at place: Int, in text: LentBytes) -> Sniff {
        guard place < text.count, text[place] & 0x80 != 0 || isMark(text[place]) else { return .nothing }
        var result = Sniff.nothing
        for mark in marks where mark[0] == text[place] {
            var index = 1
            while index < mark.count, place + index < text.count, text[place + index] == mark[index] { index += 1 }
            if index == mark.count { return isBlockFollowing(mark, at: place + index, in: text) }
            if place + index == text.count { result = .cut }
        }
        return result
    }

    private static func isMark(_ byte: UInt8) -> Bool {
        byte == gzip || byte == 0x28 || byte == UInt8(ascii: "B") || byte == UInt8(ascii: "P")
    }

    /// bzip2 has a digit and the digits of pi after its mark; the others have nothing that must be looked at.
    private static func isBlockFollowing(_ mark: [UInt8], at place: Int, in text: LentBytes) -> Sniff {
        guard mark[0] == UInt8(ascii: "B") else { return .found }
        let block: [UInt8] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59]
        for index in 0...block.count {
            guard place + index < text.count else { return .cut }
            let byte = text[place + index]
            let fits = index == 0 ? (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(byte) : byte == block[index - 1]
            guard fits else { return .nothing }
        }
        return .found
    }
}
