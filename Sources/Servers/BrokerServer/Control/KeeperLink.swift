import Brokering
import NIOCore
import Secrets
import Synchronization

/// A broker's way to its keeper: asks whether requests may leave, and tells how they ended.
final class KeeperLink: Sendable {
    private struct State {
        var last: Int64 = 0
        /// Nil once the keeper is gone: nothing may leave any more.
        var waiting: [AskID: CheckedContinuation<RequestJudgement, Never>]? = [:]
        /// Who has a reply sealed.
        var sealing: [AskID: CheckedContinuation<[SealedCredential]?, Never>] = [:]
        /// Whose replies wait to be seen.
        var leaving: [AskID: CheckedContinuation<Bool, Never>] = [:]
    }

    private let state = Mutex(State())
    private let channel: any Channel

    init(_ channel: any Channel) { self.channel = channel }

    /// Asks; where nobody answers, the answer is no. `gone` tells that nobody wants it any more.
    func ask(_ request: AskedRequest, for errand: WorkID, leftBy gone: EventLoopFuture<Void>? = nil) async -> (id: AskID, answer: RequestJudgement) {
        let id = state.withLock { state in
            state.last += 1
            return AskID(number: state.last)
        }
        let judgement = await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                state.waiting?[id] = continuation
                return state.waiting != nil
            }
            guard isOpen else { return continuation.resume(returning: .refuse(nil)) }
            channel.writeAndFlush(ControlMessage.ask(id, errand, request)).whenFailure { _ in self.answer(id, .refuse(nil)) }
            gone?.whenComplete { _ in self.withdraw(id) }
        }
        return (id, judgement)
    }

    /// The keeper's answer. What it allows to somebody who has gone went nowhere.
    func answer(_ id: AskID, _ judgement: RequestJudgement) {
        if let waiting = waiting(id) { return waiting.resume(returning: judgement) }
        if case .allow = judgement { tell(.outcome(id, RequestTally().outcome(BrokerFailure.cut.code))) }
    }

    /// Whoever it was asked for has gone: nothing leaves for them.
    private func withdraw(_ id: AskID) {
        guard let waiting = waiting(id) else { return }
        tell(.withdraw(id))
        waiting.resume(returning: .refuse(nil))
    }

    private func waiting(_ id: AskID) -> CheckedContinuation<RequestJudgement, Never>? { state.withLock { $0.waiting?.removeValue(forKey: id) } }
    /// Has the new credentials in the reply to an allowed request stored; nil where they are not.
    func seal(_ credentials: NewCredentials, of id: AskID) async -> [SealedCredential]? {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                guard state.waiting != nil, state.sealing[id] == nil else { return false }
                state.sealing[id] = continuation
                return true
            }
            guard isOpen else { return continuation.resume(returning: nil) }
            channel.writeAndFlush(ControlMessage.seal(id, credentials)).whenFailure { _ in self.answer(id, sealed: nil) }
        }
    }

    /// The keeper's answer to that.
    func answer(_ id: AskID, sealed: [SealedCredential]?) {
        state.withLock { $0.sealing.removeValue(forKey: id) }?.resume(returning: sealed)
    }

    /// Has the keeper count what the reply to an allowed request answers, and says whether what waits of it may be seen. Where nobody answers, it may not.
    func mayLeave(_ id: AskID, answering names: [String]) async -> Bool {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                guard state.waiting != nil, state.leaving[id] == nil else { return false }
                state.leaving[id] = continuation
                return true
            }
            guard isOpen else { return continuation.resume(returning: false) }
            channel.writeAndFlush(ControlMessage.leaving(id, answers: names)).whenFailure { _ in self.answer(id, mayLeave: false) }
        }
    }

    var isAskingToLeave: Bool { state.withLock { !$0.leaving.isEmpty } }

    /// The keeper's answer to that.
    func answer(_ id: AskID, mayLeave: Bool) { state.withLock { $0.leaving.removeValue(forKey: id) }?.resume(returning: mayLeave) }

    /// Nobody answers any more.
    func close() {
        let (waiting, sealing, leaving) = state.withLock { state in
            defer { (state.waiting, state.sealing, state.leaving) = (nil, [:], [:]) }
            return (state.waiting, state.sealing, state.leaving)
        }
        for continuation in leaving.values { continuation.resume(returning: false) }
        for continuation in sealing.values { continuation.resume(returning: nil) }
        for continuation in waiting?.values ?? [:].values { continuation.resume(returning: .refuse(nil)) }
    }

    /// Says it, and waits until it is said: what a program makes a broker say does not pile up.
    func send(_ message: ControlMessage) async { try? await channel.writeAndFlush(message).get() }

    /// Says it without waiting: there are no more of these than there were answers.
    func tell(_ message: ControlMessage) { channel.writeAndFlush(message, promise: nil) }
}
