/// What stands between two slashes of a path.
struct PathSegment {
    private(set) var sent: ArraySlice<UInt8> = []
    private(set) var judged: ArraySlice<UInt8> = []
    /// With every escape read, once.
    private var decoded: ArraySlice<UInt8> = []
    private var found: TargetAmbiguities = []

    init() {}

    init(parsing raw: ArraySlice<UInt8>) throws(RequestRefusal) {
        guard !raw.allSatisfy({ $0.isPathCharacter }) else {
            (sent, judged, decoded) = (raw, raw, raw)
            return
        }
        var index = raw.startIndex
        while index < raw.endIndex {
            if raw[index] == UInt8(ascii: "%") {
                guard let byte = raw.escapedByte(at: index) else { throw .pathBadEscape }
                take(escaped: byte)
                index += 3
            } else {
                take(plain: raw[index])
                index += 1
            }
        }
    }

    private mutating func take(escaped byte: UInt8) {
        decoded.append(byte)
        if byte.isUnreserved {
            found.insert(.encodedUnreserved)
            sent.append(byte)
        } else {
            sent.append(escaping: byte)
        }
        if byte.isPathCharacter { judged.append(byte) } else { judged.append(escaping: byte) }
        if byte.isControl { found.insert(.encodedControl) }
    }

    private mutating func take(plain byte: UInt8) {
        decoded.append(byte)
        guard !byte.isPathCharacter else {
            sent.append(byte)
            judged.append(byte)
            return
        }
        found.insert(byte < 0x80 ? .illegalCharacter : .notASCII)
        sent.append(escaping: byte)
        judged.append(escaping: byte)
    }

    /// All in it that servers read differently from each other. Each case is one that some server got wrong.
    func ambiguities(allowsEncodedSlash: Bool) -> TargetAmbiguities {
        var ambiguities = found
        if decoded.contains(UInt8(ascii: "\\")) { ambiguities.insert(.backslash) }
        // Servlet containers cut each segment at its semicolon before they route, and a proxy in front that decodes hands them `%3B` as `;`. The
        // few APIs that list ids so are not worth a rule on `/admin` that `/admin;x` evades.
        if decoded.contains(UInt8(ascii: ";")) { ambiguities.insert(.parameter) }
        if hasSecondEncoding { ambiguities.insert(.doubleEncoded) }
        ambiguities.formUnion(ambiguousScalars)
        ambiguities.formUnion(ambiguousParts(allowsEncodedSlash: allowsEncodedSlash))
        return ambiguities
    }

    /// Whether what the escapes say has escapes again, or those of IIS (`%u002F`).
    private var hasSecondEncoding: Bool {
        decoded.indices.contains { index in
            guard decoded[index] == UInt8(ascii: "%"), index + 1 < decoded.endIndex else { return false }
            return decoded.escapedByte(at: index) != nil || decoded[index + 1] | 0x20 == UInt8(ascii: "u")
        }
    }

    /// Bytes outside ASCII must be UTF-8 in its shortest form, and no character that a server which normalises or narrows it turns into one with a
    /// meaning.
    private var ambiguousScalars: TargetAmbiguities {
        guard decoded.contains(where: { $0 >= 0x80 }) else { return [] }
        guard let text = String(validating: decoded, as: UTF8.self) else { return .badUTF8 }
        var ambiguities: TargetAmbiguities = []
        for scalar in text.unicodeScalars {
            if Self.lookalikes.contains(scalar.value) { ambiguities.insert(.lookalike) }
            // The controls of Latin-1, and the characters that end lines: their bytes of UTF-8 are none, what a server decodes them to is.
            if (0x80...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x2029 { ambiguities.insert(.encodedControl) }
        }
        return ambiguities
    }

    /// What the segment is where its encoded slashes count as slashes, too.
    private func ambiguousParts(allowsEncodedSlash: Bool) -> TargetAmbiguities {
        guard decoded.contains(UInt8(ascii: "/")) else { return Self.isDots(decoded) ? .dotSegment : [] }
        var ambiguities: TargetAmbiguities = allowsEncodedSlash ? [] : .encodedSlash
        let parts = decoded.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if parts.contains(where: \.isEmpty) { ambiguities.insert(.emptySegment) }
        if parts.contains(where: Self.isDots) { ambiguities.insert(.dotSegment) }
        return ambiguities
    }

    /// Whether a part is `.`, `..` or what some server makes of it: with a parameter (`..;x`), with spaces behind it, with more dots.
    private static func isDots(_ part: ArraySlice<UInt8>) -> Bool {
        guard part.first == UInt8(ascii: ".") || part.first.map({ $0 <= 0x20 }) == true else { return false }
        let name = part.prefix { $0 != UInt8(ascii: ";") }
        return name.contains(UInt8(ascii: ".")) && name.allSatisfy { $0 == UInt8(ascii: ".") || $0.isControl || $0 == 0x20 }
    }

    /// Characters that compatibility normalisation (UAX #15, NFKC) turns into, or into something with, `.` `/` `\` `%` `;` `?` `#`.
    private static let lookalikes: Set<UInt32> = [
        0xFF0E, 0xFE52, 0x2024, 0x2025, 0xFE30,  // dots; the ellipsis (U+2026) is common in titles
        0xFF0F, 0x2100, 0x2101, 0x2105, 0x2106,  // slashes
        0xFF3C, 0xFE68,  // backslashes
        0xFF05, 0xFE6A,  // percent signs
        0xFF1B, 0xFE54, 0x037E,  // semicolons
        0xFF1F, 0xFE56, 0xFF03, 0xFE5F,  // question and number signs
    ]
}
