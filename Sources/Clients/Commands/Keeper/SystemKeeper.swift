import TacitWire

/// A keeper that is a user of its own, as it is installed for one person: its users, and the units that the service manager starts it by.
struct SystemKeeper {
    /// The user of every person's keeper.
    static let keeperUser = "tacit"

    /// A user or group by number; nil while there is none.
    typealias Number = UInt32?

    let person: UInt32
    let personGroup: UInt32
    let personName: String
    /// Where this program lies: root's, and nobody else's to change.
    let program: String

    /// The user under whom the person's runs execute: nobody else's runs do.
    var runUser: String { "tacit-run-\(person)" }
    var keeperService: String { "tacit-keeper-\(person).service" }
    /// One for each run.
    var starterService: String { "tacit-starter-\(person)@.service" }
    /// All of them.
    var runsSlice: String { "tacit-runs-\(person).slice" }
    var starterSocket: String { "tacit-starter-\(person).socket" }

    static let unitDirectory = "/etc/systemd/system"

    /// Path and content of each unit, for the users' numbers. The keeper's comes last: it is what makes commands look for that keeper.
    func units(keeper: Number, run: Number, runGroup: Number) -> [(path: String, content: String)] {
        func text(_ number: Number, _ name: String) -> String { number.map { "\($0)" } ?? "<number of \(name)>" }
        let numbers = ["\(person)", "\(personGroup)", text(keeper, Self.keeperUser), text(run, runUser), text(runGroup, runUser)]
        return [
            ("\(Self.unitDirectory)/\(runsSlice)", sliceUnit),
            ("\(Self.unitDirectory)/\(starterSocket)", socketUnit),
            ("\(Self.unitDirectory)/\(starterService)", starterUnit(numbers)),
            (LocalPaths.keeperUnit(of: person), keeperUnit),
        ]
    }

    private var keeperUnit: String {
        """
        # Made by `tacit keeper install`; taken away by `tacit keeper uninstall`.
        [Unit]
        Description=Tacit's keeper of \(personName)
        Wants=\(starterSocket)
        After=\(starterSocket)

        [Service]
        ExecStart=\(program) keeper --person \(person)
        User=\(Self.keeperUser)
        Group=\(Self.keeperUser)
        # So that it can hand its socket to this group. Who may ask is decided by the user at the other end.
        SupplementaryGroups=\(personGroup)
        StateDirectory=tacit/\(person)
        StateDirectoryMode=0700
        RuntimeDirectory=tacit/\(person)
        RuntimeDirectoryMode=0711
        UMask=0077
        Environment=SWIFT_BACKTRACE=enable=no
        Restart=always
        RestartSec=1
        LimitCORE=0
        LimitMEMLOCK=16M
        NoNewPrivileges=yes
        CapabilityBoundingSet=
        AmbientCapabilities=
        ProtectSystem=strict
        ProtectHome=yes
        PrivateTmp=yes
        PrivateDevices=yes
        ProtectClock=yes
        ProtectControlGroups=yes
        ProtectHostname=yes
        ProtectKernelLogs=yes
        ProtectKernelModules=yes
        ProtectKernelTunables=yes
        # Its brokers, which it starts, speak with services; each confines itself before it reads anything.
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        LockPersonality=yes
        MemoryDenyWriteExecute=yes
        RemoveIPC=yes
        KeyringMode=private
        SystemCallArchitectures=native
        SystemCallFilter=@system-service memfd_secret seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self
        SystemCallErrorNumber=EPERM
        # /proc is not hidden from it: it looks at who asks.

        [Install]
        WantedBy=multi-user.target

        """
    }

    private var sliceUnit: String {
        """
        # Made by `tacit keeper install`; taken away by `tacit keeper uninstall`.
        [Unit]
        Description=All runs of \(personName) together

        [Slice]
        MemoryMax=75%
        TasksMax=4096

        """
    }

    private var socketUnit: String {
        """
        # Made by `tacit keeper install`; taken away by `tacit keeper uninstall`.
        [Unit]
        Description=Where Tacit's keeper of \(personName) asks for runners

        [Socket]
        ListenSequentialPacket=\(LocalPaths.starterSocket(of: person))
        SocketUser=\(Self.keeperUser)
        SocketGroup=\(Self.keeperUser)
        SocketMode=0600
        DirectoryMode=0755
        # One service for each connection, and so for each run.
        Accept=yes
        MaxConnections=256

        [Install]
        WantedBy=sockets.target

        """
    }

    private func starterUnit(_ numbers: [String]) -> String {
        """
        # Made by `tacit keeper install`; taken away by `tacit keeper uninstall`.
        [Unit]
        Description=Starts a run of \(personName) as a user of its own
        Requires=\(starterSocket)
        CollectMode=inactive-or-failed

        [Service]
        ExecStart=\(program) __starter \(numbers.joined(separator: " "))
        Environment=SWIFT_BACKTRACE=enable=no
        UMask=0077
        LimitCORE=0
        NoNewPrivileges=yes
        CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_SYS_ADMIN
        # The one run. What of it uses too much is ended, and the rest can tell so.
        Slice=\(runsSlice)
        MemoryMax=75%
        TasksMax=1024
        OOMPolicy=continue
        # Runs begin in this process, and keep what is taken away here: a view of the disk that nobody may write would be theirs, too.

        """
    }
}
