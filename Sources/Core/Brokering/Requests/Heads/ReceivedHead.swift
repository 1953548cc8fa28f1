/// The head of a request as it came, before anything in it is merged, trimmed or dropped.
///
/// `HTTPRequest` cannot stand here: its fields have no names that are no tokens, line ends in values are spaces by then, and what makes one from a
/// head of HTTP/1.1 takes the first Host field for the authority and forgets that of an absolute target. Each of those is evidence.
package struct ReceivedHead: Sendable, Equatable {
    package var version: Version
    package var method: String
    /// The target of the request line, or `:path`.
    package var target: [UInt8]
    /// `:authority`; nil over HTTP/1.
    package var authority: String?
    /// `:scheme`; nil over HTTP/1.
    package var scheme: String?
    /// `:protocol`, by which HTTP/2 asks for another protocol on a stream.
    package var connectProtocol: String?
    /// In the order in which they came.
    package var fields: [Field]

    package enum Version: Sendable, Hashable {
        case http1_0, http1_1
        /// `isWhole`: whether the head ended the stream, so that there is no body.
        case http2(isWhole: Bool)

        package var isHTTP2: Bool { if case .http2 = self { true } else { false } }
    }

    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: [UInt8]

        package init(_ name: String, _ value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    package init(
        version: Version, method: String, target: [UInt8], authority: String? = nil, scheme: String? = nil, connectProtocol: String? = nil,
        fields: [Field]
    ) {
        self.version = version
        self.method = method
        self.target = target
        self.authority = authority
        self.scheme = scheme
        self.connectProtocol = connectProtocol
        self.fields = fields
    }
}
