import Model
import NIOCore
import Secrets
import Synchronization

/// The connections that are open, with the peer that the kernel named for each.
final class ConnectionBook: Sendable {
    /// The most connections at once; no more are accepted while so many are open.
    static let limit = 512
    /// What is kept free for persons: beyond the rest, whoever else has been silent longest is closed for each that comes.
    static let reserve = 64

    private struct Connection {
        let channel: any Channel
        let deadline: RequestDeadline
        var door: DoorFacts?
        var isPerson = false
        /// Whether it was told to close, to make room: it makes no more by being told again.
        var isGoing = false
        var requests = 0
        /// The number of the last event in the book: who has the smallest was silent longest.
        var lastEvent: UInt64
    }

    private struct State {
        var isClosed = false
        var open: [ObjectIdentifier: Connection] = [:]
        var events: UInt64 = 0
        var lastDoor: UInt64 = 0

        mutating func event() -> UInt64 {
            events += 1
            return events
        }
    }

    private let state = Mutex(State())
    private let finder: PeerFinder
    private let limit: Int
    private let agent: ConfinedAgent?
    private let ended: @Sendable (UInt64) -> Void

    /// Beyond `limit` connections those of others than persons make room. `ended` is called once for every connection that asked for something and has closed.
    init(finder: PeerFinder, limit: Int, ended: @escaping @Sendable (UInt64) -> Void) {
        (self.finder, self.limit, self.ended, agent) = (finder, limit, ended, nil)
    }

    /// The connections from the sandbox of one agent. None of them is ever a person's, so that nobody has to know of their ends.
    init(of agent: ConfinedAgent, limit: Int) {
        (self.agent, self.limit, finder, ended) = (agent, limit, .withoutLook, { _ in })
    }

    /// Enters a connection that was accepted, and makes room where others take too much.
    func opened(_ channel: any Channel, _ deadline: RequestDeadline) {
        let key = ObjectIdentifier(channel)
        let crowdedOut = state.withLock { state -> (any Channel)? in
            guard !state.isClosed else { return channel }
            state.open[key] = Connection(channel: channel, deadline: deadline, lastEvent: state.event())
            guard state.open.values.count(where: { !$0.isGoing }) > limit else { return nil }
            let silent = state.open.filter { !$0.value.isPerson && $0.value.requests == 0 && !$0.value.isGoing }
            guard let longest = silent.min(by: { $0.value.lastEvent < $1.value.lastEvent }) else { return nil }
            state.open[longest.key]?.isGoing = true
            return longest.value.channel
        }
        channel.closeFuture.whenComplete { [self] _ in closed(key) }
        crowdedOut?.close(promise: nil)
    }

    private func closed(_ key: ObjectIdentifier) {
        let connection = state.withLock { $0.open.removeValue(forKey: key) }
        connection?.deadline.lift()
        if let door = connection?.door { ended(door.connection) }
    }

    /// The door of a connection; its peer is looked up once. Nil when the peer is gone.
    func door(of channel: any Channel) async throws -> DoorFacts? {
        let key = ObjectIdentifier(channel)
        if let door = state.withLock({ $0.open[key]?.door }) { return door }
        guard let peer = try await finder.peer(of: channel) else { return nil }
        return state.withLock { state in
            guard state.open[key] != nil else { return nil }
            state.lastDoor += 1
            let door = DoorFacts(peer: peer, connection: state.lastDoor, agent: agent)
            state.open[key]?.door = door
            return door
        }
    }

    /// Closes every connection, and each that is still to come.
    func close() {
        let channels = state.withLock { state in
            state.isClosed = true
            return state.open.values.map(\.channel)
        }
        for channel in channels { channel.close(promise: nil) }
    }

    /// What the time limit of the connection's request is.
    func deadline(of channel: any Channel) -> RequestDeadline? { state.withLock { $0.open[ObjectIdentifier(channel)]?.deadline } }

    /// A request begins: its connection is not closed for silence.
    func began(on channel: any Channel) { change(channel) { $0.requests += 1 } }

    /// A request has its answer. The connection of a person stays one.
    func answered(on channel: any Channel, isPerson: Bool) {
        change(channel) { connection in
            connection.isPerson = connection.isPerson || isPerson
            connection.requests -= 1
        }
    }

    private func change(_ channel: any Channel, _ body: (inout Connection) -> Void) {
        state.withLock { state in
            let event = state.event()
            guard var connection = state.open[ObjectIdentifier(channel)] else { return }
            connection.lastEvent = event
            body(&connection)
            state.open[ObjectIdentifier(channel)] = connection
        }
    }
}
