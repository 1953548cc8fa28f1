import Brokering
import HTTPTypes
import NIOCore

extension DepartingRequest {
    /// The head as it is written to a connection of HTTP/1.1: whom it is for and where its body ends are said once, here.
    func write(to buffer: inout ByteBuffer) {
        buffer.writeString(request.method.rawValue)
        buffer.writeStaticString(" ")
        buffer.writeString(request.path ?? "/")
        buffer.writeStaticString(" HTTP/1.1\r\n")
        buffer.write(field: "Host", origin.authority)
        for field in request.headerFields {
            buffer.writeString(field.name.rawName)
            buffer.writeStaticString(": ")
            unsafe field.withUnsafeBytesOfValue { unsafe _ = buffer.writeBytes($0) }
            buffer.writeStaticString("\r\n")
        }
        switch framing {
        case .none: break
        case .length(let count): buffer.write(field: "Content-Length", "\(count)")
        case .streamed: buffer.write(field: "Transfer-Encoding", "chunked")
        }
        if judged.needsOwnConnection, !judged.opensWebSocket { buffer.write(field: "Connection", "close") }
        buffer.writeStaticString("\r\n")
    }
}

extension ByteBuffer {
    fileprivate mutating func write(field name: StaticString, _ value: String) {
        writeStaticString(name)
        writeStaticString(": ")
        writeString(value)
        writeStaticString("\r\n")
    }
}
