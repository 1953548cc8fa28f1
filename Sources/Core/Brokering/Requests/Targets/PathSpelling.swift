/// The path of a request, segment by segment: as it is sent, as rules compare it, and what in it could be read in two ways.
struct PathSpelling {
    /// As it is sent: escapes of unreserved characters read, digits of escapes in upper case, what must be escaped escaped, dots resolved.
    private(set) var sent: [UInt8] = []
    /// As rules compare it: with the fewest escapes that a path can be written with, so that no pattern is evaded by `%3A` for `:`.
    private(set) var judged: [UInt8] = []
    private(set) var ambiguities: TargetAmbiguities = []

    /// Reads a path that begins with a slash and has no control character, space or `#`.
    init(parsing path: ArraySlice<UInt8>, allowsEncodedSlash: Bool) throws(RequestRefusal) {
        if Self.isPlain(path) {
            sent = Array(path)
            judged = sent
            return
        }
        var segments: [PathSegment] = []
        for raw in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            let segment = try PathSegment(parsing: raw)
            ambiguities.formUnion(segment.ambiguities(allowsEncodedSlash: allowsEncodedSlash))
            segments.append(segment)
        }
        // The path of `/a/` ends with an empty segment, which only says that it ends with a slash.
        if segments.dropLast().contains(where: { $0.sent.isEmpty }) { ambiguities.insert(.emptySegment) }
        sent.reserveCapacity(path.count)
        judged.reserveCapacity(path.count)
        for segment in ambiguities.contains(.dotSegment) ? Self.resolved(segments) : segments {
            sent.append(UInt8(ascii: "/"))
            sent += segment.sent
            judged.append(UInt8(ascii: "/"))
            judged += segment.judged
        }
    }

    /// Whether a path is written in the one way already: no escape, no semicolon, no empty segment, and none that begins with a dot. Most are.
    private static func isPlain(_ path: ArraySlice<UInt8>) -> Bool {
        var isStart = false
        for byte in path {
            if byte == UInt8(ascii: "/") {
                if isStart { return false }
                isStart = true
            } else {
                if !byte.isPathCharacter || byte == UInt8(ascii: ";") || isStart && byte == UInt8(ascii: ".") { return false }
                isStart = false
            }
        }
        return true
    }

    /// Without `.` and `..` (RFC 3986 §5.2.4). Only a request without a token comes by with them, and it is sent what this leaves.
    private static func resolved(_ segments: [PathSegment]) -> [PathSegment] {
        var kept: [PathSegment] = []
        for (index, segment) in segments.enumerated() {
            let isBack = segment.sent.elementsEqual("..".utf8)
            guard isBack || segment.sent.elementsEqual(".".utf8) else {
                kept.append(segment)
                continue
            }
            if isBack { _ = kept.popLast() }
            if index == segments.count - 1 { kept.append(PathSegment()) }
        }
        return kept
    }
}
