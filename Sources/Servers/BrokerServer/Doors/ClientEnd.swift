import NIOCore
import Secrets
import Synchronization

/// Ends what goes on for a program that has gone: nobody reads its reply, and whatever stands open for it would stand until the service ends it.
final class ClientEnd: Sendable {
    private let state = Mutex<(isGone: Bool, exchange: ServiceExchange?)>((false, nil))

    /// - Parameter gone: when its connection, or its stream, is closed.
    init(_ gone: EventLoopFuture<Void>) {
        gone.whenComplete { [self] _ in
            state.withLock { state in
                state.isGone = true
                return state.exchange
            }?.fail(BrokerFailure.cut)
        }
    }

    /// From here on this is what it waits for; one at a time.
    func begin(_ exchange: ServiceExchange) {
        let isGone = state.withLock { state in
            state.exchange = exchange
            return state.isGone
        }
        if isGone { exchange.fail(BrokerFailure.cut) }
    }

    func finish() { state.withLock { $0.exchange = nil } }
}
