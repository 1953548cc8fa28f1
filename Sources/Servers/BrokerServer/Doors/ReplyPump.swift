import Brokering
import NIOCore
import Redaction
import Secrets

/// Searches the body of a reply and writes what may be seen, where the reply pauses, ends, or has become long, and nowhere else: an edge where something is held
/// back would tell that it begins a value.
///
/// One thing at a time: while the program does not read, nothing is judged, and no pause of its making is a pause of the service's.
struct ReplyPump: ReplyTaker, ~Copyable {
    private var body: ReplyBody
    private let tally: RequestTally
    private let writer: NIOAsyncChannelOutboundWriter<AnswerPart>
    /// Its events are pauses: each goes on as soon as it is whole.
    private let isEventStream: Bool
    private var passed: [UInt8] = []
    /// What lies right before that, as long as no more has come than may wait.
    private var earlier: ByteBuffer?
    /// What is to be written next, together.
    private var leaving: [AnswerPart] = []
    /// Whether something came that waits for more, or for a pause.
    private(set) var holdsBack = false

    /// So much is let go at once where there is no pause, when as much has come behind it.
    private static let amount = 1 << 19

    init(
        _ body: consuming ReplyBody, _ tally: RequestTally, _ writer: NIOAsyncChannelOutboundWriter<AnswerPart>,
        isEventStream: Bool
    ) {
        (self.tally, self.writer, self.isEventStream) = (tally, writer, isEventStream)
        self.body = body
    }

    /// The head goes out with what comes right behind it.
    mutating func begin(_ head: AnswerHead) { leaving.append(.head(head)) }

    mutating func take(_ bytes: ByteBuffer) async throws {
        var rest: ByteBuffer? = bytes
        while let next = rest {
            rest = try search(next)
            try checkStop()
            holdsBack = true
            if isEventStream, rest == nil, bytes.endsEvent { return try pause() }
            while passed.count >= Self.amount {
                if let earlier { leaving.append(.body(earlier)) }
                earlier = ByteBuffer(bytes: passed[..<Self.amount])
                passed.removeFirst(Self.amount)
                try await write()
            }
        }
    }

    /// Nothing came for a while: what was held back goes on.
    mutating func pause() throws {
        body.idle(into: &passed)
        try checkStop()
        holdsBack = false
        release()
    }

    /// The reply ended; what stands behind the body was searched by itself.
    mutating func finish(_ trailers: [(name: String, value: String)]) async throws {
        do throws(ReplyRefusal) { try body.finish(into: &passed) } catch { throw BrokerFailure.reply(error) }
        tally.redacted(body.report.counts)
        try checkStop()
        holdsBack = false
        release()
        leaving.append(.end(trailers))
        try await write()
    }

    /// Writes what may go.
    mutating func write() async throws {
        guard !leaving.isEmpty else { return }
        let parts = leaving
        leaving = []
        guard await tally.mayLeave() else { throw BrokerFailure.reply(.withheld) }
        tally.begin()
        try await writer.write(contentsOf: parts)
    }

    /// What is left of them, where they stand for more than is unpacked at once.
    private mutating func search(_ bytes: ByteBuffer) throws -> ByteBuffer? {
        var refusal: ReplyRefusal?
        var taken: Int?
        unsafe bytes.withUnsafeReadableBytes { bytes in
            do throws(ReplyRefusal) { taken = try unsafe body.take(bytes.bytes, into: &passed) } catch { refusal = error }
        }
        if let refusal { throw BrokerFailure.reply(refusal) }
        return taken.map { bytes.getSlice(at: bytes.readerIndex + $0, length: bytes.readableBytes - $0) ?? ByteBuffer() }
    }

    private func checkStop() throws {
        guard body.hasStopped else { return }
        tally.redacted(body.report.counts)
        throw BrokerFailure.reply(.withheld)
    }

    private mutating func release() {
        if let earlier { leaving.append(.body(earlier)) }
        if !passed.isEmpty { leaving.append(.body(ByteBuffer(bytes: passed))) }
        (earlier, passed) = (nil, [])
    }
}

extension ByteBuffer {
    /// Whether a line without anything in it, which ends an event, stands at the end.
    fileprivate var endsEvent: Bool {
        let (end, newline) = (readableBytesView.suffix(4), UInt8(ascii: "\n"))
        return end.suffix(2).elementsEqual([newline, newline]) || end.elementsEqual("\r\n\r\n".utf8) || end.suffix(2).elementsEqual("\r\r".utf8)
    }
}
