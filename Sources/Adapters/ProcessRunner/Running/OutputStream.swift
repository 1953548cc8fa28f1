import Glibc
import Redaction
import TacitWire

/// One of the child's output streams: read, redacted, framed.
final class OutputStream {
    /// How long a redactor may hold bytes back that could begin a value, in milliseconds.
    static let idleAfter: Int64 = 50
    /// How long an agent's output waits for a pause, in milliseconds: a program that never pauses is heard nevertheless.
    static let longestWait: Int64 = 1000
    /// How much is taken in from an agent's program before any of it is let go without a pause, and how much then.
    static let taken = (before: 1 << 20, released: 1 << 19)
    /// How much is read of a stream that is still written to after the child's end and its grace.
    static let lastCallBytes = 1 << 20

    let kind: RunFrame.Kind
    /// Nil at the end of the stream.
    private(set) var descriptor: Int32?
    private var filter: OutputFilter
    /// What goes to an agent waits there for the keeper.
    private let departures: Departures?
    /// Whether an agent reads it. Then frames end where the stream pauses or ends, or after so much of it, and nowhere else: an edge where something is held back
    /// would tell that it begins a value, and letter by letter the whole value.
    private let isForAgent: Bool
    /// What was read since everything was let go, and when that began.
    private var waiting: (byteCount: Int, since: Int64)?
    /// When held-back bytes are let go.
    private(set) var idleAt: Int64?
    private var remaining: Int?
    private var passed: [UInt8] = []
    private var portion = Portion()
    /// The portion of what compressed data decodes to.
    private var turn = Portion()

    init(_ descriptor: Int32, _ kind: RunFrame.Kind, _ filter: consuming OutputFilter, isForAgent: Bool = false, departures: Departures? = nil) {
        self.isForAgent = isForAgent
        self.departures = departures
        self.descriptor = descriptor
        self.kind = kind
        self.filter = filter
    }

    /// What was redacted of what left; nil when the stream passes as it is.
    var report: RedactionReport? { filter.report.map { departures?.told($0, of: kind) ?? $0 } }

    /// Reads what is there, at most one buffer full and one portion.
    func read(with buffer: UnsafeMutableRawBufferPointer, into outgoing: inout [UInt8], now: Int64) {
        guard let descriptor else { return }
        let count = unsafe Glibc.read(descriptor, buffer.baseAddress, min(buffer.count, portion.byteCount))
        if count < 0 && (errno == EINTR || (errno == EAGAIN && remaining == nil)) { return }
        // A terminal that nobody has open any more reads as EIO.
        guard count > 0 else { return end() }
        portion.judge(count) {
            unsafe filter.pass(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]).bytes, into: &passed)
        }
        if let start = buffer.baseAddress { unsafe explicit_bzero(start, count) }
        if isForAgent { note(read: count, now, into: &outgoing) } else { frame(into: &outgoing) }
        idleAt = min(now + Self.idleAfter, waiting.map { $0.since + Self.longestWait } ?? .max)
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

    /// Whether what was read decodes to so much that another turn is needed for it, before more is read.
    var isBehind: Bool { filter.isBehind }

    /// Judges some of what is left; a pause begins when all of it is judged.
    func catchUp(_ now: Int64) {
        catchUp()
        idleAt = min(now + Self.idleAfter, waiting.map { $0.since + Self.longestWait } ?? .max)
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

    /// Lets go of the rest, at the end of the stream; not any more when nobody is interested.
    func finish(into outgoing: inout [UInt8], while isWanted: () -> Bool) {
        end()
        filter.finish(into: &passed)
        while filter.isBehind {
            guard isWanted() else { return }
            catchUp()
        }
        frame(into: &outgoing)
    }

    private func catchUp() {
        let count = turn.byteCount
        turn.judge(count) { filter.catchUp(count, into: &passed) }
    }

    /// Counts what was read, and lets some of what passed go when there is much: by what was read, not by what passed.
    private func note(read count: Int, _ now: Int64, into outgoing: inout [UInt8]) {
        var state = waiting ?? (0, now)
        state.byteCount += count
        if state.byteCount >= Self.taken.before, passed.count >= Self.taken.released {
            append(passed[..<Self.taken.released], to: &outgoing)
            passed.removeFirst(Self.taken.released)
            state = (state.byteCount - Self.taken.released, now)
        }
        waiting = state
    }

    private func frame(into outgoing: inout [UInt8]) {
        waiting = nil
        append(passed[...], to: &outgoing)
        passed.removeAll(keepingCapacity: true)
    }

    private func append(_ part: ArraySlice<UInt8>, to outgoing: inout [UInt8]) {
        guard let departures, let report = filter.report else { return RunFrame.append(kind, part, to: &outgoing) }
        departures.add(part, of: kind, report)
        departures.ask(on: &outgoing)
    }

    private func end() {
        if let descriptor { close(descriptor) }
        descriptor = nil
    }
}
