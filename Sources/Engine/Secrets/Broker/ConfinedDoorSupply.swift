package import Model

/// A whole agent that lives in a sandbox: the socket there is its badge.
package struct ConfinedAgent: Sendable, Equatable {
    package var id: AgentID
    package var name: SegmentName
    /// The machine's name of the user who started it.
    package var userName: String

    package init(id: AgentID, name: SegmentName, userName: String) { (self.id, self.name, self.userName) = (id, name, userName) }
}

/// Has the keeper's API served in the sandboxes of whole agents.
package protocol ConfinedDoorSupply: Sendable {
    /// Serves it where the agent finds the keeper: whoever comes by it is that agent, and nobody else. Nil where there is no such place.
    func open(at place: any DoorPlace, for agent: ConfinedAgent) -> (any ConfinedDoor)?
}

/// A door of one run. Letting go of it closes it.
package protocol ConfinedDoor: AnyObject, Sendable {
    /// Closes it, and every connection that came by it. Idempotent.
    func end()
}

/// Where whole agents do not find the keeper.
package struct NoConfinedDoors: ConfinedDoorSupply {
    package init() {}

    package func open(at place: any DoorPlace, for agent: ConfinedAgent) -> (any ConfinedDoor)? { nil }
}
