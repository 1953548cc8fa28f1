package import Model
import Synchronization

/// The runs that go on now.
package final class RunRegistry: Sendable {
    /// The most runs an agent may have at once.
    package static let limitPerAgent = 5

    /// What others may know of a run.
    package struct Entry: Sendable {
        package var id: String
        package var standing: Standing
        /// The agent whose run it is, or whose tokens its program has; nil for one that is a person's alone.
        var holder: SessionHolder?
        package var program: String
        package var startedAt: Timestamp
        var stop: @Sendable () -> Void
    }

    private let running = Mutex<[String: Entry]>([:])

    package init() {}

    package var all: [Entry] { running.withLock { $0.values.sorted { $0.startedAt < $1.startedAt } } }

    /// Throws when the agent has too many runs for one more.
    func admit(_ standing: Standing) throws { try running.withLock { try Self.check(standing, in: $0) } }

    /// Enters a run; throws when the agent has too many.
    func begin(_ entry: Entry) throws {
        try running.withLock { running in
            try Self.check(entry.standing, in: running)
            running[entry.id] = entry
        }
    }

    private static func check(_ standing: Standing, in running: [String: Entry]) throws {
        if case .person = standing { return }
        guard running.values.filter({ $0.standing == standing }).count < limitPerAgent else { throw EngineError.tooManyRuns }
    }

    func end(_ id: String) { running.withLock { running in running[id] = nil } }

    func stopAll() { stop { _ in true } }

    /// Stops runs, and says which.
    @discardableResult
    func stop(where isMeant: (Entry) -> Bool) -> Set<String> {
        let meant = all.filter(isMeant)
        for entry in meant { entry.stop() }
        return Set(meant.map(\.id))
    }
}
