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
        package var program: String
        package var startedAt: Timestamp
        var stop: @Sendable () -> Void
    }

    private let running = Mutex<[String: Entry]>([:])

    package init() {}

    package var all: [Entry] { running.withLock { $0.values.sorted { $0.startedAt < $1.startedAt } } }

    /// Enters a run; throws when the agent has too many.
    func begin(_ entry: Entry) throws {
        try running.withLock { running in
            if case .person = entry.standing {
            } else {
                guard running.values.filter({ $0.standing == entry.standing }).count < Self.limitPerAgent else { throw EngineError.tooManyRuns }
            }
            running[entry.id] = entry
        }
    }

    func end(_ id: String) { running.withLock { running in running[id] = nil } }

    func stopAll() {
        for entry in all { entry.stop() }
    }
}
