import Auditing
import Model
import Storage
import Synchronization

/// What waits for the next unlock to be written to the log: acts that came while the vault was locked, and outcomes of what began before.
final class PendingBook: Sendable {
    /// How many outcomes are kept. One that is lost shows in the log as missing.
    private static let outcomeCapacity = 1000

    /// What waits at one moment.
    struct Waiting: Sendable {
        fileprivate var list: PendingList
        var outcomes: [AuditEntry]

        var acts: [PendingAct] { list.acts }
        var damagedLines: Int { list.damagedLines }
    }

    private let file: any StateFile
    private let state = Mutex(State())

    private struct State {
        /// The file's content; nil until it was read.
        var list: PendingList?
        var outcomes: [AuditEntry] = []
        /// Whose outcomes they are; nil before a vault was opened.
        var organization: OrganizationID?
    }

    init(_ file: any StateFile) { self.file = file }

    /// Adds an act, durably; identical ones are counted. Throws when there is no room: then the act is to be refused.
    func append(_ entry: AuditEntry) throws {
        try state.withLock { state in
            var list = try state.list ?? read()
            do {
                let line = try list.add(entry)
                if list.shouldBeRewritten { try file.store(list.encoded()) } else { try file.append(line) }
            } catch AuditingError.pendingListFull { throw EngineError.logFull }
            state.list = list
        }
    }

    /// Keeps how an act ended whose intent is in the log. Names stay out: they do not outlive the lock.
    func keep(_ outcome: AuditEntry) {
        var outcome = outcome
        outcome.subjects = []
        outcome.detail.append(.whileLocked)
        state.withLock { if $0.outcomes.count < Self.outcomeCapacity { $0.outcomes.append(outcome) } }
    }

    /// Tells which vault was opened at this place. The intents of another one's outcomes are in its own log.
    func belong(to organization: OrganizationID) {
        state.withLock { state in
            if let known = state.organization, known != organization { state.outcomes = [] }
            state.organization = organization
        }
    }

    func waiting() throws -> Waiting {
        try state.withLock { state in
            let list = try state.list ?? read()
            state.list = list
            return Waiting(list: list, outcomes: state.outcomes)
        }
    }

    /// Forgets what was written to the log. When more acts came meanwhile all are kept: one too many is better than one too few.
    func clear(_ written: Waiting) throws {
        try state.withLock { state in
            state.outcomes.removeFirst(written.outcomes.count)
            guard state.list == written.list, !written.list.isEmpty || written.damagedLines > 0 else { return }
            try file.store([])
            state.list = PendingList()
        }
    }

    private func read() throws -> PendingList { try file.load().map { PendingList(decoding: $0) } ?? PendingList() }
}

extension AuditFact {
    /// Marks what was not written when it happened.
    static let whileLocked = AuditFact("recorded", "while locked")
}
