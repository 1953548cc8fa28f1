import Auditing
import Model
import Policies

/// What is asked for, and what it takes.
struct Act: Sendable {
    var action: AuditAction
    var mode: AccessMode
    var needs: Requirement

    /// What an act takes of whoever asks.
    enum Requirement: Sendable, Equatable {
        /// A person.
        case person
        /// A person who was asked again on this connection.
        case stepUp
        /// As `stepUp`, or within the reveal grace of the terminal.
        case reveal
        /// A person, or an agent to whom the policy gives this capability.
        case capability(Capability)
        /// A person, or an agent to whom the policy lets anything there be known.
        case listing
        /// Anyone: the answer tells what the policy lets be known, and nothing else.
        case nothing

        var isOpenToAgents: Bool {
            switch self {
            case .person, .stepUp, .reveal: false
            case .capability, .listing, .nothing: true
            }
        }
    }

    init(_ action: AuditAction, _ mode: AccessMode, _ needs: Requirement) {
        self.action = action
        self.mode = mode
        self.needs = needs
    }
}
