import Testing

@testable import Commands

@Suite("Command lines")
struct ParsingTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var line: String
        var says: String
        var hint: String
        var testDescription: String { line }

        init(_ line: String, _ says: String, hint: String = "") { (self.line, self.says, self.hint) = (line, says, hint) }
    }

    static let refused = [
        Case("lst", "there is no such command", hint: "did you mean `tacit list`? see `tacit --help`"),
        Case("project lst", "there is no such command", hint: "did you mean `tacit project list`? see `tacit project --help`"),
        Case("get", "missing expected argument `<name>`", hint: "see `tacit get --help`"),
        Case("get a b", "there are more arguments than this command takes", hint: "see `tacit get --help`"),
        Case("get a --field", "missing value for `--field <field>`"),
        Case("get a --version x", "the value is not one for `--version <n>`"),
        Case("get a --version=x", "the value is not one for `--version <n>`"),
        Case("get a --mask --grace", "`--mask` reveals nothing"),
        Case("-p shop list", "unknown option `-p`", hint: "did you mean `tacit COMMAND -p PROJECT -e ENVIRONMENT`?"),
        Case("list shop", "there are more arguments than this command takes", hint: "did you mean `tacit list -p PROJECT -e ENVIRONMENT`?"),
        Case("inject app.tpl", "there are more arguments than this command takes", hint: "did you mean `tacit inject -i FILE`?"),
        Case("rename a a", "a secret cannot be renamed to the name that it has"),
        Case("get a/../b", "this is no name of a secret"),
        Case("get a#f --field g", "the reference and `--field` name two fields"),
        Case("get a?version=2 --version 3", "the reference and `--version` name two versions"),
        Case("get a --version 0", "versions are counted from 1"),
        Case("list --serch x", "unknown option `--serch`", hint: "did you mean `--search`? see `tacit list --help`"),
        Case("set a hunter2", "a value is never given as an argument", hint: "run `tacit set NAME` and type it at the prompt, or pipe it in"),
        Case("set a --plain user", "`--plain` takes FIELD=VALUE"),
        Case("set a --plain x=1 --plain x=2", "a field is written twice"),
        Case("set a --plain x=1 --bind 9=x", "`--bind` takes VARIABLE=FIELD"),
        Case("set a --plain x=1 --bind LD_PRELOAD=x", "LD_PRELOAD decides what programs do", hint: "choose another variable"),
        Case("set a#f --field g", "the reference and `--field` name a field each"),
        Case("set a?version=2", "a version cannot be written again"),
        Case("set a --keep-value --file x", "`--keep-value` writes no field"),
        Case("show a#f", "this command takes a secret as a whole"),
        Case("rollback a --to 0", "versions are counted from 1"),
        Case("tag a", "no tag is named"),
        Case("tag a --add x --remove x", "a tag is both added and removed"),
        Case("rename a b//c", "the new name is no name of a secret"),
        Case("project create a/b", "the project is no name"),
        Case("list -p a/b", "the project given by `--project` is no name"),
        Case("init --no-recovery --recovery-out 1", "`--no-recovery` and `--recovery-out` exclude each other"),
        Case("unlock --recovery --for 8h", "`--for` goes with the password"),
        Case("unlock --new-password-fd 3", "go with `--recovery`"),
        Case("password change --password-fd 3", "`--password-fd` brings the password of now"),
        Case("slot remove 12", "a slot's id has 32 hexadecimal digits"),
        Case("import -", "standard input has no name to tell its format by"),
        Case(
            "import x.env --format yaml",
            "the value is not one for `--format <format>`: env, json, 1password, bitwarden, lastpass, secretctl, pass, gopass, sops"),
        Case("import x.env --on-conflict no", "the value is not one for `--on-conflict <on-conflict>`: error, skip, overwrite"),
        Case("audit list --limit 0", "`--limit` is 1 to 5000"),
        Case("audit list yesterday", "more arguments than", hint: "did you mean `--on yesterday`? see `tacit audit list --help`"),
        Case("audit list --denied Mon", "more arguments than", hint: "did you mean `--on monday`?"),
        Case("audit list x", "more arguments than", hint: "see `tacit audit list --help`"),
        Case("audit list --secret a -e prod", "unknown option `-e`", hint: "did you mean `--secret PROJECT/ENVIRONMENT/NAME`?"),
        Case("audit list --secret a --project shop", "unknown option `--project`", hint: "did you mean `--secret PROJECT/ENVIRONMENT/NAME`?"),
        Case("audit show -- -1", "entries are counted from 0"),
        Case("policy edit", "an editor needs a terminal", hint: "use `tacit policy apply FILE`"),
        Case("agent add a/b", "the agent is no name"),
    ]

    @Test("what is not as it must be is refused with 2, before the keeper is asked", arguments: refused)
    func refusals(_ wanted: Case) throws {
        let rig = try Rig()
        let outcome = try rig.run(wanted.line.split(separator: " ").map(String.init))
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.messages.hasPrefix("tacit: error: "))
        #expect(outcome.messages.contains(wanted.says), "\(outcome.messages)")
        #expect(wanted.hint.isEmpty || outcome.messages.contains("tacit: hint: \(wanted.hint)"), "\(outcome.messages)")
        #expect(rig.keeper?.requests.isEmpty == true)
    }

    @Test(
        "nothing that was typed in a wrong place comes back", arguments: ReferenceCommand.commands.map { $0.path.dropFirst().joined(separator: " ") })
    func silence(_ path: String) throws {
        let rig = try Rig(nil)
        let canary = "CANARY-xJ2.kq9"
        let words = path.split(separator: " ").map(String.init)
        let placements = [
            [canary, canary, "a//\(canary)", canary], ["--\(canary)"], ["-Z\(canary)"], ["--json=\(canary)"], ["--password-fd", canary],
        ]
        // `run` takes words of the command that it runs, and names the one it cannot find.
        for placement in placements where words.first != "run" && words.first != "mcp" {
            let outcome = try rig.run(words + placement)
            #expect(!outcome.messages.contains(canary), "\(words + placement): \(outcome.messages)")
            #expect(!outcome.text.contains(canary), "\(words + placement)")
        }
    }

    @Test("a refusal is JSON too when it was asked for")
    func jsonError() throws {
        let outcome = try Rig().run("get", "a", "b", "--json")
        #expect(outcome.status == 2)
        #expect(outcome.text.contains(#"{"error":{"code":"command.usage","hint":"see `tacit get --help`","#))
        #expect(outcome.messages.hasPrefix("tacit: error: "))
    }

    @Test("`--json` behind `--` is not meant for tacit")
    func jsonBehindDashes() throws {
        #expect(try Rig().run("get", "--", "a", "--json").output.isEmpty)
    }

    @Test("help is no error", arguments: [[], ["--help"], ["help"], ["help", "get"], ["project"], ["get", "-h"]])
    func help(_ arguments: [String]) throws {
        let outcome = try Rig().run(arguments)
        #expect(outcome.status == 0)
        #expect(outcome.text.contains("USAGE: tacit"))
        #expect(outcome.messages.isEmpty)
    }

    @Test("the keeper's exit code is the command's")
    func keeper() throws {
        #expect(try Rig().run("keeper").status == 41)
        #expect(try Rig().run("__keeper").status == 42)
    }

    @Test("the version is printed, and the installer starts a program by it")
    func version() throws {
        let outcome = try Rig(nil).run("--version")
        #expect(outcome.status == 0 && outcome.text == "tacit 1.2.3\n")
    }
}
