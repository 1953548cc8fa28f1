/// One byte string that is hidden: a whole value, or a part of it that stands alone. It holds positions, no plaintext.
struct Pattern {
    /// Patterns shorter than this are looked for as they are, in no other view.
    static let shortestEncoded = 4
    /// A line of a value counts as a pattern of its own from this length on.
    static let shortestLine = 16

    var offset: Int
    var length: Int
    var name: Int
    var isPart: Bool
    /// How many of its first bytes are everybody's, so that to guess them is no achievement.
    var publicHead = 0

    var end: Int { offset + length }

    /// The patterns of the value that lies in `range` of `bytes`: the value, the value without its last line break, and its long lines.
    static func patterns(name: Int, at range: Range<Int>, in bytes: LentBytes) -> [Pattern] {
        guard !range.isEmpty else { return [] }
        let head = PublicHead.byteCount(of: bytes.slice(range))
        var patterns = [Pattern(offset: range.lowerBound, length: range.count, name: name, isPart: false, publicHead: head)]
        var end = range.upperBound
        while end > range.lowerBound, bytes[end - 1].isLineEnd { end -= 1 }
        if end > range.lowerBound, end < range.upperBound {
            patterns.append(Pattern(offset: range.lowerBound, length: end - range.lowerBound, name: name, isPart: false, publicHead: head))
        }
        return patterns + lines(name: name, at: range.lowerBound..<end, in: bytes)
    }

    private static func lines(name: Int, at range: Range<Int>, in bytes: LentBytes) -> [Pattern] {
        var lines: [Pattern] = []
        var start = range.lowerBound
        for index in range where bytes[index] == UInt8.lineFeed {
            lines += line(name: name, at: start..<index, in: bytes)
            start = index + 1
        }
        guard start > range.lowerBound else { return [] }
        return lines + line(name: name, at: start..<range.upperBound, in: bytes)
    }

    private static func line(name: Int, at range: Range<Int>, in bytes: LentBytes) -> [Pattern] {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, bytes[start].isBlank { start += 1 }
        while end > start, bytes[end - 1].isBlank || bytes[end - 1].isLineEnd { end -= 1 }
        guard end - start >= shortestLine, !isArmor(bytes.slice(start..<end)) else { return [] }
        let head = PublicHead.bodyByteCount(of: bytes.slice(start..<end))
        return [Pattern(offset: start, length: end - start, name: name, isPart: true, publicHead: head)]
    }

    /// The first and last lines of a PEM block are the same for everybody: hiding them alone would only mislead.
    private static func isArmor(_ line: LentBytes) -> Bool {
        PublicHead.begins(line, with: "-----BEGIN ") || PublicHead.begins(line, with: "-----END ")
    }
}

extension UInt8 {
    @inline(__always) static var lineFeed: UInt8 { 0x0a }
    @inline(__always) static var carriageReturn: UInt8 { 0x0d }
    @inline(__always) static var backslash: UInt8 { 0x5c }
    @inline(__always) static var percentSign: UInt8 { 0x25 }
    @inline(__always) static var escape: UInt8 { 0x1b }

    @inline(__always) var isLineEnd: Bool { self == .lineFeed || self == .carriageReturn }
    @inline(__always) var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
    @inline(__always) var isDecimal: Bool { self &- 0x30 < 10 }

    /// The value of a hexadecimal digit in either case.
    @inline(__always) var hexDigit: UInt8? {
        let decimal = self &- 0x30
        if decimal < 10 { return decimal }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }
}
