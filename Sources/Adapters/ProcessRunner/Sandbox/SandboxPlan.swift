package import Model
import TacitWire

/// What a program in a sandbox finds: a root in which nothing is that is not on this list.
package struct SandboxPlan: Sendable, Equatable {
    /// One thing that is put into the new root, in order. Paths are absolute, and those of the new root unless it says otherwise.
    package enum Step: Sendable, Equatable {
        case directory(String, mode: UInt32)
        case file(String, content: String)
        case link(String, to: String)
        /// What lies at the same path outside. It is left out where there is nothing, unless it has to be a certain file.
        case outside(String, Access, only: FilePlace? = nil)
        /// A directory from outside, at another path, and written.
        case placed(FilePlace, at: String)
        /// A file system of its own.
        case filesystem(String, type: String, options: [String], Attributes)
        /// The working directory as it is, and a private place for what is changed in it.
        case overlay(FilePlace)
    }

    /// What may be done with something from outside.
    package enum Access: Sendable, Equatable {
        case reading, writing, device
        /// Its files and directories, read. A socket in it is not the one outside: to connect needs no right to write.
        case readingFiles
    }

    /// Attributes of a mount, as Linux numbers them.
    package struct Attributes: OptionSet, Sendable, Equatable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let readOnly = Attributes(rawValue: 1)
        package static let noSetID = Attributes(rawValue: 2)
        package static let noDevices = Attributes(rawValue: 4)
        package static let noExecution = Attributes(rawValue: 8)
    }

    package private(set) var steps: [Step] = []
    /// Where the program starts.
    package let workingDirectory: String
    /// What HOME is.
    package let home: String
    /// Whether a broker listens on the loopback, which is all of the network that there is.
    package let hasDoor: Bool
    /// Whether the keeper listens for it, a whole agent.
    package let hasKeeper: Bool
    /// Where the program may change something.
    package private(set) var writable: [String]

    /// The size of the file system that holds what a run writes beside its working directory, and of that for the working directory's changes.
    package static let ownBytes = 256 << 20
    package static let changedBytes = 512 << 20
    package static let fileCount = 65_536
    /// The authorities that a program with a broker trusts.
    package static let authorities = "/run/tacit/authorities.pem"
    /// Where its broker listens beside the loopback.
    package static let proxySocket = "/run/tacit/proxy.sock"
    /// Where the keeper listens for a whole agent.
    package static let keeperSocket = LocalPaths.confinedSocket
    /// Where it finds `tacit`, wherever that lies: the last place of its PATH.
    package static let ownPrograms = "/run/tacit/bin"

    package init(_ scene: SandboxScene) {
        (home, hasDoor, hasKeeper) = (scene.homeInside, scene.hasDoor, scene.hasDoor && scene.hasKeeper)
        workingDirectory = scene.working?.path ?? "/work"
        writable = ["/tmp", "/var/tmp", "/run", "/dev/shm", "/dev/pts", home, workingDirectory]
        addSystem(scene)
        addConfiguration(scene)
        addDevices(scene)
        addEmptyPlaces()
        let own = hasKeeper ? scene.ownProgram : nil
        for program in scene.programs + [own].compactMap(\.self) where !isCovered(program.path, scene) {
            addParents(of: program.path)
            steps.append(.outside(program.path, .reading, only: program))
        }
        if let own { steps += [.directory(Self.ownPrograms, mode: 0o755), .link("\(Self.ownPrograms)/tacit", to: own.path)] }
        addReads(scene)
        addWork(scene)
        if let lasting = scene.lastingHome { steps.append(.placed(lasting, at: home)) }
    }

    private mutating func addSystem(_ scene: SandboxScene) {
        steps.append(.outside("/usr", .reading))
        for (path, target) in scene.systemLinks.sorted(by: { $0.key < $1.key }) {
            steps.append(target.map { .link(path, to: $0) } ?? .outside(path, .reading))
        }
        for store in SandboxScene.stores { steps.append(.outside(store, .reading)) }
    }

    /// The part of /etc without which programs do not start, find no certificates or do not know who they are.
    private mutating func addConfiguration(_ scene: SandboxScene) {
        steps.append(.directory("/etc", mode: 0o755))
        steps += SandboxScene.configuration.flatMap { name -> [Step] in
            let parents = name.split(separator: "/").dropLast()
            let above = parents.indices.map { Step.directory("/etc/" + parents[...$0].joined(separator: "/"), mode: 0o755) }
            return above + [.outside("/etc/\(name)", .reading)]
        }
        steps += [
            .file("/etc/passwd", content: scene.passwd), .file("/etc/group", content: scene.group),
            .file("/etc/hosts", content: "127.0.0.1 localhost\n::1 localhost\n"), .file("/etc/hostname", content: "sandbox\n"),
            .file("/etc/nsswitch.conf", content: "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n"),
        ]
    }

    private mutating func addDevices(_ scene: SandboxScene) {
        steps.append(.directory("/dev", mode: 0o755))
        for name in ["null", "zero", "full", "random", "urandom", "tty"] { steps.append(.outside("/dev/\(name)", .device)) }
        steps += [
            .link("/dev/fd", to: "/proc/self/fd"), .link("/dev/stdin", to: "/proc/self/fd/0"), .link("/dev/stdout", to: "/proc/self/fd/1"),
            .link("/dev/stderr", to: "/proc/self/fd/2"), .directory("/dev/shm", mode: 0o1777),
        ]
        if scene.hasTerminal {
            steps += [
                .directory("/dev/pts", mode: 0o755),
                .filesystem("/dev/pts", type: "devpts", options: ["ptmxmode", "0666", "mode", "0620"], [.noSetID, .noExecution]),
                .link("/dev/ptmx", to: "pts/ptmx"),
            ]
        }
    }

    private mutating func addEmptyPlaces() {
        steps += [
            .directory("/proc", mode: 0o555), .filesystem("/proc", type: "proc", options: [], [.readOnly, .noSetID, .noDevices, .noExecution]),
            .directory("/run", mode: 0o755), .directory("/var", mode: 0o755), .directory("/var/tmp", mode: 0o1777), .link("/var/run", to: "/run"),
            .directory("/tmp", mode: 0o1777),
        ]
        if hasDoor { addParents(of: Self.authorities) }
        addParents(of: home)
        steps.append(.directory(home, mode: 0o700))
    }

    private mutating func addReads(_ scene: SandboxScene) {
        for case (let named, let place?) in scene.reads {
            if !isCovered(place.path, scene) {
                addParents(of: place.path)
                steps.append(.outside(place.path, .readingFiles, only: place))
            }
            guard named != place.path else { continue }
            addParents(of: named)
            steps.append(.link(named, to: place.path))
        }
    }

    private mutating func addWork(_ scene: SandboxScene) {
        guard let place = scene.working else { return steps.append(.directory(workingDirectory, mode: 0o700)) }
        addParents(of: place.path)
        if scene.writesThrough {
            steps.append(.outside(place.path, .writing, only: place))
        } else {
            steps += [.directory(place.path, mode: 0o755), .overlay(place)]
        }
    }

    private mutating func addParents(of path: String) {
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).dropLast().map { String(Substring($0)) }
        for index in parts.indices { steps.append(.directory("/" + parts[...index].joined(separator: "/"), mode: 0o755)) }
    }

    /// Makes a run's variables fit: what names a directory that is not there is taken out.
    package func adapt(_ variables: inout [String: String]) {
        variables["HOME"] = home
        if hasKeeper { variables["PATH"] = variables["PATH"].map { "\($0):\(Self.ownPrograms)" } }
        for name in ["TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] { variables[name] = nil }
    }

    /// Whether a file is seen already: as part of the system, or of the working directory.
    private func isCovered(_ path: String, _ scene: SandboxScene) -> Bool {
        let seen = ["/usr"] + scene.systemLinks.filter { $0.value == nil }.keys + SandboxScene.stores + (scene.working.map { [$0.path] } ?? [])
        return seen.contains { SandboxScene.lies(path, in: $0) }
    }
}
