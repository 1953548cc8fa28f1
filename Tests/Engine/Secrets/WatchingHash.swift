import Envelopes
import Model
import Synchronization

@testable import Secrets

/// A cheap hash that asks something whenever it is used.
final class WatchingHash: PasswordHash {
    static let shared = WatchingHash()
    private let state = Mutex<(question: (@Sendable () -> Bool)?, verdicts: [Bool])>((nil, []))

    var verdicts: [Bool] { state.withLock { $0.verdicts } }

    func watch(_ question: @escaping @Sendable () -> Bool) { state.withLock { $0 = (question, []) } }

    func derive(password: SecretValue, parameters: PasswordHashParameters) throws -> SecretValue {
        if let question = state.withLock({ $0.question }) {
            let verdict = question()
            state.withLock { $0.verdicts.append(verdict) }
        }
        return try CheapHash().derive(password: password, parameters: parameters)
    }
}
