import ArgumentParser
import Glibc
import TacitWire

/// `tacit keeper install`
struct KeeperInstallCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Make a person's keeper a user of its own (as root).",
        discussion: """
            With --system-user the keeper runs as the user `tacit`, and each run under a third user, which root's helper starts: what else runs as the \
            person cannot read a run's environment or memory, nor the vault's files. It writes four units of systemd and starts them. The vault of \
            before stays where it is: `TACIT_VAULT=~/.local/share/tacit tacit export` and `tacit import` bring its secrets over.

            Runs have a home of their own, work in the working directory alone, and end with all that they started; there are no session files.

            EXAMPLES
              sudo tacit keeper install --system-user
              sudo tacit keeper install --system-user --for alice --dry-run
            """)

    @Flag(name: .customLong("system-user"), help: "Confirm that the keeper gets users of its own.")
    var isSystemUser = false

    @OptionGroup var target: KeeperTarget

    func check() throws {
        guard isSystemUser else {
            throw CommandFailure.usage("say which keeper: `--system-user` is the one that there is", hint: "without it nothing has to be installed")
        }
    }

    func perform(in context: CommandContext) throws {
        try check()
        let keeper = try target.keeper(context)
        let installation = KeeperInstallation(keeper, context, isDry: target.isDry)
        try installation.install()
    }
}

/// `tacit keeper uninstall`
struct KeeperUninstallCommand: Verb {
    static let configuration = CommandConfiguration(
        commandName: "uninstall",
        abstract: "Take away what `tacit keeper install` made (as root).",
        discussion: """
            Stops the keeper and its helper and removes their units. The vault stays in /var/lib/tacit, and so do the users that own its files.

            EXAMPLES
              sudo tacit keeper uninstall --for alice
            """)

    @OptionGroup var target: KeeperTarget

    func perform(in context: CommandContext) throws {
        try KeeperInstallation(try target.keeper(context), context, isDry: target.isDry).uninstall()
    }
}

/// Whose keeper is meant.
struct KeeperTarget: ParsableArguments {
    @Option(name: .customLong("for"), help: ArgumentHelp("The person, by name; whoever called sudo unless given.", valueName: "user"))
    var person: String?

    @Flag(name: .customLong("dry-run"), help: "Show what would be done, and do nothing.")
    var isDry = false

    func keeper(_ context: CommandContext) throws -> SystemKeeper {
        guard let name = person ?? context.environment["SUDO_USER"] else {
            throw CommandFailure.usage("say whose keeper is meant", hint: "`--for USER`")
        }
        guard let entry = unsafe getpwnam(name) else { throw CommandFailure("there is no user \(name.printable)", code: "user.absent") }
        let (user, group) = unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
        guard user != 0 else { throw CommandFailure("root's keeper cannot be a user of its own: root reads everything", code: "user.root") }
        return SystemKeeper(person: user, personGroup: group, personName: name, program: try Self.program())
    }

    /// The path of this program, which root alone can change: root executes it.
    private static func program() throws -> String {
        guard let path = ProcessFacts.program else { throw CommandFailure("where this program lies cannot be seen") }
        var end = path.endIndex
        while true {
            let place = end == path.startIndex ? "/" : String(path[..<end])
            var facts = stat()
            guard unsafe lstat(place, &facts) == 0, facts.st_uid == 0, facts.st_mode & 0o022 == 0 || facts.st_mode & S_ISVTX != 0 else {
                throw CommandFailure(
                    "\(place.printable) can be changed by others than root, who would execute this program",
                    hint: "install it for everybody: `sudo Scripts/install /usr/local`", code: "program.loose")
            }
            guard end != path.startIndex, let slash = path[..<end].lastIndex(of: "/") else { return path }
            end = slash
        }
    }
}
