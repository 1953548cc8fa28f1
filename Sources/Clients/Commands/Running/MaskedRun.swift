import CProcess
import Glibc
import TacitClient
import TacitWire

/// A run by way of the keeper: the command is executed by a runner, and this process stands for it at the caller's terminal.
struct MaskedRun {
    let plan: RunPlan
    let place: Scope
    let context: CommandContext
    /// Writes down what requests lacked a rule.
    var learner: RequestLearner?

    init(_ plan: RunPlan, _ place: Scope, _ context: CommandContext, _ learner: RequestLearner? = nil) {
        (self.plan, self.place, self.context, self.learner) = (plan, place, context, learner)
    }

    /// Runs the command and gives the exit code.
    func perform(_ options: GlobalOptions) throws -> Int32 {
        let streams = CallerStreams(context, inputIsTaken: plan.secrets.contains { $0.stdin == true })
        let request = plan.request(scope: place, in: context, terminal: streams.wire, fileMask: Self.fileMask())
        let door = try VaultDoor(
            context, options, to: plan.takesAll ? "run a command with every secret of \(place.text)" : "run a command with secrets")
        door.references = plan.secrets.map(\.reference)
        let references = try plan.secrets.map { try Reference($0.reference, in: place) }
        let scopes = references.map(\.scope) + (plan.takesAll ? [place] : [])
        door.places = scopes.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        if plan.takesAll { try door.askFirst() }
        let learning = try learner?.start(door)
        let stream = try start(request, references, door)
        context.typing.end()
        let console = Console(context)
        for notice in stream.notices { console.note(notice.printable) }
        let ignored = Set([SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP].filter(Suspension.isIgnored))
        let signals = tacit_open_signals()
        guard signals >= 0 else { throw CommandFailure(errno: -signals, "signals cannot be received") }
        defer { close(signals) }
        let status = RunPump(stream, streams, signals: signals, ignoring: ignored).run().conclude(console, json: options.json)
        if let learner, let learning { try learner.finish(learning, options) }
        return status
    }

    /// Starts it. A person whose secrets are not all there is told which is meant: the names may stand in a file.
    private func start(_ request: RunRequest, _ references: [Reference], _ door: VaultDoor) throws -> RunStream {
        do { return try door.startRun(request) } catch let failure as CommandFailure {
            throw door.naming(failure, among: references, in: place)
        }
    }

    /// The bits that new files of the caller do not get. The system tells them only by setting them.
    private static func fileMask() -> Int {
        let mask = umask(0o077)
        umask(mask)
        return Int(mask)
    }
}
