import Glibc
package import Model
import Synchronization

/// Finds out who is at the other end of a Unix socket: user, process, kernel session, and whether another program stands between.
///
/// What it finds only ever lowers authority (docs/THREAT-MODEL.md): a process of the same user can put itself anywhere.
package final class KernelPeers: Sendable {
    /// How many parents are looked at before the answer is "something stands between".
    private static let deepestChain = 16

    private let names = Mutex<[UInt32: String]>([:])
    private let own: OwnProgram

    /// Peers that execute another program than this process's are told apart.
    package convenience init() { self.init(own: OwnProgram()) }

    init(own: OwnProgram) { self.own = own }

    /// Describes the process behind a connected socket, as the socket's credentials name it; nil when it has ended already.
    ///
    /// `pinned` is its pidfd, which is closed here: while the process is alive its id is nobody else's, so the facts read meanwhile are its own.
    package func peer(process: Int32, user: UInt32, pinned: Int32) -> Peer? {
        defer { if pinned >= 0 { close(pinned) } }
        guard pinned >= 0 else { return nil }
        guard let facts = ProcessFacts(process: process) else { return isAlive(pinned) ? hidden(process, user) : nil }
        let session = session(of: facts)
        let place = session == nil ? .leaderless : place(of: process, facts)
        let path = ProcessFiles.executable(of: process)
        // Programs that protect themselves, ours among them, hide it: then what they call themselves stands in brackets, as `ps` writes it.
        let executable = path.isEmpty ? "[\(facts.name)]" : path
        let isOwn = own.isExecuted(by: process, called: facts.name)
        guard isAlive(pinned) else { return nil }
        return Peer(
            userID: user, userName: name(of: user), process: process, start: facts.start, executable: executable, isOwnProgram: isOwn,
            session: session, place: place)
    }

    /// A living process of which this system tells nothing, as with `/proc` mounted with `hidepid`: it stands nowhere.
    private func hidden(_ process: Int32, _ user: UInt32) -> Peer {
        Peer(userID: user, userName: name(of: user), process: process, executable: "[hidden]", isOwnProgram: false, session: nil, place: .hidden)
    }

    private func session(of facts: ProcessFacts) -> KernelSession? {
        guard let leader = ProcessFacts(process: facts.session), leader.session == facts.session else { return nil }
        return KernelSession(id: facts.session, leaderStart: leader.start, terminal: facts.terminal)
    }

    /// A process is next to the leader when it is the leader, its child, or a child of unexecuted forks of the leader (a subshell).
    private func place(of process: Int32, _ facts: ProcessFacts) -> Peer.Place {
        let leader = facts.session
        if process == leader { return .nextToLeader }
        let image = Image(process: leader)
        var current = facts.parent
        // The program between that is nearest to the leader: the one that a person started.
        var between: String?
        for _ in 0..<Self.deepestChain {
            if current == leader {
                if let between { return .behind(between) }
                return ProcessFiles.isFirst(leader) ? .belowFirstProcess : .nextToLeader
            }
            guard let next = ProcessFacts(process: current), next.session == leader else {
                return between.map(Peer.Place.behind) ?? .adopted
            }
            if image == nil || Image(process: current) != image { between = next.name }
            current = next.parent
        }
        return .behind(between ?? "")
    }

    private func isAlive(_ pinned: Int32) -> Bool {
        var state = pollfd(fd: pinned, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&state, 1, 0) == 0
    }

    /// A user's name, looked up once; its number when it has none.
    private func name(of user: UInt32) -> String {
        names.withLock { names in
            if let known = names[user] { return known }
            // getpwuid's buffer is the process's: the lock lets one reader at it.
            let entry = unsafe getpwuid(user)
            let name = unsafe entry.map { unsafe String(cString: $0.pointee.pw_name) } ?? "\(user)"
            names[user] = name
            return name
        }
    }
}

/// What a process executes: the file and the words it was started with.
private struct Image: Equatable {
    var device: UInt64
    var inode: UInt64
    var words: [UInt8]

    init?(process: Int32) {
        var facts = stat()
        guard unsafe stat("/proc/\(process)/exe", &facts) == 0,
            let words = ProcessFiles.read("/proc/\(process)/cmdline", limit: 128 << 10)
        else { return nil }
        device = UInt64(facts.st_dev)
        inode = UInt64(facts.st_ino)
        self.words = words
    }
}
