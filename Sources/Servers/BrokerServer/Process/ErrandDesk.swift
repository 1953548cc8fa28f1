import Synchronization

/// Takes what the keeper says, and keeps the errands that go on.
final class ErrandDesk: Sendable {
    private let parts: BrokerParts
    private let running = Mutex<[ErrandID: Task<Void, Never>]>([:])

    init(_ parts: BrokerParts) { self.parts = parts }

    /// Says whether the keeper speaks as a keeper does.
    func take(_ message: ControlMessage) -> Bool {
        switch message {
        case .errand(let id, let errand): start(ErrandRun(id: id, errand: errand, broker: parts))
        case .allow(let id, let leave): parts.link.answer(id, leave)
        case .refuse(let id): parts.link.answer(id, nil)
        case .cancel(let id): running.withLock { $0[id] }?.cancel()
        case .ask, .outcome, .reply, .failure: return false
        }
        return true
    }

    /// Nothing is asked or sent any more.
    func close() {
        parts.link.close()
        running.withLock { running in
            for task in running.values { task.cancel() }
        }
    }

    private func start(_ errand: ErrandRun) {
        running.withLock { running in
            // Owned by the desk, which cancels it at its end.
            running[errand.id] = Task {
                await parts.link.send(await errand.run())
                self.running.withLock { $0[errand.id] = nil }
            }
        }
    }
}
