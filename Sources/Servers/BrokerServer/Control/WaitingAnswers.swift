import Secrets
import Synchronization

/// Who waits for answers of one kind: each question has one, and there is one for all that nobody answers.
final class WaitingAnswers<Answer: Sendable>: Sendable {
    private let otherwise: Answer
    /// Nil once nobody answers any more.
    private let waiting = Mutex<[AskID: CheckedContinuation<Answer, Never>]?>([:])

    init(otherwise: Answer) { self.otherwise = otherwise }

    /// Waits for the answer to a question, which `ask` sends. A question is asked once.
    func answer(to id: AskID, _ ask: () -> Void) async -> Answer {
        await withCheckedContinuation { continuation in
            let isOpen = waiting.withLock { waiting in
                guard waiting != nil, waiting?[id] == nil else { return false }
                waiting?[id] = continuation
                return true
            }
            guard isOpen else { return continuation.resume(returning: otherwise) }
            ask()
        }
    }

    /// Gives it to whoever waits for it, `first` before; false where nobody does.
    @discardableResult
    func give(_ answer: Answer, to id: AskID, first: () -> Void = {}) -> Bool {
        guard let continuation = waiting.withLock({ $0?.removeValue(forKey: id) }) else { return false }
        first()
        continuation.resume(returning: answer)
        return true
    }

    var isAwaited: Bool { waiting.withLock { $0?.isEmpty == false } }

    /// Nobody answers any more.
    func close() {
        let left = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        for continuation in left?.values ?? [:].values { continuation.resume(returning: otherwise) }
    }
}
