extension TokenShape {
    /// The shape that a value has: the one with the longest beginning that is the value's, else the first whose whole form it has, else the neutral one.
    ///
    /// The caller lends the value's bytes. Of them nothing goes into a token but which shape was chosen.
    package static func fitting(_ value: RawSpan) -> TokenShape {
        guard value.byteCount <= longestLook else { return neutral }
        let bytes = (0..<value.byteCount).map { unsafe value.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        return fitting(bytes)
    }

    /// A longer value is an address with a lot behind it, or no token at all.
    private static let longestLook = 8192

    static func fitting(_ bytes: [UInt8]) -> TokenShape {
        marked(bytes) ?? registry.first { $0.marks.isEmpty && $0.isForm(of: bytes) } ?? neutral
    }

    private static func marked(_ bytes: [UInt8]) -> TokenShape? {
        var best: (shape: TokenShape, length: Int)?
        for shape in registry {
            for mark in shape.marks where mark.utf8.count > best?.length ?? 0 && shape.isMarked(bytes, mark) {
                best = (shape, mark.utf8.count)
            }
        }
        return best?.shape
    }

    /// Two or three letters stand at the beginning of many a value by chance; such a mark tells only together with the whole form.
    private static func tells(_ mark: String) -> Bool { mark.utf8.count >= 4 || !mark.utf8.allSatisfy(TokenAlphabet.base62.contains) }

    /// A value of the kind begins with the mark and goes on as a token does; how long it is, differs over the years.
    private func isMarked(_ bytes: [UInt8], _ mark: String) -> Bool {
        bytes.count >= mark.utf8.count + 8 && bytes.starts(with: mark.utf8) && bytes.allSatisfy { (0x21...0x7E).contains($0) }
            && (Self.tells(mark) && role == .authenticates || isForm(of: bytes))
    }

    /// Whether the bytes could have been made by the shape, its checksum aside.
    func isForm(of bytes: [UInt8]) -> Bool { Self.isForm(of: bytes, parts) }

    private static func isForm(of bytes: [UInt8], _ parts: [TokenPart]) -> Bool {
        var rest = bytes[...]
        for part in parts {
            switch part {
            case .text(let text):
                guard rest.starts(with: text.utf8) else { return false }
                rest = rest.dropFirst(text.utf8.count)
            case .random(let alphabet, let count):
                guard rest.count >= count, rest.prefix(count).allSatisfy(alphabet.contains) else { return false }
                rest = rest.dropFirst(count)
            case .checksum:
                guard rest.count >= TokenChecksum.length, rest.prefix(TokenChecksum.length).allSatisfy(TokenAlphabet.base62.contains) else {
                    return false
                }
                rest = rest.dropFirst(TokenChecksum.length)
            case .base64url(let inner):
                let text = rest.prefix(part.length)
                guard text.count == part.length, let decoded = Base64Text.decoded(forURLs: text), Self.isForm(of: decoded, inner) else {
                    return false
                }
                rest = rest.dropFirst(part.length)
            }
        }
        return rest.isEmpty
    }
}
