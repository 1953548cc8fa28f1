import Brokering
package import Model
package import NIOCore
import NIOPosix
package import Secrets
import Synchronization

/// The keeper's end of a broker.
///
/// What comes from there is hostile until it is decoded: what cannot be, ends the broker.
package final class BrokerHandle: RunningBroker {
    private struct Waiting {
        let judge: any RequestJudge
        let answer: Answer
    }

    private enum Answer {
        case errand(CheckedContinuation<ErrandReply, any Error>)
        case door(CheckedContinuation<OpenDoor, any Error>)

        func fail(_ failure: BrokerFailure) {
            switch self {
            case .errand(let continuation): continuation.resume(throwing: failure)
            case .door(let continuation): continuation.resume(throwing: failure)
            }
        }
    }

    private struct State {
        var last: Int64 = 0
        /// Nil once the broker has ended.
        var waiting: [WorkID: Waiting]? = [:]
        /// What was written last.
        var lastWrite: EventLoopFuture<Void>?
        /// For whom questions are being judged.
        var judging: [AskID: AskingProgram] = [:]
        /// Who is asked of requests that come in by a door.
        var doors: [WorkID: any RequestJudge] = [:]
        /// Who waits until it asks before anything of a reply is seen.
        var consulting: [WorkID: CheckedContinuation<Void, Never>] = [:]
        /// Who hears how a request ended that was allowed.
        var allowed: [AskID: (judge: any RequestJudge, entry: Int64)] = [:]
    }

    /// A broker that asks more at once is not answered: each question is work, and room in the log.
    private static let mostQuestions = 128
    /// How long a broker may leave its answers unread.
    private static let patience = TimeAmount.seconds(10)
    /// The most requests at once whose end is not told.
    private static let mostRequests = 4096

    /// How long a broker may take to open a door, or to hear that it has to ask: one that lives takes milliseconds, on a machine that is not overwhelmed.
    package static let answerPatience = Duration.seconds(15)

    private let state = Mutex(State())
    /// What is about to be seen of replies, in the order in which it is asked about: what counts comes before what is given.
    private let leaving: AsyncStream<Leaving>.Continuation
    private let clock: any Clock<Duration>
    private let channel: any Channel
    private let messages: NIOAsyncChannel<ControlMessage, ControlMessage>

    /// Takes over the keeper's end of a broker's control socket.
    package init(
        descriptor: Int32, clock: any Clock<Duration> = ContinuousClock(), on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws {
        self.clock = clock
        let (stream, continuation) = AsyncStream.makeStream(of: Leaving.self, bufferingPolicy: .bufferingOldest(Self.mostRequests))
        leaving = continuation
        messages = try await ClientBootstrap(group: group).withConnectedSocket(descriptor) { channel in
            channel.eventLoop.makeCompletedFuture { try channel.speakControl() }
        }
        channel = messages.channel
        // Owned by the channel, with which it ends. It must not keep the handle alive, whose end closes the channel.
        Task(executorPreference: LoopExecutor.of(channel.eventLoop)) { [weak self, messages] in
            try? await messages.executeThenClose { inbound, _ in
                for try await message in inbound { await self?.take(message) }
            }
            self?.finish()
        }
        // Owned by the stream, with which it ends. What it waits for, other brokers perhaps, keeps no message of this one.
        Task { [weak self] in
            for await one in stream { await self?.answer(one) }
        }
    }

    private struct Leaving {
        let id: AskID
        let answers: [String]
    }

    deinit {
        leaving.finish()
        channel.close(promise: nil)
    }

    package var isRunning: Bool { state.withLock { $0.waiting != nil } && channel.isActive }

    package func end() {
        channel.close(promise: nil)
        finish()
    }

    package func endRequests(with grant: GrantID) { write(.revoke(grant)) }

    package func consult() async {
        let id = nextID()
        // Owned by this call: one that does not hear is ended, and says nothing more.
        let limit = Task { [weak self, clock] in
            try await clock.sleep(for: Self.answerPatience)
            self?.end()
        }
        defer { limit.cancel() }
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if state.waiting != nil { state.consulting[id] = continuation }
                return state.waiting != nil
            }
            guard isOpen else { return continuation.resume() }
            write(.consult(id))
        }
    }

    package func perform(_ errand: Errand, judgedBy judge: any RequestJudge) async throws -> ErrandReply {
        let id = nextID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { begin(.errand(id, errand), id, Waiting(judge: judge, answer: .errand($0))) }
        } onCancel: {
            giveUp(id)
        }
    }

    package func open(_ setup: DoorSetup, judgedBy judge: any RequestJudge) async throws -> OpenDoor {
        let id = nextID()
        state.withLock { $0.doors[id] = judge }
        // Owned by this call. A broker that does not answer is ended: it would keep whoever asks it next as long.
        let limit = Task { [weak self, clock] in
            try await clock.sleep(for: Self.answerPatience)
            self?.end()
        }
        defer { limit.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { begin(.open(id, setup), id, Waiting(judge: judge, answer: .door($0))) }
        } onCancel: {
            giveUp(id)
        }
    }

    /// Nobody waits for it any more.
    private func giveUp(_ id: WorkID) {
        state.withLock { $0.doors[id] = nil }
        write(.cancel(id))
        waiting(id)?.answer.fail(.cut)
    }

    private func nextID() -> WorkID {
        state.withLock { state in
            state.last += 1
            return WorkID(number: state.last)
        }
    }

    private func begin(_ message: ControlMessage, _ id: WorkID, _ waiting: Waiting) {
        let isOpen = state.withLock { state in
            state.waiting?[id] = waiting
            return state.waiting != nil
        }
        guard isOpen else { return waiting.answer.fail(.unavailable) }
        write(message)
        // A cancellation that came before it was entered found nothing to give up.
        if Task.isCancelled { giveUp(id) }
    }

    private func waiting(_ id: WorkID) -> Waiting? { state.withLock { $0.waiting?.removeValue(forKey: id) } }

    private func take(_ message: ControlMessage) async {
        switch message {
        case .ask(let id, let errand, let request):
            // What is asked again is no question of ours.
            guard !state.withLock({ $0.allowed[id] != nil }) else { return end() }
            // Who asks faster than it reads has to read first: nothing more of it is taken until then.
            await answersAreRead()
            guard let judge = judge(of: errand), let program = begin(id) else { return write(.refuse(id, nil)) }
            // A judge may wait for a person; others go on meanwhile. Owned by the errand, whose end the judge sees.
            Task(executorPreference: LoopExecutor.of(channel.eventLoop)) { await self.answer(id, request, for: program, by: judge) }
        case .withdraw(let id): state.withLock { $0.judging[id] }?.leave()
        case .seal(let id, let credentials):
            guard let (judge, entry) = state.withLock({ $0.allowed[id] }), begin(id) != nil else { return write(.unsealed(id)) }
            // To store takes its time; others go on meanwhile. Owned by the request, whose broker waits.
            Task { await seal(credentials, id, by: judge, entry) }
        case .leaving(let id, let answers):
            await answersAreRead()
            if case .dropped = leaving.yield(Leaving(id: id, answers: answers)) { end() }
        case .consulting(let id): state.withLock { $0.consulting.removeValue(forKey: id) }?.resume()
        case .outcome(let id, let outcome):
            // Told before the reply that comes behind it.
            guard let (judge, entry) = state.withLock({ $0.allowed.removeValue(forKey: id) }) else { return }
            await judge.conclude(outcome, of: entry)
        case .reply(let id, let reply):
            guard let answer = self.answer(awaited: id) else { return }
            guard case .errand(let continuation) = answer else {
                answer.fail(.unavailable)
                return end()
            }
            continuation.resume(returning: reply)
        case .opened(let id, let door):
            guard let answer = self.answer(awaited: id) else { return }
            guard case .door(let continuation) = answer else {
                answer.fail(.unavailable)
                return end()
            }
            continuation.resume(returning: door)
        case .failure(let id, let failure): waiting(id)?.answer.fail(failure)
        case .misuse(let id, let grant, let code): await judge(of: id)?.noteMisuse(of: grant, code: code)
        case .egress(let id, let request): await judge(of: id)?.noteEgress(request.withoutTarget)
        case .errand, .allow, .refuse, .describe, .sealed, .unsealed, .mayLeave, .consult, .cancel, .open, .revoke: end()
        }
    }

    private func answer(_ asked: Leaving) async {
        guard let (judge, entry) = state.withLock({ $0.allowed[asked.id] }) else { return write(.mayLeave(asked.id, false)) }
        write(.mayLeave(asked.id, await judge.mayLeave(answering: asked.answers, of: entry)))
    }

    /// Who waits for this; nil where it was given up before the broker heard of that. What was never asked for ends the broker.
    private func answer(awaited id: WorkID) -> Answer? {
        if let known = waiting(id)?.answer { return known }
        if id.number > state.withLock({ $0.last }) { end() }
        return nil
    }

    private func judge(of id: WorkID) -> (any RequestJudge)? { state.withLock { $0.waiting?[id]?.judge ?? $0.doors[id] } }

    /// Enters a question that is being judged; nil where there is no room for one more, or it is being judged already.
    private func begin(_ id: AskID) -> AskingProgram? {
        state.withLock { state in
            guard state.judging.count < Self.mostQuestions, state.allowed.count < Self.mostRequests, state.judging[id] == nil, state.waiting != nil
            else { return nil }
            let program = AskingProgram()
            state.judging[id] = program
            return program
        }
    }

    private func answer(_ id: AskID, _ request: AskedRequest, for program: AskingProgram, by judge: any RequestJudge) async {
        defer { state.withLock { $0.judging[id] = nil } }
        let leave: RequestLeave
        switch await judge.judge(request, for: program) {
        case .allow(let allowed): leave = allowed
        case .describe: return write(.describe(id))
        case .refuse(let denial): return write(.refuse(id, denial))
        }
        let isOpen = state.withLock { state in
            guard state.waiting != nil else { return false }
            state.allowed[id] = (judge, leave.entry)
            return true
        }
        guard isOpen else { return await judge.conclude(.lost, of: leave.entry) }
        write(.allow(id, leave))
    }

    private func seal(_ credentials: NewCredentials, _ id: AskID, by judge: any RequestJudge, _ entry: Int64) async {
        defer { state.withLock { $0.judging[id] = nil } }
        write(await judge.seal(credentials, of: entry).map { .sealed(id, $0) } ?? .unsealed(id))
    }

    private func write(_ message: ControlMessage) {
        let written = channel.writeAndFlush(message)
        state.withLock { $0.lastWrite = written }
    }

    /// Waits while more stands to be read by the broker than a socket holds. One that reads nothing is no broker.
    private func answersAreRead() async {
        guard !channel.isWritable, let last = state.withLock({ $0.lastWrite }) else { return }
        let limit = channel.eventLoop.scheduleTask(in: Self.patience) { [self] in end() }
        try? await last.get()
        limit.cancel()
    }

    /// The broker has ended: who waits for it is told, and what left is written down as cut off.
    private func finish() {
        let ended = state.withLock { state in
            defer { (state.waiting, state.allowed, state.doors, state.consulting) = (nil, [:], [:], [:]) }
            return state
        }
        leaving.finish()
        for continuation in ended.consulting.values { continuation.resume() }
        for one in (ended.waiting ?? [:]).values { one.answer.fail(.unavailable) }
        for program in ended.judging.values { program.leave() }
        guard !ended.allowed.isEmpty || !ended.doors.isEmpty else { return }
        // Owned by nobody that waits: the broker is gone, and this only says so.
        Task {
            for (judge, entry) in ended.allowed.values { await judge.conclude(.lost, of: entry) }
            for judge in ended.doors.values { await judge.end() }
        }
    }
}

extension RequestOutcome {
    /// Of a request whose broker ended.
    fileprivate static let lost = RequestOutcome(result: BrokerFailure.unavailable.code, duration: .zero)
}
