/// A request in the one form that is signed (AWS, "Create a signed AWS API request", task 1 and 2).
struct CanonicalRequest {
    private let text: [UInt8]
    private let scope: SigningScope

    /// - Parameters:
    ///   - names: the fields that are signed, in their order.
    ///   - payload: what is signed of the body.
    init(_ head: SignableHead, _ names: [String], _ payload: String, _ scope: SigningScope) throws(SignatureRefusal) {
        var text = Array("\(head.method)\n".utf8)
        text += try Self.path(head.path, scope)
        text.append(UInt8(ascii: "\n"))
        text += try SignedQuery(head.query).canonical
        text.append(UInt8(ascii: "\n"))
        for name in names {
            text += Array("\(name):".utf8)
            text += Array(head.values(of: name).map(Self.value).joined(separator: [UInt8(ascii: ",")]))
            text.append(UInt8(ascii: "\n"))
        }
        self.text = text + Array("\n\(names.joined(separator: ";"))\n\(payload)".utf8)
        self.scope = scope
    }

    /// What the key signs.
    func toSign(at time: SigningTime) -> String { "\(SignatureText.algorithm)\n\(time.text)\n\(scope.text)\n\(BodyDigest.of(text))" }

    /// Amazon S3 signs each segment with every character escaped that may be; other services escape once more what is on the wire, and tidy up first what is
    /// refused here instead.
    private static func path(_ path: [UInt8], _ scope: SigningScope) throws(SignatureRefusal) -> [UInt8] {
        guard path.first == UInt8(ascii: "/") else { throw .path }
        let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var canonical: [UInt8] = []
        for (index, segment) in segments.enumerated() {
            guard let decoded = PercentEscapes.decoded(segment, plusIsSpace: false), !decoded.elementsEqual(".".utf8),
                !decoded.elementsEqual("..".utf8), !segment.isEmpty || index == segments.count - 1
            else { throw .path }
            canonical.append(UInt8(ascii: "/"))
            PercentEscapes.encode(scope.isStorage ? decoded : Array(segment), into: &canonical)
        }
        return canonical
    }

    /// A value with one space where there are several in a row.
    private static func value(_ value: [UInt8]) -> [UInt8] {
        var canonical: [UInt8] = []
        for byte in value where byte != 0x20 || canonical.last != 0x20 { canonical.append(byte) }
        return canonical
    }
}
