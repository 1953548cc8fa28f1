import Model
import Testing

@testable import ProcessRunner

@Suite("The injection plan")
struct InjectionTests {
    @Test("a secret wins over an inherited variable and says so; the other way round on request")
    func precedence() throws {
        let inherited = ["A": "1", "B": "2"]
        let plan = try InjectionPlan([.variable("A"), .variable("C"), .standardInput], inherited: inherited, preservesInherited: false)
        #expect(plan.environment == ["B": "2"])
        #expect(plan.isInjected == [true, true, true])
        #expect(plan.notices == ["the secret wins over the inherited variable A"])
        let kept = try InjectionPlan([.variable("A"), .variable("C")], inherited: inherited, preservesInherited: true)
        #expect(kept.environment == inherited)
        #expect(kept.isInjected == [false, true])
        #expect(kept.notices == ["the inherited variable A is kept; its secret is not injected"])
    }

    @Test("two secrets on one variable, or on standard input, are an error")
    func taken() {
        #expect(throws: InjectionError.taken("A")) { try InjectionPlan([.variable("A"), .variable("A")], inherited: [:], preservesInherited: false) }
        #expect(throws: InjectionError.taken("A")) { try InjectionPlan([.variable("A"), .file("A")], inherited: [:], preservesInherited: false) }
        #expect(throws: InjectionError.twoInputs) { try InjectionPlan([.standardInput, .standardInput], inherited: [:], preservesInherited: false) }
    }

    @Test(
        "variables that decide what programs do are refused",
        arguments: [
            "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV", "NODE_OPTIONS", "PATH", "IFS", "PYTHONPATH", "PYTHONSTARTUP", "PERL5OPT",
            "PERL5LIB",
            "RUBYOPT", "GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF", "JAVA_TOOL_OPTIONS", "GLIBC_TUNABLES", "HOME", "SHELL", "PROMPT_COMMAND", "ld_preload",
            "BASH_FUNC_ls", "GIT_CONFIG_COUNT", "EDITOR", "PAGER", "LESSOPEN", "OPENSSL_CONF", "TACIT_SOCKET", "RUSTC_WRAPPER",
            "DYLD_INSERT_LIBRARIES",
        ])
    func dangerous(name: String) {
        #expect(throws: InjectionError.dangerous(name)) { try InjectionPlan([.variable(name)], inherited: [:], preservesInherited: false) }
    }

    @Test(
        "variables that only carry a credential are not",
        arguments: [
            "API_KEY", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "NPM_TOKEN", "HTTPS_PROXY", "DATABASE_URL", "_X", "lower", "GITHUB_TOKEN", "KUBECONFIG",
        ])
    func harmless(name: String) throws {
        #expect(try InjectionPlan([.variable(name)], inherited: [:], preservesInherited: false).isInjected == [true])
    }

    @Test("what no variable can be called is refused", arguments: ["", "1A", "A-B", "A B", "A=B", "Ä", "A\u{0}", String(repeating: "A", count: 257)])
    func badNames(name: String) {
        #expect(throws: InjectionError.badName) { try InjectionPlan([.variable(name)], inherited: [:], preservesInherited: false) }
    }

    @Test(
        "a variable's name is made from the secret's",
        arguments: [
            ("stripe/api-key", nil, "", "STRIPE_API_KEY"), ("db", "user.name", "", "DB_USER_NAME"), ("2fa", nil, "", "_2FA"),
            ("2fa", nil, "X_", "X_2FA"),
            ("a", nil, "P_", "P_A"),
        ] as [(String, String?, String, String)])
    func derived(secret: String, field: String?, prefix: String, variable: String) throws {
        let field = try field.map { try SegmentName($0, of: .field) }
        #expect(InjectionPlan.variable(for: try SecretName(secret), field: field, prefix: prefix) == variable)
    }

    @Test("a value with NUL, or too long for a variable, is refused with the hint to use standard input")
    func values() throws {
        func value(_ bytes: [UInt8]) -> SecretValue {
            var bytes = bytes
            return SecretValue(moving: &bytes)
        }
        #expect(throws: InjectionError.hasNUL(variable: "A")) { try InjectionPlan.check(value([1, 0, 2]), for: "A") }
        let longest = InjectionPlan.maximumEntryLength - 2
        try InjectionPlan.check(value(Array(repeating: 65, count: longest)), for: "A")
        #expect(throws: InjectionError.tooLong(variable: "A")) { try InjectionPlan.check(value(Array(repeating: 65, count: longest + 1)), for: "A") }
        #expect(InjectionError.tooLong(variable: "A").hint?.contains("--stdin KEY") == true)
        #expect(InjectionError.hasNUL(variable: "A").hint?.contains("--stdin KEY") == true)
    }
}
