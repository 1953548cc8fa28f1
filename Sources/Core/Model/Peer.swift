/// What the kernel says of the process at the other end of a local socket.
package struct Peer: Sendable, Equatable {
    package var userID: UInt32
    package var userName: String
    package var process: Int32
    /// The path of its program, for the log.
    package var executable: String
    /// The kernel session it belongs to; nil when its leader has ended.
    package var session: KernelSession?
    /// Nothing but the session's leader (or its unexecuted fork) stands between the leader and this process.
    package var isNextToLeader: Bool

    package init(userID: UInt32, userName: String, process: Int32, executable: String, session: KernelSession?, isNextToLeader: Bool) {
        self.userID = userID
        self.userName = userName
        self.process = process
        self.executable = executable
        self.session = session
        self.isNextToLeader = isNextToLeader
    }
}

/// One session of the kernel's: its id alone would be given again, so the leader's start and the terminal belong to it.
package struct KernelSession: Sendable, Hashable {
    package var id: Int32
    /// Clock ticks from boot to the start of the leader.
    package var leaderStart: UInt64
    /// Device number of the controlling terminal; 0 for none.
    package var terminal: UInt64

    package init(id: Int32, leaderStart: UInt64, terminal: UInt64) {
        self.id = id
        self.leaderStart = leaderStart
        self.terminal = terminal
    }
}
