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
    }

    private static let mostKept = 1000
    private static let mostOngoing = 4096

    private let state = Mutex(State())
    private let watchers = Broadcast<TrafficItem>(room: mostKept)

    /// Takes one that was denied.
    func note(_ item: TrafficItem) { state.withLock { add(item, to: &$0) } }

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
            add(item, to: &state)
        }
    }

    private func add(_ item: TrafficItem, to state: inout State) {
        var item = item
        state.last += 1
        item.number = state.last
        state.kept.append(item)
        if state.kept.count > Self.mostKept { state.kept.removeFirst(state.kept.count - Self.mostKept) }
        watchers.send(item)
    }

    func items(after number: Int64) -> [TrafficItem] { state.withLock { $0.kept.filter { $0.number > number } } }

    /// What comes from here on, behind what is kept; nil where too many watch already. Who reads slowly loses the oldest.
    func watch(after number: Int64) -> AsyncStream<TrafficItem>? {
        state.withLock { state in watchers.listen(behind: state.kept.filter { $0.number > number }) }
    }

    /// Nobody watches any more.
    func close() {
        state.withLock { $0 = State() }
        watchers.close()
    }
}
