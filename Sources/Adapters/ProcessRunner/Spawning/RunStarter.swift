import CProcess
import CRunStarter
import Glibc

/// The helper of a keeper that is a user of its own: it runs as root, and starts one of that keeper's runners under a third user (CRunStarter does all of it).
///
/// The service manager starts one for each connection, as a service with limits of its own, which ends with the run.
package enum RunStarter {
    /// The hidden subcommand; behind it stand five numbers: the person and the person's group, the keeper, the user of runs and their group.
    package static let subcommand = "__starter"

    /// Serves one connection, until its run has ended; the exit status.
    package static func main(_ words: [String], environment: (String) -> String?) -> Int32 {
        let numbers = words.compactMap(UInt32.init)
        guard numbers.count == 5, words.count == 5, environment("LISTEN_PID") == "\(getpid())", environment("LISTEN_FDS") == "1" else {
            return EINVAL
        }
        var people = tacit_run_people(
            person: numbers[0], person_group: numbers[1], keeper: numbers[2], run: numbers[3], run_group: numbers[4])
        // sd_listen_fds(3): the sockets begin at descriptor 3.
        return unsafe -tacit_start_run(3, &people)
    }

    /// Has a runner started that may work in a directory as its person may: the keeper's end of its control socket, close-on-exec, which the caller closes.
    package static func takeRunner(socket: String, directory: String?) throws(RunnerError) -> Int32 {
        var ends: [Int32] = [-1, -1]
        let result = unsafe tacit_socket_pair(0, &ends)
        guard result == 0 else { throw .noDescriptors(Errno(code: -result)) }
        defer { close(ends[1]) }
        // A C string would end at a zero inside the path, and lead elsewhere.
        let hasZero = directory?.utf8.contains(0) == true
        let answer =
            hasZero
            ? tacit_run_answer(stage: TACIT_RUN_DIRECTORY.rawValue, error: EINVAL) : unsafe tacit_ask_for_runner(socket, directory ?? "", ends[1])
        guard answer.stage == TACIT_RUN_STARTED.rawValue else {
            close(ends[0])
            throw refusal(answer, directory ?? "")
        }
        return ends[0]
    }

    private static func refusal(_ answer: tacit_run_answer, _ directory: String) -> RunnerError {
        let error = Errno(code: answer.error)
        return switch tacit_run_stage(answer.stage) {
        case TACIT_RUN_DIRECTORY: .refused(RunRefusal.noDirectory(directory, error).failure)
        case TACIT_RUN_OWNERS, TACIT_RUN_PLACE: .refused(RunRefusal.notShown(directory, error).failure)
        default: .starterRefused(error)
        }
    }
}
