import APIServer
import Secrets
import Synchronization

/// Lets the keeper listen in the sandboxes of whole agents.
final class ConfinedDoorLauncher: ConfinedDoorSupply {
    private let server = Mutex<KeeperServer?>(nil)

    /// The server is made for the vault, and so after this.
    func serve(by keeper: KeeperServer) { server.withLock { $0 = keeper } }

    func open(at place: any DoorPlace, for agent: ConfinedAgent) -> (any ConfinedDoor)? {
        guard let server = server.withLock(\.self), let listener = (place as? ListeningPlace)?.takeKeeper() else { return nil }
        return server.serve(agent, at: listener)
    }
}
