import CProcess
import Dispatch
import Glibc
import Synchronization

/// The keeper's hold on its spawner: fresh runners, one of them always warm.
package final class SpawnerHandle: Sendable {
    private struct State {
        /// The keeper's end; nil after `stop`, or once the spawner was found dead.
        var control: Int32?
        /// The keeper's end of the runner that waits.
        var warm: Int32?
        /// When the runner that waits was asked for.
        var warmSince: Int64 = 0

        mutating func warmUp() {
            warm = control.flatMap { try? SpawnerHandle.fresh($0, .later) }
            warmSince = MonotonicClock.now()
        }
    }

    private let state: Mutex<State>
    /// The spawner's process id.
    package let process: Int32

    /// Starts the spawner. Call it before the process holds a key. Without `keepsWarm` it is one for brokers alone, and no runner waits.
    package init(
        executable: String = "/proc/self/exe", arguments: [String] = [Spawner.subcommand], keepsWarm: Bool = true
    ) throws(RunnerError) {
        let (own, other) = try Self.pair(packets: true)
        defer { close(other) }
        do throws(Errno) { process = try Helper.start(executable, arguments, descriptor: other) } catch {
            close(own)
            throw .noDescriptors(error)
        }
        state = Mutex(State(control: own))
        if keepsWarm { state.withLock { $0.warmUp() } }
    }

    deinit { stop() }

    /// Whether runs can be started.
    package var isAlive: Bool {
        state.withLock { state in
            guard let control = state.control, !Self.hasEnded(control) else { return false }
            return true
        }
    }

    /// Takes a fresh runner: the keeper's end of its control socket, close-on-exec, which the caller closes. See `RunnerSetup`.
    package func takeRunner() throws(RunnerError) -> Int32 {
        let taken = state.withLock { state -> Result<Int32, RunnerError> in
            Result { () throws(RunnerError) in try Self.take(&state) }
        }
        return try taken.get()
    }

    /// Takes a fresh broker: the keeper's end of its control socket, close-on-exec, which the caller closes.
    package func takeBroker(listeningOn listeners: BrokerListeners = BrokerListeners()) throws(RunnerError) -> Int32 {
        let taken = state.withLock { state -> Result<Int32, RunnerError> in
            Result { () throws(RunnerError) in
                guard let control = state.control, !Self.hasEnded(control) else { throw .spawnerGone }
                return try Self.fresh(control, .broker)
            }
        }
        let broker = try taken.get()
        guard BrokerDoor.give(listeners, on: broker) else {
            close(broker)
            throw .spawnerGone
        }
        return broker
    }

    /// Lets the spawner end, with the last of its runs. They go on: each ends with its own control socket. Its brokers end now.
    package func stop() {
        let isFirst = state.withLock { state in
            for descriptor in [state.control, state.warm].compactMap(\.self) { close(descriptor) }
            defer { state = State() }
            return state.control != nil
        }
        if isFirst { collect() }
    }

    /// Without runs it ends as soon as it sees the end of its socket. Otherwise a thread of its own collects it, whenever that is.
    private func collect() {
        for _ in 0..<10 {
            if waitpid(process, nil, WNOHANG) != 0 { return }
            usleep(2000)
        }
        DispatchQueue(label: "spawner").async { [process] in
            while waitpid(process, nil, 0) < 0, errno == EINTR {}
        }
    }

    private static func take(_ state: inout State) throws(RunnerError) -> Int32 {
        guard let control = state.control, !hasEnded(control) else { throw .spawnerGone }
        var taken = state.warm
        state.warm = nil
        if let warm = taken, hasEnded(warm) {
            close(warm)
            taken = nil
        }
        let isYoung = MonotonicClock.now() - state.warmSince <= 2 * Int64(Spawner.Request.spareDelay)
        if taken != nil, isYoung { _ = tacit_send_descriptor(control, Spawner.Request.hurry.rawValue, -1) }
        let runner = if let taken { taken } else { try fresh(control, .now) }
        state.warmUp()
        return runner
    }

    /// Makes a helper: a socket pair, of which the spawner passes one end on.
    private static func fresh(_ control: Int32, _ request: Spawner.Request) throws(RunnerError) -> Int32 {
        let (own, other) = try pair(packets: false)
        defer { close(other) }
        guard tacit_send_descriptor(control, request.rawValue, other) == 0 else {
            close(own)
            throw .spawnerGone
        }
        return own
    }

    private static func pair(packets: Bool) throws(RunnerError) -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        let result = unsafe tacit_socket_pair(packets ? 1 : 0, &ends)
        guard result == 0 else { throw .noDescriptors(Errno(code: -result)) }
        return (ends[0], ends[1])
    }

    /// Whether the process on the other end is gone. Nothing is read: neither a spawner nor a waiting runner says anything.
    private static func hasEnded(_ descriptor: Int32) -> Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&watched, 1, 0) != 0
    }
}
