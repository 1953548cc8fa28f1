import Glibc

/// The blocking talk between keeper and runner before a run starts: a kind byte, a length in four big-endian bytes, a payload.
struct SetupChannel {
    /// What a message is. From the keeper: job, bindings, start. From the runner: one answer to the job.
    enum Kind: UInt8 {
        case job = 1
        case binding, start, resolved, refused
    }

    /// The longest payload: a job's arguments and environment.
    static let maximumPayload = 8 << 20

    let descriptor: Int32

    /// Sends one message.
    func send(_ kind: Kind, _ payload: [UInt8] = []) throws(RunnerError) {
        var message = [kind.rawValue] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        message.append(contentsOf: payload)
        try unsafe sendRaw(message.span.bytes)
    }

    /// Sends bytes as they are.
    func sendRaw(_ bytes: RawSpan) throws(RunnerError) {
        var offset = 0
        while offset < bytes.byteCount {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(descriptor, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw errno == EAGAIN ? .runnerSilent : .runnerGone
            }
            offset += count
        }
    }

    /// Receives one message; nil at the end of the stream.
    func receive() throws(RunnerError) -> (Kind, [UInt8])? {
        guard let head = try receive(5) else { return nil }
        let length = head[1...].reduce(0) { $0 << 8 | Int($1) }
        guard let kind = Kind(rawValue: head[0]), length <= Self.maximumPayload else { throw .malformedAnswer }
        guard let payload = try receive(length) else { throw .runnerGone }
        return (kind, payload)
    }

    /// Fills a buffer with the bytes that come next; false at the end of the stream.
    func receiveExactly(into buffer: UnsafeMutableRawBufferPointer) throws(RunnerError) -> Bool {
        var offset = 0
        while offset < buffer.count {
            let count = unsafe read(descriptor, buffer.baseAddress.map { unsafe $0 + offset }, buffer.count - offset)
            if count == 0 { return false }
            if count < 0 {
                if errno == EINTR { continue }
                throw errno == EAGAIN ? .runnerSilent : .runnerGone
            }
            offset += count
        }
        return true
    }

    private func receive(_ count: Int) throws(RunnerError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var isWhole = true
        var failure: RunnerError?
        unsafe bytes.withUnsafeMutableBytes { buffer in
            do throws(RunnerError) { isWhole = try unsafe receiveExactly(into: buffer) } catch { failure = error }
        }
        if let failure { throw failure }
        return isWhole ? bytes : nil
    }
}
