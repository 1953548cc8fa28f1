package import Model
import PlaintextDoor

/// Puts values in the place of tokens, in one text of a request's head; nothing else of it changes.
///
/// What comes out holds a value in ordinary memory: it goes to the connection at once and nowhere else.
package struct TextExchange {
    private let tokens: SessionTokens
    private let values: [GrantID: SecretValue]

    /// Takes the values of the grants that were allowed for this request.
    package init(_ tokens: SessionTokens, values: [GrantID: SecretValue]) {
        self.tokens = tokens
        self.values = values
    }

    /// Path and query with values in the place of tokens.
    package func target(_ target: [UInt8]) throws(ExchangeRefusal) -> [UInt8] { try exchange(target, PlaceSlot.ofTarget(target)) }

    /// A field's value with values in the place of tokens.
    package func field(_ name: String, _ value: [UInt8]) throws(ExchangeRefusal) -> [UInt8] {
        try exchange(value, PlaceSlot.ofField(name.lowercased(), value))
    }

    /// A body that was read whole, with values in the place of tokens; nil where it is not what its type says.
    package func body(_ body: [UInt8], _ kind: BodyKind) throws(ExchangeRefusal) -> [UInt8]? {
        guard let slots = kind.slots(in: body, ofAtLeast: tokens.shortest) else { return nil }
        return try exchange(body, slots)
    }

    private func exchange(_ text: [UInt8], _ slots: [PlaceSlot]) throws(ExchangeRefusal) -> [UInt8] {
        var exchanged: [UInt8] = []
        var start = text.startIndex
        for slot in slots {
            guard let parts = slot.parts(of: text[slot.range]), parts.contains(where: { tokens.grant(of: $0) != nil }) else { continue }
            exchanged += text[start..<slot.range.lowerBound]
            try write(parts, slot.spelling, into: &exchanged)
            start = slot.range.upperBound
        }
        return exchanged + text[start...]
    }

    private func write(_ parts: [[UInt8]], _ spelling: PlaceSlot.Spelling, into text: inout [UInt8]) throws(ExchangeRefusal) {
        var plain: [UInt8] = []
        defer { plain.wipe() }
        for (index, part) in parts.enumerated() {
            if index > 0 { plain.append(UInt8(ascii: ":")) }
            let isUser = spelling == .basic && index == 0
            guard let grant = tokens.grant(of: part) else {
                plain += part
                continue
            }
            guard let value = values[grant] else { throw .withoutValue }
            try value.withPlaintext(PlaintextDoor()) { (bytes: RawSpan) throws(ExchangeRefusal) in
                for index in 0..<bytes.byteCount {
                    let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
                    guard !(isUser && byte == UInt8(ascii: ":")) else { throw .unspeakable }
                    plain.append(byte)
                }
            }
        }
        try spelling.write(plain, into: &text)
    }
}

/// Why a value does not go where its token stands. It names nothing of either.
package enum ExchangeRefusal: String, Error, Sendable, CaseIterable {
    /// The grant was not allowed for this request.
    case withoutValue = "without-value"
    /// The value has bytes that cannot be written there: a line break in a header, a colon in a user's name, nothing in a segment, what is no text in JSON.
    case unspeakable
}

extension TokenShape {
    /// The shape that a value has.
    package static func fitting(_ value: SecretValue) -> TokenShape { value.withPlaintext(PlaintextDoor()) { fitting($0) } }
}

extension PlaceSlot.Spelling {
    /// Writes a value as it is written in such a slot.
    func write(_ value: [UInt8], into text: inout [UInt8]) throws(ExchangeRefusal) {
        switch self {
        case .plain:
            guard Self.isFieldText(value) else { throw .unspeakable }
            text += value
        case .cookie:
            guard value.allSatisfy(Self.isCookieOctet) else { throw .unspeakable }
            text += value
        case .segment:
            // A segment of nothing or dots is another path.
            guard !value.isEmpty, !value.elementsEqual(".".utf8), !value.elementsEqual("..".utf8), !value.contains(UInt8(ascii: "/")) else {
                throw .unspeakable
            }
            PercentEscapes.encode(value, into: &text)
        case .query: PercentEscapes.encode(value, into: &text)
        case .basic: Base64Text.encode(value, into: &text)
        case .json:
            guard String(validating: value, as: UTF8.self) != nil else { throw .unspeakable }
            JSONTexts.encode(value, into: &text)
        case .part:
            // A part ends at a line that begins with `--` and the boundary. The boundary is the client's, so it must not decide: which of many are refused
            // would tell the value.
            guard !value.starts(with: "--".utf8), value.firstRange(of: "\n--".utf8) == nil, value.firstRange(of: "\r--".utf8) == nil else {
                throw .unspeakable
            }
            text += value
        }
    }

    /// Visible characters, blanks and tabs inside, bytes beyond ASCII (RFC 9110 §5.5); no blank at an end, which the reader would not take for the value's.
    private static func isFieldText(_ value: [UInt8]) -> Bool {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        return value.first.map(isBlank) != true && value.last.map(isBlank) != true
            && value.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    private static func isCookieOctet(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"\",;\\".utf8.contains(byte)
    }
}
