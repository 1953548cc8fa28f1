import Glibc
import TacitWire
import Testing

@testable import Commands

/// What a refusal says of the place that a command looked at.
@Suite("Hints lead to the place that was asked about")
struct PlaceTests {
    private static let shop = "/v1/projects/shop/environments"
    private static let environments = "`tacit env list` shows those that there are, and `tacit env create NAME` makes one"

    private static func problem(_ code: String, _ status: Int, _ title: String, _ hint: String) -> FakeKeeper.Answer {
        { _ in .problem(code, status, title, hint: hint) }
    }
    private static let noSecret = problem("secret.not-found", 404, "there is no such secret", "see `tacit list`")
    private static let noEnvironment = problem("environment.not-found", 404, "there is no such environment", environments)
    private static let page: FakeKeeper.Answer = { _ in .json(Page<SecretSummary>(items: [])) }

    /// A keeper with `shop/dev` and `default/dev`, in which nothing is.
    private static func rig(_ answers: [String: FakeKeeper.Answer] = [:]) throws -> Rig {
        try Rig(
            answers.merging([
                "GET \(shop)/dev/secrets": page, "GET /v1/projects/default/environments/dev/secrets": page,
                "GET \(shop)/prod/secrets": noEnvironment,
                "GET /v1/projects/nosuch/environments/dev/secrets": { _ in
                    .problem("project.not-found", 404, "there is no such project", hint: "`tacit project list` shows those that there are")
                },
            ]) { own, _ in own })
    }

    @Test("a secret that is not there is looked for where the command did")
    func secret() throws {
        let rig = try Self.rig(["GET \(Self.shop)/dev/secrets/a/versions": Self.noSecret, "GET \(Self.shop)/dev/secrets/a": Self.noSecret])
        let other = try rig.run("history", "a", "-p", "shop").messages
        #expect(other == "tacit: error: there is no such secret\ntacit: hint: see `tacit list -p shop`\n")
        let json = try rig.run("show", "tacit://shop/dev/a", "--json")
        #expect(json.messages.hasSuffix("tacit: hint: see `tacit list -p shop`\n") && json.text.contains("tacit list -p shop"), "\(json.text)")
        rig.environment["TACIT_PROJECT"] = "shop"
        #expect(try rig.run("history", "a").messages.hasSuffix("hint: see `tacit list`\n"), "it looks there by itself")
        rig.environment["TACIT_ENVIRONMENT"] = "prod"
        #expect(try rig.run("history", "a", "-e", "dev").messages.hasSuffix("hint: see `tacit list -e dev`\n"))
    }

    @Test("an environment or project that is not there is named, also where a secret in it was asked for")
    func place() throws {
        let rig = try Self.rig([
            "GET \(Self.shop)/prod/secrets/a": Self.noSecret, "GET /v1/projects/nosuch/environments/dev/secrets/a": Self.noSecret,
            "DELETE \(Self.shop)/prod": Self.noEnvironment, "POST /v1/runs": Self.noSecret, "POST /v1/sessions": Self.noEnvironment,
        ])
        let hint = "`tacit env list -p shop` shows those that there are, and `tacit env create NAME -p shop` makes one"
        let absent = "tacit: error: there is no such environment: shop/prod\ntacit: hint: \(hint)\n"
        #expect(try rig.run("show", "a", "-p", "shop", "-e", "prod").messages == absent)
        #expect(try rig.run("env", "delete", "prod", "-p", "shop").messages == absent)
        #expect(try rig.run("run", "-k", "a", "-p", "shop", "-e", "prod", "--", "true").messages == absent)
        #expect(try rig.run("session", "wake", "claude", "a", "--purpose", "x", "-p", "shop", "-e", "prod").messages == absent)
        #expect(try rig.run("show", "a", "-p", "nosuch").messages.hasPrefix("tacit: error: there is no such project: nosuch\n"))
        try rig.write("project: shop\nenvironment: prod\nkeys: [a]\n", to: "work/.tacit.yaml")
        let directory = try rig.run("run", "--", "true").messages
        #expect(directory.hasPrefix("tacit: error: there is no such environment: shop/prod\ntacit: hint: `tacit env list` shows"), "\(directory)")
    }

    @Test("of two environments the missing one is named, and hints are about their project")
    func two() throws {
        let rig = try Self.rig(["POST /v1/copies": Self.noEnvironment, "POST /v1/comparisons": Self.noEnvironment])
        let absent = "tacit: error: there is no such environment: shop/prod\ntacit: hint: `tacit env list -p shop` shows"
        #expect(try rig.run("env", "promote", "dev", "prod", "-p", "shop").messages.hasPrefix(absent))
        #expect(try rig.run("env", "diff", "prod", "dev", "-p", "shop").messages.hasPrefix(absent))
        let copy = CopyResult(lines: [.init(step: CopyStep(name: "a", kind: .overwrite, fromVersion: 1, toVersion: 1), fields: [])], done: false)
        let other = try Self.rig(["POST /v1/copies": { _ in .json(copy) }])
        let note = try other.run("env", "copy", "dev", "test", "-p", "shop").messages
        #expect(note.contains("`tacit env promote dev test -p shop` writes over it\n"), "\(note)")
    }

    @Test("of two secrets that are compared the missing one is named, and looked for in its place; both are named in the answer")
    func diff() throws {
        let detail = SecretDetail(id: "1", name: "a", version: 2, revision: 1, fields: [], createdAt: "", updatedAt: "")
        let rig = try Self.rig([
            "POST /v1/comparisons": Self.noSecret, "GET /v1/projects/default/environments/dev/secrets/a": { _ in .json(detail) },
            "GET \(Self.shop)/dev/secrets/b": Self.noSecret,
        ])
        let outcome = try rig.run("diff", "a", "tacit://shop/dev/b")
        #expect(outcome.messages == "tacit: error: there is no such secret: tacit://shop/dev/b\ntacit: hint: see `tacit list -p shop`\n")
        let item = ComparisonItem(
            name: "b", difference: .changed, fromVersion: 2, toVersion: 1,
            fields: [.init(name: "value", difference: .changed, kind: .secret, from: "****6789", to: "****shop")])
        let other = try Self.rig(["POST /v1/comparisons": { _ in .json(Page(items: [item])) }])
        #expect(try other.run("diff", "a", "b").text == "~ a  version 2 → b  version 1\n    ~ #value  ****6789 → ****shop\n")
        #expect(try other.run("diff", "b", "tacit://shop/dev/b").text.hasPrefix("~ b  version 2 → tacit://shop/dev/b  version 1\n"))
        #expect(try other.run("diff", "b?version=2", "b").text.hasPrefix("~ b  version 2 → 1\n"))
    }

    @Test("the commands of other hints and sentences have the place, too")
    func others() throws {
        let deleted = Self.problem("secret.deleted", 409, "the secret is deleted", "bring it back with `tacit undelete`, or `tacit purge` it")
        let rig = try Self.rig(["GET \(Self.shop)/dev/secrets/a": deleted])
        #expect(
            try rig.run("show", "a", "-p", "shop").messages.hasSuffix(
                "hint: bring it back with `tacit undelete -p shop`, or `tacit purge -p shop` it\n"))
        #expect(try rig.run("list", "-p", "shop").text == "No secrets in shop/dev. `tacit set NAME -p shop` stores one.\n")
        #expect(try rig.run("list").text == "No secrets in default/dev. `tacit set NAME` stores one.\n")
        #expect(
            PlacedCommands(at: Scope(project: "shop", environment: "prod"), in: rig.context).completed(
                "`tacit set NAME` or `tacit unlock`, `tacit list -e dev`, `tacit set tacit://a/b/c`, `… | tacit set NAME`, NAME")
                == "`tacit set NAME -p shop -e prod` or `tacit unlock`, `tacit list -e dev`, `tacit set tacit://a/b/c`, `… | tacit set NAME`, NAME")
    }

    @Test("only a person is told which place is not there, and the keeper is asked about it for nobody else") func strangers() throws {
        let rig = try Self.rig([
            "GET /v1/status": { _ in .json(VaultStatus.of(.unlocked, actor: Asker(kind: .unidentified))) },
            "GET \(Self.shop)/prod/secrets/a": Self.noSecret,
        ])
        #expect(try !rig.run("show", "a", "-p", "shop", "-e", "prod").messages.contains("no such environment"))
        #expect(rig.keeper?.routes.contains("GET \(Self.shop)/prod/secrets") == false)
        let file = try rig.descriptor("a password\n")
        defer { close(file) }
        let told = try rig.run("show", "a", "-p", "shop", "-e", "prod", "--password-fd", "\(file)").messages
        #expect(told.hasPrefix("tacit: error: there is no such environment: shop/prod\n"), "\(told)")
        #expect(try Self.rig().run("list", "-p", "nosuch").messages.hasPrefix("tacit: error: there is no such project: nosuch\n"))
    }

    @Test("of many places eight are looked at; a refusal that may be about either of two keeps its hint") func many() throws {
        let projects = (0..<10).map { "p\($0)" }
        var answers = ["POST /v1/runs": Self.noSecret]
        for project in projects { answers["GET /v1/projects/\(project)/environments/dev/secrets"] = Self.page }
        let rig = try Self.rig(answers)
        let keys = projects.flatMap { ["-k", "tacit://\($0)/dev/a"] }
        #expect(try rig.run(["run"] + keys + ["--", "true"]).status != 0)
        #expect(rig.keeper?.routes.count { $0.hasPrefix("GET /v1/projects/p") && $0.hasSuffix("/secrets") } == 8)
        let deleted = Self.problem("secret.deleted", 409, "a secret is deleted", "bring it back with `tacit undelete`")
        let two = try Self.rig(["POST /v1/copies": deleted])
        #expect(try two.run("env", "promote", "dev", "test", "-p", "shop").messages.hasSuffix("hint: bring it back with `tacit undelete`\n"))
    }

    @Test(
        "each command that looks in an environment gets the place",
        arguments: [
            "list", "show", "get", "set", "generate", "history", "diff", "tag", "rename", "renew", "rollback", "delete", "undelete", "purge",
            "restore", "import", "export", "run",
        ])
    func placed(_ command: String) throws {
        let rig = try Self.rig()
        let commands = PlacedCommands(at: Scope(project: "shop", environment: "prod"), in: rig.context)
        #expect(commands.completed("see `tacit \(command) NAME` for it") == "see `tacit \(command) NAME -p shop -e prod` for it")
    }

    @Test(
        "a command that says its place, looks at none, or is another program's stays as it is",
        arguments: [
            "tacit list -p other", "tacit list --project other", "tacit list -e test", "tacit list --env test", "tacit run -- make", "tacit status",
            "tacit show tacit://a/b/c", "tacit", "git list", "tacit env list -p other",
        ])
    func untouched(_ command: String) throws {
        let commands = PlacedCommands(at: Scope(project: "shop", environment: "prod"), in: try Self.rig().context)
        #expect(commands.completed("`\(command)`") == "`\(command)`")
        #expect(commands.completed("without an end: `tacit list") == "without an end: `tacit list")
    }
}
