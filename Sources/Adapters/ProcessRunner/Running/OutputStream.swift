import Glibc
import Redaction
import TacitWire

/// One of the child's output streams: read, redacted, framed.
final class OutputStream {
    /// How long a redactor may hold bytes back that could begin a value, in milliseconds.
    static let idleAfter: Int64 = 50
    /// How much is read of a stream that is still written to after the child's end and its grace.
    static let lastCallBytes = 1 << 20

    let kind: RunFrame.Kind
    /// Nil at the end of the stream.
    private(set) var descriptor: Int32?
    private var filter: OutputFilter
    private let answers: AnswerBook?
    /// When held-back bytes are let go.
    private(set) var idleAt: Int64?
    private var remaining: Int?
    private var passed: [UInt8] = []

    init(_ descriptor: Int32, _ kind: RunFrame.Kind, _ filter: consuming OutputFilter, _ answers: AnswerBook? = nil) {
        self.descriptor = descriptor
        self.kind = kind
        self.filter = filter
        self.answers = answers
    }

    /// What was redacted; nil when the stream passes as it is.
    var report: RedactionReport? { filter.report }

    /// Reads what is there, at most one buffer full.
    func read(with buffer: UnsafeMutableRawBufferPointer, into outgoing: inout [UInt8], now: Int64) {
        guard let descriptor else { return }
        let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if count < 0 && (errno == EINTR || (errno == EAGAIN && remaining == nil)) { return }
        // A terminal that nobody has open any more reads as EIO.
        guard count > 0 else { return end() }
        unsafe filter.pass(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]).bytes, into: &passed)
        if let start = buffer.baseAddress { unsafe explicit_bzero(start, count) }
        frame(into: &outgoing)
        idleAt = now + Self.idleAfter
        if let left = remaining {
            remaining = left - count
            if left <= count { end() }
        }
    }

    /// Whether something can be read now.
    var hasUnread: Bool {
        guard let descriptor else { return false }
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&watched, 1, 0) > 0 && watched.revents & Int16(POLLIN) != 0
    }

    /// Lets go of what was held back, once nothing came for a while.
    func idle(into outgoing: inout [UInt8], now: Int64) {
        guard let time = idleAt, time <= now else { return }
        idleAt = nil
        filter.idle(into: &passed)
        frame(into: &outgoing)
    }

    /// Takes only what lies in the stream already; whoever still writes to it is not waited for.
    func lastCall() { remaining = remaining ?? Self.lastCallBytes }

    /// Lets go of the rest, at the end of the stream.
    func finish(into outgoing: inout [UInt8]) {
        end()
        filter.finish(into: &passed)
        frame(into: &outgoing)
    }

    private func frame(into outgoing: inout [UInt8]) {
        // Before what it is about: whoever breaks the run off then has not read it uncounted.
        answers?.tell(to: &outgoing)
        RunFrame.append(kind, passed[...], to: &outgoing)
        passed.removeAll(keepingCapacity: true)
    }

    private func end() {
        if let descriptor { close(descriptor) }
        descriptor = nil
    }
}

extension AnswerBook {
    /// Tells the keeper of the answers since this was last done.
    func tell(to outgoing: inout [UInt8]) {
        for name in takeNew() { RunFrame.answered(Array(name.utf8)).encode(into: &outgoing) }
    }
}
