import Model
import Secrets
import Synchronization

/// The requests of programs that go on, by the grants whose values went with them: one whose token is revoked ends.
final class OngoingRequests: Sendable {
    private struct State {
        var requests: [ObjectIdentifier: (grants: Set<GrantID>, exchange: ServiceExchange)] = [:]
        /// What was allowed before may reach its service only now.
        var revoked: Set<GrantID> = []
    }

    private let state = Mutex(State())

    /// Throws where a token of it is over by now: nothing of it may leave.
    func begin(_ exchange: ServiceExchange, with grants: Set<GrantID>) throws(BrokerFailure) {
        guard !grants.isEmpty else { return }
        let isOver = state.withLock { state in
            guard state.revoked.isDisjoint(with: grants) else { return true }
            state.requests[ObjectIdentifier(exchange)] = (grants, exchange)
            return false
        }
        if isOver { throw .revoked }
    }

    func finish(_ exchange: ServiceExchange) { state.withLock { $0.requests[ObjectIdentifier(exchange)] = nil } }

    func end(with grant: GrantID) {
        let ended = state.withLock { state in
            state.revoked.insert(grant)
            return state.requests.values.filter { $0.grants.contains(grant) }.map(\.exchange)
        }
        for exchange in ended { exchange.fail(BrokerFailure.revoked) }
    }
}
