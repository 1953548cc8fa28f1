package import Model
import Synchronization

/// One request that came to the broker, as a person sees it who watches.
package struct TrafficItem: Sendable {
    /// Counts from 1 since the vault was unlocked, in the order in which requests ended.
    package fileprivate(set) var number: Int64 = 0
    package var time: Timestamp
    package var agent: String
    package var method: String
    /// The host, and the port where it is not the usual one.
    package var authority: String
    /// Without the query. Where a token stands in it, nothing of it is kept.
    package var path: String
    /// The secrets whose tokens were in it.
    package var secrets: [String]
    /// Why it went nowhere; nil where it was allowed.
    package var denial: String?
    /// The rule that decided, where one did.
    package var rule: String?
    /// How it ended; nil where it was denied.
    package fileprivate(set) var outcome: RequestOutcome?
}

/// The last requests of one unlock, and who watches them. Nothing of it outlives a lock.
final class TrafficBook: Sendable {
    private struct State {
        var last: Int64 = 0
        var kept: [TrafficItem] = []
        /// Those that were allowed and have not ended, by the entry of their intent.
        var ongoing: [Int64: TrafficItem] = [:]
        var watchers: [Int: AsyncStream<TrafficItem>.Continuation] = [:]
        var lastWatcher = 0
    }

    private static let mostKept = 1000
    private static let mostOngoing = 4096
    private static let mostWatchers = 8

    private let state = Mutex(State())

    /// Takes one that was denied.
    func note(_ item: TrafficItem) { state.withLock { Self.add(item, to: &$0) } }

    /// Takes one that was allowed by an entry.
    func begin(_ item: TrafficItem, by entry: Int64) {
        state.withLock { state in
            guard state.ongoing.count < Self.mostOngoing else { return }
            state.ongoing[entry] = item
        }
    }

    func end(_ entry: Int64, _ outcome: RequestOutcome) {
        state.withLock { state in
            guard var item = state.ongoing.removeValue(forKey: entry) else { return }
            item.outcome = outcome
            Self.add(item, to: &state)
        }
    }

    private static func add(_ item: TrafficItem, to state: inout State) {
        var item = item
        state.last += 1
        item.number = state.last
        state.kept.append(item)
        if state.kept.count > mostKept { state.kept.removeFirst(state.kept.count - mostKept) }
        for watcher in state.watchers.values { watcher.yield(item) }
    }

    func items(after number: Int64) -> [TrafficItem] { state.withLock { $0.kept.filter { $0.number > number } } }

    /// What comes from here on, behind what is kept; nil where too many watch already. Who reads slowly loses the oldest.
    func watch(after number: Int64) -> AsyncStream<TrafficItem>? {
        state.withLock { state in
            guard state.watchers.count < Self.mostWatchers else { return nil }
            let (stream, continuation) = AsyncStream.makeStream(of: TrafficItem.self, bufferingPolicy: .bufferingNewest(Self.mostKept))
            state.lastWatcher += 1
            let id = state.lastWatcher
            continuation.onTermination = { [weak self] _ in self?.forget(id) }
            state.watchers[id] = continuation
            for item in state.kept where item.number > number { continuation.yield(item) }
            return stream
        }
    }

    /// Nobody watches any more.
    func close() {
        let watchers = state.withLock { state in
            defer { state = State() }
            return state.watchers
        }
        for watcher in watchers.values { watcher.finish() }
    }

    private func forget(_ watcher: Int) { _ = state.withLock { $0.watchers.removeValue(forKey: watcher) } }
}
