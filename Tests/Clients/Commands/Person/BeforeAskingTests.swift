import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

/// What can be told from the line, the machine and the vault is told before anybody types a password or value in vain.
@Suite("Before anybody is asked")
struct BeforeAskingTests {
    private static let secrets = "/v1/projects/default/environments/dev/secrets"
    private static let moment = "2026-01-01T00:00:00Z"

    private static func detail(version: Int64 = 5, deleted: Bool = false) -> SecretDetail {
        SecretDetail(
            id: "0a", name: "a", version: version, revision: 1, fields: [], tags: [], createdAt: moment, updatedAt: moment,
            deletedAt: deleted ? moment : nil)
    }

    @Test(
        "a line that cannot be right costs no value",
        arguments: [
            ["--expires", "30"], ["--tag", "é"], ["--bind", "1BAD=value"], ["--bind", "PATH=value"],
            ["--note", String(repeating: "x", count: 16_385)],
        ])
    func line(words: [String]) throws {
        let rig = try Rig()
        rig.terminal = try FakeTerminal(("Value of a: ", "CANARY\n"))
        let outcome = try rig.runAtTerminal(["set", "a"] + words)
        #expect(outcome.status == 2 && rig.terminal?.screen.isEmpty == true, "\(outcome.messages)")
        #expect(rig.keeper?.requests.isEmpty == true)
    }

    @Test(
        "a value that could not be stored is not asked for",
        arguments: [
            (["-p", "nosuch"], nil, 3, "there is no such project"), ([], detail(deleted: true), 1, "the secret is deleted"),
            (["--if-version", "1"], detail(), 1, "it is at version 5"), (["--if-version", "1"], nil, 1, "there is no such secret"),
        ] as [([String], SecretDetail?, Int32, String)])
    func vain(_ row: (words: [String], there: SecretDetail?, status: Int32, message: String)) throws {
        let there = row.there
        let absent: FakeKeeper.Answer = { _ in .problem("secret.not-found", 404, "there is no such secret") }
        let answer: FakeKeeper.Answer = { request in there.map { .json($0) } ?? absent(request) }
        let rig = try Rig([
            "GET \(Self.secrets)/a": answer,
            "GET \(Self.secrets)": { _ in .json(Page<SecretSummary>(items: [])) }, "GET /v1/projects/nosuch/environments/dev/secrets/a": absent,
            "GET /v1/projects/nosuch/environments/dev/secrets": { _ in .problem("project.not-found", 404, "there is no such project") },
        ])
        rig.terminal = try FakeTerminal(("Value of a: ", "CANARY\n"))
        let outcome = try rig.runAtTerminal(["set", "a"] + row.words)
        #expect(outcome.status == row.status && outcome.messages.contains(row.message), "\(outcome.messages)")
        #expect(rig.terminal?.screen.isEmpty == true)
    }

    @Test(
        "while wrong passwords are waited out nobody is asked for one",
        arguments: [["unlock"], ["unlock", "--recovery"], ["get", "a"], ["password", "change"], ["backup", "drill"]])
    func waiting(words: [String]) throws {
        var status = VaultStatus.of(.locked)
        status.passwordRefusal = Problem("unlock.throttled", "too many wrong passwords; the next try is possible in 28 s", status: 429)
        let refusing = status
        let rig = try Rig(["GET /v1/status": { _ in .json(refusing) }])
        rig.terminal = try FakeTerminal((": ", "CANARY\n"))
        let outcome = try rig.run(words)
        #expect(outcome.status == 4 && outcome.messages.contains("the next try is possible in 28 s"), "\(outcome.messages)")
        let screen = try #require(rig.terminal).screen
        #expect(!screen.contains("assword") && !screen.contains("key"), "\(screen)")
        #expect(rig.keeper?.routes.contains { $0.hasPrefix("POST") } == false)
    }

    @Test("a secret that is not there is purged without a password, and so is none")
    func purge() throws {
        let rig = try Rig(["GET \(Self.secrets)/a": { _ in .problem("secret.not-found", 404, "there is no such secret") }])
        rig.terminal = try FakeTerminal(("Password: ", "CANARY\n"))
        #expect(try rig.run("purge", "a").status == 3)
        #expect(rig.keeper?.routes.first == "GET \(Self.secrets)/a" && rig.keeper?.routes.allSatisfy { $0.hasPrefix("GET ") } == true)
        #expect(rig.terminal?.screen.isEmpty == true)
        let there = try Rig(["GET \(Self.secrets)/a": { _ in .json(Self.detail(deleted: true)) }, "POST \(Self.secrets)/a/purge": { _ in .nothing }])
        there.terminal = try FakeTerminal(("Password: ", "CANARY\n"))
        #expect(try there.run("purge", "a").status == 0)
        #expect(there.keeper?.routes == ["GET \(Self.secrets)/a", "POST /v1/step-up", "POST \(Self.secrets)/a/purge"])
    }

    @Test("a template without references takes nothing out of the vault, and nobody is asked")
    func noReferences() throws {
        let rig = try Rig()
        rig.terminal = try FakeTerminal(("Password: ", "CANARY\n"))
        let outcome = try rig.run(["inject"], input: "no references\n")
        #expect(outcome.status == 0 && outcome.text == "no references\n", "\(outcome.messages)")
        #expect(rig.keeper?.requests.isEmpty == true && rig.terminal?.screen.isEmpty == true)
    }

    @Test("where no vault can be made, nobody thinks of a password for it", arguments: [["init"], ["restore-backup", "work/x.backup"]])
    func ground(words: [String]) throws {
        let rig = try Rig(["GET /v1/status": { _ in .json(VaultStatus.of(.absent)) }])
        let file = try rig.write("tacit-backup", to: "work/x.backup")
        rig.environment["XDG_DATA_HOME"] = file
        rig.terminal = try FakeTerminal(("assword", "CANARY\n"))
        // The keeper's socket is named after the vault.
        let keeper = try #require(rig.keeper)
        let isLinked = unsafe symlink(keeper.path, rig.paths.socket) == 0
        #expect(isLinked)
        let outcome = try rig.run(words.map { $0 == "work/x.backup" ? file : $0 })
        #expect(outcome.status == 1 && outcome.messages.contains("no vault can be made in \(file)/tacit: not a directory"), "\(outcome.messages)")
        #expect(outcome.messages.contains("TACIT_VAULT=/another/directory") && rig.terminal?.screen.isEmpty == true)
    }

    @Test("the directory that cannot be made is named, with the reason and a next step")
    func directory() throws {
        let rig = try Rig(nil)
        let file = try rig.write("x", to: "file")
        let failure = #expect(throws: CommandFailure.self) { try PrivateDirectory.make("\(file)/a/b", or: "do that") }
        #expect(failure?.message == "\(file)/a cannot be made: not a directory" && failure?.hint == "do that")
        try PrivateDirectory.make(rig.directory.path("new/one"))
        #expect(unsafe access(rig.directory.path("new/one"), X_OK) == 0)
    }

    @Test("a runtime directory that is not there is not made: it was named by mistake")
    func runtime() throws {
        let rig = try Rig(nil)
        let path = rig.directory.path("nosuch")
        rig.environment["XDG_RUNTIME_DIR"] = path
        rig.starter = SpawningKeeperStarter(environment: rig.environment)
        let outcome = try rig.run("status")
        #expect(
            outcome.status == 1 && outcome.messages.contains("\(path) that XDG_RUNTIME_DIR names cannot be used: no such file"), "\(outcome.messages)"
        )
        #expect(outcome.messages.contains("hint: let XDG_RUNTIME_DIR name a directory of your own, or unset it"))
        #expect(unsafe access(path, F_OK) != 0)
        #expect(LocalPaths(environment: ["XDG_RUNTIME_DIR": "/"], home: "/h", userID: 7, hasUserRuntime: false).runtime == "/tacit")
    }

    @Test("a backup leaves nothing beside its place while somebody is asked")
    func part() throws {
        let rig = try Rig(nil)
        let path = rig.directory.path("x.backup")
        do {
            let file = try BackupFile(path, isForced: false, rig.context)
            #expect(unsafe access("\(path).part", F_OK) != 0)
            try file.write([1])
            #expect(unsafe access("\(path).part", F_OK) == 0)
        }
        #expect(unsafe access("\(path).part", F_OK) != 0, "given up")
        let file = try BackupFile(path, isForced: false, rig.context)
        try file.write([1])
        try file.finish()
        #expect(unsafe access(path, F_OK) == 0)
    }

    @Test("help on what is no command is no help", arguments: [["nosuch"], ["policy", "nosuch"]])
    func help(words: [String]) throws {
        let rig = try Rig(nil)
        let outcome = try rig.run(["help"] + words)
        #expect(outcome.status == 2 && outcome.messages.contains("there is no such command"), "\(outcome.text)")
        for there in [[], ["set"], ["policy", "apply"]] { #expect(try rig.run(["help"] + there).status == 0) }
    }
}
