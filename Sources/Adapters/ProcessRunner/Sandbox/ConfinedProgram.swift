import CSandbox
import Glibc

/// The process that becomes the program: takes its arguments and variables, gives up what power it has, and executes.
struct ConfinedProgram {
    private let plan: SandboxPlan
    private let program: Int32
    private let streams: [Int32]
    private let files: [Int32]
    private let start: SandboxLauncher.Start
    private let socket: Int32

    init(_ plan: SandboxPlan, program: Int32, streams: [Int32], files: [Int32], _ start: SandboxLauncher.Start, _ socket: Int32) {
        (self.plan, self.program, self.streams, self.files, self.start, self.socket) = (plan, program, streams, files, start, socket)
    }

    /// Never returns: it executes, or tells the error and ends.
    func begin() -> Never {
        let error = become()
        SandboxLauncher.tell(error, on: socket)
        _exit(127)
    }

    private func become() -> Int32 {
        let place = placeInSession()
        guard place == 0 else { return place }
        let dropped = tacit_drop_capabilities()
        guard dropped == 0 else { return -dropped }
        guard tacit_no_new_privileges() == 0, tacit_die_with_parent() == 0 else { return errno }
        // Whoever forgets a parent that ended before now finds its socket at an end.
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(start.byteCount) + 1, alignment: 1)
        guard unsafe SandboxLauncher.receive(into: UnsafeMutableRawBufferPointer(rebasing: block[..<Int(start.byteCount)]), from: socket) else {
            return ECANCELED
        }
        unsafe block[Int(start.byteCount)] = 0
        let words = unsafe pointers(into: block)
        let trusted = receiveAuthorities()
        guard trusted == 0 else { return trusted }
        for (stream, descriptor) in streams.enumerated() where dup2(descriptor, Int32(stream)) < 0 { return errno }
        guard unsafe chdir(plan.workingDirectory) == 0 else { return errno }
        for (resource, limit) in Self.limits { _ = tacit_limit(resource, limit) }
        umask(start.fileMask)
        let confined = confine()
        guard confined == 0 else { return confined }
        for (index, file) in files.enumerated() where dup2(file, RunFiles.firstDescriptor + Int32(index)) < 0 { return errno }
        tacit_reset_signals()
        return unsafe -tacit_execute(program, words, words + Int(start.argumentCount) + 1)
    }

    /// Writes down what a program with a broker trusts.
    private func receiveAuthorities() -> Int32 {
        guard start.trustCount > 0 else { return 0 }
        var bytes = [UInt8](repeating: 0, count: Int(start.trustCount))
        guard unsafe bytes.withUnsafeMutableBytes({ unsafe SandboxLauncher.receive(into: $0, from: socket) }) else { return ECANCELED }
        let file = unsafe open(SandboxPlan.authorities, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o444)
        guard file >= 0 else { return errno }
        defer { close(file) }
        let count = unsafe bytes.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
        return count == bytes.count ? 0 : count < 0 ? errno : EIO
    }

    /// A session of its own; or, with a terminal, a group of its own in the runner's.
    private func placeInSession() -> Int32 {
        if start.terminal < 0 { return setsid() < 0 ? errno : 0 }
        guard setpgid(0, 0) == 0 else { return errno }
        return start.isInBackground != 0 || tcsetpgrp(start.terminal, getpid()) == 0 ? 0 : errno
    }

    /// Landlock, then the filter: the last thing that is done before the program.
    private func confine() -> Int32 {
        let rights = LandlockRights(version: Int(tacit_landlock_version()))
        if rights.files != 0 {
            // With a broker, all that can be reached is the loopback of this sandbox's own, where its programs may serve each other.
            let rules = tacit_landlock_rules(rights.files, plan.hasDoor ? 0 : rights.network, rights.scopes)
            guard rules >= 0 else { return -rules }
            var allowed = [("/", rights.reading), ("/dev", rights.using)]
            allowed += plan.writable.map { ($0, rights.changing) }
            for (path, right) in allowed {
                let result = LandlockRights.allow(right, below: path, in: rules)
                guard result == 0 else { return result }
            }
            // It was opened outside, where no rule reaches; a copy in memory is under none.
            _ = tacit_landlock_allow(rules, program, rights.executing)
            // Neither does one reach its terminal, which is opened again by who writes to /dev/stderr. Pipes are under none.
            for stream in streams { _ = tacit_landlock_allow(rules, stream, rights.usingFile) }
            let enforced = tacit_landlock_enforce(rules)
            guard enforced == 0 else { return -enforced }
        }
        guard tacit_close_from(3, 0) == 0 else { return errno }
        return -SyscallFilter(for: .program).apply()
    }

    /// Processes and threads, the largest file, open files, and no core file. Memory is not limited so: programs ask for room that they never use.
    private static let limits: [(Int32, UInt64)] = [
        (Int32(__RLIMIT_NPROC.rawValue), 1024), (Int32(RLIMIT_FSIZE.rawValue), 1 << 30), (Int32(RLIMIT_NOFILE.rawValue), 4096),
        (Int32(RLIMIT_CORE.rawValue), 0), (Int32(__RLIMIT_MSGQUEUE.rawValue), 1 << 16),
    ]

    /// The arguments up to a nil, then the variables up to a nil: they lie one behind the other in the block, each with its zero byte.
    private func pointers(into block: UnsafeMutableRawBufferPointer) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
        let (arguments, variables) = (Int(start.argumentCount), Int(start.variableCount))
        let words = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: arguments + variables + 2)
        var offset = 0
        for index in 0..<(arguments + variables + 2) {
            guard index != arguments, index != arguments + variables + 1, offset < block.count, let base = block.baseAddress else {
                unsafe (words + index).initialize(to: nil)
                continue
            }
            let word = unsafe (base + offset).assumingMemoryBound(to: CChar.self)
            unsafe (words + index).initialize(to: word)
            unsafe offset += strlen(word) + 1
        }
        return unsafe words
    }
}
