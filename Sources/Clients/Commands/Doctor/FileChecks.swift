import Glibc
import TacitWire

/// The modes and owners of Tacit's directories, its files, and the program itself.
struct FileChecks {
    typealias Finding = DoctorReport.Finding

    let context: CommandContext

    /// How much room is left for this user where a path lies; nil where that cannot be seen. Tests put another in its place.
    var room: (String) -> Int64? = Self.freeBytes

    init(_ context: CommandContext) { self.context = context }

    var findings: [Finding] { [directories, disk, program] + badges + listedPrograms }

    /// What the keeper cannot write down in the log it does not do.
    private var disk: Finding {
        let places = [context.paths.vault, context.paths.state].filter { facts($0) != nil }
        guard let full = places.first(where: { room($0).map { $0 < Self.leastRoom } ?? false }) else {
            return .init(.good, "disk.room", "there is room on the disk")
        }
        return .init(
            .bad, "disk.room", "the disk of \(full) is full: nothing that is to be written down in the audit log is shown or done",
            hint: "free some space there: `df \(full)` shows how much is left")
    }

    /// With less the next entries of the log find no room.
    private static let leastRoom: Int64 = 64 << 10

    private static func freeBytes(_ path: String) -> Int64? {
        var disk = statvfs()
        guard unsafe statvfs(path, &disk) == 0 else { return nil }
        return disk.f_files > 0 && disk.f_favail == 0 ? 0 : Int64(disk.f_bavail) * Int64(disk.f_frsize)
    }

    /// Whoever is root can write every file, so a path alone makes no program count.
    private var listedPrograms: [Finding] {
        guard context.userID == 0 else { return [] }
        return [
            .init(
                .advice, "programs.root", "you are root, who can write every program: a command rule's `programs` alone list none",
                hint: "\(Self.pinning); or work as an ordinary user")
        ]
    }

    /// What makes a listed program count for a caller who is root.
    static let pinning = "pin the content of the programs that your rules list: `sha256: [\"…\"]`, as `sha256sum FILE` prints it"

    /// Agents are told apart by files that every process of the user can read.
    private var badges: [Finding] {
        let names = entries(of: context.paths.agents).map { String($0[($0.lastIndex(of: "/").map($0.index(after:)) ?? $0.startIndex)...]) }
        guard !names.isEmpty else { return [] }
        return [
            .init(
                .advice, "agents.badges", "\(names.sorted().joined(separator: ", ")): known by a name badge, which only narrows what they may do",
                hint:
                    "under your own uid an agent can show another's badge, or none; confined (another user, another machine), its badge is all it has"
            )
        ]
    }

    var directories: Finding {
        let paths = context.paths
        let kept = paths.hasOwnUser ? [] : [paths.vault, paths.state, paths.runtime]
        for path in kept + [paths.agents] {
            if let problem = problem(of: path, allowed: 0o700, fix: "chmod 700 \(path)") { return problem }
        }
        for path in entries(of: paths.vault) + entries(of: paths.agents) {
            if let problem = problem(of: path, allowed: 0o600, fix: "chmod 600 \(path)") { return problem }
        }
        return .init(.good, "files.private", "Tacit's directories and files are yours alone")
    }

    /// The program that runs, and the directory it lies in, must not be for others to replace.
    var program: Finding {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return .init(.advice, "program.own", "where this program lies cannot be seen") }
        let path = String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        for place in [path, String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])] where !place.isEmpty {
            guard let facts = facts(place) else { continue }
            let isOurs = facts.st_uid == context.userID || facts.st_uid == 0
            if !isOurs || facts.st_mode & 0o022 != 0 {
                return .init(
                    .bad, "program.own", "\(place) can be changed by other users: they could put another program there", hint: "chmod go-w \(place)")
            }
        }
        return .init(.good, "program.own", "this program can be changed by you and root alone")
    }

    private func problem(of path: String, allowed: mode_t, fix: String) -> Finding? {
        guard let facts = facts(path) else { return nil }
        if facts.st_mode & S_IFMT == S_IFLNK {
            return .init(.bad, "files.private", "\(path) is a link, which Tacit does not follow", hint: "put what it leads to in its place")
        }
        if facts.st_uid != context.userID { return .init(.bad, "files.private", "\(path) belongs to another user", hint: "move it away") }
        if facts.st_mode & 0o777 & ~allowed != 0 { return .init(.bad, "files.private", "\(path) can be reached by other users", hint: fix) }
        return nil
    }

    private func facts(_ path: String) -> stat? {
        var facts = stat()
        return unsafe lstat(path, &facts) == 0 ? facts : nil
    }

    private func entries(of directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append("\(directory)/\(name)") }
        }
        return names
    }
}
