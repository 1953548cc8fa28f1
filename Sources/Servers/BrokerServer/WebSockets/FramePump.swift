import Brokering
import NIOCore
import Redaction
import Secrets

/// Searches what a service sends over a WebSocket, across frames and messages, and writes it anew: a message goes on as soon as it is whole.
///
/// What becomes long goes on in fragments, as a long reply does in pieces. A ping, a pong or a close has no room for a token in the place of a value: where one
/// holds a value, all ends.
struct FramePump: ReplyTaker, ~Copyable {
    private var reader = FrameReader(of: .service)
    private var frames = MessageWriter()
    private var messages: ReplyBody
    private var controls: ReplyBody
    private let tally: RequestTally
    private let writer: NIOAsyncChannelOutboundWriter<AnswerPart>
    /// Of the message that has begun: what may be seen of it, and has not gone on.
    private var passed: [UInt8] = []
    private var kind = FrameKind.text
    /// Frames that are to be written next, together.
    private var leaving: [UInt8] = []
    private(set) var holdsBack = false
    /// Whether the program is told that the service ends.
    private(set) var hasClosed = false
    private var hasTold = false

    /// How much may be seen of a message before some of it is let go, and how much then.
    private static let amounts = (before: 1 << 20, released: 1 << 19)
    /// How much waits to be written together.
    private static let mostLeaving = 256 << 10

    init(
        _ messages: consuming ReplyBody, _ controls: consuming ReplyBody, _ tally: RequestTally,
        _ writer: NIOAsyncChannelOutboundWriter<AnswerPart>
    ) {
        (self.tally, self.writer) = (tally, writer)
        self.messages = messages
        self.controls = controls
    }

    mutating func take(_ bytes: ByteBuffer) async throws {
        var events: [FrameReader.Event] = []
        var isRefused = false
        do throws(FrameRefusal) { try reader.read(Array(buffer: bytes), into: &events) } catch { isRefused = true }
        for event in events {
            try take(event)
            if leaving.count >= Self.mostLeaving { try await write() }
        }
        // What came before it is whole, and goes on.
        guard !isRefused else {
            try await write()
            throw BrokerFailure.reply(.frames)
        }
    }

    private mutating func take(_ event: FrameReader.Event) throws {
        switch event {
        case .control(let kind, let payload):
            Frame.write(kind, try searched(payload), mask: nil, into: &leaving)
            if kind == .close { hasClosed = true }
        case .message(let kind, let piece, let isLast):
            self.kind = kind
            unsafe messages.takePlain(piece.span.bytes, into: &passed)
            if isLast { messages.endMessage(into: &passed) }
            guard !messages.hasStopped else { throw BrokerFailure.reply(.withheld) }
            holdsBack = !isLast
            if isLast || passed.count >= Self.amounts.before { release(isLast ? passed.count : Self.amounts.released, isLast: isLast) }
        }
    }

    /// What a control frame carries, if it may be seen as it is.
    private mutating func searched(_ payload: [UInt8]) throws -> [UInt8] {
        var seen: [UInt8] = []
        unsafe controls.takePlain(payload.span.bytes, into: &seen)
        controls.endMessage(into: &seen)
        guard !controls.hasStopped, seen == payload else { throw BrokerFailure.reply(.withheld) }
        return seen
    }

    private mutating func release(_ count: Int, isLast: Bool) {
        frames.write(kind, passed.prefix(count), isLast: isLast, mask: nil, into: &leaving)
        passed.removeFirst(count)
    }

    /// What there is of a message goes on as a fragment of it.
    mutating func pause() throws {
        messages.idle(into: &passed)
        guard !messages.hasStopped else { throw BrokerFailure.reply(.withheld) }
        holdsBack = false
        if !passed.isEmpty { release(passed.count, isLast: false) }
    }

    mutating func write() async throws {
        guard !leaving.isEmpty else { return }
        let frames = leaving
        leaving = []
        guard await tally.mayLeave() else { throw BrokerFailure.reply(.withheld) }
        try await writer.write(.body(ByteBuffer(bytes: frames)))
    }

    /// The connection ended, which is no end for a message.
    mutating func finish() async throws {
        try await write()
        guard reader.isBetweenMessages else { throw BrokerFailure.cut }
    }

    /// Tells, once, what was found.
    mutating func conclude() {
        guard !hasTold else { return }
        hasTold = true
        tally.redacted(messages.report.counts + controls.report.counts)
    }
}
