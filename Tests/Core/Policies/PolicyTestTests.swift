import Model
import Policies
import Testing

@Suite("Tests within a policy")
struct PolicyTestTests {
    private func document(_ tests: String) throws -> PolicyDocument {
        let json = """
            {"policies":[{"name":"p","agent_id":"claude","allowed_keys":["a/*"],"capabilities":["env_inject"],"unsandboxed":"allow"}],
             "tag_rules":[{"name":"ask","kind":"require_confirmation","tags":["live"],"by":"person"},{"name":"tell","kind":"notify","tags":["seen"]}],
             "command_rules":[{"name":"c","agent_id":"claude","keys":["a/*"],"programs":["/usr/bin/*"]}],"tests":[\(tests)]}
            """
        return try PolicyDocument(json: Array(json.utf8))
    }

    private func difference(_ test: String) throws -> [String]? {
        let result = try #require(try document(test).testResults().first)
        #expect(result.explanation.count > 2)
        return result.difference.map { [$0.expected, $0.got] }
    }

    @Test("a test passes when the decision, the rule and the obligations are as it says")
    func passing() throws {
        for test in [
            #"{"name":"t","agent":"claude","secret":"a/b","expect":"allow"}"#,
            #"{"name":"t","agent":"claude","secret":"a/b","program":"/usr/bin/curl","expect":"allow","rule":"c"}"#,
            #"{"name":"t","agent":"claude","secret":"a/b","program":"/usr/bin/curl","given":["writable"],"expect":"command_blocked","rule":"c"}"#,
            #"{"name":"t","agent":"claude","secret":"a/b","program":"/usr/bin/python3.11","expect":"command_blocked"}"#,
            #"{"name":"t","agent":"claude","secret":"a/b","tags":["live"],"expect":"approval_required","rule":"ask"}"#,
            #"{"name":"t","agent":"claude","secret":"a/b","tags":["live"],"given":["approval"],"expect":"allow","obligations":["approval"]}"#,
            #"{"name":"t","agent":"claude","secret":"a/b","tags":["seen"],"expect":"allow","obligations":["notify","redact"],"rule":"tell"}"#,
            #"{"name":"t","agent":"codex","secret":"a/b","expect":"not_found"}"#,
            #"{"name":"t","agent":"unidentified","secret":"a/b","expect":"deny"}"#,
            #"{"name":"t","agent":"claude","environment":"default/prod","secret":"a/b","expect":"not_found"}"#,
            #"{"name":"t","agent":"claude","secret":"a/b","capability":"reveal","expect":"not_permitted"}"#,
            #"{"name":"t","agent":"claude","capability":"reference_only","expect":"allow"}"#,
        ] { #expect(try difference(test) == nil, "\(test)") }
    }

    @Test("a test fails with what it expected and what came")
    func failing() throws {
        #expect(try difference(#"{"name":"t","agent":"claude","secret":"b","expect":"allow"}"#) == ["`allow`", "`not_found`"])
        #expect(try difference(#"{"name":"t","agent":"claude","secret":"a/b","expect":"deny"}"#) == ["`deny`", "`allow` by `p`"])
        #expect(
            try difference(#"{"name":"t","agent":"claude","secret":"a/b","tags":["live"],"expect":"session_required"}"#)
                == ["`session_required`", "`approval_required` by `ask`"])
        #expect(
            try difference(#"{"name":"t","agent":"claude","secret":"a/b","expect":"allow","rule":"tell"}"#) == ["`tell` to decide", "`allow` by `p`"])
        #expect(
            try difference(#"{"name":"t","agent":"claude","secret":"a/b","expect":"allow","obligations":["redact","notify"]}"#)
                == ["the obligation `notify`", "`allow` without it"])
        #expect(
            try difference(#"{"name":"t","agent":"claude","secret":"b","expect":"deny","obligations":["notify"]}"#) == ["`notify`", "`not_found`"])
    }

    @Test("the first failing test is an error with its place")
    func checking() throws {
        let document = try document(
            #"{"name":"t","agent":"claude","secret":"a/b","expect":"allow"},{"name":"u","agent":"claude","secret":"b","expect":"allow"}"#)
        let error = #expect(throws: PolicyError.self) { try document.checkTests() }
        #expect(error?.path == "tests[1]")
        #expect(error?.code == "policy.test-fails")
        #expect(error?.message == "tests[1]: the test fails: it expects `allow`, and the policy says `not_found`")
        #expect(error?.hint?.hasPrefix("mend the policy, or the test") == true)
        #expect(throws: Never.self) { try self.document("").checkTests() }
    }

    @Test("a test that fails for a pin says which rule pins, and what to write", arguments: [false, true])
    func pinned(saysOther: Bool) throws {
        let (pin, other) = (String(repeating: "ab", count: 32), String(repeating: "cd", count: 32))
        func document(_ expect: String, _ sha256: String) throws -> PolicyDocument {
            let policy = #"{"name":"p","agent_id":"claude","allowed_keys":["**"],"capabilities":["env_inject"],"unsandboxed":"allow"}"#
            let rule = #"{"name":"tools","agent_id":"claude","keys":["**"],"programs":["/usr/bin/curl"],"sha256":["\#(pin)"]}"#
            let test = #"{"name":"t","agent":"claude","secret":"k",\#(sha256)"program":"/usr/bin/curl","expect":"\#(expect)"}"#
            return try PolicyDocument(json: Array(#"{"policies":[\#(policy)],"command_rules":[\#(rule)],"tests":[\#(test)]}"#.utf8))
        }
        let fails = try document("allow", saysOther ? #""sha256":"\#(other)","# : "")
        let error = #expect(throws: PolicyError.self) { try fails.checkTests() }
        #expect(error?.hint == "the rule `tools` pins the program's content: give the test the `sha256` that it pins")
        #expect(fails.testResults()[0].hint == error?.hint)
        #expect(try document("allow", #""sha256":"\#(pin)","#).testResults()[0].hint == nil)
        // No content makes it end so.
        #expect(try document("not_permitted", #""sha256":"\#(other)","#).testResults()[0].hint == nil)
    }
}

@Suite("What changes between two policies")
struct PolicyComparisonTests {
    private func document(_ policy: String, _ rest: String = "") throws -> PolicyDocument {
        try PolicyDocument(json: Array("{\"policies\":[{\"name\":\"p\",\"agent_id\":\"claude\",\(policy)}]\(rest)}".utf8))
    }

    private static let wide = #""allowed_keys":["a/*","b"],"capabilities":["masked_return","env_inject"],"unsandboxed":"allow""#

    @Test("a document compared with itself changes nothing")
    func same() throws {
        let document = try document(Self.wide, #","tag_rules":[{"name":"t","kind":"require_session","tags":["x"]}]"#)
        let comparison = PolicyComparison(
            from: document, to: document, agents: ["claude"], secrets: [.init(scope: "default/dev", name: "b", tags: [])])
        #expect(comparison.changes.isEmpty)
        #expect(comparison.questionCount > 10)
        #expect(!comparison.isCut)
    }

    @Test("a secret that is there is told with what it loses, and an example stands for a pattern")
    func lost() throws {
        let narrow = try document(#""allowed_keys":["a/*"],"capabilities":["masked_return","env_inject"],"unsandboxed":"allow""#)
        let comparison = PolicyComparison(
            from: try document(Self.wide), to: narrow, secrets: [.init(scope: "default/dev", name: "b", tags: ["x"])])
        #expect(
            comparison.changes == [
                .init(
                    agent: "claude", place: "default/dev", capabilities: ["reference_only", "masked_return", "env_inject"], circumstances: "",
                    before: "allow", after: "not_found", secrets: ["b [x]", "b (example)"]),
                .init(
                    agent: "claude", place: "default/dev", capabilities: ["file_inject", "broker", "propose", "reveal"], circumstances: "",
                    before: "not_permitted", after: "not_found", secrets: ["b [x]", "b (example)"]),
            ])
    }

    @Test("a new tag rule, model and program are each asked about")
    func rules() throws {
        let old = try document(Self.wide)
        let tagged = try document(Self.wide, #","tag_rules":[{"name":"t","kind":"require_session","tags":["x"]}]"#)
        #expect(PolicyComparison(from: old, to: tagged).changes.contains { $0.after == "session_required" && $0.secrets.contains("b [x] (example)") })
        let models = { (name: String) in #","tag_rules":[{"name":"t","kind":"block_models","tags":["x"],"models":["\#(name)"]}]"# }
        let model = PolicyComparison(from: try document(Self.wide, models("small")), to: try document(Self.wide, models("large")))
        #expect(Set(model.changes.map(\.circumstances)) == ["as the model small", "as the model large"])
        let programs = { (path: String) in
            #","command_rules":[{"name":"c","agent_id":"claude","keys":["**"],"programs":["\#(path)"]}]"#
        }
        let program = PolicyComparison(
            from: try document(Self.wide, programs("/usr/bin/curl")), to: try document(Self.wide, programs("/usr/bin/psql")))
        #expect(program.changes.contains { $0.circumstances == "running /usr/bin/psql" && $0.before == "command_blocked" && $0.after == "allow" })
        #expect(program.changes.contains { $0.circumstances == "running /usr/bin/curl" && $0.after == "command_blocked" })
        #expect(program.changes.allSatisfy { $0.capabilities == ["env_inject"] })
    }

    @Test("a rule that only has another name changes nothing")
    func renamed() throws {
        let rule = { (name: String) in #","tag_rules":[{"name":"\#(name)","kind":"require_session","tags":["x"]}]"# }
        #expect(PolicyComparison(from: try document(Self.wide, rule("t")), to: try document(Self.wide, rule("u"))).changes.isEmpty)
    }
}

@Suite("The rules of a policy, listed")
struct RuleSummaryTests {
    @Test("each rule has its strength, in the order in which they are asked")
    func strengths() throws {
        let json = """
            {"policies":[],"tag_rules":[
             {"name":"n","kind":"notify","tags":["a"]},{"name":"g","kind":"require_confirmation","by":"agent","tags":["b"]},
             {"name":"q","kind":"require_confirmation","by":"person","tags":["c"]},{"name":"m","kind":"block_models","models":["x"],"tags":["d"]},
             {"name":"s","kind":"require_session","tags":["e"]},{"name":"b","kind":"block_always","tags":["f"],"agent_id":"claude"}],
             "command_rules":[{"name":"c","agent_id":"*","keys":["k"],"programs":["/usr/bin/curl"],"denied_programs":["gdb"]},
             {"name":"d","agent_id":"*","keys":["k"],"programs":["/usr/bin/node"],"any_code":"allow"},
             {"name":"w","agent_id":"*","keys":["k"],"programs":["/usr/bin/*"]}]}
            """
        let summaries = try PolicyDocument(json: Array(json.utf8)).ruleSummaries
        #expect(
            summaries.map { "\($0.name) \($0.kind): \($0.strength)" } == [
                "b block_always: enforced", "s require_session: ceremony", "m block_models: ceremony", "q require_confirmation by person: enforced",
                "g require_confirmation by agent: ceremony", "n notify: enforced", "c programs: enforced", "c denied_programs: ceremony",
                "d programs: ceremony", "w programs: ceremony",
            ])
        #expect(summaries[0].agents == "claude" && summaries[1].agents == "every agent")
        #expect(summaries.allSatisfy { !$0.reason.isEmpty })
    }
}
