import TacitWire
import Testing

@testable import Commands

@Suite("Which of several secrets was meant")
struct MissingSecretTests {
    private static let base = "/v1/projects/default/environments/dev/secrets"
    private static let absent: FakeKeeper.Answer = { _ in .problem("secret.not-found", 404, "there is no such secret", hint: "see `tacit list`") }

    private static func secret(_ name: String, expires: String? = nil, deleted: String? = nil) -> FakeKeeper.Answer {
        { _ in
            .json(
                SecretDetail(
                    id: "1", name: name, version: 1, revision: 1, fields: [FieldSummary(name: "value", kind: .secret)], createdAt: "", updatedAt: "",
                    expiresAt: expires, deletedAt: deleted))
        }
    }

    /// A keeper that refuses a run for one reason. There is `a`; `b` and `c` are not there; `d` is deleted, and `e` has expired.
    private static func rig(_ code: String, _ status: Int, _ title: String, actor: Asker = Asker(kind: .person)) throws -> Rig {
        let many = Dictionary((1...12).map { ("GET \(base)/no%2F\($0)", absent) }) { first, _ in first }
        return try Rig(
            many.merging([
                "GET /v1/status": { _ in .json(VaultStatus.of(.unlocked, actor: actor)) },
                "POST /v1/runs": { _ in .problem(code, status, title, hint: "see") },
                "GET \(base)/a": secret("a"), "GET \(base)/b": absent, "GET /v1/projects/shop/environments/dev/secrets/c": absent,
                "GET \(base)/d": secret("d", deleted: "2025-11-21T04:00:00Z"), "GET \(base)/e": secret("e", expires: "2025-11-21T04:00:00Z"),
                "GET \(base)/f": { _ in
                    let fields = ["user", "password"].map { FieldSummary(name: $0, kind: .secret) }
                    return .json(SecretDetail(id: "1", name: "f", version: 1, revision: 1, fields: fields, createdAt: "", updatedAt: ""))
                },
                "DELETE \(base)/a": { _ in .json(Written(name: "a", version: 1, revision: 1)) }, "DELETE \(base)/b": absent,
            ]) { first, _ in first })
    }

    @Test("a run says which of its secrets are not there")
    func run() throws {
        let rig = try Self.rig("secret.not-found", 404, "there is no such secret")
        let outcome = try rig.run("run", "-k", "a", "-k", "b", "-k", "tacit://shop/dev/c=C", "--json", "--", "true")
        #expect(outcome.messages == "tacit: error: there is no such secret: b, tacit://shop/dev/c\ntacit: hint: see\n")
        #expect(outcome.text.contains("there is no such secret: b, tacit") && outcome.status == 125)
        let alone = try rig.run("run", "-k", "b", "--", "true")
        #expect(alone.messages == "tacit: error: there is no such secret: b\ntacit: hint: see\n", "it may stand in a file rather than in the command")
    }

    @Test(
        "a run says which has no such field or version, is deleted or has expired",
        arguments: [
            ("field.not-found", 404, "a#none"), ("version.not-found", 404, "a?version=7"), ("secret.deleted", 409, "d"), ("secret.expired", 403, "e"),
        ])
    func reasons(code: String, status: Int, name: String) throws {
        let rig = try Self.rig(code, status, "it is so")
        let outcome = try rig.run("run", "-k", "a", "-k", "a#value=V", "-k", name + "=X", "--", "true")
        #expect(outcome.messages == "tacit: error: it is so: \(name)\ntacit: hint: see\n")
    }

    @Test("a run says which has several fields, and how one is named") func severalFields() throws {
        let rig = try Self.rig("secret.several-fields", 422, "the secret has several fields")
        let outcome = try rig.run("run", "-k", "a", "-k", "f", "-k", "f#user=U", "--", "true")
        #expect(outcome.messages == "tacit: error: the secret has several fields: f\ntacit: hint: see\n")
    }

    @Test("what is refused for another reason, and where nobody is taken for a person, names nothing and asks nothing")
    func silent() throws {
        let rig = try Self.rig("vault.unreadable", 500, "a stored secret could not be opened")
        #expect(try rig.run("run", "-k", "a", "-k", "b", "--", "true").messages.hasPrefix("tacit: error: a stored secret could not be opened\n"))
        #expect(rig.keeper?.routes == ["POST /v1/runs"])
        for kind in [Asker.Kind.unidentified, .agent] {
            let other = try Self.rig("secret.not-found", 404, "there is no such secret", actor: Asker(kind: kind))
            let outcome = try other.run("run", "-k", "a", "-k", "b", "--", "true")
            #expect(outcome.messages.hasPrefix("tacit: error: there is no such secret") && !outcome.messages.contains(": b"))
            #expect(other.keeper?.routes == ["POST /v1/runs"])
        }
    }

    @Test("of many, ten are named") func many() throws {
        let rig = try Self.rig("secret.not-found", 404, "there is no such secret")
        let words = (1...12).flatMap { ["-k", "no/\($0)"] }
        let message = try rig.run(["run"] + words + ["--", "true"]).messages
        #expect(message.contains("there is no such secret: no/1, no/2, ") && message.contains("no/10 and 2 more\n"), "\(message)")
    }

    @Test("delete says which of several is not there, and that the rest stayed") func delete() throws {
        let rig = try Self.rig("", 404, "")
        let outcome = try rig.run("delete", "a", "b", "a")
        #expect(
            outcome.messages == "tacit: error: there is no such secret: b\ntacit: hint: see `tacit list`; what is named behind it was left alone\n")
        #expect(outcome.status == 3 && rig.keeper?.routes.filter { $0 == "DELETE \(Self.base)/a" }.count == 1)
        #expect(try rig.run("delete", "a", "b").messages == "tacit: error: there is no such secret: b\ntacit: hint: see `tacit list`\n")
        #expect(try rig.run("delete", "b").messages == "tacit: error: there is no such secret\ntacit: hint: see `tacit list`\n")
    }
}
