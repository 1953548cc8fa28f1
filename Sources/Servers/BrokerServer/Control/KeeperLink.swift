import Brokering
import NIOCore
import Secrets
import Synchronization

/// A broker's way to its keeper: asks whether requests may leave, and tells how they ended.
final class KeeperLink: Sendable {
    private let last = Mutex<Int64>(0)
    /// Once the keeper is gone nothing may leave any more.
    private let judgements = WaitingAnswers<RequestJudgement>(otherwise: .refuse(nil))
    private let sealed = WaitingAnswers<[SealedCredential]?>(otherwise: nil)
    private let leaving = WaitingAnswers<Bool>(otherwise: false)
    private let channel: any Channel

    init(_ channel: any Channel) { self.channel = channel }

    /// Asks; where nobody answers, the answer is no. `gone` tells that nobody wants it any more.
    func ask(_ request: AskedRequest, for errand: WorkID, leftBy gone: EventLoopFuture<Void>? = nil) async -> (id: AskID, answer: RequestJudgement) {
        let id = last.withLock { last in
            last += 1
            return AskID(number: last)
        }
        let judgement = await judgements.answer(to: id) {
            channel.writeAndFlush(ControlMessage.ask(id, errand, request)).whenFailure { _ in self.answer(id, .refuse(nil)) }
            gone?.whenComplete { _ in self.withdraw(id) }
        }
        return (id, judgement)
    }

    /// The keeper's answer. What it allows to somebody who has gone went nowhere.
    func answer(_ id: AskID, _ judgement: RequestJudgement) {
        guard !judgements.give(judgement, to: id), case .allow = judgement else { return }
        tell(.outcome(id, RequestTally().outcome(BrokerFailure.cut.code)))
    }

    /// Whoever it was asked for has gone: nothing leaves for them.
    private func withdraw(_ id: AskID) { judgements.give(.refuse(nil), to: id) { tell(.withdraw(id)) } }

    /// Has the new credentials in the reply to an allowed request stored; nil where they are not.
    func seal(_ credentials: NewCredentials, of id: AskID) async -> [SealedCredential]? {
        await sealed.answer(to: id) {
            channel.writeAndFlush(ControlMessage.seal(id, credentials)).whenFailure { _ in self.answer(id, sealed: nil) }
        }
    }

    /// The keeper's answer to that.
    func answer(_ id: AskID, sealed credentials: [SealedCredential]?) { sealed.give(credentials, to: id) }

    /// Has the keeper count what the reply to an allowed request answers, and says whether what waits of it may be seen. Where nobody answers, it may not.
    func mayLeave(_ id: AskID, answering names: [String]) async -> Bool {
        await leaving.answer(to: id) {
            channel.writeAndFlush(ControlMessage.leaving(id, answers: names)).whenFailure { _ in self.answer(id, mayLeave: false) }
        }
    }

    var isAskingToLeave: Bool { leaving.isAwaited }

    /// The keeper's answer to that.
    func answer(_ id: AskID, mayLeave: Bool) { leaving.give(mayLeave, to: id) }

    /// Nobody answers any more.
    func close() {
        judgements.close()
        leaving.close()
        sealed.close()
    }

    /// Says it, and waits until it is said: what a program makes a broker say does not pile up.
    func send(_ message: ControlMessage) async { try? await channel.writeAndFlush(message).get() }

    /// Says it without waiting: there are no more of these than there were answers.
    func tell(_ message: ControlMessage) { channel.writeAndFlush(message, promise: nil) }
}
