import Glibc

extension KeeperConnection {
    /// Sends a request without a body and reads its answer; as long as none comes, `meanwhile` is called each time that so many milliseconds have gone by.
    public func send(
        _ method: String, _ path: String, every milliseconds: Int32, meanwhile: () -> Void
    ) throws(ClientError) -> Answer {
        try socket.write(Array((requestHead(method, path, contentType: nil, ifMatch: nil) + "Content-Length: 0\r\n\r\n").utf8))
        while !socket.hasBuffered {
            var waited = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            let count = unsafe poll(&waited, 1, milliseconds)
            guard count == 0 || (count < 0 && errno == EINTR) else { break }
            meanwhile()
        }
        let (status, headers) = try readHead()
        let answer = Answer(status: status, headers: headers, body: try readBody(headers, status: status))
        try Self.check(answer)
        return answer
    }
}
