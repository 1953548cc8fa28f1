extension HeadGuard {
    /// Where the body ends. One answer, given once, or none: nothing here chooses between two, as RFC 9112 §6.3 lets a recipient do.
    static func body(of head: ReceivedHead, _ fields: JudgedFields) throws(RequestRefusal) -> JudgedRequest.Body {
        let lengths = fields.values(of: "content-length")
        let codings = fields.values(of: "transfer-encoding")
        guard lengths.isEmpty || codings.isEmpty else { throw .lengthAndCoding }
        if !codings.isEmpty {
            // `Chunked`, `identity, chunked` and ` chunked` are read by some and ignored by others.
            guard codings.count == 1, codings[0].elementsEqual("chunked".utf8), head.version == .http1_1 else { throw .codingIllegal }
            return .streamed
        }
        guard lengths.count <= 1 else { throw .lengthIllegal }
        let length: Int64? = if let text = lengths.first { try Self.length(text) } else { nil }
        guard case .http2(let isWhole) = head.version else { return length.map(JudgedRequest.Body.length) ?? .none }
        guard !isWhole || length ?? 0 == 0 else { throw .lengthIllegal }
        if isWhole { return length.map(JudgedRequest.Body.length) ?? .none }
        return length.map(JudgedRequest.Body.length) ?? .streamed
    }

    /// Digits alone, without leading zeros: `+5`, `5, 5`, `0x5` and `05` are numbers to some and different ones to others.
    private static func length(_ text: [UInt8]) throws(RequestRefusal) -> Int64 {
        guard (1...19).contains(text.count), text.allSatisfy({ $0.isDigit }), text.count == 1 || text[0] != UInt8(ascii: "0"),
            let length = Int64(String(decoding: text, as: UTF8.self))
        else { throw .lengthIllegal }
        return length
    }
}
