import Policies

/// A stretch of a head's text in which a token may stand, whole.
struct PlaceSlot: Equatable {
    let place: TokenPlace
    let range: Range<Int>
    let spelling: Spelling

    /// How what stands in a slot is written there.
    enum Spelling: Equatable {
        case plain
        /// The characters that a cookie's value may have (RFC 6265 §4.1.1).
        case cookie
        /// A segment of a path, with escapes.
        case segment
        /// A value in a query, with escapes, and `+` for a space.
        case query
        /// User and password, a colon between them, in base64 (RFC 7617).
        case basic
        /// The inside of a JSON text.
        case json
        /// The content of a part, which ends at a line that begins with `--`.
        case part
    }

    /// What stands there: user and password in `basic`, else one text. Nil where it is not written as it should be.
    func parts(of text: ArraySlice<UInt8>) -> [[UInt8]]? {
        switch spelling {
        case .plain, .cookie, .part: return [Array(text)]
        case .segment: return PercentEscapes.decoded(text, plusIsSpace: false).map { [$0] }
        case .query: return PercentEscapes.decoded(text, plusIsSpace: true).map { [$0] }
        case .json: return JSONTexts.decoded(text).map { [$0] }
        case .basic:
            guard let pair = BasicPair(base64: text) else { return nil }
            return [pair.user, pair.password]
        }
    }
}

extension PlaceSlot {
    /// The slots of a header's value. The name is in lower case.
    static func ofField(_ name: String, _ value: [UInt8]) -> [PlaceSlot] {
        if name == "cookie" { return ofCookies(value) }
        guard let space = value.firstIndex(of: UInt8(ascii: " ")) else {
            return [PlaceSlot(place: .header(name), range: value.indices, spelling: .plain)]
        }
        // One word and a blank before it: `Bearer`, `token`, `Bot`, and whatever a provider calls its scheme.
        let rest = (space + 1)..<value.count
        guard name == "authorization" else { return [PlaceSlot(place: .header(name), range: rest, spelling: .plain)] }
        switch String(decoding: value[..<space], as: UTF8.self).lowercased() {
        case "bearer": return [PlaceSlot(place: .bearer, range: rest, spelling: .plain)]
        case "basic": return [PlaceSlot(place: .basic, range: rest, spelling: .basic)]
        default: return [PlaceSlot(place: .header(name), range: rest, spelling: .plain)]
        }
    }

    private static func ofCookies(_ value: [UInt8]) -> [PlaceSlot] {
        var slots: [PlaceSlot] = []
        for piece in value.pieces(between: UInt8(ascii: ";")) {
            guard let equals = value[piece].firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = value[piece.lowerBound..<equals].drop { $0 == UInt8(ascii: " ") }
            var text = value[(equals + 1)..<piece.upperBound]
            if text.count >= 2, text.first == UInt8(ascii: "\""), text.last == UInt8(ascii: "\"") { text = text.dropFirst().dropLast() }
            // A quote that goes on over a semicolon makes one cookie of several, to those who read quotes.
            guard !text.contains(UInt8(ascii: "\"")), !name.contains(UInt8(ascii: "\"")) else { return [] }
            if let name = Self.name(name) { slots.append(PlaceSlot(place: .cookie(name), range: text.indices, spelling: .cookie)) }
        }
        return slots
    }

    /// A name as rules have it: printable ASCII. Others are none: to Swift, texts are equal that are not the same bytes.
    static func isName(_ name: String) -> Bool { (1...128).contains(name.utf8.count) && name.utf8.allSatisfy { (0x20...0x7E).contains($0) } }

    private static func name(_ bytes: some Collection<UInt8>) -> String? {
        guard (1...128).contains(bytes.count) else { return nil }
        let name = String(decoding: bytes, as: UTF8.self)
        return isName(name) ? name : nil
    }

    /// The slots of a path and query.
    static func ofTarget(_ target: [UInt8]) -> [PlaceSlot] {
        let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        let segments = target[..<mark].pieces(between: UInt8(ascii: "/")).map { PlaceSlot(place: .segment, range: $0, spelling: .segment) }
        return segments + (mark < target.endIndex ? ofPairs(target[(mark + 1)...], ofAtLeast: 0) { .query($0) } : [])
    }

    /// The slots of names and values as queries and forms have them, of at least so many bytes.
    static func ofPairs(_ text: ArraySlice<UInt8>, ofAtLeast length: Int, _ place: (String) -> TokenPlace) -> [PlaceSlot] {
        text.pieces(between: UInt8(ascii: "&")).compactMap { piece in
            guard piece.count > length, let equals = text[piece].firstIndex(of: UInt8(ascii: "=")), piece.upperBound - equals > length,
                let name = PercentEscapes.decoded(text[piece.lowerBound..<equals], plusIsSpace: true).flatMap(Self.name)
            else { return nil }
            return PlaceSlot(place: place(name), range: (equals + 1)..<piece.upperBound, spelling: .query)
        }
    }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// The ranges between separators, empty ones included.
    fileprivate func pieces(between separator: UInt8) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = startIndex
        for index in indices where self[index] == separator {
            pieces.append(start..<index)
            start = index + 1
        }
        return pieces + [start..<endIndex]
    }
}
