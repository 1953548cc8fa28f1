import NIOCore
import Synchronization

/// The connections of one broker: those that rest until a request takes them, and those that requests share.
final class ConnectionPool: Sendable {
    private struct State {
        var resting = RestingConnections<any Channel>()
        var shared: [ConnectionKey: [SharedConnection]] = [:]
        var isWatched = false
    }

    private let state = Mutex(State())

    /// A connection that may carry the request, if one rests.
    func take(_ key: ConnectionKey, on loop: any EventLoop, replayable: Bool) -> (any Channel)? {
        state.withLock { $0.resting.take(key, on: ObjectIdentifier(loop), replayable: replayable, at: .now()) }
    }

    /// A place on a connection that requests share, if there is one; it is kept.
    func shared(_ key: ConnectionKey) -> SharedConnection? {
        let connections = state.withLock { $0.shared[key] ?? [] }
        return connections.first { $0.begin(at: .now()) }
    }

    /// Keeps a connection for others; the request that opened it has the first place. Where there is another already, it serves that one alone.
    func keep(_ connection: SharedConnection, _ key: ConnectionKey) {
        _ = connection.begin(at: .now())
        let (isKept, watches) = state.withLock { state in
            let isKept = state.shared[key, default: []].count < Self.mostShared
            if isKept { state.shared[key, default: []].append(connection) }
            defer { state.isWatched = true }
            return (isKept, !state.isWatched)
        }
        guard isKept else { return connection.retire() }
        connection.channel.closeFuture.whenComplete { [weak self] _ in self?.forget(connection, key) }
        if watches { watch(on: connection.channel.eventLoop) }
    }

    private func forget(_ connection: SharedConnection, _ key: ConnectionKey) {
        state.withLock { state in
            state.shared[key]?.removeAll { $0 === connection }
            if state.shared[key]?.isEmpty == true { state.shared[key] = nil }
        }
    }

    /// How many connections requests to one host share.
    private static let mostShared = 4

    /// Where a connection goes when a reply is over, and from where it is taken when it ends.
    func place(for channel: any Channel, _ key: ConnectionKey) -> (TimeAmount?) -> Void {
        let (id, opened) = (ObjectIdentifier(channel), NIODeadline.now())
        // The pool lives as long as its broker; a connection does not keep it.
        channel.closeFuture.whenComplete { [weak self] _ in self?.state.withLock { $0.resting.forget(id, key) } }
        return { [weak self] time in
            guard let self else { return channel.close(promise: nil) }
            rest(channel, id, key, opened, time)
        }
    }

    private func rest(_ channel: any Channel, _ id: ObjectIdentifier, _ key: ConnectionKey, _ opened: NIODeadline, _ time: TimeAmount?) {
        let (gone, watches) = state.withLock { state in
            let gone = state.resting.rest(
                channel, id: id, key, on: ObjectIdentifier(channel.eventLoop), opened: opened, keptFor: time, at: .now())
            defer { state.isWatched = true }
            return (gone, !state.isWatched)
        }
        for channel in gone { channel.close(promise: nil) }
        if watches { watch(on: channel.eventLoop) }
    }

    /// Looks now and then for those whose time has come, as long as there are any.
    private func watch(on loop: any EventLoop) {
        loop.scheduleTask(in: .seconds(5)) { [weak self] in
            guard let self else { return }
            let (gone, retired, watches) = state.withLock { state in
                let gone = state.resting.end(at: .now())
                let retired = state.shared.values.joined().filter { $0.hasHadItsTime(at: .now()) }
                state.isWatched = state.resting.count > 0 || !state.shared.isEmpty
                return (gone, retired, state.isWatched)
            }
            for channel in gone { channel.close(promise: nil) }
            for connection in retired { connection.retire() }
            if watches { watch(on: loop) }
        }
    }

    /// Ends all: the broker ends.
    func close() {
        let (gone, shared) = state.withLock { state in (state.resting.end(at: .distantFuture), Array(state.shared.values.joined())) }
        for channel in gone { channel.close(promise: nil) }
        for connection in shared { connection.channel.close(promise: nil) }
    }
}
