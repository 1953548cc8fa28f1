package import Model

/// What an agent asked a person for, and what became of it: the content of one row.
///
/// It is pending until a person decides or `expiresAt` passes. What was approved has a budget, and each use takes one from it.
package struct ApprovalRequest: Sendable, Equatable {
    package var createdAt: Timestamp
    /// When a request that nobody decided is denied.
    package var expiresAt: Timestamp
    package var asker: Asker
    package var matter: Matter
    /// The agent's own words, quoted; shown after our facts.
    package var purpose: String
    /// The rule that wants a person, or the capability.
    package var rule: String
    package internal(set) var state: State = .pending

    /// Who asks, as the keeper knows it; `reportedModel` is what the agent says of itself.
    package struct Asker: Sendable, Equatable {
        package var agent: AgentID?
        package var name: String?
        package var reportedModel: String?
        package var user: String
        package var host: String
        package var process: Int64
        package var executable: String

        package init(
            agent: AgentID?, name: String?, reportedModel: String?, user: String, host: String, process: Int64, executable: String
        ) {
            self.agent = agent
            self.name = name
            self.reportedModel = reportedModel
            self.user = user
            self.host = host
            self.process = process
            self.executable = executable
        }
    }

    /// What is asked for.
    package enum Matter: Sendable, Equatable {
        /// The use of secrets, exactly this one; the names are for showing, one for each secret.
        case use(ApprovalSubject, names: [String])
        /// New secrets or rights, which a person makes with their own hands.
        case proposal(Proposal)
    }

    /// What an agent would like to have.
    package struct Proposal: Sendable, Equatable {
        package var scope: String
        package var names: [String]
        /// The capability's word; nil when values are to be stored.
        package var capability: String?
        /// The program that the agent would use it with, in its own words: nobody opened it, and it authorizes nothing. Nil where none was named.
        package var program: String?
        /// The env file that the agent would have imported, as an absolute path in its own words: nobody opened it. Nil where none was named.
        package var file: String?

        package init(scope: String, names: [String], capability: String?, program: String? = nil, file: String? = nil) {
            self.scope = scope
            self.names = names
            self.capability = capability
            self.program = program
            self.file = file
        }
    }

    package enum State: Sendable, Equatable {
        case pending
        case approved(Budget)
        case denied(at: Timestamp)
        /// A proposal that a person completed.
        case done(at: Timestamp)
    }

    /// How often, and until when, what was approved may be used.
    package struct Budget: Sendable, Equatable {
        package var uses: Int64
        package var until: Timestamp

        package init(uses: Int64, until: Timestamp) {
            self.uses = uses
            self.until = until
        }
    }

    package init(createdAt: Timestamp, expiresAt: Timestamp, asker: Asker, matter: Matter, purpose: String, rule: String) {
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.asker = asker
        self.matter = matter
        self.purpose = purpose
        self.rule = rule
    }
}

extension ApprovalRequest {
    /// How long a request waits for a person.
    package static let patience = Duration.seconds(10 * 60)
    /// The largest budget that one decision can give.
    package static let largestBudget = (uses: Int64(100), time: Duration.seconds(8 * 60 * 60))

    /// Where a request stands at a moment.
    package enum Standing: Sendable, Equatable {
        case pending
        case approved(Budget)
        case denied
        /// Nobody decided in time, or the time of the approval is over.
        case expired
        /// Every use was taken.
        case usedUp
        case done
    }

    package func standing(at now: Timestamp) -> Standing {
        switch state {
        case .pending: now < expiresAt ? .pending : .expired
        case .approved(let budget):
            if budget.uses < 1 { .usedUp } else if now >= budget.until { .expired } else { .approved(budget) }
        case .denied: .denied
        case .done: .done
        }
    }

    /// How long a request that was denied stays so, asked again.
    package static let denialLife = Duration.seconds(10 * 60)

    /// Whether a person denied this, and so short a time ago that they are not asked again.
    package func isFreshlyDenied(at now: Timestamp) -> Bool { deniedUntil.map { now < $0 } ?? false }

    /// Until when a denial answers the same, asked again; nil where nobody denied.
    package var deniedUntil: Timestamp? { if case .denied(let moment) = state { moment.advanced(by: Self.denialLife) } else { nil } }

    /// Whether both ask for the same.
    package func asksForTheSame(as other: ApprovalRequest) -> Bool {
        switch (matter, other.matter) {
        case (.use(let own, _), .use(let subject, _)): own.digest == subject.digest
        case (.proposal(let own), .proposal(let proposal)): own == proposal
        default: false
        }
    }

    package var isProposal: Bool { if case .proposal = matter { true } else { false } }

    /// Approves a pending request. Whoever calls this has asked a person.
    package mutating func approve(_ budget: Budget, at now: Timestamp) throws(ApprovalError) {
        guard standing(at: now) == .pending else { throw .notPending }
        guard case .use = matter else { throw .isProposal }
        let longest = now.advanced(by: Self.largestBudget.time)
        guard (1...Self.largestBudget.uses).contains(budget.uses), now < budget.until, budget.until <= longest else { throw .budgetTooLarge }
        state = .approved(budget)
    }

    /// Denies a pending request, or takes an approval back.
    package mutating func deny(at now: Timestamp) throws(ApprovalError) {
        switch standing(at: now) {
        case .pending, .approved: state = .denied(at: now)
        case .denied, .expired, .usedUp, .done: throw .notPending
        }
    }

    /// Ends a request that nobody waits for any more, or an approval that is good for nothing any more: it is over as if its time were.
    package mutating func withdraw(at now: Timestamp) throws(ApprovalError) {
        switch standing(at: now) {
        case .pending: expiresAt = now
        case .approved(let budget): state = .approved(Budget(uses: budget.uses, until: now))
        case .denied, .expired, .usedUp, .done: throw .notPending
        }
    }

    /// Marks a proposal as done by a person.
    package mutating func complete(at now: Timestamp) throws(ApprovalError) {
        guard standing(at: now) == .pending else { throw .notPending }
        guard case .proposal = matter else { throw .isUse }
        state = .done(at: now)
    }

    /// Takes one use for exactly this subject; why not, otherwise. The changed row is stored together with the entry of the use.
    package mutating func take(for subject: ApprovalSubject, at now: Timestamp) throws(ApprovalError) {
        guard case .use(let approved, _) = matter, approved.digest == subject.digest else { throw .otherSubject }
        guard case .approved(var budget) = standing(at: now) else { throw .notApproved }
        budget.uses -= 1
        state = .approved(budget)
    }
}
