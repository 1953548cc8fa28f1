import APIServer
import Auditing
import CProcess
import Commands
import Glibc
import KernelPeers
import Model
import PasswordKeys
import ProcessRunner
import SQLiteDatabase
import Secrets
import StateFiles
import Storage
import TacitWire

/// The keeper: adapters, vault and server put together, in the foreground until a signal ends it.
struct KeeperProcess {
    let paths: LocalPaths
    /// Whom it serves as a user of its own; nil for the user that it is.
    var person: Account?
    /// Told once the socket listens, or why it does not.
    let onReady: @Sendable () -> Void

    static let version = "0.1.0"

    func run() async throws {
        try Self.harden()
        if let person, person.userID == geteuid() || geteuid() == 0 { throw KeeperError.notAnother(person.userID) }
        guard paths.socket.utf8.count <= Self.longestSocketPath else { throw KeeperError.longPath(paths.socket) }
        // The socket is the user's alone from the moment it is bound, before anyone can connect.
        umask(0o077)
        if person == nil { try PrivateDirectory.make(paths.runtime) }
        let lock = try KeeperLock(path: paths.keeperLock, socket: paths.socket)
        defer { lock.release() }
        try PrivateDirectory.make(paths.state)
        if person != nil { try PrivateDirectory.check(paths.runtime, allowing: 0o755) }
        let door = SocketFile(paths.socket, for: person)
        // Whoever left one there is gone: the lock is ours.
        door.clear()
        defer { door.remove() }
        NamedListener.removeLeftovers(in: paths.runtime, beginning: paths.doors)
        try? StagedSQLiteStore.clear(paths.vault)
        let confined = ConfinedDoorLauncher()
        let vault = Vault(foundation(runners, try files, confined, unlimited: unlimited))
        try await serve(vault, door, confined)
        try? await vault.lock(by: Self.keeper)
    }

    /// Runs are the user's that the keeper is, or a third user's.
    private var runners: RunnerLauncher {
        guard let person else { return RunnerLauncher(for: .own(), hiding: paths.own, homes: paths.homes) }
        let usual = LocalPaths(environment: [:], home: person.home, userID: person.userID, hasUserRuntime: true)
        return RunnerLauncher(for: person, hiding: paths.own + usual.own, starter: LocalPaths.starterSocket(of: person.userID))
    }

    /// Settles in the control groups that the keeper was handed, if it has runs of its own; why the processes of a run are not limited together.
    private var unlimited: String? {
        person == nil ? ControlGroups.settle()?.reason : "all runs of a person share what the unit of root's helper allows"
    }

    /// What one user writes for its keeper's eyes alone, the other cannot read: a keeper that is a user of its own has no session files.
    private var files: any SessionFileSupply {
        get throws { person == nil ? try SessionFileLauncher(directory: paths.sessionFiles) : NoSessionFiles() }
    }

    private func serve(_ vault: Vault, _ door: SocketFile, _ confined: ConfinedDoorLauncher) async throws {
        let finder = KernelPeers()
        let peers = PeerFinder { process, user, pinned in finder.peer(process: process, user: user, pinned: pinned) }
        let file = ProgramFile()
        let server = KeeperServer(vault: vault, peers: peers, version: Self.version, process: getpid()) { Self.giveWay(file, vault) }
        confined.serve(by: server)
        let ready = onReady
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.upkeep(vault, file, door) }
            defer { group.cancelAll() }
            try await server.serve(on: door.provisional) {
                // One that cannot be reached ends, and whoever started it is told that it did.
                if door.publish() { ready() } else { kill(getpid(), SIGTERM) }
            } stopping: {
                try? await vault.lock(by: Self.keeper)
            }
        }
    }

    /// Nothing of this process may reach a disk or another process: no core file, no tracing. Signals of a terminal that closes are not for it.
    private static func harden() throws {
        guard unsafe tacit_harden("tacit-keeper") == 0, unsafe chdir("/") == 0 else { throw KeeperError.cannotHarden }
        for number in [SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
    }

    /// The longest path that a Unix socket's address has room for while the socket has its first name, which is one byte longer.
    private static let longestSocketPath = 102

    /// The keeper itself, for what it does unasked.
    private static let keeper = Secrets.Asker(standing: .unidentified, source: .keeper, origin: Host.origin())

    private func foundation(
        _ runners: RunnerLauncher, _ files: any SessionFileSupply, _ confined: ConfinedDoorLauncher, unlimited: String?
    ) -> Vault.Foundation {
        let paths = paths
        return Vault.Foundation(
            openStore: { create in CachingStore(try SQLiteStore.open(directory: paths.vault, create: create)) },
            storeExists: { unsafe access("\(paths.vault)/vault.db", F_OK) == 0 },
            passwordHash: Argon2id(), clock: Host.clock(),
            memory: DiskStateFile(path: paths.rollbackMemory, durability: .lazy),
            pending: DiskStateFile(path: paths.pending, durability: .flushed),
            // Overwritten in place: it outlives the keeper however that ends, and needs no room on a full disk.
            backoff: DiskStateFile(path: paths.backoff, durability: .lazy), checkpoint: DiskStateFile(path: paths.checkpoint, durability: .lazy),
            reserve: DiskReserve(path: "\(paths.vault)/vault.reserve"),
            keeper: Host.origin(), person: person?.userID, runners: runners, files: files,
            brokers: BrokerLauncher(runners: runners, doors: person == nil ? paths.doors : nil), confinedDoors: confined,
            stagedStore: { try StagedSQLiteStore.make(in: paths.vault) }, hardening: { Host.hardening(unlimited: unlimited) },
            checkPlaces: { try SQLiteStore.checkPlaces(vault: paths.vault, others: [paths.state]) })
    }

    /// Does what is due every few seconds, and at the moment the idle lock falls; each act of a person moves that on.
    private static func upkeep(_ vault: Vault, _ file: ProgramFile, _ door: SocketFile) async throws {
        let clock = Host.clock()
        while true {
            var pause = Duration.seconds(5)
            if let deadline = vault.idleDeadline { pause = max(.milliseconds(20), min(pause, deadline.duration(since: clock.steady()))) }
            try await Task.sleep(for: pause)
            try? await vault.upkeep()
            giveWay(file, vault)
            leaveIfUnreachable(door, vault)
        }
    }

    /// A keeper whose socket was taken away can be asked for nothing, not even to lock, and keeps another from starting: it ends with its last run.
    private static func leaveIfUnreachable(_ door: SocketFile, _ vault: Vault) {
        guard vault.runs.all.isEmpty, door.isGone else { return }
        kill(getpid(), SIGTERM)
    }

    /// A keeper whose program was replaced ends once it holds neither keys nor runs: the next command starts the new one.
    private static func giveWay(_ file: ProgramFile, _ vault: Vault) {
        guard !vault.isUnlocked, vault.runs.all.isEmpty, file.isReplaced else { return }
        kill(getpid(), SIGTERM)
    }
}

/// Why the keeper does not start.
enum KeeperError: Diagnosable, Equatable {
    case cannotHarden
    /// Where the other one listens, as far as it is known.
    case running(String?)
    case noDirectory(String)
    case misplaced(String)
    case loose(String)
    case longPath(String)
    case notAnother(UInt32)

    var code: String { "keeper.cannot-start" }

    var message: String {
        switch self {
        case .cannotHarden: "the keeper could not protect its own memory"
        case .running: OtherKeeper.message
        case .noDirectory(let path): "\(path) could not be made"
        case .misplaced(let path): "\(path) is no directory of its own"
        case .loose(let path): "\(path) is not yours alone"
        case .longPath(let path): "\(path) is too long for a socket: 102 bytes are the most"
        case .notAnother(let user): "a keeper for user \(user) must be a user of its own, and not root"
        }
    }

    var hint: String? {
        switch self {
        case .running(let socket): OtherKeeper.hint(socket)
        case .misplaced: "put a directory there: a link is not followed"
        case .loose(let path): "chmod 700 \(path), and make sure that you own it"
        case .notAnother: "the service that `tacit keeper install --system-user` made starts it so"
        case .longPath: "set XDG_RUNTIME_DIR to a shorter path, for keeper and commands alike"
        default: nil
        }
    }
}
