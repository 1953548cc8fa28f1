import Glibc
import TacitWire
import TestKit

@testable import Commands

/// One person at one machine: a directory, an environment, streams that are looked at afterwards, and perhaps a terminal and a keeper.
final class Rig {
    let directory: TemporaryDirectory
    var environment: [String: String]
    var currentDirectory: String
    var terminal: FakeTerminal?
    var starter: any KeeperStarter = NoKeeperStarter()
    /// Whether commands run as in the sandbox of a whole agent, with the keeper where it is.
    var isConfined = false
    let keeper: FakeKeeper?
    /// What the tests take for now.
    static let now: Int64 = 1_763_700_000

    struct Outcome {
        var status: Int32
        var output: [UInt8]
        var messages: String
        var text: String { String(decoding: output, as: UTF8.self) }
    }

    init(_ answers: [String: FakeKeeper.Answer]? = [:]) throws {
        directory = try TemporaryDirectory("tacit-cli")
        environment = ["XDG_RUNTIME_DIR": directory.path("run"), "XDG_DATA_HOME": directory.path("data"), "XDG_STATE_HOME": directory.path("state")]
        currentDirectory = directory.path("work")
        for name in ["run", "data", "state", "work"] { unsafe mkdir(directory.path(name), 0o700) }
        let paths = LocalPaths(environment: environment, home: directory.path, userID: getuid(), hasUserRuntime: false)
        unsafe mkdir(paths.runtime, 0o700)
        keeper = try answers.map { try FakeKeeper(paths.socket, $0.merging(Self.usual) { own, _ in own }) }
    }

    deinit { keeper?.stop() }

    /// What a keeper of an unlocked vault says.
    private static let usual: [String: FakeKeeper.Answer] = [
        "GET /v1/status": { _ in .json(VaultStatus.of(.unlocked)) },
        "POST /v1/step-up": { _ in .json(StepUp(token: "TOKEN")) },
    ]

    /// What a keeper says where there is no such secret yet, and that it was stored.
    static func newSecret(_ name: String) -> [String: FakeKeeper.Answer] {
        let secrets = "/v1/projects/default/environments/dev/secrets"
        return [
            "GET \(secrets)": { _ in .json(Page<SecretSummary>(items: [])) },
            "GET \(secrets)/\(name)": { _ in .problem("secret.not-found", 404) },
            "PUT \(secrets)/\(name)": { _ in .json(Written(name: name, version: 1, revision: 1)) },
        ]
    }

    var paths: LocalPaths { LocalPaths(environment: environment, home: directory.path, userID: getuid(), hasUserRuntime: false) }

    var context: CommandContext {
        var context = CommandContext(
            environment: environment, currentDirectory: currentDirectory, home: directory.path, paths: paths, userID: getuid(), version: "1.2.3",
            starter: starter, keeper: { $0.readiness == nil ? 41 : 42 })
        context.terminal = terminal?.path
        context.now = { Self.now }
        if isConfined {
            context.confine()
            context.paths = paths
        }
        return context
    }

    /// Runs a command line with `input` on standard input.
    func run(_ arguments: String..., input: String = "") throws -> Outcome { try run(arguments, input: input) }

    /// Runs a command line whose standard input is the terminal.
    func runAtTerminal(_ arguments: String...) throws -> Outcome { try runAtTerminal(arguments) }

    func runAtTerminal(_ arguments: [String]) throws -> Outcome {
        guard let path = terminal?.path else { throw RigFailure("no terminal") }
        let input = unsafe open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
        defer { close(input) }
        return try run(arguments, from: input)
    }

    func run(_ arguments: [String], input: String = "", from source: Int32? = nil) throws -> Outcome {
        var context = context
        let files = try ["in", "out", "err"].map { name -> Int32 in
            let path = directory.path("stream-\(name)")
            let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw RigFailure("no stream") }
            return descriptor
        }
        defer { for file in files { close(file) } }
        Console.write(Array(input.utf8), to: files[0])
        lseek(files[0], 0, SEEK_SET)
        (context.input, context.output, context.messages) = (source ?? files[0], files[1], files[2])
        let status = TacitCommand.run(arguments, in: context)
        return Outcome(status: status, output: try content(files[1]), messages: String(decoding: try content(files[2]), as: UTF8.self))
    }

    private func content(_ file: Int32) throws -> [UInt8] {
        lseek(file, 0, SEEK_SET)
        return try Input.readAll(file, limit: 16 << 20, naming: "stream")
    }

    /// A descriptor from which a text can be read, such as `--password-fd` takes.
    func descriptor(_ text: String) throws -> Int32 {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw RigFailure("no pipe") }
        Console.write(Array(text.utf8), to: ends[1])
        close(ends[1])
        return ends[0]
    }

    /// Writes a file below the rig's directory and returns its path. One with a mode to execute can be executed then.
    @discardableResult
    func write(_ text: String, to name: String, mode: mode_t = 0o600) throws -> String {
        let path = directory.path(name)
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw RigFailure("no file") }
        fchmod(descriptor, mode)
        Console.write(Array(text.utf8), to: descriptor)
        close(descriptor)
        if mode & 0o100 != 0 { try awaitNoWriter(path) }
        return path
    }
}

extension VaultStatus {
    static func of(_ state: State, actor: Asker = Asker(kind: .person)) -> VaultStatus {
        VaultStatus(state: state, keeperVersion: "1.2.3", keeperProcess: 7, actor: actor)
    }
}
