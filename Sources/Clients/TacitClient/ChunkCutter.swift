/// Takes a chunked body apart, in whatever pieces it comes (RFC 9112 §7.1). It holds no more than one line.
struct ChunkCutter {
    private enum Stage { case size, data(Int), dataEnd, trailer, end }

    private var stage = Stage.size
    private var line: [UInt8] = []
    /// The longest line between chunks.
    private static let longestLine = 4096

    /// Whether the last chunk was read.
    var isAtEnd: Bool { if case .end = stage { true } else { false } }

    /// Reads a piece of the body; `give` gets the content. False when it is no chunked body.
    mutating func read(_ piece: [UInt8], _ give: (ArraySlice<UInt8>) -> Void) -> Bool {
        var rest = piece[...]
        while !rest.isEmpty {
            if case .data(let missing) = stage {
                let content = rest.prefix(missing)
                rest = rest.dropFirst(content.count)
                give(content)
                stage = content.count == missing ? .dataEnd : .data(missing - content.count)
            } else {
                guard !isAtEnd, readLine(&rest) else { return false }
            }
        }
        return true
    }

    /// Reads up to the end of the line, or all there is; false when the line cannot stand where it stands.
    private mutating func readLine(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
            line += rest
            rest = []
            return line.count <= Self.longestLine
        }
        line += rest[..<end]
        rest = rest[(end + 1)...]
        guard line.popLast() == UInt8(ascii: "\r"), line.count <= Self.longestLine else { return false }
        defer { line.removeAll(keepingCapacity: true) }
        switch stage {
        case .size:
            guard let size = Int(String(decoding: line.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self), radix: 16), size >= 0 else { return false }
            stage = size == 0 ? .trailer : .data(size)
        case .dataEnd:
            guard line.isEmpty else { return false }
            stage = .size
        case .trailer: if line.isEmpty { stage = .end }
        case .data, .end: return false
        }
        return true
    }
}
