import CProcess
import Glibc
import Model

extension SandboxScene {
    /// What this machine and the run are, as the runner sees them.
    init(_ wish: SandboxWish, _ job: RunJob, _ program: ProgramResolver.Resolution, _ directories: RunDirectories) {
        self.init(
            user: wish.user, userID: geteuid(), groupID: getegid(), home: wish.home,
            working: job.directory == nil ? nil : FilePlace(directories.working))
        writesThrough = wish.writesThrough && job.asker == .person
        programs = ([program.file] + program.interpreters).map {
            FilePlace(path: $0.path, device: Int64(bitPattern: $0.device), inode: Int64(bitPattern: $0.inode))
        }
        (hasTerminal, hasDoor, hasKeeper) = (job.terminal != nil, wish.hasDoor, wish.hasDoor && wish.hasKeeper)
        if hasKeeper { ownProgram = Self.runningProgram }
        if let path = wish.lastingHome {
            lastingHome = Self.privateDirectory(path)
            lacksHome = lastingHome == nil
        }
        // Root's helper is a service of its own for each run.
        isAloneInGroup = job.caller != nil
        hidden = wish.hidden + wish.hidden.compactMap { Self.place($0)?.path }
        realHome = Self.place(wish.home)?.path
        reads = wish.reads.map { ($0, Self.place($0)) }
        findSystemLinks()
    }

    /// A directory of this user's alone, which is made where it is not there.
    private static func privateDirectory(_ path: String) -> FilePlace? {
        let above = path.split(separator: "/").dropLast().joined(separator: "/")
        for directory in ["/\(above)", path] { guard unsafe mkdir(directory, 0o700) == 0 || errno == EEXIST else { return nil } }
        let opened = unsafe open(path, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        defer { close(opened) }
        var facts = stat()
        guard unsafe fstat(opened, &facts) == 0, facts.st_uid == geteuid(), facts.st_mode & 0o077 == 0 else { return nil }
        return FilePlace(opened)
    }

    /// The file of this program; nil where another one, or none, lies in its place by now.
    private static var runningProgram: FilePlace? { place("/proc/self/exe").flatMap { own in place(own.path) == own ? own : nil } }

    /// Where a path leads.
    private static func place(_ path: String) -> FilePlace? {
        let opened = unsafe tacit_open_path(-1, path)
        guard opened >= 0 else { return nil }
        defer { close(opened) }
        return FilePlace(opened)
    }

    /// Looks at `/bin` and its like.
    mutating func findSystemLinks() {
        for name in Self.systemLinkNames { systemLinks[name] = Self.link(name) }
    }

    /// What a path leads to: nothing where nothing is, nil in place of the target where it is no link.
    private static func link(_ path: String) -> String?? {
        var facts = stat()
        guard unsafe lstat(path, &facts) == 0 else { return .none }
        guard facts.st_mode & S_IFMT == S_IFLNK else { return .some(nil) }
        let target = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, filled in
            filled = unsafe buffer.baseAddress.map { unsafe max(0, readlink(path, $0, buffer.count)) } ?? 0
        }
        return .some(String(decoding: target, as: UTF8.self))
    }
}

extension FilePlace {
    /// Where an open directory lies; nil when that cannot be told.
    init?(_ descriptor: Int32) {
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0, let path = OpenedFile.location(of: descriptor) else { return nil }
        self.init(path: path, device: Int64(bitPattern: UInt64(facts.st_dev)), inode: Int64(bitPattern: UInt64(facts.st_ino)))
    }
}
