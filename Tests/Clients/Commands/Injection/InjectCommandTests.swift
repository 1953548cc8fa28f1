import CProcess
import Glibc
import Synchronization
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Values in templates")
struct InjectCommandTests {
    private static let secrets = "/v1/projects/shop/environments/prod/secrets"

    private func rig(_ value: [UInt8] = Array("CANARY-0123456789".utf8)) throws -> Rig {
        let rig = try Rig(["GET \(Self.secrets)/db/value": { _ in .init(body: value) }])
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        return rig
    }

    private func content(_ path: String) -> [UInt8]? { try? Input.readFile(path, limit: 1 << 20, naming: "file") }

    private func mode(_ path: String) -> mode_t? {
        var facts = stat()
        return unsafe lstat(path, &facts) == 0 ? facts.st_mode & 0o7777 : nil
    }

    @Test("the password is asked for first, each reference is revealed once, and the file is the user's alone")
    func writes() throws {
        let rig = try rig([0, 0xFF, 10])
        let template = try rig.write("a {{ tacit://shop/prod/db#password?version=2 }} b {{tacit://shop/prod/db#password?version=2}}\n", to: "t")
        let output = rig.directory.path("out")
        let outcome = try rig.run("inject", "-i", template, "-o", output)
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(content(output) == Array("a ".utf8) + [0, 0xFF, 10] + Array(" b ".utf8) + [0, 0xFF, 10, 10])
        #expect(mode(output) == 0o600)
        #expect(rig.keeper?.routes == ["POST /v1/step-up", "GET \(Self.secrets)/db/value"])
        #expect(rig.keeper?.requests.last?.path.hasSuffix("?field=password&version=2") == true)
        #expect(outcome.output.isEmpty && outcome.messages.contains("in clear"))
    }

    @Test("for an agent, secret fields are fake tokens, plain ones as they are; where one cannot be had, all are taken back") func tokens() throws {
        let fields = [FieldSummary(name: "user", kind: .plain), FieldSummary(name: "password", kind: .secret)]
        let detail = SecretDetail(id: "1", name: "db", version: 1, revision: 1, fields: fields, createdAt: "", updatedAt: "")
        let issued = Mutex<[String]>([])
        let rig = try Rig([
            "GET \(Self.secrets)/db": { _ in .json(detail) }, "GET \(Self.secrets)/db/value": { _ in .init(body: Array("admin".utf8)) },
            "POST /v1/tokens": { request in
                issued.withLock { $0.append(String(decoding: request.body, as: UTF8.self)) }
                let summary = TokenSummary(
                    id: "t1", agent: "claude", secret: "x", masked: "********", shape: "tacit", issuedAt: "", expiresAt: "2099-01-02T03:04:05Z")
                return .json(TokenIssued(token: "tacit_FAKE", summary: summary), status: 201)
            }, "POST /v1/tokens/revocation": { _ in .json(TokensRevoked(tokens: 1)) },
        ])
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        let template = try rig.write("{{ tacit://shop/prod/db#user }}:{{ tacit://shop/prod/db#password }}", to: "t")
        let outcome = try rig.run("inject", "--agent", "claude", "--ttl", "1h", "-i", template, "-o", rig.directory.path("out"))
        #expect(outcome.status == 0, "\(outcome.messages)")
        #expect(content(rig.directory.path("out")) == Array("admin:tacit_FAKE".utf8) && outcome.messages.contains("fake tokens of claude"))
        #expect(issued.withLock { $0.count } == 1 && issued.withLock { $0[0] }.contains(#""ttl_seconds":3600"#))
        #expect(issued.withLock { $0[0] }.contains(#""secret":"tacit://shop/prod/db#password""#))
        let other = try rig.write("{{ tacit://shop/prod/db#password }} {{ tacit://shop/prod/none }}", to: "o")
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        let refused = try rig.run("inject", "--agent", "claude", "-i", other)
        #expect(refused.status == ExitStatus.notFound.rawValue && rig.keeper?.routes.last == "POST /v1/tokens/revocation")
        #expect(try rig.run("inject", "--ttl", "1h", "-i", other).status == ExitStatus.usage.rawValue)
    }

    @Test("without a path it goes to standard output, from standard input") func pipes() throws {
        let rig = try rig()
        let fd = try rig.descriptor("p\n")
        defer { close(fd) }
        let outcome = try rig.run(["inject", "--password-fd", "\(fd)"], input: "K={{ tacit://shop/prod/db }}")
        #expect(outcome.text == "K=CANARY-0123456789")
        #expect(outcome.messages.isEmpty)
    }

    @Test("references that lead nowhere are all named, and nothing is written") func unknown() throws {
        let rig = try rig()
        let template = try rig.write("{{ tacit://shop/prod/db }}{{ tacit://shop/prod/no }}{{ tacit://shop/prod/none#x }}", to: "t")
        let output = rig.directory.path("out")
        let outcome = try rig.run("inject", "-i", template, "-o", output)
        #expect(outcome.status == ExitStatus.notFound.rawValue)
        #expect(outcome.messages.contains("nothing is stored for tacit://shop/prod/no, tacit://shop/prod/none#x"))
        #expect(mode(output) == nil)
        #expect(!outcome.messages.contains("CANARY"))
    }

    @Test("a file that is there stays, unless it is to be replaced; a link is replaced, not followed") func existing() throws {
        let rig = try rig()
        let template = try rig.write("{{ tacit://shop/prod/db }}", to: "t")
        let target = try rig.write("old", to: "target", mode: 0o644)
        let link = rig.directory.path("link")
        #expect(unsafe symlink(target, link) == 0)
        for path in [target, link] {
            rig.terminal = try FakeTerminal(("Password: ", "p\n"))
            let refused = try rig.run("inject", "-i", template, "-o", path)
            #expect(refused.status == 1 && refused.messages.contains("--force"), "\(refused.messages)")
            #expect(content(target) == Array("old".utf8))
        }
        rig.terminal = try FakeTerminal(("Password: ", "p\n"))
        #expect(try rig.run("inject", "-i", template, "-o", link, "--force").status == 0)
        #expect(content(target) == Array("old".utf8))
        #expect(content(link) == Array("CANARY-0123456789".utf8))
        #expect(mode(link) == 0o600)
    }

    @Test(
        "the references of a template stand on the screen before the password is asked for, each in quotes on a line of its own",
        arguments: [false, true])
    func shown(isLocked: Bool) throws {
        var answers: [String: FakeKeeper.Answer] = ["GET \(Self.secrets)/db/value": { _ in .init(body: Array("CANARY-1".utf8)) }]
        if isLocked {
            answers["GET /v1/status"] = { _ in .json(VaultStatus.of(.locked)) }
            answers["POST /v1/unlock"] = { _ in .json(Unlocked(notices: [])) }
        }
        let rig = try Rig(answers)
        let seen = Mutex("")
        rig.terminal = try FakeTerminal([
            (
                "Password: ",
                { @Sendable screen in
                    seen.withLock { $0 = screen }
                    return "p\n"
                }
            )
        ])
        let template = try rig.write("{{ tacit://shop/prod/db#a?version=2 }} {{ tacit://shop/prod/db }} {{tacit://shop/prod/db}}", to: "t")
        let outcome = try rig.run("inject", "-i", template)
        #expect(outcome.text == "CANARY-1 CANARY-1 CANARY-1", "\(outcome.messages)")
        let lines = seen.withLock { $0 }.split(separator: "\r\n").map(String.init)
        let first = try #require(lines.firstIndex(of: "It uses:"), "\(lines)")
        #expect(
            lines[first...].dropFirst().prefix(3).elementsEqual([
                "  \u{201C}tacit://shop/prod/db#a?version=2\u{201D}", "  \u{201C}tacit://shop/prod/db\u{201D}",
                "Your password is needed to put values into a template.",
            ]), "\(lines)")
    }

    @Test("a file has no name before it is whole, or one that the next command with the same path removes", arguments: [false, true], [false, true])
    func killed(replacing: Bool, nameless: Bool) throws {
        let folder = try TemporaryDirectory("tacit-inject")
        let path = folder.path("out.env")
        if replacing { close(unsafe open(path, O_WRONLY | O_CREAT, 0o644)) }
        let file = InjectedFile(path, replacing: replacing, nameless: nameless)
        var names: [String] = []
        try file.write(Array("CANARY-1".utf8)) { names = Self.names(folder.path) }
        #expect(content(path) == Array("CANARY-1".utf8) && mode(path) == 0o600)
        #expect(Self.names(folder.path) == ["out.env"])
        // What a command would leave that is killed at the worst moment.
        let probe = unsafe tacit_open_nameless(folder.path)
        if probe >= 0 { close(probe) }
        let isNameless = nameless && probe >= 0
        #expect(names == (replacing && !isNameless ? [".out.env.tacit-inject", "out.env"] : replacing || !isNameless ? ["out.env"] : []))
        close(unsafe open(file.besides, O_WRONLY | O_CREAT, 0o600))
        try InjectedFile(path, replacing: true, nameless: nameless).write([65])
        #expect(Self.names(folder.path) == ["out.env"])
        #expect(content(path) == [65])
    }

    private static func names(_ path: String) -> [String] {
        guard let list = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(list) }
        var names: [String] = []
        while let entry = unsafe readdir(list) {
            names.append(unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    @Test("a pipe is served as often as it may be read, and is gone") func pipe() async throws {
        let rig = try rig()
        let template = try rig.write("{{ tacit://shop/prod/db }}", to: "t")
        let output = rig.directory.path("pipe")
        let readers = (0..<2).map { _ in
            ReadingThread {
                while true {
                    // Waiting in `open` for a pipe that is there; trying again while none is.
                    if let bytes = content(output), !bytes.isEmpty { return bytes }
                }
            }
        }
        let outcome = try rig.run("inject", "-i", template, "-o", output, "--fifo", "--max-reads", "2")
        #expect(outcome.status == 0, "\(outcome.messages)")
        for reader in readers { #expect(await reader.result == Array("CANARY-0123456789".utf8)) }
        #expect(mode(output) == nil)
    }

    @Test("a pipe whose name is taken away, or leads to something else, is offered no longer", arguments: [false, true])
    func takenAway(isReplaced: Bool) async throws {
        let rig = try rig()
        let template = try rig.write("{{ tacit://shop/prod/db }}", to: "t")
        let (output, other) = (rig.directory.path("pipe"), try rig.write("mine", to: "other"))
        let remover = ReadingThread {
            while mode(output) == nil {}
            return unsafe isReplaced ? [UInt8(rename(other, output))] : [UInt8(unlink(output))]
        }
        let outcome = try rig.run("inject", "-i", template, "-o", output, "--fifo")
        #expect(await remover.result == [0])
        #expect(outcome.status == 1 && outcome.messages.contains("the pipe was taken away"), "\(outcome.messages)")
        #expect(content(output) == (isReplaced ? Array("mine".utf8) : nil))
    }

    @Test(
        "options that do not go together are refused before anything is asked",
        arguments: ["--fifo", "--max-reads 2 -o x", "--fifo -o x --max-reads 0", "--force", "--fifo --force -o x"])
    func usage(options: String) throws {
        let rig = try Rig()
        let outcome = try rig.run(["inject"] + options.split(separator: " ").map(String.init))
        #expect(outcome.status == 2)
        #expect(rig.keeper?.requests.isEmpty == true)
    }

    @Test("a .env file of references gives a run its secrets") func environmentFile() throws {
        let rig = try Rig()
        let file = try rig.write("# ours\nDB=\"tacit://shop/prod/db#password\"\nexport K=tacit://shop/prod/k\n", to: "refs.env")
        #expect(
            try EnvironmentFile.secrets(at: file) == [
                RunSecret(reference: "tacit://shop/prod/db#password", variable: "DB"), RunSecret(reference: "tacit://shop/prod/k", variable: "K"),
            ])
        for line in ["A=CANARY-secret", "A=db", "A=", "a.b=tacit://shop/prod/k", "A='tacit://shop/prod/k '"] {
            try rig.write("B=tacit://shop/prod/k\n\(line)\n", to: "refs.env")
            let outcome = try rig.run("run", "--env-file", file, "--", "true")
            #expect(outcome.status == 2, "\(line)")
            #expect(outcome.messages.contains("refs.env:2") && !outcome.messages.contains("CANARY"), "\(outcome.messages)")
        }
    }
}

/// A thread that reads while another serves.
private final class ReadingThread: Sendable {
    private let task: Task<[UInt8], Never>

    init(_ body: @escaping @Sendable () -> [UInt8]) { task = Task.detached { body() } }

    var result: [UInt8] {
        get async { await task.value }
    }
}
