import Model
package import TacitWire

/// Why the keeper could not get a run going.
package enum RunnerError: Diagnosable, Equatable {
    /// The spawner is gone; nothing is forked in its place while keys are held.
    case spawnerGone
    /// The helper that starts runs as another user does not do it.
    case starterRefused(Errno)
    case noDescriptors(Errno)
    /// The runner ended before the run began.
    case runnerGone
    /// The runner did not answer in time.
    case runnerSilent
    case malformedAnswer
    /// The runner will not run the command.
    case refused(RunFailure)

    package var code: String {
        switch self {
        case .spawnerGone: "run.spawner-gone"
        case .starterRefused: "run.starter-refused"
        case .noDescriptors: "run.no-resources"
        case .runnerGone, .runnerSilent, .malformedAnswer: "run.runner-failed"
        case .refused(let failure): failure.code
        }
    }

    package var message: String {
        switch self {
        case .spawnerGone: "the process that starts runs has ended; runs are refused until lock and unlock"
        case .starterRefused(let error): "root's helper, which starts runs, starts none: \(error.text)"
        case .noDescriptors(let error): "no channel to a runner could be made: \(error.text)"
        case .runnerGone: "the runner ended before the run began"
        case .runnerSilent: "the runner did not answer in time"
        case .malformedAnswer: "the runner's answer makes no sense"
        case .refused(let failure): failure.message
        }
    }

    package var hint: String? {
        switch self {
        case .spawnerGone: "run `tacit lock`, then `tacit unlock`"
        case .starterRefused: "`systemctl status 'tacit-starter-*'` says why"
        case .refused(let failure): failure.hint
        default: nil
        }
    }
}
