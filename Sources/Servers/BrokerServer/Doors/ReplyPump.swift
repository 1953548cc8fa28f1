import Brokering
import NIOCore
import NIOHTTP1
import Redaction
import Secrets

/// Searches the body of a reply and writes what may be seen, where the reply pauses, ends, or has become long, and nowhere else: an edge where something is held
/// back would tell that it begins a value.
///
/// One thing at a time: while the program does not read, nothing is judged, and no pause of its making is a pause of the service's.
actor ReplyPump {
    private var body: ReplyBody
    private let answers: AnswerBook
    private let tally: RequestTally
    private let writer: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    /// Its events are pauses: each goes on as soon as it is whole.
    private let isEventStream: Bool
    private var passed: [UInt8] = []
    private var hasUnwritten = false
    private var isPausing = false
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// How much may be seen without a pause before some of it is let go, and how much then.
    private static let amounts = (before: 1 << 20, released: 1 << 19)

    init(
        _ body: consuming ReplyBody, _ answers: AnswerBook, _ tally: RequestTally, _ writer: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>,
        isEventStream: Bool
    ) {
        (self.answers, self.tally, self.writer, self.isEventStream) = (answers, tally, writer, isEventStream)
        self.body = body
    }

    func take(_ bytes: [UInt8]) async throws {
        await enter()
        defer { leave() }
        do throws(ReplyRefusal) { unsafe try body.take(bytes.span.bytes, into: &passed) } catch { throw BrokerFailure.reply(error) }
        try checkStop()
        (hasUnwritten, isPausing) = (true, false)
        if isEventStream, bytes.endsEvent { return try await pause() }
        while passed.count >= Self.amounts.before {
            let released = Array(passed[..<Self.amounts.released])
            passed.removeFirst(Self.amounts.released)
            try await write(released)
        }
    }

    func finish() async throws {
        await enter()
        defer { leave() }
        do throws(ReplyRefusal) { try body.finish(into: &passed) } catch { throw BrokerFailure.reply(error) }
        tally.redacted(body.report.counts, answers)
        try checkStop()
        hasUnwritten = false
        try await write(passed)
    }

    /// Lets go of what was held back whenever nothing came for a beat.
    func beat(every time: Duration) async throws {
        while true {
            try await Task.sleep(for: time)
            guard hasUnwritten, !isBusy else { continue }
            guard isPausing else {
                isPausing = true
                continue
            }
            await enter()
            defer { leave() }
            try await pause()
        }
    }

    private func enter() async {
        guard isBusy else { return isBusy = true }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        guard !waiting.isEmpty else { return isBusy = false }
        waiting.removeFirst().resume()
    }

    private func pause() async throws {
        body.idle(into: &passed)
        try checkStop()
        hasUnwritten = false
        let written = passed
        passed = []
        try await write(written)
    }

    private func checkStop() throws {
        guard body.hasStopped else { return }
        tally.redacted(body.report.counts, answers)
        throw BrokerFailure.reply(.withheld)
    }

    private func write(_ bytes: [UInt8]) async throws {
        tally.redacted([], answers)
        guard !bytes.isEmpty else { return }
        try await writer.write(.body(.byteBuffer(ByteBuffer(bytes: bytes))))
    }
}

extension [UInt8] {
    /// Whether a line without anything in it, which ends an event, stands at the end.
    fileprivate var endsEvent: Bool {
        let newline = UInt8(ascii: "\n")
        return suffix(2).elementsEqual([newline, newline]) || suffix(4).elementsEqual("\r\n\r\n".utf8) || suffix(2).elementsEqual("\r\r".utf8)
    }
}
