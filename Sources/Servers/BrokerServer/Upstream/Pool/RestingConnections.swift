import NIOCore

/// Connections that no request uses, and which of them may be used again: a value without sockets and without a clock.
struct RestingConnections<Connection> {
    struct Resting {
        let connection: Connection
        let id: ObjectIdentifier
        let loop: ObjectIdentifier
        /// When it was opened, since when it rests, and until when it may be used.
        let opened: NIODeadline
        let since: NIODeadline
        let until: NIODeadline
    }

    private var byKey: [ConnectionKey: [Resting]] = [:]
    private(set) var count = 0

    /// How many rest at once, and for one key.
    static var most: Int { 128 }
    static var mostOfKey: Int { 64 }
    /// How long one rests.
    static var restTime: TimeAmount { .seconds(60) }
    /// How long one is used: then the host's name is looked up again, and its addresses judged.
    static var age: TimeAmount { .minutes(10) }
    /// How long one may have rested for a request that cannot be sent twice: services keep connections for five seconds and longer.
    static var briefRest: TimeAmount { .seconds(3) }

    /// A connection for a request; that which rested last, and best one of the same loop.
    mutating func take(_ key: ConnectionKey, on loop: ObjectIdentifier, replayable: Bool, at now: NIODeadline) -> Connection? {
        guard var resting = byKey[key] else { return nil }
        let fits = { (one: Resting) in now < one.until && (replayable || now - one.since < Self.briefRest) }
        guard let index = resting.lastIndex(where: { $0.loop == loop && fits($0) }) ?? resting.lastIndex(where: fits) else { return nil }
        let taken = resting.remove(at: index)
        byKey[key] = resting.isEmpty ? nil : resting
        count -= 1
        return taken.connection
    }

    /// Takes one back; those that have to go for it, or itself.
    mutating func rest(
        _ connection: Connection, id: ObjectIdentifier, _ key: ConnectionKey, on loop: ObjectIdentifier, opened: NIODeadline,
        keptFor time: TimeAmount?, at now: NIODeadline
    ) -> [Connection] {
        // The service may close it when its own time has come, and a request on its way would meet that.
        let served = time.map { $0 - .seconds(1) } ?? Self.restTime
        let until = min(now + min(served, Self.restTime), opened + Self.age)
        guard until > now else { return [connection] }
        var gone = end(at: now)
        if byKey[key, default: []].count >= Self.mostOfKey { gone += removeOldest(of: key) }
        if count >= Self.most, let oldest = byKey.min(by: { $0.value[0].since < $1.value[0].since })?.key { gone += removeOldest(of: oldest) }
        byKey[key, default: []].append(Resting(connection: connection, id: id, loop: loop, opened: opened, since: now, until: until))
        count += 1
        return gone
    }

    private mutating func removeOldest(of key: ConnectionKey) -> [Connection] {
        guard let oldest = byKey[key]?.removeFirst() else { return [] }
        if byKey[key]?.isEmpty == true { byKey[key] = nil }
        count -= 1
        return [oldest.connection]
    }

    /// Forgets one that has ended.
    mutating func forget(_ id: ObjectIdentifier, _ key: ConnectionKey) {
        guard let index = byKey[key]?.firstIndex(where: { $0.id == id }) else { return }
        byKey[key]?.remove(at: index)
        if byKey[key]?.isEmpty == true { byKey[key] = nil }
        count -= 1
    }

    /// Gives up those whose time has come.
    mutating func end(at now: NIODeadline) -> [Connection] {
        var gone: [Connection] = []
        for (key, resting) in byKey {
            let left = resting.filter { now < $0.until }
            guard left.count < resting.count else { continue }
            gone += resting.filter { now >= $0.until }.map(\.connection)
            byKey[key] = left.isEmpty ? nil : left
        }
        count -= gone.count
        return gone
    }
}
