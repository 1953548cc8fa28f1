import NIOCore
import Synchronization

/// The connections of one broker that rest until a request takes them.
final class ConnectionPool: Sendable {
    private struct State {
        var resting = RestingConnections<any Channel>()
        var isWatched = false
    }

    private let state = Mutex(State())

    /// A connection that may carry the request, if one rests.
    func take(_ key: ConnectionKey, on loop: any EventLoop, replayable: Bool) -> (any Channel)? {
        state.withLock { $0.resting.take(key, on: ObjectIdentifier(loop), replayable: replayable, at: .now()) }
    }

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
            let (gone, watches) = state.withLock { state in
                let gone = state.resting.end(at: .now())
                state.isWatched = state.resting.count > 0
                return (gone, state.isWatched)
            }
            for channel in gone { channel.close(promise: nil) }
            if watches { watch(on: loop) }
        }
    }

    /// Ends all that rest: the broker ends.
    func close() {
        let gone = state.withLock { state in state.resting.end(at: .distantFuture) }
        for channel in gone { channel.close(promise: nil) }
    }
}
