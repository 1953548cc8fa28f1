import Model
import Secrets
import Synchronization

/// Session files that lie in the test's hands.
final class FakeSessionFiles: SessionFileSupply {
    private struct State {
        var drafts: [String: SessionFileDraft] = [:]
        var ended: [String: @Sendable () -> Void] = [:]
        var removed: [String] = []
        var failure: EngineError?
        var pause: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// What is there now.
    var drafts: [SessionFileDraft] { state.withLock { $0.drafts.values.sorted { $0.id < $1.id } } }
    var removed: [String] { state.withLock { $0.removed } }
    func fail(with error: EngineError?) { state.withLock { $0.failure = error } }
    /// Runs while a file is written.
    func whileWriting(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.pause = body } }

    /// The last reader has come.
    func exhaust(_ id: String) {
        let ended = state.withLock { state in
            state.drafts[id] = nil
            return state.ended.removeValue(forKey: id)
        }
        ended?()
    }

    func make(_ draft: SessionFileDraft, ended: @escaping @Sendable () -> Void) throws -> SessionFilePlace {
        state.withLock(\.pause)?()
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            state.drafts[draft.id] = draft
            state.ended[draft.id] = ended
        }
        return SessionFilePlace(path: "/run/\(draft.id)", isInMemory: true)
    }

    func remove(_ id: String) {
        state.withLock { state in
            guard state.drafts.removeValue(forKey: id) != nil else { return }
            state.removed.append(id)
        }
    }
}
