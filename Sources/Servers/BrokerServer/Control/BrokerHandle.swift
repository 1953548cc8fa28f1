import Brokering
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
        let continuation: CheckedContinuation<ErrandReply, any Error>
    }

    private struct State {
        var last: Int64 = 0
        /// Nil once the broker has ended.
        var waiting: [ErrandID: Waiting]? = [:]
        /// Who hears how a request ended that was allowed.
        var allowed: [AskID: any RequestJudge] = [:]
    }

    private let state = Mutex(State())
    private let channel: any Channel
    private let messages: NIOAsyncChannel<ControlMessage, ControlMessage>

    /// Takes over the keeper's end of a broker's control socket.
    package init(descriptor: Int32, on group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton) async throws {
        messages = try await ClientBootstrap(group: group).withConnectedSocket(descriptor) { channel in
            channel.eventLoop.makeCompletedFuture { try channel.speakControl() }
        }
        channel = messages.channel
        // Owned by the channel, with which it ends. It must not keep the handle alive, whose end closes the channel.
        Task { [weak self, messages] in
            try? await messages.executeThenClose { inbound, _ in
                for try await message in inbound { await self?.take(message) }
            }
            self?.finish()
        }
    }

    deinit { channel.close(promise: nil) }

    package var isRunning: Bool { state.withLock { $0.waiting != nil } && channel.isActive }

    package func end() {
        channel.close(promise: nil)
        finish()
    }

    package func perform(_ errand: Errand, judgedBy judge: any RequestJudge) async throws -> ErrandReply {
        let id = state.withLock { state in
            state.last += 1
            return ErrandID(number: state.last)
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOpen = state.withLock { state in
                    state.waiting?[id] = Waiting(judge: judge, continuation: continuation)
                    return state.waiting != nil
                }
                guard isOpen else { return continuation.resume(throwing: BrokerFailure.unavailable) }
                write(.errand(id, errand))
            }
        } onCancel: {
            write(.cancel(id))
            settle(id, .failure(.cut))
        }
    }

    private func take(_ message: ControlMessage) async {
        switch message {
        case .ask(let id, let errand, let request):
            guard let judge = state.withLock({ $0.waiting?[errand]?.judge }) else { return write(.refuse(id)) }
            // A judge may wait for a person; others go on meanwhile. Owned by the errand, whose end the judge sees.
            Task { await answer(id, request, by: judge) }
        case .outcome(let id, let outcome):
            // Told before the reply that comes behind it.
            await state.withLock { $0.allowed.removeValue(forKey: id) }?.conclude(outcome)
        case .reply(let id, let reply): settle(id, .success(reply))
        case .failure(let id, let failure): settle(id, .failure(failure))
        case .errand, .allow, .refuse, .cancel: end()
        }
    }

    private func answer(_ id: AskID, _ request: AskedRequest, by judge: any RequestJudge) async {
        guard case .allow(let leave) = await judge.judge(request) else { return write(.refuse(id)) }
        let isOpen = state.withLock { state in
            guard state.waiting != nil else { return false }
            state.allowed[id] = judge
            return true
        }
        guard isOpen else { return await judge.conclude(RequestOutcome(result: BrokerFailure.unavailable.code, duration: .zero)) }
        write(.allow(id, leave))
    }

    private func write(_ message: ControlMessage) { channel.writeAndFlush(message, promise: nil) }

    private func settle(_ id: ErrandID, _ result: Result<ErrandReply, BrokerFailure>) {
        guard let waiting = state.withLock({ $0.waiting?.removeValue(forKey: id) }) else { return }
        waiting.continuation.resume(with: result.mapError { $0 as any Error })
    }

    /// The broker has ended: who waits for it is told, and what left is written down as cut off.
    private func finish() {
        let (waiting, allowed) = state.withLock { state in
            defer { (state.waiting, state.allowed) = (nil, [:]) }
            return (state.waiting ?? [:], state.allowed)
        }
        for one in waiting.values { one.continuation.resume(throwing: BrokerFailure.unavailable) }
        guard !allowed.isEmpty else { return }
        // Owned by nobody that waits: the broker is gone, and this only says so.
        Task {
            for judge in allowed.values { await judge.conclude(RequestOutcome(result: BrokerFailure.unavailable.code, duration: .zero)) }
        }
    }
}
