import CProcess
import Glibc
import TacitWire

/// Installs a keeper that is a user of its own, and takes it away again; or says what it would do.
struct KeeperInstallation {
    private let keeper: SystemKeeper
    private let console: Console
    private let isDry: Bool
    private let isRoot: Bool
    /// Whether systemd is what runs this machine (sd_booted(3)).
    private let hasSystemd: Bool

    init(_ keeper: SystemKeeper, _ context: CommandContext, isDry: Bool) {
        (self.keeper, self.isDry) = (keeper, isDry)
        console = Console(context)
        isRoot = context.userID == 0
        hasSystemd = unsafe access("/run/systemd/system", F_OK) == 0
    }

    func install() throws {
        try check()
        for name in [SystemKeeper.keeperUser, keeper.runUser] where Self.numbers(of: name) == nil {
            try run(["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name])
        }
        let (own, runs) = (Self.numbers(of: SystemKeeper.keeperUser), Self.numbers(of: keeper.runUser))
        guard isDry || (own != nil && runs != nil) else { throw CommandFailure("the users could not be made", code: "keeper.install") }
        for unit in keeper.units(keeper: own?.user, run: runs?.user, runGroup: runs?.group) { try write(unit.content, to: unit.path) }
        try control([["daemon-reload"], ["enable", "--now", keeper.starterSocket, keeper.keeperService]])
        guard !isDry else { return }
        console.say("\(keeper.personName)'s keeper is a user of its own\(hasSystemd ? "" : " as soon as systemd starts \(keeper.keeperService)").")
        console.say("Next, as \(keeper.personName): `tacit init`.")
    }

    func uninstall() throws {
        try check()
        // With its socket the services of runs stop.
        try control([["disable", "--now", keeper.keeperService, keeper.starterSocket], ["stop", keeper.runsSlice]])
        for unit in [keeper.keeperService, keeper.starterSocket, keeper.starterService, keeper.runsSlice] {
            try remove("\(SystemKeeper.unitDirectory)/\(unit)")
        }
        try control([["daemon-reload"]])
        if !isDry { console.say("Its units are gone. The vault stays in /var/lib/tacit/\(keeper.person).") }
    }

    private func check() throws {
        guard isRoot || isDry else {
            throw CommandFailure("only root can do this", hint: "with sudo, or `--dry-run` to see what it would do", code: "keeper.install")
        }
    }

    private func control(_ commands: [[String]]) throws {
        if !hasSystemd, !isDry { return console.note("systemd does not run here: nothing was started or stopped") }
        for words in commands { try run(["systemctl"] + words) }
    }

    /// Runs a program of the system's and waits for it.
    private func run(_ words: [String]) throws {
        if isDry { return console.say(words.joined(separator: " ")) }
        var process: pid_t = 0
        let variables = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
        let error = unsafe CStrings.with(words) { arguments in
            unsafe CStrings.with(variables) { variables in unsafe posix_spawnp(&process, words[0], nil, nil, arguments, variables) }
        }
        guard error == 0 else { throw CommandFailure(errno: error, "`\(words[0])` cannot be started") }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw CommandFailure(errno: errno, "`\(words[0])` cannot be waited for") }
        }
        guard status == 0 else { throw CommandFailure("`\(words.joined(separator: " "))` failed", code: "keeper.install") }
    }

    /// Writes a unit beside its place and moves it there, so that a half of one is never read.
    private func write(_ content: String, to path: String) throws {
        if isDry { return console.say("\n# \(path)\n\(content)") }
        let draft = "\(path).new"
        unsafe unlink(draft)
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard file >= 0 else { throw CommandFailure(errno: errno, "\(path) cannot be written") }
        let isWhole = Console.write(Array(content.utf8), to: file) && fsync(file) == 0 && fchmod(file, 0o644) == 0
        close(file)
        guard isWhole, unsafe rename(draft, path) == 0 else { throw CommandFailure(errno: errno, "\(path) cannot be written") }
    }

    private func remove(_ path: String) throws {
        if isDry { return console.say("rm \(path)") }
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw CommandFailure(errno: errno, "\(path) cannot be removed") }
    }

    /// A user's numbers; nil when there is none of that name.
    private static func numbers(of name: String) -> (user: UInt32, group: UInt32)? {
        guard let entry = unsafe getpwnam(name) else { return nil }
        return unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }
}
