import CSandbox

/// Which system calls a process may make: all but those that reach into other processes, the kernel or another namespace; and a runner that has started its
/// program neither starts another nor opens a connection.
package struct SyscallFilter: Sendable, Equatable {
    /// Whose calls are filtered.
    package enum Role: Sendable {
        /// A program in a sandbox.
        case program
        /// The processes that start it, which still open what its rules are about.
        case launcher
        /// A runner, which holds the values of its run and reads what the run's program writes; and the first process of a sandbox, which only collects the dead.
        case runner
        /// A broker, which reads what the network sends: it has threads and connections, starts nothing, and reaches no other process.
        case broker
    }

    /// One instruction of classic BPF.
    package struct Step: Sendable, Equatable {
        package var code: UInt16
        package var ifTrue: UInt8 = 0
        package var ifFalse: UInt8 = 0
        package var value: UInt32
    }

    /// What the filter answers, as the kernel takes it.
    package enum Answer {
        package static let allow: UInt32 = 0x7FFF_0000
        package static let kill: UInt32 = 0x8000_0000
        package static func refuse(_ error: UInt32) -> UInt32 { 0x0005_0000 | error }
    }

    package private(set) var steps: [Step] = []

    /// The errors that are answered, as Linux numbers them.
    package static let notPermitted: UInt32 = 1
    package static let noSuchCall: UInt32 = 38
    package static let noSuchFamily: UInt32 = 97
    /// The machine that system calls are made for; the kernel marks it as little-endian and of 64 bits.
    package static let machine = 0xC000_0000 | UInt32(TACIT_MACHINE)
    /// AF_UNIX, AF_INET and AF_INET6.
    static let families: [UInt32] = [1, 2, 10]
    /// AF_INET, AF_INET6, and AF_NETLINK, by which the C library asks which of both this machine has.
    static let networkFamilies: [UInt32] = [2, 10, 16]
    /// TIOCSTI types into a terminal, TIOCLINUX pastes into a console.
    static let refusedControls: [UInt32] = [0x5412, 0x541C]
    /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET; of clone the lowest byte is a signal, of unshare it is NEWTIME too.
    static let namespaces: UInt32 = 0x7E02_0000
    static let timeNamespace: UInt32 = 0x80

    /// S_ISUID and S_ISGID, and the flags by which a file is made: O_CREAT, and what O_TMPFILE has besides O_DIRECTORY.
    static let setID: UInt32 = 0o6000
    static let making: UInt32 = 0o100 | 0o20_000_000
    /// Calls that set a mode, and the argument that it is.
    static let modes: [(call: Int, argument: UInt32)] = [
        (TACIT_CALL_CHMOD, 1), (TACIT_CALL_FCHMOD, 1), (TACIT_CALL_FCHMODAT, 2), (TACIT_CALL_FCHMODAT2, 2), (TACIT_CALL_CREAT, 1),
        (TACIT_CALL_MKDIR, 1),
        (TACIT_CALL_MKDIRAT, 2), (TACIT_CALL_MKNOD, 1), (TACIT_CALL_MKNODAT, 2),
    ].map { (Int($0.0), $0.1) }
    /// Calls that may make a file, and the argument that their flags are; the mode is behind it.
    static let openings: [(call: Int, flags: UInt32)] = [(TACIT_CALL_OPEN, 1), (TACIT_CALL_OPENAT, 2)].map { (Int($0.0), $0.1) }

    /// Calls of which nothing is allowed.
    static let refused = [
        TACIT_CALL_PTRACE, TACIT_CALL_PROCESS_VM_READV, TACIT_CALL_PROCESS_VM_WRITEV, TACIT_CALL_PIDFD_GETFD, TACIT_CALL_KCMP,
        TACIT_CALL_PERF_EVENT_OPEN, TACIT_CALL_BPF, TACIT_CALL_ADD_KEY, TACIT_CALL_REQUEST_KEY, TACIT_CALL_KEYCTL, TACIT_CALL_IO_URING_SETUP,
        TACIT_CALL_IO_URING_ENTER, TACIT_CALL_IO_URING_REGISTER, TACIT_CALL_USERFAULTFD, TACIT_CALL_OPEN_BY_HANDLE_AT, TACIT_CALL_MOUNT,
        TACIT_CALL_UMOUNT2, TACIT_CALL_PIVOT_ROOT, TACIT_CALL_CHROOT, TACIT_CALL_OPEN_TREE, TACIT_CALL_OPEN_TREE_ATTR, TACIT_CALL_MOVE_MOUNT,
        TACIT_CALL_FSOPEN, TACIT_CALL_FSCONFIG, TACIT_CALL_FSMOUNT, TACIT_CALL_FSPICK, TACIT_CALL_MOUNT_SETATTR, TACIT_CALL_SETNS,
        TACIT_CALL_SWAPON, TACIT_CALL_SWAPOFF, TACIT_CALL_REBOOT, TACIT_CALL_KEXEC_LOAD, TACIT_CALL_INIT_MODULE, TACIT_CALL_FINIT_MODULE,
        TACIT_CALL_DELETE_MODULE, TACIT_CALL_ACCT, TACIT_CALL_QUOTACTL, TACIT_CALL_QUOTACTL_FD, TACIT_CALL_SYSLOG,
    ].map { Int($0) }

    /// `CLONE_THREAD`.
    static let thread: UInt32 = 0x0001_0000

    /// What starts programs and processes.
    static let refusedToBrokers = [
        TACIT_CALL_EXECVE, TACIT_CALL_EXECVEAT, TACIT_CALL_FORK, TACIT_CALL_VFORK, TACIT_CALL_UNSHARE,
    ].map { Int($0) }

    /// What a runner needs no more when its program runs, whatever somebody who took it over would do with it.
    static let refusedToRunners = [
        TACIT_CALL_EXECVE, TACIT_CALL_EXECVEAT, TACIT_CALL_CLONE, TACIT_CALL_CLONE3, TACIT_CALL_FORK, TACIT_CALL_VFORK, TACIT_CALL_UNSHARE,
        TACIT_CALL_SOCKET, TACIT_CALL_SOCKETPAIR, TACIT_CALL_CONNECT, TACIT_CALL_BIND, TACIT_CALL_LISTEN, TACIT_CALL_ACCEPT, TACIT_CALL_ACCEPT4,
    ].map { Int($0) }

    package init(for role: Role) {
        load(4)
        add(0x15, 1, 0, Self.machine)
        answer(Answer.kill)
        load(0)
        // Another machine's numbers, which this list does not mean.
        if TACIT_FOREIGN_CALLS != 0 {
            add(0x35, 0, 1, UInt32(TACIT_FOREIGN_CALLS))
            answer(Answer.refuse(Self.noSuchCall))
        }
        for call in Self.refused + Self.refused(to: role) { when(call) { $0.answer(Answer.refuse(Self.notPermitted)) } }
        switch role {
        case .program:
            filterPrograms()
            refuseSetID()
        case .launcher: filterPrograms()
        case .broker: filterBrokers()
        case .runner: break
        }
        when(Int(TACIT_CALL_IOCTL)) { filter in
            filter.loadArgument(1)
            for control in Self.refusedControls { filter.answer(Answer.refuse(Self.notPermitted), when: control) }
            filter.answer(Answer.allow)
        }
        answer(Answer.allow)
    }

    private static func refused(to role: Role) -> [Int] {
        switch role {
        case .program, .launcher: []
        case .runner: refusedToRunners
        case .broker: refusedToBrokers
        }
    }

    /// Threads, and no processes.
    private mutating func filterBrokers() {
        // What it asks for lies in memory, where a filter cannot look. The C library goes on with clone.
        when(Int(TACIT_CALL_CLONE3)) { $0.answer(Answer.refuse(Self.noSuchCall)) }
        when(Int(TACIT_CALL_CLONE)) { filter in
            filter.loadArgument(0)
            filter.add(0x45, 0, 1, Self.thread)
            filter.answer(Answer.allow)
            filter.answer(Answer.refuse(Self.notPermitted))
        }
        // No socket of this machine's services, whatever their files allow.
        allowSockets(of: Self.networkFamilies)
    }

    private mutating func allowSockets(of families: [UInt32]) {
        for call in [TACIT_CALL_SOCKET, TACIT_CALL_SOCKETPAIR] {
            when(Int(call)) { filter in
                filter.loadArgument(0)
                for family in families { filter.answer(Answer.allow, when: family) }
                filter.answer(Answer.refuse(Self.noSuchFamily))
            }
        }
    }

    /// Processes without namespaces, sockets of some families.
    private mutating func filterPrograms() {
        // What it asks for lies in memory, where a filter cannot look. Programs go on with clone.
        when(Int(TACIT_CALL_CLONE3)) { $0.answer(Answer.refuse(Self.noSuchCall)) }
        when(Int(TACIT_CALL_CLONE)) { $0.refuseBits(Self.namespaces, ofArgument: 0) }
        when(Int(TACIT_CALL_UNSHARE)) { $0.refuseBits(Self.namespaces | Self.timeNamespace, ofArgument: 0) }
        allowSockets(of: Self.families)
    }

    /// No file of the program's lets whoever executes it act as this user: the working directory may be seen by others, and outside no mount forbids it.
    private mutating func refuseSetID() {
        for (call, argument) in Self.modes where call >= 0 { when(call) { $0.refuseBits(Self.setID, ofArgument: argument) } }
        for (call, flags) in Self.openings where call >= 0 {
            when(call) { filter in
                // Where nothing is made, what stands in the mode's place means nothing.
                filter.loadArgument(flags)
                filter.add(0x45, 1, 0, Self.making)
                filter.answer(Answer.allow)
                filter.refuseBits(Self.setID, ofArgument: flags + 1)
            }
        }
        // Its mode lies in memory. Programs go on with openat.
        when(Int(TACIT_CALL_OPENAT2)) { $0.answer(Answer.refuse(Self.noSuchCall)) }
    }

    /// Instructions for one call; they end with an answer.
    private mutating func when(_ call: Int, _ body: (inout SyscallFilter) -> Void) {
        let start = steps.count
        add(0x15, 0, 0, UInt32(call))
        body(&self)
        steps[start].ifFalse = UInt8(steps.count - start - 1)
    }

    private mutating func refuseBits(_ bits: UInt32, ofArgument index: UInt32) {
        loadArgument(index)
        add(0x45, 0, 1, bits)
        answer(Answer.refuse(Self.notPermitted))
        answer(Answer.allow)
    }

    private mutating func answer(_ answer: UInt32, when value: UInt32) {
        add(0x15, 0, 1, value)
        self.answer(answer)
    }

    private mutating func answer(_ answer: UInt32) { add(0x06, 0, 0, answer) }

    /// Loads the lower half of an argument: what the kernel itself looks at.
    private mutating func loadArgument(_ index: UInt32) { load(16 + 8 * index) }

    private mutating func load(_ offset: UInt32) { add(0x20, 0, 0, offset) }

    private mutating func add(_ code: UInt16, _ ifTrue: UInt8, _ ifFalse: UInt8, _ value: UInt32) {
        steps.append(Step(code: code, ifTrue: ifTrue, ifFalse: ifFalse, value: value))
    }

    /// Puts this process under the filter, for good; the error otherwise.
    func apply() -> Int32 {
        let raw = steps.map { tacit_filter_step(code: $0.code, if_true: $0.ifTrue, if_false: $0.ifFalse, value: $0.value) }
        return unsafe raw.withUnsafeBufferPointer { unsafe tacit_filter_calls($0.baseAddress, UInt16($0.count)) }
    }
}
