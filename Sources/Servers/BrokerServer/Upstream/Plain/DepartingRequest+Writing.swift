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
        buffer.write(request.headerFields)
        switch framing {
        case .none: break
        case .length(let count): buffer.write(field: "Content-Length", "\(count)")
        case .streamed: buffer.write(field: "Transfer-Encoding", "chunked")
        }
        if judged.acceptsTrailers { buffer.write(field: "TE", "trailers") }
        let options = (judged.acceptsTrailers ? ["TE"] : []) + (judged.needsOwnConnection ? ["close"] : [])
        if !options.isEmpty, !judged.opensWebSocket { buffer.write(field: "Connection", options.joined(separator: ", ")) }
        buffer.writeStaticString("\r\n")
    }
}

extension ByteBuffer {
    /// Fields, each on its line.
    mutating func write(_ fields: HTTPFields) {
        for field in fields {
            writeString(field.name.rawName)
            writeStaticString(": ")
            unsafe field.withUnsafeBytesOfValue { unsafe _ = writeBytes($0) }
            writeStaticString("\r\n")
        }
    }

    fileprivate mutating func write(field name: StaticString, _ value: String) {
        writeStaticString(name)
        writeStaticString(": ")
        writeString(value)
        writeStaticString("\r\n")
    }
}
