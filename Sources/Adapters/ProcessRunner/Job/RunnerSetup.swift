import CProcess
import Glibc
import Model
import PlaintextDoor

/// The keeper's part of getting a run going on a fresh runner: job, answer, values, start. Then the descriptor carries `RunFrame`s.
///
/// The calls block, for at most `timeLimit` each: the runner does nothing but read. After an error the descriptor is of no use any more.
package struct RunnerSetup {
    /// How long the runner may take to read or to answer.
    package static let timeLimit = Duration.seconds(10)

    private let channel: SetupChannel

    /// Begins on a descriptor of `SpawnerHandle.takeRunner`; who holds it closes it.
    package init(descriptor: Int32) {
        channel = SetupChannel(descriptor: descriptor)
        _ = tacit_set_socket_timeout(descriptor, Int32(Self.timeLimit.wholeNanoseconds / 1_000_000))
    }

    /// Hands over the job. The runner has opened the program when this returns, and has executed nothing: decide now, from what it found.
    package func submit(_ job: RunJob) throws(RunnerError) -> ProgramFacts {
        try channel.send(.job, job.encoded)
        switch try channel.receive() {
        case (.resolved, let payload)?:
            do { return try ProgramFacts(decoding: payload) } catch { throw .malformedAnswer }
        case (.refused, let payload)?:
            guard let failure = RunRefusal.decode(payload) else { throw .malformedAnswer }
            throw .refused(failure)
        case nil: throw .runnerGone
        default: throw .malformedAnswer
        }
    }

    /// Takes the places where the broker of the run listens, and the keeper, if it is to, once after `submit` of a job whose sandbox has a door; nil where the run
    /// goes without a sandbox. Who takes them closes them.
    package func takeDoors(withKeeper hasKeeper: Bool) throws(RunnerError) -> (broker: BrokerListeners, keeper: Int32?)? {
        guard let loopback = try takeDoor() else { return nil }
        var taken = [loopback]
        do throws(RunnerError) {
            for _ in 0..<(hasKeeper ? 2 : 1) {
                guard let socket = try takeDoor() else { throw .malformedAnswer }
                taken.append(socket)
            }
        } catch {
            for descriptor in taken { close(descriptor) }
            throw error
        }
        return (BrokerListeners(loopback: loopback, socket: taken[1]), hasKeeper ? taken[2] : nil)
    }

    private func takeDoor() throws(RunnerError) -> Int32? {
        var (byte, descriptor): (UInt8, Int32) = (0, -1)
        let result = unsafe tacit_receive_descriptor(channel.descriptor, &byte, &descriptor)
        guard result == 1, (byte == 1) == (descriptor >= 0) else {
            if descriptor >= 0 { close(descriptor) }
            throw .malformedAnswer
        }
        return descriptor < 0 ? nil : descriptor
    }

    /// Hands over one value. It goes from locked memory to the socket without a copy in between.
    package func bind(_ binding: RunBinding) throws(RunnerError) {
        try channel.send(.binding, BindingHead(binding).encoded)
        try binding.value.withPlaintext(PlaintextDoor()) { bytes throws(RunnerError) in try channel.sendRaw(bytes) }
    }

    /// Starts the run under what was decided of its program. From here on the descriptor carries frames, both ways.
    package func start(_ conditions: RunConditions = RunConditions()) throws(RunnerError) {
        try channel.send(.start, conditions.encoded)
        _ = tacit_set_socket_timeout(channel.descriptor, 0)
    }
}
