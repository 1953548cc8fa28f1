import CProcess
import Glibc

/// The keyless process that starts runners and brokers, so that the keeper never forks.
///
/// It is single-threaded, reads nothing but descriptors, and takes no more requests when the keeper closes its end or dies. Then it ends with its last runner:
/// what one leaves behind that is killed, nobody else would end.
package enum Spawner {
    /// The hidden subcommand.
    package static let subcommand = "__spawner"
    /// The hidden subcommand of the brokers that it starts.
    package static let brokerSubcommand = "__broker"

    /// Runs until the control socket and the last runner have ended; the exit status.
    package static func main(controlDescriptor: Int32 = 3) -> Int32 {
        guard unsafe tacit_harden("tacit-spawner") == 0, tacit_become_subreaper() == 0, unsafe chdir("/") == 0 else { return 125 }
        umask(0o077)
        let signals = tacit_open_signals()
        guard signals >= 0 else { return 125 }
        // A machine that went down, or a spawner that was killed beside its runner, left nobody who would.
        RunDirectories.removeLeftovers(of: nil)
        var spare: Int32?
        var brood = Brood()
        while true {
            var watched = [pollfd(fd: controlDescriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
            let count = unsafe poll(&watched, 2, spare == nil ? -1 : Request.spareDelay)
            guard count >= 0 || errno == EINTR else { return 125 }
            if count == 0 { start(&spare, &brood) }
            if watched[1].revents != 0 {
                while tacit_next_signal(signals) != 0 {}
                brood.reap()
            }
            guard watched[0].revents != 0 else { continue }
            var (byte, descriptor): (UInt8, Int32) = (0, -1)
            let result = unsafe tacit_receive_descriptor(controlDescriptor, &byte, &descriptor)
            guard result > 0, let request = Request(rawValue: byte) else {
                for descriptor in [controlDescriptor, spare ?? -1, descriptor] where descriptor >= 0 { close(descriptor) }
                outlive(&brood, signals)
                return result == 0 ? 0 : 125
            }
            var asked = descriptor < 0 ? nil : descriptor
            if request == .broker {
                start(&asked, &brood, as: brokerSubcommand)
                continue
            }
            start(&spare, &brood)
            spare = asked
            if request == .now { start(&spare, &brood) }
        }
    }

    /// Waits for the last runner.
    private static func outlive(_ brood: inout Brood, _ signals: Int32) {
        while brood.hasRunners {
            var watched = pollfd(fd: signals, events: Int16(POLLIN), revents: 0)
            unsafe poll(&watched, 1, -1)
            while tacit_next_signal(signals) != 0 {}
            brood.reap()
        }
    }

    /// What the keeper asks for; each but `hurry` comes with the helper's end of its control socket.
    enum Request: UInt8 {
        /// A runner that a run waits for.
        case now = 1
        /// A runner for the next run: a moment later, so that it does not slow the present one down.
        case later
        /// The run that the last runner was for is here.
        case hurry
        /// A broker.
        case broker

        /// The moment, in milliseconds: about as long as a run takes from its runner to its command, and less than from one run to the next in a script.
        static let spareDelay: Int32 = 8
    }

    /// Starts a helper. One that does not start closes its end, which tells the keeper.
    private static func start(_ descriptor: inout Int32?, _ brood: inout Brood, as subcommand: String = Runner.subcommand) {
        guard let control = descriptor else { return }
        if let helper = try? Helper.start("/proc/self/exe", [subcommand], descriptor: control) { brood.add(helper) }
        close(control)
        descriptor = nil
    }
}
