import CProcess
import CSandbox
import Glibc
package import Redaction
import TacitWire

/// The process that fills the copy of a working directory which cannot be shown to the user of runs, and brings back what was changed in it.
///
/// It is the person's own: with the directory, and with the copy, it may do what the person may. It holds no value and searches for none: what a run in a
/// sandbox wrote was searched before it came into the copy, and any other run writes what it wants to wherever it works.
package enum Bearer {
    /// The hidden subcommand. Root's helper gives it a socket to the runner, the directory and the copy, from descriptor 3 on.
    package static let subcommand = "__bearer"

    /// Serves one run; the exit status, which nobody needs.
    package static func main(opening opener: any MemberOpener, socket: Int32 = 3, directory: Int32 = 4, copy: Int32 = 5) -> Int32 {
        guard unsafe tacit_harden("tacit-bearer") == 0 else { return 125 }
        umask(0)
        do throws(RunnerError) {
            try serve(SetupChannel(descriptor: socket), directory, copy, FileSearch(needles: NeedleSet([]), opener: opener, passesUnscanned: true))
            return 0
        } catch {
            return 125
        }
    }

    private static func serve(_ channel: SetupChannel, _ directory: Int32, _ copy: Int32, _ search: FileSearch) throws(RunnerError) {
        var since = timespec()
        unsafe clock_gettime(CLOCK_REALTIME_COARSE, &since)
        let filled: (source: OpenDirectory, target: OpenDirectory, copy: WorkingCopy)
        do throws(WorkingCopy.Failure) { filled = try fill(from: directory, into: copy) } catch {
            return try channel.send(.refused, error.refusal(of: OpenedFile.location(of: directory) ?? "?").encoded)
        }
        guard tacit_no_new_privileges() == 0, SyscallFilter(for: .runner).apply() == 0 else { return }
        try channel.send(.resolved)
        // Of a run that is broken off, nothing comes back.
        guard let (kind, _) = try channel.receive(), kind == .start else { return }
        var release = ChangeRelease(search, since: since, copy: filled.copy)
        release.release(filled.target, into: filled.source)
        guard let told = try? WireJSON.encode(release.result) else { return }
        try channel.send(.resolved, Array(told))
    }

    private static func fill(
        from directory: Int32, into copy: Int32
    ) throws(WorkingCopy.Failure) -> (OpenDirectory, OpenDirectory, WorkingCopy) {
        guard let source = OpenDirectory(reopening: directory), let target = OpenDirectory(reopening: copy) else { throw .unreadable }
        return (source, target, try WorkingCopy(of: source, into: target))
    }
}
