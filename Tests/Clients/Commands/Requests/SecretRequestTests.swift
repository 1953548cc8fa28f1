import Glibc
import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("Values on their way in and out")
struct SecretRequestTests {
    static let route = "PUT /v1/projects/default/environments/dev/secrets/a"
    static let stored: FakeKeeper.Answer = { _ in .json(Written(name: "a", version: 2, revision: 3, notices: ["it is short"])) }

    /// The parts of a form by name.
    private func parts(_ request: FakeKeeper.Request?) throws -> [String: String] {
        let request = try #require(request)
        let boundary = try #require(request.headers["content-type"]?.split(separator: "boundary=").last)
        var parts: [String: String] = [:]
        for piece in request.text.split(separator: "--\(boundary)") {
            guard let match = piece.firstMatch(of: #/name="([^"]+)"\r\n\r\n/#) else { continue }
            parts[String(match.1)] = String(piece[match.range.upperBound...].dropLast("\r\n".utf8.count / 2))
        }
        return parts
    }

    @Test("a value from standard input is one part, what describes it another")
    func pipe() throws {
        let rig = try Rig([Self.route: Self.stored])
        let outcome = try rig.run(
            [
                "set", "a", "--tag", "x", "--note", "n", "--url", "u", "--description", "d", "--expires", "30d", "--bind", "A_B", "--if-version", "1",
                "--replace",
            ], input: "CANARY-value\n")
        #expect(outcome.text == "Stored a version 2 in default/dev.\n")
        #expect(outcome.messages == "tacit: note: it is short\n")
        let parts = try parts(rig.keeper?.requests.first)
        #expect(
            parts["secret"]
                == #"{"bindings":[{"field":"value","variable":"A_B"}],"description":"d","expires":"30d","fields":[{"kind":"secret","name":"value"}],"#
                + #""note":"n","replaces_fields":true,"tags":["x"],"url":"u"}"#)
        #expect(parts["field-0"] == "CANARY-value")
        #expect(rig.keeper?.requests.first?.headers["if-match"] == "\"1\"")
    }

    @Test("plain fields alone ask for no value; a file is taken exactly")
    func plainAndFile() throws {
        let rig = try Rig([Self.route: Self.stored])
        #expect(try rig.run("set", "a", "--plain", "user=app=x", "--plain", "host=").status == 0)
        var parts = try parts(rig.keeper?.requests.last)
        #expect(parts["secret"] == #"{"fields":[{"kind":"plain","name":"user"},{"kind":"plain","name":"host"}]}"#)
        #expect(parts["field-0"] == "app=x")
        let file = try rig.write("CANARY-line\n", to: "key")
        #expect(try rig.run("set", "a#key", "--file", file, "--plain", "user=app").status == 0)
        parts = try self.parts(rig.keeper?.requests.last)
        #expect(parts["secret"] == #"{"fields":[{"kind":"secret","name":"key"},{"kind":"plain","name":"user"}]}"#)
        #expect(parts["field-0"] == "CANARY-line\n")
        #expect(try rig.run(["set", "a", "--file", "-"], input: "CANARY\n").status == 0)
        #expect(try self.parts(rig.keeper?.requests.last)["field-0"] == "CANARY\n")
    }

    @Test("several fields are typed one after the other")
    func severalFields() throws {
        let rig = try Rig(Rig.newSecret("a"))
        rig.terminal = try FakeTerminal(("Value of a#user: ", "CANARY-u\n"), ("Value of a#password: ", "CANARY-p\n"))
        #expect(try rig.runAtTerminal("set", "a", "--field", "user", "--field", "password").status == 0)
        let parts = try parts(rig.keeper?.requests.last)
        #expect(parts["field-0"] == "CANARY-u")
        #expect(parts["field-1"] == "CANARY-p")
        let piped = try rig.run(["set", "a", "--field", "user", "--field", "password"], input: "CANARY")
        #expect(piped.status == 2)
        #expect(piped.messages.contains("several fields cannot come from one input"))
    }

    @Test("no value is no value")
    func empty() throws {
        let rig = try Rig([Self.route: Self.stored])
        #expect(try rig.run("set", "a").messages.contains("standard input is empty"))
        #expect(
            try rig.run("set", "a", "--file", "/nowhere").messages == "tacit: error: the file cannot be read: no such file or directory\n"
                + "tacit: hint: check that the path is right and that you may read it\n")
        let large = try rig.run(["set", "a"], input: String(repeating: "x", count: (1 << 20) + 1))
        #expect(large.status == 2)
        #expect(large.messages == "tacit: error: standard input is larger than 1 MiB\n")
        #expect(rig.keeper?.routes == [])
    }

    @Test("the password and the value may come through one descriptor")
    func passwordThenValue() throws {
        let rig = try Rig([Self.route: Self.stored])
        let file = try rig.descriptor("CANARY-password\nCANARY-value\n")
        #expect(try rig.run(["set", "a", "--password-fd", "\(file)"], from: file).status == 0)
        #expect(rig.keeper?.requests.first?.text == "CANARY-password")
        #expect(try parts(rig.keeper?.requests.last)["field-0"] == "CANARY-value")
        close(file)
    }

    @Test("`--keep-value` changes what describes a secret, and minds the version")
    func keepValue() throws {
        let secret = "/v1/projects/default/environments/dev/secrets/a"
        let detail = SecretDetail(id: "1", name: "a", version: 4, revision: 9, fields: [], tags: ["old", "x"], createdAt: "", updatedAt: "")
        let rig = try Rig(["GET \(secret)": { _ in .json(detail) }, "PATCH \(secret)": Self.stored])
        #expect(try rig.run("set", "a", "--keep-value", "--note", "n", "--tag", "x", "--if-version", "4").text == "Changed a.\n")
        #expect(rig.keeper?.requests.last?.text == #"{"add_tags":["x"],"note":"n","remove_tags":["old"]}"#)
        #expect(rig.keeper?.requests.last?.headers["if-match"] == "\"9\"")
        let stale = try rig.run("set", "a", "--keep-value", "--note", "n", "--if-version", "3")
        #expect(stale.messages.contains("it is at version 4"))
    }

    @Test(
        "a reveal prints bytes as they are, and JSON that holds any bytes",
        arguments: [
            ([0x43, 0x0A], #""kind":"plain","name":"a","text":"C\n","version":3"#),
            ([0xFF, 0x00], #""base64":"/wA=","kind":"plain","name":"a","version":3"#),
            ([], #""kind":"plain","name":"a","text":"","version":3"#),
        ] as [([UInt8], String)])
    func reveal(_ row: (value: [UInt8], json: String)) throws {
        let rig = try Rig([
            PromptTests.secret: { _ in .init(headers: [("Tacit-Version", "3"), ("Tacit-Field-Kind", "plain")], body: row.value) }
        ])
        #expect(try rig.run("get", "a").output == row.value)
        #expect(try rig.run("get", "a", "--json").text == "{\(row.json)}\n")
        #expect(try rig.run("get", "a#f", "--version", "2").status == 0)
        #expect(rig.keeper?.requests.last?.path.hasSuffix("/a/value?field=f&version=2") == true)
    }
}
