import Model
import Synchronization

/// The renewals that go on: one at a time of each secret, since a refresh token is mostly good for one use.
final class RefreshBook: Sendable {
    private struct State {
        var running: [SecretID: Task<Bool, Never>] = [:]
        /// When the last one ended, since boot.
        var ended: [SecretID: Timestamp] = [:]
    }

    /// How long none follows another of the same secret: an agent can have a service refuse whatever it wants.
    static let patience = Duration.seconds(30)

    private let state = Mutex(State())

    /// Renews, or waits for the renewal that goes on; says whether a newer value is there.
    func renew(_ secret: SecretID, now: @escaping @Sendable () -> Timestamp, _ body: @escaping @Sendable () async -> Bool) async -> Bool {
        let task = state.withLock { state -> Task<Bool, Never>? in
            if let running = state.running[secret] { return running }
            if let ended = state.ended[secret], ended <= now(), ended.advanced(by: Self.patience) > now() { return nil }
            // Not the caller's: one that goes away must not break off what uses up a refresh token. Owned by this book until it ends.
            let task = Task { [self] in
                let isRenewed = await body()
                self.state.withLock { state in
                    state.running[secret] = nil
                    state.ended[secret] = now()
                }
                return isRenewed
            }
            state.running[secret] = task
            return task
        }
        return await task?.value ?? false
    }
}
