import CProcess
import Glibc

/// The keyless process that starts runners, so that the keeper never forks.
///
/// It is single-threaded, reads nothing but descriptors, and ends when the keeper closes its end or dies.
package enum Spawner {
    /// The hidden subcommand.
    package static let subcommand = "__spawner"

    /// Runs until the control socket ends; the exit status.
    package static func main(controlDescriptor: Int32 = 3) -> Int32 {
        guard unsafe tacit_harden("tacit-spawner") == 0, unsafe chdir("/") == 0 else { return 125 }
        umask(0o077)
        let signals = tacit_open_signals()
        guard signals >= 0 else { return 125 }
        while true {
            var watched = [pollfd(fd: controlDescriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
            guard unsafe poll(&watched, 2, -1) >= 0 || errno == EINTR else { return 125 }
            if watched[1].revents != 0 { reap(signals) }
            guard watched[0].revents != 0 else { continue }
            let descriptor = tacit_receive_descriptor(controlDescriptor)
            guard descriptor > 0 else { return descriptor == 0 ? 0 : 125 }
            // A runner that does not start closes its end, which tells the keeper.
            _ = try? Helper.start("/proc/self/exe", [Runner.subcommand], descriptor: descriptor)
            close(descriptor)
        }
    }

    private static func reap(_ signals: Int32) {
        while tacit_next_signal(signals) != 0 {}
        var status: Int32 = 0
        while true {
            let runner = unsafe waitpid(-1, &status, WNOHANG)
            guard runner > 0 else { return }
            if status & 0x7F != 0 { RunDirectories.removeLeftovers(of: runner) }
        }
    }
}
