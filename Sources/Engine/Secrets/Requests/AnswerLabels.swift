import Model
import Synchronization

/// Whose values a broker has, by label: a reply to one request may answer a guess about the value of another, also of another door of the broker.
final class AnswerLabels: Sendable {
    private let secrets = Mutex<[String: SecretID]>([:])

    func note(_ label: String, of secret: SecretID) { secrets.withLock { $0[label] = secret } }

    /// All whose values it has.
    var known: Set<SecretID> { secrets.withLock { Set($0.values) } }

    func secret(of label: String) -> SecretID? { secrets.withLock { $0[label] } }
}
