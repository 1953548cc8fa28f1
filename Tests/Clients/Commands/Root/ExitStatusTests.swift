import TacitClient
import TacitWire
import Testing

@testable import Commands

@Suite("Exit codes")
struct ExitStatusTests {
    static let table: [(code: String, http: Int, exit: Int32)] = [
        ("request.malformed", 400, 2), ("name.invalid", 400, 2), ("unlock.failed", 401, 4), ("step-up.required", 401, 4), ("not_permitted", 403, 4),
        ("secret.expired", 403, 4), ("secret.not-found", 404, 3), ("vault.absent", 404, 3), ("field.not-found", 404, 3), ("secret.exists", 409, 1),
        ("revision.mismatch", 412, 1), ("request.too-large", 413, 1), ("request.invalid", 422, 1), ("vault.locked", 423, 5),
        ("unlock.backed-off", 429, 4), ("run.too-many", 429, 1), ("internal", 500, 1), ("store.full", 507, 1),
    ]

    @Test("each problem has its exit code, and its words on the error stream", arguments: table)
    func problems(_ row: (code: String, http: Int, exit: Int32)) throws {
        let rig = try Rig(["GET /v1/projects/default/environments/dev/secrets/a": { _ in .problem(row.code, row.http, "told so", hint: "do that") }])
        let outcome = try rig.run("show", "a")
        #expect(outcome.status == row.exit)
        #expect(outcome.output.isEmpty)
        #expect(outcome.messages.hasPrefix("tacit: error: told so\ntacit: hint: "))
        let json = try rig.run("show", "a", "--json")
        #expect(json.status == row.exit)
        #expect(json.text.hasPrefix(#"{"error":{"code":"\#(row.code)","#))
    }

    @Test("the codes stand in the help")
    func documented() throws {
        let help = try Rig().run("--help").text
        for status in ExitStatus.allCases { #expect(help.contains("  \(status.rawValue)  ")) }
    }

    @Test("a keeper that cannot be started is a failure with its own words")
    func noKeeper() throws {
        let outcome = try Rig(nil).run("status")
        #expect(outcome.status == 1)
        #expect(outcome.messages == "tacit: error: the keeper is not running\n")
    }

    @Test("an answer that breaks off is a failure")
    func brokenOff() throws {
        let rig = try Rig(["GET /v1/projects": { _ in .init(body: Array("{".utf8)) }])
        let outcome = try rig.run("project", "list")
        #expect(outcome.status == 1)
        #expect(outcome.messages.contains("the keeper's answer was not understood"))
    }
}
