import NIOCore
import NIOHTTP2
import Synchronization

/// A connection of HTTP/2 to a service, on which requests go beside each other.
final class SharedConnection: Sendable {
    private struct State {
        var active = 0
        var lastUsed: NIODeadline
        /// Whether nothing begins on it any more; it goes with the last of what goes on.
        var isRetired = false
    }

    let channel: any Channel
    private let streams: NIOHTTP2Handler.StreamMultiplexer
    private let opened: NIODeadline
    private let state: Mutex<State>

    private static let (restTime, age) = (RestingConnections<any Channel>.restTime, RestingConnections<any Channel>.age)
    /// How many requests go on at once.
    private static let most = NIOHTTP2Handler.Configuration.mostStreams

    init(_ channel: any Channel, _ streams: NIOHTTP2Handler.StreamMultiplexer, at now: NIODeadline) {
        (self.channel, self.streams, opened) = (channel, streams, now)
        state = Mutex(State(lastUsed: now))
    }

    /// Keeps a place for a request; says whether there was one.
    func begin(at now: NIODeadline) -> Bool {
        state.withLock { state in
            guard !state.isRetired, channel.isActive, state.active < Self.most, now < opened + Self.age else { return false }
            state.active += 1
            state.lastUsed = now
            return true
        }
    }

    /// The stream of a place that was kept.
    func stream() async throws -> any Channel {
        do {
            let stream = try await streams.createStreamChannel { stream in
                stream.eventLoop.makeCompletedFuture { try stream.pipeline.syncOperations.addHandler(StreamWire()) }
            }.get()
            stream.closeFuture.whenComplete { _ in self.end() }
            return stream
        } catch {
            end()
            throw error
        }
    }

    private func end() {
        let closes = state.withLock { state in
            state.active -= 1
            state.lastUsed = .now()
            return state.isRetired && state.active == 0
        }
        if closes { channel.close(promise: nil) }
    }

    /// Nothing begins on it any more.
    func retire() {
        let closes = state.withLock { state in
            state.isRetired = true
            return state.active == 0
        }
        if closes { channel.close(promise: nil) }
    }

    /// Whether nobody has used it for as long as a connection rests, or it is as old as one gets.
    func hasHadItsTime(at now: NIODeadline) -> Bool {
        state.withLock { state in
            state.active == 0 && now >= state.lastUsed + Self.restTime || now >= opened + Self.age
        }
    }
}
