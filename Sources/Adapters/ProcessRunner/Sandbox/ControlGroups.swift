import Glibc

/// The part of the kernel's hierarchy of control groups that was handed to a keeper (Documentation/admin-guide/cgroup-v2.rst, "Delegation").
///
/// A group whose members are limited one by one holds no processes itself. So the keeper settles in a leaf of its own, and the groups of runs lie beside it.
package struct ControlGroups: Sendable, Equatable {
    /// Why a run has no group of its own.
    package struct Missing: Error, Equatable {
        package let reason: String
    }

    /// The group that was handed over, as a directory.
    let directory: String

    /// Where the hierarchy is mounted, and where a process finds its own group.
    package struct Place: Sendable {
        var mount = "/sys/fs/cgroup"
        var membership = "/proc/self/cgroup"

        package init() {}

        package init(mount: String, membership: String) { (self.mount, self.membership) = (mount, membership) }
    }

    static let leaf = "keeper"
    private static let controllers = ["memory", "pids"]

    /// Moves the calling process to the leaf of a group in which it is alone; nil, or why that is not its to do. Call it before anything else is started.
    package static func settle(in place: Place = Place()) -> Missing? {
        do throws(Missing) {
            let own = try ownGroup(place)
            if own.hasSuffix("/\(leaf)") { return nil }
            guard words(of: "\(own)/cgroup.procs") == ["\(getpid())"], unsafe access(own, W_OK) == 0 else {
                throw Missing(reason: "the keeper was handed no control group; the unit `tacit-keeper.service` with `Delegate=` hands it one")
            }
            guard Set(words(of: "\(own)/cgroup.controllers")).isSuperset(of: controllers) else {
                throw Missing(reason: "the keeper's control group counts neither memory nor processes")
            }
            guard unsafe mkdir("\(own)/\(leaf)", 0o755) == 0 || errno == EEXIST else { throw failure(errno) }
            try write("\(getpid())", to: "\(own)/\(leaf)/cgroup.procs")
            try write(controllers.map { "+\($0)" }.joined(separator: " "), to: "\(own)/cgroup.subtree_control")
            return nil
        } catch {
            return error
        }
    }

    /// Those that the keeper of the calling process settled in.
    static func find(in place: Place = Place()) throws(Missing) -> ControlGroups {
        let own = try ownGroup(place)
        let groups = ControlGroups(directory: String(own.dropLast(leaf.utf8.count + 1)))
        guard own.hasSuffix("/\(leaf)"), Set(words(of: "\(groups.directory)/cgroup.subtree_control")).isSuperset(of: controllers) else {
            throw Missing(reason: "the keeper was handed no control group")
        }
        return groups
    }

    /// The limits of the group that the calling process is in, where somebody set both.
    static func limits(in place: Place = Place()) -> ControlGroup.Limits? {
        guard let own = try? ownGroup(place), let memory = words(of: "\(own)/memory.max").first.flatMap({ UInt64($0) }),
            let processes = words(of: "\(own)/pids.max").first.flatMap({ Int($0) })
        else { return nil }
        return ControlGroup.Limits(memory: memory, processes: processes)
    }

    /// The directory of a run's group, by its runner.
    func path(of runner: Int32) -> String { "\(directory)/run-\(runner)" }

    /// Ends what is in the group of a runner that was killed, and takes the group away.
    static func removeLeftovers(of runner: Int32) {
        if let groups = try? find() { ControlGroup.remove(groups.path(of: runner)) }
    }

    private static func ownGroup(_ place: Place) throws(Missing) -> String {
        guard unsafe access("\(place.mount)/cgroup.controllers", R_OK) == 0 else {
            throw Missing(reason: "this machine has no control groups of the second version at \(place.mount)")
        }
        // The unified hierarchy is the one without a number and controllers of its own (cgroups(7)).
        let prefix = "0::/"
        guard let line = text(of: place.membership).split(separator: "\n").first(where: { $0.hasPrefix(prefix) }) else {
            throw Missing(reason: "this process is in no control group of the second version")
        }
        let path = line.dropFirst(prefix.utf8.count)
        guard !path.split(separator: "/").contains("..") else {
            throw Missing(reason: "the keeper's control group lies outside of what is seen here")
        }
        return path.isEmpty ? place.mount : "\(place.mount)/\(path)"
    }

    private static func failure(_ error: Int32) -> Missing {
        Missing(reason: "the keeper's control group is not its to change (\(Errno(code: error).text))")
    }

    /// Writes to one of a group's files. In a real group nothing can be created, so what is not there is an error.
    static func write(_ value: String, to path: String) throws(Missing) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard file >= 0 else { throw failure(errno) }
        defer { close(file) }
        let bytes = Array(value.utf8)
        guard unsafe Glibc.write(file, bytes, bytes.count) == bytes.count else { throw failure(errno) }
    }

    private static func words(of path: String) -> [String] { text(of: path).split { $0 == " " || $0 == "\n" }.map(String.init) }

    /// A file of the kernel's; empty where there is none, which says nothing to anybody who reads it here.
    private static func text(of path: String) -> String {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = unsafe read(file, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }
}
