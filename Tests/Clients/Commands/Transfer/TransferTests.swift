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

    /// A vault with a secret of one field and one of two.
    private static func vault() throws -> Rig {
        func detail(_ name: String, _ fields: [FieldSummary]) -> FakeKeeper.Answer {
            { _ in .json(SecretDetail(id: name, name: name, version: 2, revision: 1, fields: fields, createdAt: "", updatedAt: "")) }
        }
        let list = Page(items: ["api/key", "db"].map { SecretSummary(name: $0, version: 2, updatedAt: "") })
        return try Rig([
            "GET \(secrets)": { _ in .json(list) }, "GET \(secrets)/api%2Fkey": detail("api/key", [FieldSummary(name: "value", kind: .secret)]),
            "GET \(secrets)/db": detail(
                "db", [FieldSummary(name: "user", kind: .plain), FieldSummary(name: "password", kind: .secret, binding: "PGPASSWORD")]),
            "GET \(secrets)/api%2Fkey/value": { _ in .octets("CANARY key") },
            "GET \(secrets)/db/value": { .octets($0.path.contains("field=user") ? "app" : "CANARY-p") },
        ])
    }

    @Test("an export is what an import reads")
    func export() throws {
        let rig = try Self.vault()
        let dotenv = try rig.run("export")
        #expect(dotenv.text == "API_KEY='CANARY key'\nDB_USER=app\nPGPASSWORD=CANARY-p\n")
        #expect(dotenv.messages.contains("what is written is in clear"))
        let json = try rig.run("export", "--format", "json")
        #expect(try SecretsJSON.parse(json.output).map(\.name) == ["api/key", "db", "db"])
        #expect(rig.keeper?.requests.contains { $0.path.hasSuffix("/db/value?field=user&version=2") } == true)
        let preview = try rig.run("export", "--dry-run")
        #expect(preview.text.contains("db       password  PGPASSWORD  secret"))
        #expect(!preview.text.contains("CANARY"))
    }

    @Test("what an export cannot write is named, and its value is not", arguments: ["env", "shell", "docker", "json"]) func unfit(format: String)
        throws
    {
        let list = Page(items: ["a", "b"].map { SecretSummary(name: $0, version: 2, updatedAt: "") })
        var answers: [String: FakeKeeper.Answer] = ["GET \(Self.secrets)": { _ in .json(list) }]
        for (name, value) in [("a", "fine"), ("b", "CANARY\0")] {
            let fields = [FieldSummary(name: "value", kind: .secret, binding: "V_\(name)")]
            answers["GET \(Self.secrets)/\(name)"] = { _ in
                .json(SecretDetail(id: name, name: name, version: 2, revision: 1, fields: fields, createdAt: "", updatedAt: ""))
            }
            answers["GET \(Self.secrets)/\(name)/value"] = { _ in .octets(value) }
        }
        let outcome = try Rig(answers).run("export", "--format", format)
        guard format != "json" else { return #expect(outcome.status == 0, "JSON has every value") }
        #expect(outcome.status != 0 && outcome.messages.contains("b cannot be written as \(format)"), "\(outcome.messages)")
        #expect(!outcome.messages.contains("CANARY") && !outcome.text.contains("CANARY"))
    }

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
        let rig = try Rig(["GET \(Self.secrets)": { _ in .json(Page(items: [SecretSummary(name: "x", version: 1, updatedAt: "")])) }])
        #expect(try rig.run("export", "--file", rig.directory.path("out")).status == 3)
        #expect(unsafe access(rig.directory.path("out"), F_OK) != 0)
    }

    @Test("two secrets on one variable are an error")
    func conflict() throws {
        func detail(_ name: String) -> FakeKeeper.Answer {
            { _ in
                .json(
                    SecretDetail(
                        id: name, name: name, version: 1, revision: 1, fields: [FieldSummary(name: "value", kind: .secret)], createdAt: "",
                        updatedAt: ""))
            }
        }
        let list = Page(items: ["a-b", "a/b"].map { SecretSummary(name: $0, version: 1, updatedAt: "") })
        let rig = try Rig([
            "GET \(Self.secrets)": { _ in .json(list) }, "GET \(Self.secrets)/a-b": detail("a-b"), "GET \(Self.secrets)/a%2Fb": detail("a/b"),
        ])
        #expect(try rig.run("export").messages.contains("a-b and a/b would both be the variable A_B"))
    }
}
