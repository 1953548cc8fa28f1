import ArgumentParser
import TacitClient
import TacitWire

/// How much is moved at a time.
struct PortionOption: ParsableArguments {
    @Option(
        name: .customLong("portion"),
        help: ArgumentHelp("How many rows are moved at a time; 2048. Others who write wait for one portion at most.", valueName: "n"))
    var size: Int?

    func check() throws {
        if let size, !(1...10_000).contains(size) { throw CommandFailure.usage("a portion is 1 to 10000 rows") }
    }
}

/// Moves a rotation on, portion by portion, until it is done or somebody stops the command: then it stays as it is, to be gone on with.
struct RotationDriver {
    private let door: VaultDoor
    private let console: Console
    private let portion: Int?
    private let json: Bool

    init(_ door: VaultDoor, _ console: Console, portion: Int?, json: Bool) {
        (self.door, self.console, self.portion, self.json) = (door, console, portion, json)
    }

    /// Has one portion moved.
    func next() throws -> RotationState {
        try VaultDoor.decode(try door.answer("POST", WirePath.rotationPortions + (portion.map { "?size=\($0)" } ?? "")).body)
    }

    func finish(_ begun: RotationState) throws {
        door.context.typing.end()
        // A signal waits for the end of a portion, and ends the command as it would have once that is said.
        try EndingSignals.waiting {
            let meter = json ? nil : ProgressMeter(console, unit: "versions", from: begun.versions, of: begun.total)
            defer { meter?.end() }
            var state = begun
            while state.phase != .done {
                meter?.show(state.versions, checking: state.phase == .checking)
                if EndingSignals.isOneWaiting { throw stopped(state, meter) }
                do { state = try next() } catch let failure as CommandFailure {
                    guard failure.code == "rotation.none" else { throw Self.failed(failure) }
                    // Somebody else has driven it to its end.
                    (state.phase, state.versions) = (.done, state.total)
                }
            }
            meter?.end()
            conclude(state)
        }
    }

    /// Says it at once: the signal that waits ends the command before anybody else could.
    private func stopped(_ state: RotationState, _ meter: ProgressMeter?) -> ExitCode {
        meter?.end()
        let failure = CommandFailure(
            "stopped: \(state.counts) are under the new keys, and nothing is lost", hint: "go on with `tacit rotate resume`",
            code: "rotation.stopped")
        console.complain(failure)
        if json { console.say(json: ["error": failure.asProblem]) }
        return ExitCode(failure.status.rawValue)
    }

    /// Whatever stopped it, it can be gone on with.
    private static func failed(_ failure: CommandFailure) -> CommandFailure {
        var failure = failure
        let next = "nothing is lost; go on with `tacit rotate resume`"
        failure.hint = failure.hint.map { "\($0); \(next)" } ?? next
        return failure
    }

    private func conclude(_ state: RotationState) {
        if json { return console.say(json: state) }
        let keys = state.destroyedKeys
        let old = keys == 1 ? "the old key is destroyed" : keys.map { "\($0) old keys are destroyed" } ?? "another command has destroyed the old key"
        let versions = state.versions == 1 ? "1 version was" : "\(ProgressMeter.grouped(state.versions)) versions were"
        switch state.kind {
        case .project:
            let name = state.project.map { " \($0.printable)" } ?? ""
            console.say("The key of project\(name) is new: \(versions) moved under it, \(old).")
        case .reseal: console.say("Everything is sealed anew: \(versions) moved under new keys, \(old).")
        }
    }
}
