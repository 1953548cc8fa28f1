import Synchronization

/// Wakes those who wait for a person's decision. It says that something was decided, not what: whoever wakes looks.
final class DecisionBell: Sendable {
    private struct State {
        var next: UInt64 = 0
        var count: UInt64
        var streams: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var isClosed = false
    }

    private let waiting: Mutex<State>

    /// `start` tells the counts of one unlock from those of another.
    init(start: UInt64) { waiting = Mutex(State(count: start)) }

    /// How often it rang, and where it started.
    var count: UInt64 { waiting.withLock(\.count) }

    /// Something was decided.
    func ring() { wake { $0.count &+= 1 } }

    /// The vault is locked: who waits is to let go of it.
    func close() { wake { $0.isClosed = true } }

    /// Has everybody look, though nothing was decided: whoever one of them waits for has gone.
    func wake() { wake { _ in } }

    private func wake(_ change: (inout State) -> Void) {
        let streams = waiting.withLock { state in
            change(&state)
            return state.streams.values.map(\.self)
        }
        for stream in streams { stream.yield() }
    }

    /// A decision may have come since this was asked for; ask for it before looking. Throws when the vault is locked.
    func listen() throws(EngineError) -> Listener {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let key: UInt64? = waiting.withLock { waiting in
            guard !waiting.isClosed else { return nil }
            waiting.next += 1
            waiting.streams[waiting.next] = continuation
            return waiting.next
        }
        guard let key else { throw .locked }
        return Listener(stream: stream, key: key, bell: self)
    }

    fileprivate func forget(_ key: UInt64) {
        let stream = waiting.withLock { $0.streams.removeValue(forKey: key) }
        stream?.finish()
    }

    /// Hears the bell as long as it is held.
    final class Listener: Sendable {
        private let stream: AsyncStream<Void>
        private let key: UInt64
        private let bell: DecisionBell

        init(stream: AsyncStream<Void>, key: UInt64, bell: DecisionBell) {
            self.stream = stream
            self.key = key
            self.bell = bell
        }

        deinit { bell.forget(key) }

        /// Waits for the next ring, but not longer than `limit`.
        func wait(atMost limit: Duration) async {
            await withTaskGroup(of: Void.self) { [stream] group in
                group.addTask { for await _ in stream { return } }
                group.addTask { try? await Task.sleep(for: limit) }
                await group.next()
                group.cancelAll()
            }
        }
    }
}
