import Brokering
import HTTPTypes
import NIOHTTP1

extension HTTPRequestHead {
    /// The head as it is written to a connection of HTTP/1.1: whom it is for and where its body ends are said once, here.
    init(_ request: HTTPRequest, to origin: Origin, framing: JudgedRequest.Body, keepsAlive: Bool) {
        var headers = HTTPHeaders()
        headers.reserveCapacity(request.headerFields.count + 3)
        headers.add(name: "Host", value: origin.authority)
        for field in request.headerFields { headers.add(name: field.name.rawName, value: field.text) }
        switch framing {
        case .none: break
        case .length(let count): headers.add(name: "Content-Length", value: "\(count)")
        case .streamed: headers.add(name: "Transfer-Encoding", value: "chunked")
        }
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        self.init(version: .http1_1, method: HTTPMethod(rawValue: request.method.rawValue), uri: request.path ?? "/", headers: headers)
    }
}

extension HTTPField {
    /// The value's bytes as they are: what is no UTF-8 was refused before.
    fileprivate var text: String { unsafe withUnsafeBytesOfValue { unsafe String(decoding: $0, as: UTF8.self) } }
}

extension ReceivedReply {
    init(_ head: HTTPResponseHead) {
        self.init(status: Int(head.status.code), fields: head.headers.map { ReceivedHead.Field($0.name, Array($0.value.utf8)) })
    }
}
