import FoundationEssentials
import Synchronization
import TacitWire

/// What a run's frames have told so far.
final class RunRecord: Sendable {
    struct State: Sendable {
        var stdout: OutputText
        var stderr: OutputText
        /// When the program was started, before which a person may have been asked, and when its end was told.
        var startedAt: ContinuousClock.Instant?
        var endedAt: ContinuousClock.Instant?
        var hasTimedOut = false
        var report: RunReport?
        var exit: RunExit?

        var hasStarted: Bool { startedAt != nil }

        /// How long the program ran; nothing for one that was never started.
        var duration: Duration {
            guard let startedAt, let endedAt else { return .zero }
            return endedAt - startedAt
        }

        /// What was withheld. An answer is given at once: where a value was hit that could be guessed, that is all of both streams.
        var withheld: RunOutput? {
            guard let output = report?.output, let hit = output.withheld.first(where: { $0.reason != "compressed" }) else { return report?.output }
            let parts = [("stdout", stdout.byteCount), ("stderr", stderr.byteCount)].map { stream, passed in
                let rest = output.withheld.filter { $0.stream == stream }.map(\.bytes).reduce(0, +)
                return RunOutput.Withheld(stream: stream, reason: hit.reason, secret: hit.secret, bytes: passed + rest)
            }
            return RunOutput(withheld: parts)
        }
    }

    private let state: Mutex<State>
    private let now: @Sendable () -> ContinuousClock.Instant

    init(limit: Int, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        state = Mutex(State(stdout: OutputText(limit: limit), stderr: OutputText(limit: limit)))
        self.now = now
    }

    var current: State { state.withLock { $0 } }

    func take(_ frame: RunFrame) {
        state.withLock { state in
            switch frame {
            case .started: state.startedAt = state.startedAt ?? now()
            case .stdout(let bytes): state.stdout.append(bytes)
            case .stderr(let bytes): state.stderr.append(bytes)
            case .timedOut: state.hasTimedOut = true
            case .report(let bytes): state.report = try? WireJSON.decode(RunReport.self, from: Data(bytes))
            case .exit(let exit):
                state.exit = exit
                state.endedAt = now()
            default: break
            }
        }
    }
}
