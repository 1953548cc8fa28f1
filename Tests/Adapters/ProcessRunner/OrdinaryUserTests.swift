import Glibc
import Model
import TacitWire
import Testing

@testable import ProcessRunner

/// What only shows when the helpers are not root's. Needs root to become somebody else.
@Suite("As an ordinary user", .enabled(if: getuid() == 0))
struct OrdinaryUserTests {
    static let user: UInt32 = 47_113
    let folder: TemporaryFolder
    let spawner: SpawnerHandle

    init() throws {
        folder = try TemporaryFolder()
        let fixture = try folder.copy(TestRun.fixture, as: "helper")
        spawner = try SpawnerHandle(
            executable: "/usr/bin/setpriv",
            arguments: ["--reuid=\(Self.user)", "--regid=\(Self.user)", "--clear-groups", fixture, Spawner.subcommand])
    }

    @Test("a run works, and its private directory is the user's alone")
    func run() throws {
        let run = try TestRun(.agent("sh", "-c", "id -u; stat -c '%a %u' $HOME $PWD; ls -A $HOME | wc -l"), from: spawner).finish()
        #expect(run.output == "\(Self.user)\n700 \(Self.user)\n700 \(Self.user)\n0\n", "\(run.errors)")
    }

    @Test("a program that may be executed but not read runs; one that may not be executed is refused")
    func permissions() throws {
        let hidden = try folder.copy("/usr/bin/echo", as: "hidden", mode: 0o711)
        #expect(try TestRun(.agent(hidden, "on"), from: spawner).finish().output == "on\n")
        let closed = try folder.copy("/usr/bin/echo", as: "closed", mode: 0o744)
        #expect(throws: RunnerError.self) { try TestRun(.agent(closed), from: spawner) }
        unsafe chmod(folder.path, 0o700)
        defer { unsafe chmod(folder.path, 0o755) }
        #expect(throws: RunnerError.self) { try TestRun(.agent("true", directory: folder.path), from: spawner) }
    }

    @Test("scripts run, and the guard knows a copy of env")
    func scripts() throws {
        let script = try folder.write("script", "#!/bin/sh\necho $0\n")
        #expect(try TestRun(.agent(script), from: spawner).finish().output == "\(script)\n")
        let copy = try folder.copy("/usr/bin/env", as: "harmless")
        #expect(throws: RunnerError.refused(RunRefusal.accidentGuard(word: "env").failure)) { try TestRun(.agent(copy), from: spawner) }
    }

    @Test("the same user can read neither the runner's memory nor its environment")
    func undumpable() throws {
        let script = """
            for file in mem maps environ; do cat /proc/$PPID/$file >/dev/null 2>&1 && echo readable $file; done
            ls /proc/$PPID/fd >/dev/null 2>&1 && echo readable fd; echo end
            """
        #expect(try TestRun(.agent("sh", "-c", script), from: spawner).finish().output == "end\n")
    }

    @Test("a terminal works for a user too")
    func terminal() throws {
        let terminal = RunTerminal(rows: 5, columns: 6, input: true, output: true, error: true)
        let run = try TestRun(.person("sh", "-c", "stty size; (: </dev/tty) && echo own", terminal: terminal), from: spawner).finish(endsInput: false)
        #expect(run.output == "5 6\r\nown\r\n")
    }

    @Test("what a run leaves in its home is removed, whatever its permissions")
    func cleaning() throws {
        let run = try TestRun(
            .agent("sh", "-c", "cd $HOME; mkdir -p a/b/c; touch a/b/c/f; ln -s / a/root; chmod 0 a/b/c; chmod 555 a/b a; echo $HOME"), from: spawner
        ).finish()
        let home = run.output.dropLast()
        #expect(home.hasPrefix("/tmp/tacit-run-"))
        #expect(unsafe access(String(home), F_OK) != 0)
        #expect(unsafe access("/usr", F_OK) == 0)
    }
}
