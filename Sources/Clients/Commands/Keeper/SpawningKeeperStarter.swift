import CProcess
import Glibc
package import TacitWire

/// Starts the keeper as a process of its own from this program's own file, and waits until it listens.
///
/// Starters take turns at a lock: the second finds the keeper of the first.
package struct SpawningKeeperStarter: KeeperStarter {
    /// How long a keeper may take until it listens.
    static let limitMilliseconds: Int32 = 10_000

    let environment: [String: String]
    /// The program and its arguments.
    var program = "/proc/self/exe"
    var arguments = ["tacit", KeeperHelperCommand.name]

    package init(environment: [String: String]) { self.environment = environment }

    package func start(_ paths: LocalPaths) throws {
        try checkRuntime()
        try PrivateDirectory.make(paths.runtime, or: Self.runtimeRemedy)
        try PrivateDirectory.make(paths.state, or: "let XDG_STATE_HOME name a directory that you may write")
        let turn = unsafe open("\(paths.keeperLock).start", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard turn >= 0 else { throw CommandFailure(errno: errno, "\(paths.state) cannot be written") }
        defer { close(turn) }
        while flock(turn, LOCK_EX) != 0 { guard errno == EINTR else { throw CommandFailure(errno: errno, "the keeper cannot be started") } }
        if KeeperSocket.answers(paths.socket) { return }
        try spawn(paths)
    }

    private static let runtimeRemedy = "let XDG_RUNTIME_DIR name a directory of your own, or unset it"

    /// Whoever opens a session makes that directory; one that is not there was named by mistake.
    private func checkRuntime() throws {
        guard let path = environment["XDG_RUNTIME_DIR"], path.hasPrefix("/"), unsafe access(path, F_OK) != 0 else { return }
        throw CommandFailure(errno: errno, "the directory \(path) that XDG_RUNTIME_DIR names cannot be used", hint: Self.runtimeRemedy)
    }

    private func spawn(_ paths: LocalPaths) throws {
        var ends: [Int32] = [-1, -1]
        guard unsafe tacit_pipe(&ends) == 0 else { throw CommandFailure("the keeper cannot be started: there are no descriptors left") }
        defer { close(ends[0]) }
        // Nobody's child: `tacit mcp` may outlive many keepers, and whoever ends a command with all its children means no keeper.
        let result = unsafe CStrings.with(arguments) { arguments in
            unsafe CStrings.with(variables) { variables in unsafe tacit_spawn_detached(program, arguments, variables, ends[1]) }
        }
        close(ends[1])
        guard result == 0 else { throw CommandFailure(errno: -result, "the keeper cannot be started") }
        if let failure = try wait(ends[0]) {
            // Another keeper may have come first by another way: then its socket answers.
            guard KeeperSocket.answers(paths.socket) else { throw failure }
        }
    }

    private func wait(_ pipe: Int32) throws -> CommandFailure? {
        var text: [UInt8] = []
        while true {
            var waiting = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&waiting, 1, Self.limitMilliseconds)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else {
                return CommandFailure(
                    "the keeper did not listen within \(Self.limitMilliseconds / 1000) s", hint: "run `tacit keeper` to see why", code: "keeper.slow")
            }
            var piece = [UInt8](repeating: 0, count: 4096)
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(pipe, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count > 0, text.count < 64 << 10 { text += piece.prefix(count) }
            if count <= 0 || text.first == KeeperReadiness.ready { return KeeperReadiness.failure(in: text) }
        }
    }

    /// What the keeper is given of the environment: where its files lie, who and where the user is, and that a crash prints nothing.
    var variables: [String] {
        let kept = environment.filter { name, _ in
            ["HOME", "USER", "LOGNAME", "PATH", "LANG", "TZ"].contains(name) || name.hasPrefix("XDG_") || name.hasPrefix("TACIT_")
        }
        // A crash must not print registers and memory.
        let own = ["SWIFT_BACKTRACE": "enable=no"]
        return kept.merging(own) { $1 }.map { "\($0)=\($1)" }.sorted()
    }
}
