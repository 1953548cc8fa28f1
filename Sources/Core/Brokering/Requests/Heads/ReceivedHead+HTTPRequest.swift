package import HTTPTypes

extension ReceivedHead {
    /// The head of a request that was made here, as a tool of an agent makes one. It says what a head of HTTP/2 says, so it is judged as one.
    package init(_ request: HTTPRequest, hasBody: Bool) {
        self.init(
            version: .http2(isWhole: !hasBody), method: request.method.rawValue, target: Array((request.path ?? "").utf8),
            authority: request.authority,
            scheme: request.scheme, connectProtocol: request.extendedConnectProtocol,
            fields: request.headerFields.map { Field($0.name.canonicalName, $0.bytes) })
    }
}
