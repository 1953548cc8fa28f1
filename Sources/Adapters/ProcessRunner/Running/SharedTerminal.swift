import CProcess
import Glibc

/// The child's terminal, while the caller's is shared with a pipeline: the child begins behind this process, has the terminal from when it asks until it was
/// answered, and then lets others be typed at again.
@safe
struct SharedTerminal {
    /// How often a child in front is looked at, in milliseconds.
    static let lookEvery: Int64 = 100

    /// The program's side.
    private let descriptor: Int32
    private let group: Int32
    /// The first process of a sandbox, which has no part in any of this.
    private let bystander: Int32?
    private let usual: Modes
    /// When the child is looked at; nil while it is in the background.
    private(set) var lookAt: Int64?
    /// Whether it was given something to read, or changed the terminal's modes, since it asked.
    private var isAnswered = false

    init(_ descriptor: Int32, of group: Int32, beside bystander: Int32? = nil) {
        (self.descriptor, self.group, self.bystander) = (descriptor, group, bystander)
        usual = Modes(of: descriptor)
    }

    /// Gives the child its terminal, unless a group of the child's has it already.
    mutating func bringToFront(now: Int64) {
        guard tcgetpgrp(descriptor) == getpgrp() else { return }
        (isAnswered, lookAt) = (false, now + Self.lookEvery)
        // From the background this would raise SIGTTOU, which is blocked here.
        tcsetpgrp(descriptor, group)
    }

    /// Something was typed.
    mutating func type() { isAnswered = true }

    /// Takes the terminal from a child that was answered and does not read it any more; whether it did.
    mutating func takeBack(now: Int64) -> Bool {
        guard let time = lookAt, time <= now else { return false }
        lookAt = now + Self.lookEvery
        // A question with hidden characters, and every program of a whole screen, changes the modes and puts them back at its end.
        guard Modes(of: descriptor) == usual else {
            isAnswered = true
            return false
        }
        guard isAnswered, tcgetpgrp(descriptor) == group, tacit_unread(descriptor) == 0 else { return false }
        guard Descendants.all().allSatisfy({ $0 == bystander || tacit_holds_terminal($0, descriptor) == 0 }) else { return false }
        lookAt = nil
        return tcsetpgrp(descriptor, getpgrp()) == 0
    }

    /// How a terminal treats what is typed and printed.
    private struct Modes: Equatable {
        var flags: [tcflag_t]

        init(of terminal: Int32) {
            var modes = termios()
            unsafe tcgetattr(terminal, &modes)
            flags = [modes.c_iflag, modes.c_oflag, modes.c_lflag]
        }
    }
}
