/// The beginning of a compressed member, known by the last byte of its mark and by what stands before it.
enum MemberMark: Equatable {
    case none
    case gzip, zstd, zlib, xz, bzip2, zip

    /// The most bytes that stand before the last one of a mark.
    static let longestBefore = 7

    /// Of zlib's beginnings those with a window of 32 KiB, which are hardly more than text (`x^`): what is none shows when it is opened.
    private static let marks: [(mark: MemberMark, bytes: [UInt8])] = [
        (.gzip, [0x1f, 0x8b, 0x08]),
        (.zstd, [0x28, 0xb5, 0x2f, 0xfd]),
        (.zlib, [0x78, 0x01]),
        (.zlib, [0x78, 0x5e]),
        (.zlib, [0x78, 0x9c]),
        (.zlib, [0x78, 0xda]),
        (.xz, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
        (.zip, [0x50, 0x4b, 0x03, 0x04]),
    ]
    /// `BZh`, a digit, and the digits of pi.
    private static let bzip2Mark: [UInt8?] = [0x42, 0x5a, 0x68, nil, 0x31, 0x41, 0x59, 0x26]

    /// The mark whose last byte is at a place.
    static func at(_ place: Int, in text: LentBytes) -> MemberMark {
        if text[place] == UInt8(ascii: "&") { return endsBzip2(at: place, in: text) ? .bzip2 : .none }
        for (mark, bytes) in marks where bytes[bytes.count - 1] == text[place] && place + 1 >= bytes.count {
            if bytes.indices.allSatisfy({ text[place + 1 - bytes.count + $0] == bytes[$0] }) { return mark }
        }
        return .none
    }

    /// How many bytes the mark has.
    var length: Int { self == .bzip2 ? Self.longestBefore + 1 : Self.marks.first { $0.mark == self }?.bytes.count ?? 0 }

    /// What opens it; nil for a format that is not opened, and for zip, of which each entry is opened by itself (`EntryHeader`).
    var format: MemberFormat? {
        switch self {
        case .gzip: .gzip
        case .zstd: .zstd
        case .zlib: .zlib
        case .none, .xz, .bzip2, .zip: nil
        }
    }

    /// What a text begins with.
    enum Beginning {
        case none
        /// It is too short to tell.
        case cut
        case member(MemberFormat)
    }

    /// What a text begins with, of what can go on where another member ended: programs that read gzip and zstd take all that follow each other for one.
    static func beginning(in text: LentBytes) -> Beginning {
        for (mark, bytes) in marks {
            guard mark == .gzip || mark == .zstd, let format = mark.format else { continue }
            let count = min(bytes.count, text.count)
            if (0..<count).allSatisfy({ text[$0] == bytes[$0] }) { return count < bytes.count ? .cut : .member(format) }
        }
        return .none
    }

    /// The first place from which a mark may have begun that the text's end cuts.
    static func openStart(in text: LentBytes, from start: Int, withZlib: Bool) -> Int? {
        (max(start, text.count - longestBefore)..<max(start, text.count)).first { place in
            mayBegin(bzip2Mark.count, at: place, in: text) { bzip2Mark[$0] == nil || bzip2Mark[$0] == $1 }
                || marks.contains { mark in
                    (mark.mark != .zlib || withZlib) && mayBegin(mark.bytes.count, at: place, in: text) { mark.bytes[$0] == $1 }
                }
        }
    }

    /// Whether a mark of so many bytes, of which those fit that the text still has, is cut off by its end.
    private static func mayBegin(_ count: Int, at place: Int, in text: LentBytes, fits: (Int, UInt8) -> Bool) -> Bool {
        let seen = text.count - place
        return seen < count && (0..<seen).allSatisfy { fits($0, text[place + $0]) }
    }

    private static func endsBzip2(at place: Int, in text: LentBytes) -> Bool {
        guard place + 1 >= bzip2Mark.count else { return false }
        return bzip2Mark.indices.allSatisfy { bzip2Mark[$0] == nil || bzip2Mark[$0] == text[place + 1 - bzip2Mark.count + $0] }
    }
}
