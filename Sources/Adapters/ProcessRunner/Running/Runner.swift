import CProcess
import CSandbox
import Glibc
package import Redaction
import TacitWire

/// The process that executes one run: it holds that run's values, no key and no store.
///
/// It is single-threaded and lives as long as its control socket: when the keeper locks, ends or is killed, the run ends with it.
package enum Runner {
    /// The hidden subcommand.
    package static let subcommand = "__runner"

    /// Serves one run and returns the exit status of this process, which nobody needs. `opener` opens the compressed members of what leaves the run.
    /// `words` are those behind the subcommand.
    package static func main(opening opener: any MemberOpener, words: [String] = [], controlDescriptor: Int32 = 3) -> Int32 {
        guard unsafe tacit_harden("tacit-runner") == 0, tacit_become_subreaper() == 0 else { return 125 }
        let signals = tacit_open_signals()
        guard signals >= 0 else { return 125 }
        let channel = SetupChannel(descriptor: controlDescriptor)
        do throws(RunnerError) {
            guard var intake = try RunnerIntake.receive(from: channel, opening: opener, in: CopiedWork(words)) else { return 0 }
            serve(&intake, channel.descriptor, signals)
            return 0
        } catch {
            return 125
        }
    }

    private static func serve(_ intake: inout RunnerIntake, _ control: Int32, _ signals: Int32) {
        let exit: RunFrame
        do throws(RunRefusal) {
            let loop = RunLoop(try StartedRun(intake), intake: intake, control: control, signals: signals)
            try confine()
            intake.releaseValues()
            guard loop.run() else { return intake.clear() }
            exit = loop.exit
        } catch {
            exit = .exit(.failed(error.failure))
        }
        // Whoever hears of the end finds nothing left behind.
        intake.clear()
        let bytes = exit.encoded
        try? unsafe SetupChannel(descriptor: control).sendRaw(bytes.span.bytes)
    }

    /// Gives up what is not needed any more once the program runs. Before, the program would inherit it.
    private static func confine() throws(RunRefusal) {
        let error = tacit_no_new_privileges() == 0 ? SyscallFilter(for: .runner).apply() : -errno
        guard error == 0 else {
            Descendants.kill(within: 1000) { while waitpid(-1, nil, WNOHANG) > 0 {} }
            throw .notConfined(Errno(code: -error))
        }
    }
}
