import Redaction
import Secrets
import Synchronization

/// What is to be said of a request when it has ended.
final class RequestTally: Sendable {
    private let start = ContinuousClock.now
    private let state = Mutex(RequestOutcome(result: "", duration: .zero))
    private let progress = Mutex((hasBegun: false, hasSentAll: false))
    /// The question by which it was allowed, and who answered it; nil for one whose reply has nothing of a value.
    private let asked: (link: KeeperLink, id: AskID, values: HeldValues)?

    init() { asked = nil }

    init(_ id: AskID, of broker: BrokerParts) { asked = (broker.link, id, broker.values) }

    /// Has the keeper count what was answered, and says whether what was judged of the reply may be seen. Where nothing was answered, it is not asked as long as
    /// there are answers left: that some are not any more it says by itself, before the last one is seen. A broker without values has nothing to tell.
    func mayLeave() async -> Bool {
        guard let asked, asked.values.generation > 0 else { return true }
        let (link, values) = (asked.link, asked.values)
        let names = values.answers.takeNew()
        // An answer of this reply may be one that another reply is asking about.
        guard !names.isEmpty || values.isConsulting || link.isAskingToLeave else { return !values.answers.isSpent }
        let mayLeave = await link.mayLeave(asked.id, answering: names)
        if !mayLeave { values.answers.spend() }
        return mayLeave
    }

    /// Whether the answer has begun.
    var hasBegun: Bool { progress.withLock(\.hasBegun) }
    /// Whether all of the request's body went on.
    var hasSentAll: Bool { progress.withLock(\.hasSentAll) }

    func begin() { progress.withLock { $0.hasBegun = true } }

    func sentAll() { progress.withLock { $0.hasSentAll = true } }

    private let allowance = Mutex<Int64?>(nil)

    /// Says how many bytes there may be, both ways together.
    func allow(_ count: Int64?) { allowance.withLock { $0 = count } }

    /// Counts bytes that are to be sent; throws where there may be no more of them.
    func sent(_ count: Int) throws(BrokerFailure) { try carry(count) { $0.bytesSent += Int64(count) } }

    /// Counts bytes that came; throws where there may be no more of them.
    func received(_ count: Int) throws(BrokerFailure) { try carry(count) { $0.bytesReceived += Int64(count) } }

    private func carry(_ count: Int, _ add: (inout RequestOutcome) -> Void) throws(BrokerFailure) {
        let most = allowance.withLock { $0 }
        let isOver = state.withLock { state in
            if let most, state.bytesSent + state.bytesReceived + Int64(count) > most { return true }
            add(&state)
            return false
        }
        if isOver { throw .overAllowance }
    }

    func answered(_ status: Int) { state.withLock { $0.status = status } }

    func redacted(_ counts: [RedactionReport.Count]) { state.withLock { $0.redactions += counts } }

    func outcome(_ result: String) -> RequestOutcome {
        state.withLock { state in
            var outcome = state
            // What nobody was to see any more, and was not counted for that.
            for name in asked?.values.answers.takeNew() ?? [] { outcome.answers[name, default: 0] += 1 }
            (outcome.result, outcome.duration) = (result, ContinuousClock.now - start)
            return outcome
        }
    }
}
