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
            watched += brood.watched
            let count = unsafe poll(&watched, nfds_t(watched.count), spare == nil ? brood.patience ?? -1 : Request.spareDelay)
            guard count >= 0 || errno == EINTR else { return 125 }
            if count == 0 { start(&spare, &brood) }
            brood.endBrokers(watched[2...])
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
            let asked = descriptor < 0 ? nil : descriptor
            if request == .broker {
                startBroker(asked, &brood)
                continue
            }
            start(&spare, &brood)
            spare = asked
            if request == .now { start(&spare, &brood) }
        }
    }

    /// Waits for the last runner. Brokers end at once.
    private static func outlive(_ brood: inout Brood, _ signals: Int32) {
        brood.killBrokers()
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

    /// Starts a runner. One that does not start closes its end, which tells the keeper.
    private static func start(_ descriptor: inout Int32?, _ brood: inout Brood) {
        guard let control = descriptor else { return }
        if let runner = try? Helper.start("/proc/self/exe", [Runner.subcommand], descriptor: control) { brood.add(runner) }
        close(control)
        descriptor = nil
    }

    /// Starts a broker, and keeps its end, too: by it is seen that the keeper is done with it.
    private static func startBroker(_ descriptor: Int32?, _ brood: inout Brood) {
        guard let descriptor else { return }
        guard let broker = try? Helper.start("/proc/self/exe", [brokerSubcommand], descriptor: descriptor) else {
            close(descriptor)
            return
        }
        brood.add(broker: broker, descriptor)
    }
}
