/// Where in a request a token may stand.
package enum TokenPlace: Sendable, Hashable, CustomStringConvertible {
    /// Behind `Bearer ` in `Authorization`.
    case bearer
    /// The user or the password of `Authorization: Basic`.
    case basic
    /// A whole segment of the path.
    case segment
    /// In the signature of an AWS request, which is made anew with the value.
    case awsSignature
    /// A header's value; its name in lower case.
    case header(String)
    case cookie(String)
    case query(String)
    /// A field of a form in the body.
    case form(String)
    /// A text in a JSON body, by its pointer (RFC 6901).
    case json(String)
    /// A part of a multipart body.
    case multipart(String)

    /// The words, those before a name last.
    static let words = plain.map(\.description) + named.map(\.word)

    private static let plain: [TokenPlace] = [.bearer, .basic, .segment, .awsSignature]
    private static let named: [(word: String, make: @Sendable (String) -> TokenPlace)] = [
        ("header", { .header($0.lowercased()) }), ("cookie", { .cookie($0) }), ("query", { .query($0) }), ("form", { .form($0) }),
        ("json", { .json($0) }),
        ("multipart", { .multipart($0) }),
    ]

    /// Reads a word, or a word and what it names: `bearer`, `header: X-Api-Key`.
    package init(_ text: String) throws(RequestProblem) {
        let word = String(text.prefix { $0 != ":" })
        if let place = Self.plain.first(where: { $0.description == text }) {
            self = place
            return
        }
        guard let place = Self.named.first(where: { $0.word == word }) else {
            throw .unknownPlace(suggestion: suggestion(for: word, among: Self.words))
        }
        guard text.hasPrefix("\(word): ") else { throw .placeWithoutName(word) }
        self = place.make(String(text.dropFirst(word.count + 2)))
        try check()
    }

    package var description: String {
        switch self {
        case .bearer: "bearer"
        case .basic: "basic"
        case .segment: "segment"
        case .awsSignature: "aws-signature"
        case .header(let name): "header: \(name)"
        case .cookie(let name): "cookie: \(name)"
        case .query(let name): "query: \(name)"
        case .form(let name): "form: \(name)"
        case .json(let pointer): "json: \(pointer)"
        case .multipart(let name): "multipart: \(name)"
        }
    }

    /// Whether it is in a request's body, which is read whole before any of it leaves.
    package var isInBody: Bool {
        switch self {
        case .form, .json, .multipart: true
        case .bearer, .basic, .segment, .awsSignature, .header, .cookie, .query: false
        }
    }

    private func check() throws(RequestProblem) {
        switch self {
        case .bearer, .basic, .segment, .awsSignature: break
        case .header(let name):
            guard name.isHeaderName else { throw .badName }
            guard !Self.closedHeaders.contains(name), !name.hasPrefix("proxy-"), !name.hasPrefix("sec-") else { throw .closedHeader }
        case .cookie(let name): guard name.isHeaderName else { throw .badName }
        case .json(let pointer): guard JSONPointer.isPointer(pointer) else { throw .badPointer }
        case .query(let name), .form(let name), .multipart(let name): guard name.isFieldName else { throw .badName }
        }
    }

    /// Headers that say how a request is carried, where it goes or what comes back: what stands there a connection or a proxy takes for its own, so no
    /// token is exchanged in them. A cookie has a place of its own.
    private static let closedHeaders: Set<String> = [
        "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "cookie", "date", "expect", "forwarded", "host",
        "if-range", "keep-alive", "origin", "range", "referer", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "via",
        "want-content-digest", "want-digest", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-http-method-override", "x-original-url",
        "x-rewrite-url",
    ]
}

extension TokenPlace {
    /// Where a token may stand when nobody says otherwise.
    package static let authorization: [TokenPlace] = [.bearer, .basic, .header("authorization")]
}

extension String {
    /// A token of HTTP (RFC 9110, 5.6.2).
    fileprivate var isHeaderName: Bool {
        (1...64).contains(utf8.count)
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// What a field may be called: printable ASCII, no space at its ends.
    fileprivate var isFieldName: Bool {
        (1...128).contains(utf8.count) && utf8.allSatisfy { (0x20...0x7E).contains($0) } && !hasPrefix(" ") && !hasSuffix(" ")
    }
}

/// Pointers to a value in a JSON text (RFC 6901), as a policy writes them.
enum JSONPointer {
    /// Says whether a text is a pointer to a part of a text. The empty one, which is the whole, names no text in it.
    static func isPointer(_ text: String) -> Bool {
        guard text.hasPrefix("/"), text.utf8.count <= 256, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return false }
        let escapes = text.utf8.split(separator: UInt8(ascii: "~"), omittingEmptySubsequences: false).dropFirst()
        return escapes.allSatisfy { $0.first == UInt8(ascii: "0") || $0.first == UInt8(ascii: "1") }
    }

    /// Says whether the second points to what the first does, or into it.
    static func covers(_ pointer: String, _ other: String) -> Bool { pointer == other || other.utf8.starts(with: "\(pointer)/".utf8) }
}
