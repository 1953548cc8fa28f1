import Model
import NIOCore
import Secrets
import Synchronization

/// The connections that are open, with the peer that the kernel named for each.
final class ConnectionBook: Sendable {
    private struct State {
        var doors: [ObjectIdentifier: DoorFacts] = [:]
        var last: UInt64 = 0
    }

    private let state = Mutex(State())
    private let finder: PeerFinder
    private let ended: @Sendable (UInt64) -> Void

    /// `ended` is called once for every connection that has closed.
    init(finder: PeerFinder, ended: @escaping @Sendable (UInt64) -> Void) {
        self.finder = finder
        self.ended = ended
    }

    /// The door of a connection; its peer is looked up once. Nil when the peer is gone.
    func door(of channel: any Channel) async throws -> DoorFacts? {
        let key = ObjectIdentifier(channel)
        if let door = state.withLock({ $0.doors[key] }) { return door }
        guard let peer = try await finder.peer(of: channel) else { return nil }
        let door = state.withLock { state in
            state.last += 1
            let door = DoorFacts(peer: peer, connection: state.last)
            state.doors[key] = door
            return door
        }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { _ = $0.doors.removeValue(forKey: key) }
            ended(door.connection)
        }
        return door
    }
}
