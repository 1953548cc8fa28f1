import Foundation
import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Import and export")
struct TransferTests {
    static let imports = "POST /v1/projects/default/environments/dev/imports"
    static let secrets = "/v1/projects/default/environments/dev/secrets"

    @Test("an import sends every entry with its value, and says that the file is still there")
    func sends() throws {
        let rig = try Rig([Self.imports: { _ in .json(ImportResult(created: ["shop/A"], skipped: ["shop/B"], dryRun: false, notices: ["told"])) }])
        let file = try rig.write("A=CANARY-0123456789\nB='$HOME'\nC=$X\n", to: "app.env")
        let outcome = try rig.run("import", file, "--prefix", "shop/", "--on-conflict", "skip")
        #expect(outcome.text == "Imported into default/dev: 1 created, 1 skipped.\n")
        #expect(outcome.messages.contains("told"))
        #expect(outcome.messages.contains("line 3: `$` is kept as it is written"))
        #expect(outcome.messages.contains("\(file) still holds the values in clear"))
        #expect(!outcome.messages.contains("CANARY"))
        let sent = try #require(rig.keeper?.requests.first?.text)
        #expect(
            sent.contains(
                #"{"conflict":"skip","dry_run":false,"entries":[{"field":"value","kind":"secret","name":"shop/A"},"#
                    + #"{"field":"value","kind":"secret","name":"shop/B"},{"field":"value","kind":"secret","name":"shop/C"}]}"#))
        #expect(sent.contains("name=\"value-0\"\r\n\r\nCANARY-0123456789\r\n"))
        #expect(sent.contains("name=\"value-1\"\r\n\r\n$HOME\r\n"))
    }

    @Test("an import says how many of its values could be guessed")
    func guessable() throws {
        let rig = try Rig([Self.imports: { _ in .json(ImportResult(created: ["A"], dryRun: false, guessable: 1)) }])
        let outcome = try rig.run(["import", "-", "--format", "json"], input: #"{"A": "summer-2025"}"#)
        #expect(outcome.messages.contains("1 of them could be guessed"))
    }

    @Test("a dry run shows masks and what would happen")
    func dryRun() throws {
        let rig = try Rig([Self.imports: { _ in .json(ImportResult(created: ["A"], overwritten: ["B"], dryRun: true)) }])
        let json = #"{"A": {"user": {"text": "app", "kind": "plain"}, "key": "CANARY-0123456789"}, "B": "x"}"#
        let outcome = try rig.run(["import", "-", "--format", "json", "--dry-run"], input: json)
        #expect(
            outcome.text == """
                NAME  FIELD  KIND   VALUE         ACTION
                A     user   plain  app           create
                A     key           ********6789  create
                B                   ********      overwrite
                Would import into default/dev: 1 created, 1 overwritten. Nothing was stored.

                """)
        #expect(outcome.messages.isEmpty)
    }

    @Test(
        "a file with a mistake is refused with its line",
        arguments: [
            ("x.env", "A=1\nB\n", "x.env:2: no `=` follows the name"), ("x.json", "{\"A\": 1}", "x.json:1: a value is a number or a truth value"),
            ("y.env", "A=CANARY\nA=CANARY\n", "y.env:2: the name was used on line 1 already"),
        ])
    func mistakes(_ row: (name: String, text: String, message: String)) throws {
        let rig = try Rig()
        let file = try rig.write(row.text, to: row.name)
        let outcome = try rig.run("import", file)
        #expect(outcome.status == 2)
        #expect(outcome.messages.contains(row.message), "\(outcome.messages)")
        #expect(!outcome.messages.contains("CANARY"))
        #expect(rig.keeper?.routes == [])
    }

    static let exports = "/v1/projects/default/environments/dev/exports"

    /// A keeper with these secrets, that gives the values of `together` of them at a time; of one without a value it says that it has expired.
    private static func keeper(
        _ secrets: [(summary: ExportSummary, values: [String]?)], together: Int = .max
    ) -> [String: FakeKeeper.Answer] {
        [
            "GET \(exports)": { _ in .json(Page(items: secrets.map(\.summary))) },
            "POST \(exports)": { request in
                guard let wish: ExportRequest = try? WireJSON.decode(from: Data(request.body)) else { return .problem("request.malformed", 400) }
                let asked = wish.items.prefix(together).compactMap { item in secrets.first { $0.summary.name == item.name } }
                let head = ExportHead(secrets: asked.map { .init(name: $0.summary.name, sizes: $0.values?.map(\.utf8.count)) })
                let bytes = (try? head.framed) ?? []
                return FakeKeeper.Reply(body: bytes + asked.flatMap { $0.values ?? [] }.flatMap(\.utf8))
            },
        ]
    }

    private static func secret(_ name: String, _ value: String) -> (summary: ExportSummary, values: [String]?) {
        (ExportSummary(name: name, version: 2, fields: [FieldSummary(name: "value", kind: .secret)]), [value])
    }

    /// A vault with a secret of one field and one of two.
    private static func vault() throws -> Rig {
        let fields = [FieldSummary(name: "user", kind: .plain), FieldSummary(name: "password", kind: .secret, binding: "PGPASSWORD")]
        return try Rig(keeper([secret("api/key", "CANARY key"), (ExportSummary(name: "db", version: 2, fields: fields), ["app", "CANARY-p"])]))
    }

    @Test("an export is what an import reads")
    func export() throws {
        let rig = try Self.vault()
        let dotenv = try rig.run("export")
        #expect(dotenv.text == "API_KEY='CANARY key'\nDB_USER=app\nPGPASSWORD=CANARY-p\n")
        #expect(dotenv.messages.contains("what is written is in clear"))
        let json = try rig.run("export", "--format", "json")
        #expect(try SecretsJSON.parse(json.output).map(\.name) == ["api/key", "db", "db"])
        let asked = rig.keeper?.requests.filter { $0.method == "POST" }.map(\.text)
        #expect(asked?.last == #"{"items":[{"name":"api/key","version":2},{"name":"db","version":2}]}"#)
        let preview = try rig.run("export", "--dry-run")
        #expect(preview.text.contains("db       password  PGPASSWORD  secret"))
        #expect(!preview.text.contains("CANARY"))
    }

    @Test("what an export cannot write is named, and its value is not", arguments: ["env", "shell", "docker", "json"]) func unfit(format: String)
        throws
    {
        let secrets = [("a", "fine"), ("b", "CANARY\0")].map { name, value -> (summary: ExportSummary, values: [String]?) in
            (
                summary: ExportSummary(name: name, version: 2, fields: [FieldSummary(name: "value", kind: .secret, binding: "V_\(name)")]),
                values: [value]
            )
        }
        let outcome = try Rig(Self.keeper(secrets)).run("export", "--format", format)
        guard format != "json" else { return #expect(outcome.status == 0, "JSON has every value") }
        #expect(outcome.status != 0 && outcome.messages.contains("b cannot be written as \(format)"), "\(outcome.messages)")
        #expect(!outcome.messages.contains("CANARY") && !outcome.text.contains("CANARY"))
        #expect(format == "env" || outcome.messages.contains("the value of V_b has a NUL byte"), "\(outcome.messages)")
        #expect(!outcome.messages.contains("what is written is in clear") && outcome.messages.hasSuffix("`--format json`, which takes any value\n"))
    }

    @Test("an export has what stands on every page, each field with its own name where there are several")
    func pages() throws {
        let fields = ["user", "token"].map { FieldSummary(name: $0, kind: .secret) }
        let rig = try Rig([
            "GET \(Self.exports)": { request in
                request.path.contains("cursor=n%2Fext")
                    ? .json(Page(items: [Self.secret("last", "v").summary]))
                    : .json(Page(items: [ExportSummary(name: "first", version: 1, fields: fields)], nextCursor: "n/ext"))
            }
        ])
        let page: Page<Existence> = try WireJSON.decode(from: Data(rig.run("export", "--dry-run", "--json").output))
        #expect(page.items.map(\.name) == ["first#user", "first#token", "last"])
    }

    @Test(
        "a variable is made of the name: in capitals, `_` for what no variable has, and never a digit first",
        arguments: [
            ("stripe/api-key", "value", "STRIPE_API_KEY"), ("1password", "value", "_1PASSWORD"), ("db.main", "user", "DB_MAIN_USER"),
            ("a", "2nd", "A_2ND"),
        ])
    func variables(secret: String, field: String, variable: String) { #expect(ExportedFields.variable(secret, field) == variable) }

    @Test("an export makes a file of its own, and never touches another")
    func exportFile() throws {
        let rig = try Self.vault()
        let path = rig.directory.path("out.env")
        #expect(try rig.run("export", "--file", path).text == "Wrote 3 values of default/dev to \(path).\n")
        var facts = stat()
        #expect(unsafe lstat(path, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
        let again = try rig.run("export", "--file", path, "--format", "json")
        #expect(again.status == 1)
        #expect(again.messages.contains("an export never overwrites a file"))
        #expect(try Input.readFile(path, limit: 1000, naming: "x").starts(with: "API_KEY=".utf8), "what was there is there")
    }

    @Test("an export that fails leaves no file")
    func failedExport() throws {
        var answers = Self.keeper([Self.secret("x", "CANARY")])
        answers["POST \(Self.exports)"] = { _ in .problem("secret.not-found", 404) }
        let rig = try Rig(answers)
        #expect(try rig.run("export", "--file", rig.directory.path("out")).status == 3)
        #expect(unsafe access(rig.directory.path("out"), F_OK) != 0)
    }

    @Test("two secrets on one variable are an error")
    func conflict() throws {
        let rig = try Rig(Self.keeper([Self.secret("a-b", "CANARY"), Self.secret("a/b", "CANARY")]))
        #expect(try rig.run("export").messages.contains("a-b and a/b would both be the variable A_B"))
        rig.environment["TACIT_ENVIRONMENT"] = "prod"
        let elsewhere = try rig.run("export", "-e", "dev").messages
        #expect(elsewhere.contains("`tacit set NAME --bind VARIABLE=FIELD -e dev`"), "\(elsewhere)")
        #expect(rig.keeper?.requests.contains { $0.method == "POST" } == false, "no value left the keeper for it")
    }

    @Test("an export goes on until it has every value that it asked for", arguments: [1, 2, 1000])
    func portions(together: Int) throws {
        let names = (1...5).map { "n\($0)" }
        let rig = try Rig(Self.keeper(names.map { Self.secret($0, "CANARY-\($0)") }, together: together))
        #expect(try rig.run("export").text == names.map { "\($0.uppercased())=CANARY-\($0)\n" }.joined())
        #expect(rig.keeper?.requests.count { $0.method == "POST" } == [1: 5, 2: 3, 1000: 1][together])
    }

    @Test("no more than a thousand secrets are asked for at once")
    func manySecrets() throws {
        let names = (1000..<2500).map { "n\($0)" }
        let rig = try Rig(Self.keeper(names.map { Self.secret($0, "v") }))
        #expect(try rig.run("export").text.split(separator: "\n").count == names.count)
        let asked = try rig.keeper?.requests.filter { $0.method == "POST" }.map {
            try WireJSON.decode(ExportRequest.self, from: Data($0.body)).items.count
        }
        #expect(asked == [1000, 500])
    }

    @Test("what has expired is left out of an export, and said")
    func expired() throws {
        let summary = ExportSummary(name: "old", version: 1, fields: [FieldSummary(name: "value", kind: .secret)])
        let outcome = try Rig(Self.keeper([(summary, nil), Self.secret("z", "CANARY")])).run("export")
        #expect(outcome.text == "Z=CANARY\n" && outcome.messages.contains("old has expired and is left out: `tacit renew old` makes"))
    }

    @Test("an answer that is not what was asked for writes nothing", arguments: ["", "cut", "other", "fields", "none"])
    func misunderstood(kind: String) throws {
        var answers = Self.keeper([Self.secret("a", "CANARY-a")])
        let heads = [
            "cut": ExportHead(secrets: [.init(name: "a", sizes: [9])]), "other": ExportHead(secrets: [.init(name: "b", sizes: [8])]),
            "fields": ExportHead(secrets: [.init(name: "a", sizes: [4, 4])]), "none": ExportHead(secrets: []),
        ]
        let bytes = try heads[kind].map { try $0.framed + (kind == "none" ? [] : Array("CANARY-a".utf8)) } ?? []
        answers["POST \(Self.exports)"] = { _ in FakeKeeper.Reply(body: bytes) }
        let outcome = try Rig(answers).run("export")
        #expect(outcome.status == 1 && outcome.text.isEmpty && outcome.messages.contains("the keeper's answer was not understood"))
    }
}
