import Synchronization

/// How many requests of an agent's programs wait for a person. Those of one question are many, too, and each is room with the broker.
final class WaitingPrograms: Sendable {
    private let counts = Mutex<[SessionHolder: Int]>([:])

    func begin(_ holder: SessionHolder) throws(EngineError) {
        let hasRoom = counts.withLock { counts in
            guard counts[holder, default: 0] < OpenVault.mostWaiting else { return false }
            counts[holder, default: 0] += 1
            return true
        }
        guard hasRoom else { throw .denied(.tooManyRequests) }
    }

    func end(_ holder: SessionHolder) {
        counts.withLock { counts in
            guard let count = counts[holder] else { return }
            counts[holder] = count > 1 ? count - 1 : nil
        }
    }
}
