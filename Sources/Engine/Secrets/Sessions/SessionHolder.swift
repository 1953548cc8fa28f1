import Model
import Policies

/// Whose sessions, acknowledgements and files are meant: an agent's, by its badge, or, without a badge, the very process's that asked.
///
/// Processes without a badge are all the same to a policy; what one of them was given does not become the next one's.
enum SessionHolder: Sendable, Hashable {
    case agent(AgentID)
    case process(Int32, start: UInt64)

    var isProcess: Bool { if case .process = self { true } else { false } }

    /// Whether it is this agent; with nil, whether it is a program without a badge.
    func isOf(_ agent: AgentID?) -> Bool { if case .agent(let id) = self { id == agent } else { agent == nil } }
}

extension Asker {
    /// Nil for a person, who needs no session.
    var holder: SessionHolder? {
        switch standing {
        case .person: nil
        case .agent(let id, _): .agent(id)
        case .unidentified: .process(origin.process, start: processStart)
        }
    }

    /// The name that policies match; for a person, nothing they are asked about.
    var agentName: String {
        if case .agent(_, let name) = standing { name.description } else { AgentIdentity.unidentifiedName }
    }
}
