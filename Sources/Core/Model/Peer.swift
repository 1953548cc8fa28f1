/// What the kernel says of the process at the other end of a local socket.
package struct Peer: Sendable, Equatable {
    package var userID: UInt32
    package var userName: String
    package var process: Int32
    /// Clock ticks from boot to its start; 0 where the system does not tell.
    package var start: UInt64
    /// The path of its program, for the log.
    package var executable: String
    /// Whether that program is the keeper's own.
    package var isOwnProgram: Bool
    /// The kernel session it belongs to; nil when its leader has ended.
    package var session: KernelSession?
    package var place: Place

    /// Where a process stands in its kernel session.
    package enum Place: Sendable, Equatable {
        /// It is the leader, or nothing but the leader (or its unexecuted fork) stands between.
        case nextToLeader
        /// A program of this name does.
        case behind(String)
        /// Whoever started it has ended, so that nobody knows what stood between.
        case adopted
        /// Its parent is the first process of a container, to which whatever loses its parent comes.
        case belowFirstProcess
        /// The session has no leader any more.
        case leaderless
        /// The system does not show the process.
        case hidden
    }

    package init(
        userID: UInt32, userName: String, process: Int32, start: UInt64 = 0, executable: String, isOwnProgram: Bool, session: KernelSession?,
        place: Place
    ) {
        self.userID = userID
        self.userName = userName
        self.process = process
        self.start = start
        self.executable = executable
        self.isOwnProgram = isOwnProgram
        self.session = session
        self.place = place
    }

    package var isNextToLeader: Bool { place == .nextToLeader }
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
