import TacitWire
import TestKit
import Testing

@testable import Commands

@Suite("A run without masks")
struct UnmaskedRunTests {
    private static func detail(_ fields: FieldSummary...) -> SecretDetail {
        SecretDetail(id: "1", name: "smtp/mail", version: 2, revision: 2, fields: fields, createdAt: "", updatedAt: "")
    }

    private static func targets(_ fields: [FieldSummary], _ secret: RunSecret, prefix: String = "") throws -> [String] {
        let rig = try Rig(nil)
        let reference = try Reference(secret.reference, ScopeOptions(project: "p", environment: "e"), in: rig.context)
        let detail = SecretDetail(id: "1", name: "smtp/mail", version: 2, revision: 2, fields: fields, createdAt: "", updatedAt: "")
        return try InjectedFields(detail, reference, prefix: prefix).targets(secret).map { "\($0.reference.field ?? "-")>\($0.variable ?? "stdin")" }
    }

    private static let value = FieldSummary(name: "value", kind: .secret)
    private static let user = FieldSummary(name: "user", kind: .plain)
    private static let password = FieldSummary(name: "password", kind: .secret, binding: "SMTP_PASSWORD")
    private static let host = FieldSummary(name: "host", kind: .plain, binding: "SMTP_HOST")

    @Test("fields go where the keeper would put them")
    func fields() throws {
        #expect(try Self.targets([Self.value], RunSecret(reference: "smtp/mail")) == ["value>SMTP_MAIL"])
        #expect(try Self.targets([Self.value], RunSecret(reference: "smtp/mail"), prefix: "APP_") == ["value>APP_SMTP_MAIL"])
        #expect(try Self.targets([Self.value], RunSecret(reference: "smtp/mail", variable: "X")) == ["value>X"])
        #expect(try Self.targets([Self.user, Self.value], RunSecret(reference: "smtp/mail#user")) == ["user>SMTP_MAIL_USER"])
        #expect(try Self.targets([Self.host, Self.password], RunSecret(reference: "smtp/mail")) == ["host>SMTP_HOST", "password>SMTP_PASSWORD"])
        #expect(try Self.targets([Self.host, Self.password], RunSecret(reference: "smtp/mail", variable: "X")) == ["password>X"])
        #expect(try Self.targets([Self.host, Self.password], RunSecret(reference: "smtp/mail", stdin: true)) == ["password>stdin"])
        #expect(try Self.targets([Self.password], RunSecret(reference: "smtp/mail#password")) == ["password>SMTP_PASSWORD"])
        #expect(throws: CommandFailure.self) {
            try Self.targets(
                [Self.user, FieldSummary(name: "a", kind: .secret), FieldSummary(name: "b", kind: .secret)], RunSecret(reference: "smtp/mail"))
        }
    }

    @Test(
        "variables are made from names",
        arguments: [("stripe/api-key", "", "STRIPE_API_KEY"), ("2fa", "", "_2FA"), ("2fa", "A", "A2FA"), ("a.b", "x_", "x_A_B")])
    func variables(_ name: String, _ prefix: String, _ variable: String) { #expect(InjectedFields.variable(for: name, prefix: prefix) == variable) }

    @Test(
        "dangerous variables are refused",
        arguments: ["PATH", "LD_PRELOAD", "ld_audit", "BASH_ENV", "NODE_OPTIONS", "TACIT_VAULT", "GIT_SSH_COMMAND"])
    func dangerous(_ variable: String) { #expect(throws: CommandFailure.self) { try InjectedFields.check(variable) } }

    @Test("values that no variable can hold are refused, with the way out")
    func unfit() throws {
        let successor = Successor(["true"], [:], replacing: [])
        try successor.add(WipedBytes(Array("CANARY-fit".utf8)), as: "FIT")
        try successor.add(WipedBytes([UInt8](repeating: 0x78, count: Successor.longestEntry - 2)), as: "A")
        for bytes in [Array("CANARY\0".utf8), [UInt8](repeating: 0x78, count: Successor.longestEntry - 1)] {
            let failure = #expect(throws: CommandFailure.self) { try successor.add(WipedBytes(bytes), as: "A") }
            #expect(failure?.hint?.contains("--stdin KEY") == true && failure?.message.contains("CANARY") == false)
        }
    }

    private static func keeper(_ more: [String: FakeKeeper.Answer] = [:]) -> [String: FakeKeeper.Answer] {
        let base = "/v1/projects/default/environments/dev/secrets"
        let answers: [String: FakeKeeper.Answer] = [
            "GET \(base)/api": { _ in
                .json(SecretDetail(id: "1", name: "api", version: 1, revision: 1, fields: [value], createdAt: "", updatedAt: ""))
            },
            "GET \(base)/api/value": { _ in .octets("CANARY-value") },
        ]
        return answers.merging(more) { $1 }
    }

    @Test("with all secrets, one that no single field stands for gives each field") func all() throws {
        let fields = [Self.user, FieldSummary(name: "a", kind: .secret), FieldSummary(name: "b", kind: .secret)]
        let rig = try Rig(
            Self.keeper([
                "GET /v1/projects/default/environments/dev/secrets": { _ in
                    .json(Page(items: [SecretSummary(name: "smtp/mail", version: 1, updatedAt: "")]))
                },
                "GET /v1/projects/default/environments/dev/secrets/smtp%2Fmail": { _ in
                    .json(SecretDetail(id: "2", name: "smtp/mail", version: 1, revision: 1, fields: fields, createdAt: "", updatedAt: ""))
                },
            ]))
        let descriptor = try rig.descriptor("CANARY-password\n")
        let outcome = try rig.run("run", "--no-mask", "--password-fd", "\(descriptor)", "--all", "--", "true")
        // The first of its values is asked for; this keeper has none.
        #expect(outcome.status != 0 && rig.keeper?.requests.last?.path.contains("smtp%2Fmail/value?field=user") == true, "\(outcome.messages)")
    }

    @Test("asks for the password before it fetches a value, and fetches none for a command that cannot be")
    func order() throws {
        let rig = try Rig(Self.keeper())
        let descriptor = try rig.descriptor("CANARY-password\n")
        let outcome = try rig.run("run", "--no-mask", "--password-fd", "\(descriptor)", "-k", "api=LD_PRELOAD", "--", "true")
        #expect(outcome.status == 125 && outcome.messages.contains("LD_PRELOAD"))
        #expect(rig.keeper?.routes == ["POST /v1/step-up", "GET /v1/projects/default/environments/dev/secrets/api"])
    }

    @Test("two secrets on one variable are refused before a value is fetched")
    func taken() throws {
        let rig = try Rig(Self.keeper())
        let descriptor = try rig.descriptor("CANARY-password\n")
        let outcome = try rig.run("run", "--no-mask", "--password-fd", "\(descriptor)", "-k", "api=A", "-k", "api=A", "--", "true")
        #expect(outcome.status == 125 && outcome.messages.contains("two secrets would be injected as A"))
        #expect(rig.keeper?.routes.contains { $0.hasSuffix("/value") } == false)
    }

    @Test("a value never stands in what is said")
    func silence() throws {
        let rig = try Rig(Self.keeper())
        let descriptor = try rig.descriptor("CANARY-password\n")
        let outcome = try rig.run("run", "--no-mask", "--password-fd", "\(descriptor)", "-k", "api", "--", "/no/such/program")
        #expect(outcome.status == 127 && outcome.messages.contains("there is no program"))
        #expect(!outcome.messages.contains("CANARY") && !outcome.text.contains("CANARY"))
    }

    @Test("a time limit is refused")
    func timeout() throws {
        let rig = try Rig(Self.keeper())
        let outcome = try rig.run("run", "--no-mask", "--timeout", "3s", "-k", "api", "--", "true")
        #expect(outcome.status == 2 && rig.keeper?.routes == [])
    }
}

extension ScopeOptions {
    fileprivate init(project: String, environment: String) {
        self.init()
        (self.project, self.environment) = (project, environment)
    }
}
