import TacitWire

/// Registers an agent and keeps its badge: nothing is registered whose badge cannot be kept, and no badge is kept that is not registered.
struct AgentRegistration {
    private let name: String
    private let door: VaultDoor
    private let badge: BadgeFile

    init(_ name: String, _ door: VaultDoor, in paths: LocalPaths) throws {
        self.name = name
        self.door = door
        badge = try BadgeFile(agent: name, in: paths)
    }

    /// Asks for the password, registers, and returns where the badge lies.
    @discardableResult
    func perform() throws -> String {
        try badge.open()
        do {
            try door.askFirst()
            let added: AgentAdded = try door.send("POST", WirePath.agents, json: NameRequest(name: name))
            try badge.write(added.badge)
            return badge.path
        } catch {
            badge.remove()
            throw error
        }
    }
}
