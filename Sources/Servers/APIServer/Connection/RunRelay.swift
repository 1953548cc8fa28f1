import FoundationEssentials
import HTTPTypes
import Hummingbird
import Model
import NIOCore
import NIOPosix
import Secrets
import Synchronization
import TacitWire

/// Carries frames between a client and the runner of its run, and writes down how the run ended.
///
/// Both directions go at the pace of the slower side: nothing is held here but the frame that is being cut. The run ends when its runner says so, when the
/// client is gone, and when it is stopped from outside.
struct RunRelay: Sendable {
    let hold: RunHold
    let stop: StopSignal
    /// The client's connection.
    let client: any Channel
    /// What is typed at a person's terminal starts the idle lock anew.
    let typed: (@Sendable () -> Void)?

    typealias RunnerChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    @concurrent func carry(opening: ByteBuffer, from body: BodyReader, to writer: inout any ResponseBodyWriter) async {
        guard let descriptor = hold.takeDescriptor() else { return }
        let outcome = RunOutcome()
        do {
            let runner = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .withConnectedSocket(descriptor) { channel in
                    channel.eventLoop.makeCompletedFuture { try RunnerChannel(wrappingChannelSynchronously: channel) }
                }
            stop.arm(runner: runner.channel, client: client)
            client.closeFuture.whenComplete { _ in runner.channel.close(promise: nil) }
            try await runner.executeThenClose { inbound, outbound in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        // A client that is gone, or sends what is no frame, ends its run; one that has no more to say does not.
                        do { try await feed(opening: opening, from: body, to: outbound) } catch { runner.channel.close(promise: nil) }
                    }
                    defer { group.cancelAll() }
                    try await answer(from: inbound, asking: outbound, to: &writer, outcome: outcome)
                }
            }
        } catch {
            outcome.note("broken-off")
        }
        await hold.finish(outcome.result, outcome.detail, answers: outcome.takeAnswers().reduce(into: [:]) { $0[$1, default: 0] += 1 })
    }

    /// Client to runner, until the client's body ends.
    private func feed(opening: ByteBuffer, from body: BodyReader, to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws {
        var decoder = RunFrameDecoder(from: .client)
        try await pass(opening, through: &decoder, to: outbound)
        while let part = try await body.next() { try await pass(part, through: &decoder, to: outbound) }
    }

    private func pass(
        _ part: ByteBuffer, through decoder: inout RunFrameDecoder, to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        guard part.readableBytes > 0 else { return }
        decoder.append(part.readableBytesView)
        var bytes: [UInt8] = []
        while let frame = try decoder.next() {
            if frame.kind == .terminalInput { typed?() }
            frame.encode(into: &bytes)
        }
        if !bytes.isEmpty { try await outbound.write(ByteBuffer(bytes: bytes)) }
    }

    /// Runner to client, until the last frame.
    @concurrent private func answer(
        from inbound: NIOAsyncChannelInboundStream<ByteBuffer>, asking runner: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        to writer: inout any ResponseBodyWriter, outcome: RunOutcome
    ) async throws {
        var decoder = RunFrameDecoder(from: .runner)
        var parts = inbound.makeAsyncIterator()
        while let part = try? await parts.next(), let bytes = try? await frames(in: part, &decoder, outcome, runner) {
            if !bytes.isEmpty { try await writer.write(ByteBuffer(bytes: bytes)) }
            if outcome.isOver { return }
        }
        guard client.isActive else { return outcome.note("broken-off") }
        // The runner ended without saying how: the client must not take that for success.
        let failure =
            stop.isSent
            ? RunFailure(status: 125, code: "run.stopped", message: "the run was stopped: the vault was locked, or its agent frozen or revoked")
            : RunFailure(
                status: 125, code: "run.lost", message: "the runner ended before the command did",
                hint: "start it again; if runs are refused then, `tacit lock` and `tacit unlock` start anew what they need")
        outcome.note(.exit(.failed(failure)))
        try await writer.write(ByteBuffer(bytes: RunFrame.exit(.failed(failure)).encoded))
    }

    /// The whole frames that have come from the runner by now, noted and as they go to the client. What it asks is answered.
    private func frames(
        in part: ByteBuffer, _ decoder: inout RunFrameDecoder, _ outcome: RunOutcome, _ runner: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws -> [UInt8] {
        decoder.append(part.readableBytesView)
        var bytes: [UInt8] = []
        while var frame = try decoder.next() {
            outcome.note(frame)
            if case .report(let report) = frame, hold.hasLostBroker { frame = .report(Self.tellingOfBroker(report)) }
            if frame == .mayLeave {
                try await runner.write(ByteBuffer(bytes: await word(on: outcome).encoded))
            }
            if !frame.kind.isForKeeper { frame.encode(into: &bytes) }
        }
        return bytes
    }
}

extension RunRelay {
    /// What may become of what waits to leave: what it answers counts before it is given.
    private func word(on outcome: RunOutcome) async -> RunFrame {
        let (names, texts) = (outcome.takeAnswers(), outcome.takeCandidates())
        guard await hold.mayLeave(answering: names) else { return .withhold }
        return await hold.isTrap(texts) ? .refuse : .leave
    }

    /// The report of a run whose broker ended before it. Its program was told so by each of its requests, and the person has to be told, too.
    private static func tellingOfBroker(_ bytes: [UInt8]) -> [UInt8] {
        guard var report = try? WireJSON.decode(RunReport.self, from: Data(bytes)) else { return bytes }
        report.brokerEnded = true
        guard let told = try? WireJSON.encode(report), told.count <= RunFrame.maximumPayload else { return bytes }
        return Array(told)
    }
}

/// How a run ended, gathered from the frames that pass by.
private final class RunOutcome: Sendable {
    private struct State {
        var result: String?
        var detail: [(String, String)] = []
        var answers: [String] = []
        var candidates: [[UInt8]] = []
    }

    private let state = Mutex(State())

    var isOver: Bool { state.withLock { $0.result != nil } }
    var result: String { state.withLock { $0.result ?? "broken-off" } }
    var detail: [(String, String)] { state.withLock { $0.detail } }

    /// The guesses that the output answers and that were not counted yet, by the names of the values.
    func takeAnswers() -> [String] {
        state.withLock { state in
            defer { state.answers = [] }
            return state.answers
        }
    }

    /// The texts in the file that waits to leave which could be fake tokens.
    func takeCandidates() -> [[UInt8]] {
        state.withLock { state in
            defer { state.candidates = [] }
            return state.candidates
        }
    }

    func note(_ result: String) { state.withLock { $0.result = $0.result ?? result } }

    func note(_ frame: RunFrame) {
        switch frame {
        case .answered(let name): state.withLock { $0.answers.append(String(decoding: name, as: UTF8.self)) }
        case .candidate(let text): state.withLock { $0.candidates.append(text) }
        case .timedOut: add("timed-out", "yes")
        case .report(let bytes): note(report: bytes)
        case .exit(.exited(let code)):
            add("exit", "\(code)")
            note("done")
        case .exit(.signaled(let number)):
            add("signal", "\(number)")
            note("done")
        case .exit(.failed(let failure)): note(failure.code.isCode ? failure.code : "run.failed")
        default: break
        }
    }

    private func note(report bytes: [UInt8]) {
        guard let report = try? WireJSON.decode(RunReport.self, from: Data(bytes)) else { return }
        add("redactions", "\(report.redactions.reduce(0) { $0 + $1.count })")
        add("scanned-bytes", "\(report.scannedBytes)")
        if let output = report.output { add("output-withheld", "\(output.withheld.reduce(0) { $0 + $1.bytes })") }
        if let sandbox = report.sandbox { add("sandbox", sandbox.isOn ? "on" : "missing") }
        guard let files = report.files else { return }
        for (key, count) in [("files-written", files.written), ("files-deleted", files.deleted), ("files-withheld", files.withheldCount)]
        where count > 0 {
            add(key, "\(count)")
        }
    }

    private func add(_ key: String, _ value: String) { state.withLock { $0.detail.append((key, value)) } }
}
