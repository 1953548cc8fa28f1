import Brokering
import NIOCore
import Secrets
import Synchronization

/// A broker's way to its keeper: asks whether requests may leave, and tells how they ended.
final class KeeperLink: Sendable {
    private struct State {
        var last: Int64 = 0
        /// Nil once the keeper is gone: nothing may leave any more.
        var waiting: [AskID: CheckedContinuation<RequestLeave?, Never>]? = [:]
    }

    private let state = Mutex(State())
    private let writer: NIOAsyncChannelOutboundWriter<ControlMessage>

    init(_ writer: NIOAsyncChannelOutboundWriter<ControlMessage>) { self.writer = writer }

    /// Asks; nil where the answer is no, or there is nobody who answers.
    func ask(_ request: AskedRequest, for errand: ErrandID) async -> (id: AskID, leave: RequestLeave)? {
        let id = state.withLock { state in
            state.last += 1
            return AskID(number: state.last)
        }
        let leave = await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                state.waiting?[id] = continuation
                return state.waiting != nil
            }
            guard isOpen else { return continuation.resume(returning: nil) }
            // Owned by the continuation: it is answered when the message cannot be sent.
            Task { if await !send(.ask(id, errand, request)) { answer(id, nil) } }
        }
        return leave.map { (id, $0) }
    }

    /// The keeper's answer; nil for no.
    func answer(_ id: AskID, _ leave: RequestLeave?) {
        state.withLock { $0.waiting?.removeValue(forKey: id) }?.resume(returning: leave)
    }

    /// Nobody answers any more.
    func close() {
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
        for continuation in waiting?.values ?? [:].values { continuation.resume(returning: nil) }
    }

    /// Says whether it could be sent.
    @discardableResult
    func send(_ message: ControlMessage) async -> Bool {
        do {
            try await writer.write(message)
            return true
        } catch { return false }
    }
}
