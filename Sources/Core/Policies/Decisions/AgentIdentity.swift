package import Model

/// Which agent asks, as far as the keeper knows it.
package enum AgentIdentity: Sendable, Hashable, CustomStringConvertible {
    /// An agent that showed the badge of this name.
    case agent(SegmentName)
    /// A peer without a badge.
    case unidentified

    /// The `agent_id` that stands for a peer without a badge. No pattern with a wildcard matches it.
    package static let unidentifiedName = "unidentified"

    /// The name that `agent_id` patterns are matched against; nil for a peer without a badge.
    ///
    /// An agent that was named `unidentified` counts as one: a name never gives more than a badge would.
    var name: SegmentName? {
        guard case .agent(let name) = self, name.description != Self.unidentifiedName else { return nil }
        return name
    }

    package var description: String { name?.description ?? Self.unidentifiedName }
}
