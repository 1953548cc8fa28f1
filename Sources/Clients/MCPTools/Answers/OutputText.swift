/// One stream of a run, kept within a bound: the beginning and the end, without the middle.
struct OutputText: Sendable {
    private let headLimit: Int
    private let tailLimit: Int
    private var head: [UInt8] = []
    private var tail: [UInt8] = []
    private(set) var byteCount = 0

    /// Keeps at most `limit` bytes.
    init(limit: Int) {
        headLimit = limit / 2
        tailLimit = limit - limit / 2
    }

    mutating func append(_ bytes: [UInt8]) {
        byteCount += bytes.count
        let room = min(headLimit - head.count, bytes.count)
        head.append(contentsOf: bytes.prefix(room))
        tail.append(contentsOf: bytes.dropFirst(room))
        // Cutting at twice the limit makes each byte move once at most.
        if tail.count > 2 * tailLimit { tail.removeFirst(tail.count - tailLimit) }
    }

    /// What a stream reads like, and what was done to make it a text.
    struct Rendering: Sendable, Equatable {
        var text: String
        /// Bytes of the middle that are not in the text.
        var omittedBytes: Int
        /// Bytes that are no UTF-8 stand in it as U+FFFD.
        var isRepaired: Bool

        static let nothing = Rendering(text: "", omittedBytes: 0, isRepaired: false)
    }

    /// The stream as a text. A cut falls between characters, and a line in the text says how much is missing.
    var rendering: Rendering {
        let end = tail.suffix(tailLimit)
        guard head.count + end.count < byteCount else {
            let (text, isRepaired) = Self.decoded(head + end)
            return Rendering(text: text, omittedBytes: 0, isRepaired: isRepaired)
        }
        let start = head[..<Self.lastBoundary(head)]
        let rest = end.dropFirst(Self.firstBoundary(end))
        let omitted = byteCount - start.count - rest.count
        let (first, isFirstRepaired) = Self.decoded(start)
        let (last, isLastRepaired) = Self.decoded(rest)
        return Rendering(
            text: "\(first)\n[... \(omitted) bytes left out ...]\n\(last)", omittedBytes: omitted, isRepaired: isFirstRepaired || isLastRepaired)
    }

    private static func decoded(_ bytes: some Collection<UInt8>) -> (text: String, isRepaired: Bool) {
        if let text = String(validating: bytes, as: UTF8.self) { return (text, false) }
        return (String(decoding: bytes, as: UTF8.self), true)
    }

    /// Where a character begins that the end of the bytes cuts; their count if it cuts none.
    private static func lastBoundary(_ bytes: [UInt8]) -> Int {
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > back ? bytes.count - back : bytes.count
        }
        return bytes.count
    }

    /// How many bytes at the start belong to a character that began earlier.
    private static func firstBoundary(_ bytes: ArraySlice<UInt8>) -> Int {
        let leading = bytes.prefix(4).prefix { $0 & 0xC0 == 0x80 }.count
        return leading < 4 ? leading : 0
    }
}
