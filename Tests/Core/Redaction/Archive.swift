import Redaction

/// A zip archive.
struct Archive {
    struct Entry {
        var content: [UInt8]
        var name = "directory/file.txt"
        var method = 8
        var flags = 0
        var extra: [UInt8] = []
        /// Of the packed bytes; nil for how many there are.
        var size: Int?
        var level = 6
        /// What the central directory says.
        var listedMethod: Int?

        init(_ content: [UInt8]) { self.content = content }
        init(_ text: String) { self.init(Array(text.utf8)) }

        /// Its sizes stand behind its bytes.
        static let sizesFollow = 8

        var packed: [UInt8] { method == 8 ? Packed(format: .deflate, level: level)(content) : content }

        var header: [UInt8] {
            let (size, length) = flags & Self.sizesFollow == 0 ? (size ?? packed.count, content.count) : (0, 0)
            return [0x50, 0x4b, 3, 4] + Archive.bytes(20, flags, method, 0x6c31, 0x5b7d, in: 2) + Archive.bytes(0x1234_5678, size, length, in: 4)
                + Archive.bytes(name.utf8.count, extra.count, in: 2) + Array(name.utf8) + extra
        }

        var bytes: [UInt8] {
            let sizes: [UInt8] = [0x50, 0x4b, 7, 8] + Archive.bytes(0x1234_5678, packed.count, content.count, in: 4)
            return header + packed + (flags & Self.sizesFollow == 0 ? [] : sizes)
        }

        fileprivate func listing(at place: Int) -> [UInt8] {
            [0x50, 0x4b, 1, 2] + Archive.bytes(20, 20, flags, listedMethod ?? method, 0x6c31, 0x5b7d, in: 2)
                + Archive.bytes(0x1234_5678, packed.count, content.count, in: 4) + Archive.bytes(name.utf8.count, 0, 0, 0, 0, in: 2)
                + Archive.bytes(0, place, in: 4) + Array(name.utf8)
        }
    }

    var entries: [Entry]

    init(_ entries: Entry...) { self.entries = entries }
    init(_ entries: [Entry]) { self.entries = entries }

    var bytes: [UInt8] {
        var (bytes, listing) = ([UInt8](), [UInt8]())
        for entry in entries {
            listing += entry.listing(at: bytes.count)
            bytes += entry.bytes
        }
        let end = Self.bytes(0, 0, entries.count & 0xffff, entries.count & 0xffff, in: 2) + Self.bytes(listing.count, bytes.count, in: 4)
        return bytes + listing + [0x50, 0x4b, 5, 6] + end + [0, 0]
    }

    fileprivate static func bytes(_ numbers: Int..., in count: Int) -> [UInt8] {
        numbers.flatMap { number in (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
    }
}

extension Archive.Entry {
    func with<Value>(_ path: WritableKeyPath<Self, Value>, _ value: Value) -> Self {
        var copy = self
        copy[keyPath: path] = value
        return copy
    }
}
