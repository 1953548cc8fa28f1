import Redaction
import Secrets
import Synchronization

/// What is to be said of a request when it has ended.
final class RequestTally: Sendable {
    private let start = ContinuousClock.now
    private let state = Mutex(RequestOutcome(result: "", duration: .zero))
    private let progress = Mutex((hasBegun: false, hasSentAll: false))

    /// Whether the answer has begun.
    var hasBegun: Bool { progress.withLock(\.hasBegun) }
    /// Whether all of the request's body went on.
    var hasSentAll: Bool { progress.withLock(\.hasSentAll) }

    func begin() { progress.withLock { $0.hasBegun = true } }

    func sentAll() { progress.withLock { $0.hasSentAll = true } }

    func sent(_ count: Int) { state.withLock { $0.bytesSent += Int64(count) } }

    func received(_ count: Int) { state.withLock { $0.bytesReceived += Int64(count) } }

    func answered(_ status: Int) { state.withLock { $0.status = status } }

    func redacted(_ counts: [RedactionReport.Count], _ answers: AnswerBook) {
        state.withLock { state in
            state.redactions += counts
            for name in answers.takeNew() { state.answers[name, default: 0] += 1 }
        }
    }

    func outcome(_ result: String) -> RequestOutcome {
        state.withLock { state in
            var outcome = state
            (outcome.result, outcome.duration) = (result, ContinuousClock.now - start)
            return outcome
        }
    }
}
