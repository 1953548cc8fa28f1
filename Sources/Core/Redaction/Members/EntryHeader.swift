/// The header of a zip archive's entry, as it stands before the entry's bytes (APPNOTE 4.3.7).
///
/// Its sizes may be missing or lie, so they are not asked: where packed bytes end shows when they are opened, and those that are not packed are text as any other.
struct EntryHeader {
    /// What stands in each header, before the name.
    static let byteCount = 30

    enum Packing: Equatable {
        /// The entry's bytes are those of its file, or there is no entry. The central directory may say otherwise, and programs believe it.
        case none
        /// One that says that it has no bytes may have none.
        case deflate(isSure: Bool)
        /// Encrypted, or packed by what is not opened.
        case closed
    }

    let packing: Packing
    /// How far behind the mark's first byte the entry's bytes begin.
    let length: Int

    /// The header at a place, where as many bytes stand as every one has. By its method, which is one of 65,536, what only begins like one is told from it.
    init(at place: Int, in text: LentBytes) {
        func number(_ offset: Int) -> Int { Int(text[place + offset]) | Int(text[place + offset + 1]) << 8 }
        let flags = Flags(rawValue: number(6))
        let isEmpty = number(18) == 0 && number(20) == 0 && !flags.contains(.sizesFollow)
        packing =
            switch number(8) {
            // Code that compares with the mark is no archive.
            case 0...20 where !flags.isSubset(of: .known), 93...99 where !flags.isSubset(of: .known): number(8) == 8 ? .deflate(isSure: false) : .none
            case 0...20, 93...99: if flags.isDisjoint(with: .encrypted) { Self.packing(number(8), isEmpty: isEmpty) } else { .closed }
            default: .none
            }
        length = Self.byteCount + number(26) + number(28)
    }

    private static func packing(_ method: Int, isEmpty: Bool) -> Packing {
        switch method {
        case 0: .none
        case 8: .deflate(isSure: !isEmpty)
        default: .closed
        }
    }

    private struct Flags: OptionSet {
        let rawValue: Int
        /// The entry, or it and its header (strong encryption, masked headers).
        static let encrypted = Flags(rawValue: 1 | 1 << 6 | 1 << 13)
        /// What archives have of them: these, how thoroughly it is packed, and the character set of names.
        static let known = Flags(rawValue: 0x284f)
        /// Behind the entry's bytes.
        static let sizesFollow = Flags(rawValue: 1 << 3)
    }
}

/// The entries of zip archives in a stream whose bytes have not been reached, by what their headers say. Places are counted from the stream's beginning.
struct EntryWatch {
    struct Entry {
        var start: Int64
        var packing: EntryHeader.Packing
    }

    /// The marks of headers that are not whole yet.
    private var cut: [Int64] = []
    /// Ascending.
    private var entries: [Entry] = []
    /// Marks before this have been taken.
    private var taken: Int64 = 0

    /// The next entry.
    var next: Entry? { entries.first }

    mutating func removeNext() { entries.removeFirst() }

    /// Reads the headers that are whole by now.
    mutating func read(_ text: LentBytes, at offset: Int64) {
        while let start = cut.first, case let place = Int(start - offset), place + EntryHeader.byteCount <= text.count {
            cut.removeFirst()
            let header = EntryHeader(at: place, in: text)
            insert(Entry(start: start + Int64(header.length), packing: header.packing))
        }
    }

    /// Takes the mark of a header, unless it was taken before.
    mutating func take(_ start: Int64, in text: LentBytes, at offset: Int64) {
        guard start >= taken else { return }
        taken = start + 1
        cut.append(start)
        read(text, at: offset)
    }

    /// Headers that lie in each other are nobody's archive: whoever writes many of them is not searched from the end of the first one with packed bytes on.
    private mutating func insert(_ entry: Entry) {
        entries.insert(entry, at: 1 + (entries.lastIndex { $0.start <= entry.start } ?? -1))
        guard entries.count > Self.most else { return }
        entries = entries.first { $0.packing != .none }.map { [Entry(start: $0.start, packing: .closed)] } ?? []
    }

    private static let most = 64
}
