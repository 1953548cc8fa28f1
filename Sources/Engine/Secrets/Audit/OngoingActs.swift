import Auditing
import Model
import Synchronization

/// The intents whose acts still go on: verification does not miss their outcomes.
final class OngoingActs: Sendable {
    private let known = Mutex<Set<Int64>>([])

    var indices: Set<Int64> { known.withLock { $0 } }

    func begin(_ index: Int64) { known.withLock { _ = $0.insert(index) } }

    fileprivate func end(_ index: Int64) { known.withLock { _ = $0.remove(index) } }

    /// Keeps an act among those that go on as long as somebody holds the mark.
    final class Mark: Sendable {
        private let index: Int64
        private let acts: OngoingActs

        init(_ index: Int64, in acts: OngoingActs) {
            self.index = index
            self.acts = acts
        }

        deinit { acts.end(index) }
    }
}

/// What outlives a lock.
struct Lasting: Sendable {
    let sessions: SessionBook
    let ongoing: OngoingActs
    let pending: PendingBook
    let runs = RunRegistry()
    let answers = AnswerLedger()
    let limits = RequestLimits()
    let usages = TokenUsages()
    let backups = BackupTurn()
    let shown = UnknownTexts()
}

extension Lasting {
    /// Keeps, while the vault is locked, how an act ended and what it answered that was not counted before: both are written after the next unlock.
    func keep(_ access: AuthorizedAccess, result: String, detail: [AuditFact], answers: [SecretID: Int], clock: MachineClock) {
        _ = self.answers.take(answers, of: access.asker.agent, at: clock.now())
        pending.keep(access.outcome(result, detail: detail, clock: clock))
    }
}
