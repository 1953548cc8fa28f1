import ArgumentParser
import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Project, environment and references")
struct ScopeTests {
    @Test("option, then variable, then the nearest file upward, then default/dev")
    func order() throws {
        let rig = try Rig(nil)
        func scope(_ project: String? = nil, _ environment: String? = nil) throws -> String {
            try ScopeResolver(context: rig.context).scope(project: project, environment: environment).text
        }
        #expect(try scope() == "default/dev")
        try rig.write("project: far\nenvironment: away\n", to: ".tacit.yaml")
        #expect(try scope() == "far/away")
        try rig.write("project: near\n", to: "work/.tacit.yaml")
        #expect(try scope() == "near/dev", "the nearest file alone counts")
        unsafe mkdir(rig.directory.path("work/deep"), 0o700)
        rig.currentDirectory = rig.directory.path("work/deep")
        #expect(try scope() == "near/dev")
        rig.environment["TACIT_ENVIRONMENT"] = "staging"
        #expect(try scope() == "near/staging")
        rig.environment["TACIT_PROJECT"] = ""
        #expect(try scope() == "near/staging", "an empty variable is none")
        #expect(try scope("mine", nil) == "mine/staging")
        #expect(try scope("mine", "own") == "mine/own")
    }

    @Test("a vault's place that depends on the directory is refused, whatever the command")
    func relativeVault() throws {
        let rig = try Rig()
        for path in ["scratch", "./scratch", "~/scratch"] {
            rig.environment["TACIT_VAULT"] = path
            for line in [["list"], ["status"], ["run", "-k", "a", "--", "true"]] {
                let outcome = try rig.run(line)
                #expect(outcome.status == 2 && outcome.messages.hasPrefix("tacit: error: TACIT_VAULT is no absolute path\n"), "\(outcome.messages)")
            }
        }
        rig.environment["TACIT_VAULT"] = ""
        #expect(try rig.run("status").status == 0, "an empty one is none")
    }

    @Test(
        "a prompt says in one mark that the file or the keeper is of no use, and stays quiet", arguments: ["project: [", "project: a/b\n", "x: 1\n"])
    func prompt(_ file: String) throws {
        let rig = try Rig()
        try rig.write(file, to: "work/.tacit.yaml")
        let outcome = try rig.run("status", "--prompt")
        #expect(outcome.text == ".tacit.yaml? unlocked\n" && outcome.messages.isEmpty && outcome.status == 0)
        #expect(try rig.run("status", "--prompt", "-p", "a", "-e", "b").text == "a/b unlocked\n")
        let entered = try rig.run("__scope")
        #expect(entered.text == ".tacit.yaml?\n" && entered.messages.contains("/work/.tacit.yaml") && entered.status == 0)
        let again = try rig.run("__scope", "--quiet")
        #expect(again.text == ".tacit.yaml?\n" && again.messages.isEmpty && again.status == 0)
        #expect(try rig.run("status").status != 0, "whoever asks is told")
        let other = try Rig()
        other.environment["TACIT_PROJECT"] = "a/b"
        #expect(try other.run("status", "--prompt").text == "scope? unlocked\n")
        let silent = try Rig(["GET /v1/status": { _ in .problem("internal", 500) }])
        let unwell = try silent.run("status", "--prompt")
        #expect(unwell.text == "default/dev keeper?\n" && unwell.messages.isEmpty && unwell.status == 0)
    }

    @Test("where no vault can be made, the status says so and does not send to `tacit init`")
    func ground() throws {
        let rig = try Rig(["GET /v1/status": { _ in .json(VaultStatus.of(.absent)) }])
        #expect(try rig.run("status").text.contains("Next: `tacit init` makes the vault."))
        let (socket, file) = (rig.paths.socket, try rig.write("x", to: "file"))
        rig.environment["XDG_DATA_HOME"] = file
        let isLinked = unsafe symlink(socket, rig.paths.socket) == 0
        #expect(isLinked)
        let outcome = try rig.run("status")
        #expect(outcome.status == 0 && !outcome.text.contains("tacit init") && outcome.text.contains("TACIT_VAULT=/another/directory"))
        #expect(outcome.messages == "tacit: warning: no vault can be made in \(file)/tacit: not a directory\n")
    }

    @Test("an answer that could not be written makes the command fail")
    func lostAnswer() throws {
        let rig = try Rig()
        for line in [["generate"], ["status"], ["status", "--json"], ["completions", "bash"], ["--help"], ["get", "--help"], ["--version"]] {
            var context = rig.context
            let full = unsafe open("/dev/full", O_WRONLY | O_CLOEXEC)
            let messages = unsafe open(rig.directory.path("messages"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            defer { for descriptor in [full, messages] { close(descriptor) } }
            (context.output, context.messages) = (full, messages)
            #expect(TacitCommand.run(line, in: context) == 1, "\(line)")
            lseek(messages, 0, SEEK_SET)
            let told = String(decoding: try Input.readAll(messages, limit: 4096, naming: "messages"), as: UTF8.self)
            #expect(told.contains("the answer could not be written"), "\(told)")
        }
        #expect(OutputLoss.failure(EBADF, "the answer could not be written").message == "the answer could not be written: the output is closed")
        // A reader that goes loses nothing.
        let loss = OutputLoss()
        loss.note(EPIPE)
        #expect(throws: Never.self) { try loss.check() }
    }

    @Test("a secret is named to the next command by its name where that is enough")
    func spoken() throws {
        let rig = try Rig(nil)
        let (usual, other) = (
            Reference(Scope(project: "default", environment: "dev"), "a/b"), Reference(Scope(project: "shop", environment: "prod"), "a/b")
        )
        #expect(try usual.spoken(in: rig.context) == "a/b" && other.spoken(in: rig.context) == "tacit://shop/prod/a/b")
        try rig.write("project: shop\nenvironment: prod\n", to: ".tacit.yaml")
        #expect(try usual.spoken(in: rig.context) == "tacit://default/dev/a/b" && other.spoken(in: rig.context) == "a/b")
    }

    @Test("a file that others can write is refused with the fix", arguments: [0o620, 0o602, 0o666] as [mode_t])
    func looseFile(_ mode: mode_t) throws {
        let rig = try Rig(nil)
        let path = try rig.write("project: evil\n", to: "work/.tacit.yaml", mode: mode)
        let outcome = try rig.run("list")
        #expect(outcome.status == 2)
        #expect(outcome.messages == "tacit: error: \(path) can be written by other users\ntacit: hint: chmod go-w \(path)\n")
        #expect(try ScopeResolver(context: rig.context).scope(project: "a", environment: "b").text == "a/b", "a file that is not needed is not read")
    }

    @Test("a file of another user is refused")
    func foreignFile() throws {
        let rig = try Rig(nil)
        let path = try rig.write("project: evil\n", to: "work/.tacit.yaml")
        guard unsafe chown(path, 12_345, 12_345) == 0 else { return }
        var context = rig.context
        context.userID = 4711
        #expect(throws: CommandFailure.self) { try ScopeResolver(context: context).projectFile() }
    }

    @Test("what is no file, or no YAML of ours, is refused")
    func wrongFile() throws {
        let rig = try Rig(nil)
        unsafe mkdir(rig.directory.path("work/.tacit.yaml"), 0o700)
        #expect(try rig.run("list").messages.contains(".tacit.yaml is not a file"))
        unsafe rmdir(rig.directory.path("work/.tacit.yaml"))
        let path = try rig.write("projekt: x\n", to: "work/.tacit.yaml")
        #expect(try rig.run("list").messages.hasPrefix("tacit: error: \(path):1:1: "))
    }

    @Test("a variable that is no name is refused")
    func badVariable() throws {
        let rig = try Rig(nil)
        rig.environment["TACIT_PROJECT"] = "a b"
        #expect(try rig.run("list").messages.contains("the project in TACIT_PROJECT is no name"))
    }

    @Test(
        "references in every form",
        arguments: [
            ("a", "default/dev a - -"), ("a/b.c#f", "default/dev a/b.c f -"), ("a?version=3", "default/dev a - 3"),
            ("tacit://p/e/a/b#f?version=12", "p/e a/b f 12"), ("tacit://p/e/x", "p/e x - -"),
        ])
    func references(_ row: (text: String, parts: String)) throws {
        let rig = try Rig(nil)
        let options = try ScopeOptions.parse([])
        let reference = try Reference(row.text, options, in: rig.context)
        let version = reference.version.map { "\($0)" } ?? "-"
        #expect("\(reference.scope.text) \(reference.name) \(reference.field ?? "-") \(version)" == row.parts)
    }

    @Test(
        "what is no reference is refused without being repeated",
        arguments: [
            "", "/a", "a/", "a b", "a#", "a#b#c", "a?version=0", "a?v=1", "tacit://p/e", "tacit:///e/a", "tacit://p/e/a?version=", "a/./b", "é",
        ])
    func noReferences(_ text: String) throws {
        let rig = try Rig(nil)
        let options = try ScopeOptions.parse([])
        let failure = #expect(throws: CommandFailure.self) { try Reference(text, options, in: rig.context) }
        #expect(failure?.status == .usage)
        let message = try #require(failure?.message)
        #expect(message.hasPrefix("this is no name of a secret: ") && (text.count < 2 || !message.contains(text)), "\(message)")
    }

    @Test(
        "a name that is none says what is wrong with it",
        arguments: [
            ("naïve", "it has a character outside A-Z a-z 0-9 . _ - and /"), ("bad name", "it has a character outside A-Z a-z 0-9 . _ - and /"),
            (String(repeating: "x", count: 400), "it is longer than 256 characters"), ("", "it is empty"),
            ("a//b", "a part of it, before or behind a /, is empty"), ("a/../b", "a part of it is `.` or `..`"),
            ("a#b c", "its field is not 1 to 64 characters out of A-Z a-z 0-9 . _ -"), ("a?v=1", "behind ? stands version=N alone, counted from 1"),
            ("tacit://p/e", "a project, an environment and a name follow tacit://"),
            ("tacit://p/é/a", "its environment is not 1 to 64 characters out of A-Z a-z 0-9 . _ -"),
        ])
    func faults(_ name: String, _ fault: String) throws {
        let rig = try Rig(nil)
        #expect(try rig.run("set", "--file", "x", "--", name).messages.hasPrefix("tacit: error: this is no name of a secret: \(fault)\n"))
        #expect(try rig.run(["run", "-k", name + "=V", "--", "true"]).messages.contains("what follows `-k` is no name of a secret: \(fault)\n"))
        guard !name.contains(where: { "#?:".contains($0) }) else { return }
        #expect(try rig.run("rename", "--", "a", name).messages.hasPrefix("tacit: error: the new name is no name of a secret: \(fault)\n"))
        #expect(try rig.run("env", "copy", "a", "b", "-k", name).messages.hasPrefix("tacit: error: a `-k` is no name of a secret: \(fault)\n"))
    }
}
