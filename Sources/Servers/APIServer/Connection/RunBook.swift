import Synchronization

/// The runs whose outcome is not written yet, each with what stops it.
final class RunBook: Sendable {
    private struct State {
        var stops: [UInt64: StopSignal] = [:]
        var last: UInt64 = 0
        /// Who waits until none is left.
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Enters a run; the number is for `ended`.
    func began(_ stop: StopSignal) -> UInt64 {
        state.withLock { state in
            state.last += 1
            state.stops[state.last] = stop
            return state.last
        }
    }

    /// The run's outcome is written.
    func ended(_ number: UInt64) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.stops[number] = nil
            guard state.stops.isEmpty else { return [] }
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Stops every run and waits, so long at most, until their outcomes are written.
    func stopAll(within patience: Duration) async {
        for stop in state.withLock({ Array($0.stops.values) }) { stop.send() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.empty() }
            group.addTask { try? await Task.sleep(for: patience) }
            await group.next()
            group.cancelAll()
        }
    }

    private func empty() async {
        let number = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isEmpty = state.withLock { state in
                    guard !state.stops.isEmpty, !Task.isCancelled else { return true }
                    state.waiting[number] = continuation
                    return false
                }
                if isEmpty { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
        }
    }
}
