import Synchronization

/// Who watches something as it happens. Nothing of it outlives a lock.
final class Broadcast<Item: Sendable>: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<Item>.Continuation] = [:]
        var last = 0
    }

    private static var mostListeners: Int { 8 }

    private let state = Mutex(State())
    private let room: Int

    /// Who reads slowly has at most `room` items before them, the newest.
    init(room: Int) { self.room = room }

    func send(_ item: Item) { state.withLock { for listener in $0.listeners.values { listener.yield(item) } } }

    /// What comes from here on, behind what is given; nil where too many listen already.
    func listen(behind items: [Item]) -> AsyncStream<Item>? {
        state.withLock { state in
            guard state.listeners.count < Self.mostListeners else { return nil }
            let (stream, continuation) = AsyncStream.makeStream(of: Item.self, bufferingPolicy: .bufferingNewest(room))
            state.last += 1
            let id = state.last
            continuation.onTermination = { [weak self] _ in self?.forget(id) }
            state.listeners[id] = continuation
            for item in items { continuation.yield(item) }
            return stream
        }
    }

    /// Nobody listens any more.
    func close() {
        let listeners = state.withLock { state in
            defer { state.listeners = [:] }
            return state.listeners
        }
        for listener in listeners.values { listener.finish() }
    }

    private func forget(_ listener: Int) { _ = state.withLock { $0.listeners.removeValue(forKey: listener) } }
}
