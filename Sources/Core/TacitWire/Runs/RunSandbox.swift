/// What confined a command, layer by layer.
public struct RunSandbox: Codable, Sendable, Equatable {
    /// Whether the command had a root, processes and a network of its own: `on`, what is lacking behind it, or why not.
    public var namespaces: String
    /// `on`, with its version, or why not.
    public var landlock: String
    /// `on`, or why not.
    public var seccomp: String
    /// What the command reached: `none`, or `host` without a sandbox.
    public var network: String
    /// Where files went: `private` (nothing is kept), `checked` (into the working directory once they were searched; what was otherwise behind it), `through` (as
    /// they were written).
    public var files: String
    /// What the command's processes could use together: `on` and how much, or `none` and why.
    public var cgroup: String

    public init(namespaces: String, landlock: String, seccomp: String, network: String, files: String, cgroup: String) {
        self.namespaces = namespaces
        self.landlock = landlock
        self.seccomp = seccomp
        self.network = network
        self.files = files
        self.cgroup = cgroup
    }

    /// What is told of a run that went without.
    public static func missing(_ reason: String) -> RunSandbox {
        RunSandbox(namespaces: reason, landlock: "off", seccomp: "off", network: "host", files: "through", cgroup: "none: there is no sandbox")
    }

    /// Whether anything confined the command.
    public var isOn: Bool { namespaces.hasPrefix("on") }
}

/// What a machine can confine a run with.
public struct SandboxFinding: Codable, Sendable, Equatable {
    /// The layers of a sandbox; nil when there is none.
    public var sandbox: RunSandbox?
    /// Why there is none.
    public var reason: String?
    /// What makes one possible.
    public var remedy: String?

    public init(sandbox: RunSandbox? = nil, reason: String? = nil, remedy: String? = nil) {
        self.sandbox = sandbox
        self.reason = reason
        self.remedy = remedy
    }
}

/// What became of the files that a command in a sandbox changed.
public struct RunChanges: Codable, Sendable, Equatable {
    /// A file, and why it is told.
    public struct Told: Codable, Sendable, Equatable {
        /// Relative to the working directory.
        public var path: String
        public var reason: String

        public init(path: String, reason: String) {
            self.path = path
            self.reason = reason
        }
    }

    /// A file that somebody else changed meanwhile, and the name beside it that the command's has.
    public struct Kept: Codable, Sendable, Equatable {
        public var path: String
        public var copy: String

        public init(path: String, copy: String) {
            self.path = path
            self.copy = copy
        }
    }

    /// How many are named at most.
    public static let longestList = 20
    /// The longest name that is told, in characters.
    public static let longestName = 120

    public var written = 0
    public var deleted = 0
    /// How many did not leave.
    public var withheldCount = 0
    /// Of those that did not leave, or not as they were, the first.
    public var withheld: [Told] = []
    public var keptCount = 0
    public var kept: [Kept] = []

    public init() {}

    public var isEmpty: Bool { self == RunChanges() }

    /// Names a file that did not leave, or not as it was.
    public mutating func tell(_ path: String, _ reason: String) {
        guard withheld.count < Self.longestList else { return }
        withheld.append(Told(path: String(path.prefix(Self.longestName)), reason: reason))
    }

    /// Counts a file that was kept beside another.
    public mutating func keep(_ path: String, as copy: String) {
        keptCount += 1
        guard kept.count < Self.longestList else { return }
        kept.append(Kept(path: String(path.prefix(Self.longestName)), copy: String(copy.prefix(Self.longestName))))
    }
}
