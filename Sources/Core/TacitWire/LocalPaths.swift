/// Where Tacit keeps its files on one machine, after the XDG base directories. A pure function of environment and user.
public struct LocalPaths: Sendable, Equatable {
    /// The directory of the vault, 0700.
    public let vault: String
    /// The directory of what is remembered outside the vault, 0700.
    public let state: String
    /// The directory of the keeper's socket, 0700.
    public let runtime: String
    /// The keeper's socket: one per user and vault.
    public private(set) var socket: String
    /// Held by the keeper as long as it lives. It is not among the sockets: who is told of another place for those must not have a second keeper.
    public let keeperLock: String
    /// The directory of the session files, 0700.
    public let sessionFiles: String
    /// The badges of agents, one file each: the person's, whoever the keeper is.
    public let agents: String
    /// The directory in which a command of the person's keeps what is edited.
    public let drafts: String
    /// Whether the keeper is a user of its own.
    public let hasOwnUser: Bool

    /// `hasUserRuntime` says whether `/run/user/UID` is there, for hosts that pass no `XDG_RUNTIME_DIR`.
    public init(environment: [String: String], home: String, userID: UInt32, hasUserRuntime: Bool) {
        func directory(_ variable: String, _ fallback: String) -> String {
            guard let path = environment[variable], path.hasPrefix("/") else { return fallback }
            return path
        }
        vault = directory("TACIT_VAULT", directory("XDG_DATA_HOME", "\(home)/.local/share") + "/tacit")
        let vaultID = Self.fingerprint(vault)
        state = directory("XDG_STATE_HOME", "\(home)/.local/state") + "/tacit"
        let usual = hasUserRuntime ? "/run/user/\(userID)" : "\(home)/.local/state"
        let runtimeBase = directory("XDG_RUNTIME_DIR", usual)
        runtime = (runtimeBase == "/" ? "" : runtimeBase) + "/tacit"
        socket = "\(runtime)/keeper-\(vaultID).sock"
        keeperLock = "\(state)/keeper-\(vaultID).lock"
        sessionFiles = "\(runtime)/files-\(vaultID)"
        agents = "\(state)/agents"
        drafts = runtime
        hasOwnUser = false
    }

    /// Where the keeper of a person lies that is a user of its own; `person` has what stays the person's.
    public init(ownUserKeeperOf userID: UInt32, person: LocalPaths) {
        let kept = "/var/lib/tacit/\(userID)"
        vault = "\(kept)/vault"
        state = "\(kept)/state"
        runtime = "\(Self.systemRuntime)/\(userID)"
        socket = "\(runtime)/keeper.sock"
        keeperLock = "\(kept)/keeper.lock"
        sessionFiles = "\(kept)/files"
        agents = person.agents
        drafts = person.drafts
        hasOwnUser = true
    }

    /// Where a whole agent finds the keeper in its sandbox. Outside of one nobody but root could put a socket there.
    public static let confinedSocket = "\(systemRuntime)/keeper.sock"

    /// The same paths, with the keeper where a whole agent finds it.
    public var confined: LocalPaths {
        var paths = self
        paths.socket = Self.confinedSocket
        return paths
    }

    /// Below it are the sockets of keepers that are users of their own. It is root's.
    public static let systemRuntime = "/run/tacit"
    /// Where a keeper that is a user of its own asks for the runners of a person.
    public static func starterSocket(of userID: UInt32) -> String { "\(systemRuntime)/\(userID).starter" }
    /// What says that a person's keeper is a user of its own: root's file, which the service manager starts that keeper by.
    public static func keeperUnit(of userID: UInt32) -> String { "/etc/systemd/system/tacit-keeper-\(userID).service" }

    /// Remembers the head of the log.
    public var rollbackMemory: String { "\(state)/head-\(Self.fingerprint(vault))" }
    /// What waits to be audited while the vault is locked.
    public var pending: String { "\(state)/pending-\(Self.fingerprint(vault))" }
    /// Remembers wrong passwords.
    public var backoff: String { "\(state)/backoff-\(Self.fingerprint(vault))" }
    /// The last signed checkpoint, as it was signed.
    public var checkpoint: String { "\(state)/checkpoint-\(Self.fingerprint(vault))" }

    /// What the names of the sockets begin with at which runs reach their brokers.
    public var doors: String { "\(runtime)/door-\(Self.fingerprint(vault))-" }

    /// The homes of whole agents, a directory each.
    public var homes: String { "\(state)/homes-\(Self.fingerprint(vault))" }

    /// The directories that are Tacit's own: no program in a sandbox sees them.
    public var own: [String] { [vault, state, runtime] }

    /// FNV-1a, 64 bits: tells the sockets of several vaults apart; nothing is protected by it.
    private static func fingerprint(_ text: String) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
