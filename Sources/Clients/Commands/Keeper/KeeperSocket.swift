import TacitClient
import TacitWire

/// The keeper's socket.
enum KeeperSocket {
    /// Whether somebody listens.
    static func answers(_ path: String) -> Bool { (try? KeeperConnection(socketPath: path)) != nil }

    /// Connects, and starts the keeper when nobody listens.
    static func connect(_ context: CommandContext) throws -> KeeperConnection {
        do throws(ClientError) {
            return try KeeperConnection(socketPath: context.paths.socket)
        } catch .noKeeper {
            try context.starter.start(context.paths)
        } catch {
            throw CommandFailure(error)
        }
        do throws(ClientError) { return try KeeperConnection(socketPath: context.paths.socket) } catch { throw CommandFailure(error) }
    }
}
