import TacitClient
import TacitWire

/// Registers an agent and keeps its badge: nothing is registered whose badge cannot be kept, and no badge is kept that is not registered.
struct AgentRegistration {
    private let name: String
    private let door: VaultDoor
    private let badge: BadgeFile

    /// Where the badge lies, and where that of another vault, which had its place, lies now.
    struct Outcome {
        var path: String
        var replaced: String?
    }

    init(_ name: String, _ door: VaultDoor, in paths: LocalPaths) throws {
        self.name = name
        self.door = door
        badge = try BadgeFile(agent: name, in: paths)
    }

    /// Asks for the password and registers. A badge that this vault does not know is moved aside: it is that of an agent of another vault, or of a former one.
    @discardableResult
    func perform() throws -> Outcome {
        let replaced = try open()
        do {
            try door.askFirst()
            let added: AgentAdded = try door.send("POST", WirePath.agents, json: NameRequest(name: name))
            try badge.write(added.badge)
            return Outcome(path: badge.path, replaced: replaced)
        } catch {
            badge.remove()
            if replaced != nil { badge.putBack() }
            throw error
        }
    }

    /// Makes the badge's file; where one lay there that the vault does not know, the path at which it lies now.
    private func open() throws -> String? {
        do {
            try badge.open()
            return nil
        } catch let failure as CommandFailure where failure.code == BadgeFile.exists {
            try door.askFirst()
            guard AgentBadge.standing(of: name, door.context) == .unknown else { throw failure }
            let replaced = try badge.setAside()
            do { try badge.open() } catch {
                badge.putBack()
                throw error
            }
            return replaced
        }
    }
}
