import Foundation
import Model
import Policies
import Testing

/// What a person is told of a policy: what a rule lists in vain, and what keeps an agent out.
@Suite("What a policy is told to lack")
struct ListingTests {
    private func document(_ json: String) throws -> PolicyDocument { try PolicyDocument(json: Array(json.utf8)) }

    @Test("a program that runs any code is listed in vain where a rule names it and does not allow that") func vain() throws {
        func vain(_ programs: String, _ more: String = "") throws -> [String] {
            let rule = #"{"name":"l","agent_id":"a","keys":["**"],"programs":[\#(programs)]\#(more)}"#
            let listings = try document(#"{"policies":[],"command_rules":[\#(rule)]}"#).vainListings
            #expect(listings.allSatisfy { $0.rule == "l" })
            return listings.map(\.program)
        }
        #expect(try vain(#""/usr/bin/python3","/usr/bin/curl","/bin/sh","/usr/bin/npm""#) == ["/usr/bin/python3", "/bin/sh", "/usr/bin/npm"])
        #expect(try vain(#""/usr/bin/python3""#, #","any_code":"allow""#).isEmpty)
        #expect(try vain(#""/usr/bin/pyth*","/usr/bin/*""#).isEmpty, "a pattern means others too")
    }

    @Test(
        "what keeps an agent out is named with the key of the policy that a person would change",
        arguments: [
            ("b", "app/key", "masked_return", "no policy is about b"),
            ("a", "app/root", "masked_return", "denied by `denied_keys: app/root` of \u{201C}p\u{201D}"),
            ("a", "db/key", "masked_return", "no pattern under `allowed_keys` of \u{201C}p\u{201D} matches it"),
            ("a", "app/key", "env_inject", "\u{201C}p\u{201D} does not have `env_inject` among its `capabilities`"),
            ("a", "app/key", "masked_return", "a rule keeps this secret's value from every agent (\u{201C}never\u{201D})"),
            ("a", "app/key", "reference_only", nil),
        ] as [(String, String, String, String?)])
    func barrier(agent: String, name: String, capability: String, expected: String?) throws {
        let document = try document(
            #"""
            {"policies":[{"name":"p","agent_id":"a","allowed_keys":["app/*"],"denied_keys":["app/root"],"capabilities":["masked_return"]}],
            "tag_rules":[{"name":"never","kind":"block_always","tags":["no"]}]}
            """#)
        func barrier(in scope: String) throws -> String? {
            let query = PolicyQuery(
                agent: .agent(try SegmentName(agent, of: .agent)), scope: try Scope(parsing: scope), secret: try SecretName(name),
                capability: try #require(Capability(rawValue: capability)), circumstances: PolicyCircumstances(tags: ["no"]))
            let explanation = document.explanation(for: query)
            if let barrier = explanation.barrier, case .deny(let denial) = explanation.decision, denial.code == .notFound {
                #expect(explanation.lines.contains("the agent may not know of it: \(barrier)"))
            }
            return explanation.barrier
        }
        #expect(try barrier(in: "default/dev") == expected)
        guard agent == "a", name != "app/root" else { return }
        #expect(try barrier(in: "shop/dev") == "\u{201C}p\u{201D} allows nothing in shop/dev, by its `environments`")
    }

    @Test("for a blocked program a person reads the step that the agent is told") func step() throws {
        let document = try document(
            #"""
            {"policies":[{"name":"p","agent_id":"a","allowed_keys":["app/*"],"capabilities":["env_inject"],"unsandboxed":"allow"}],
            "command_rules":[{"name":"l","agent_id":"a","keys":["**"],"programs":["/usr/bin/curl"]}]}
            """#)
        let other = OpenedProgram(path: "/usr/bin/wc", runsAnyCode: false, isWritableByCaller: false, isBound: true)
        let query = PolicyQuery(
            agent: .agent(try SegmentName("a", of: .agent)), scope: try Scope(parsing: "default/dev"), secret: try SecretName("app/key"),
            capability: .envInject, circumstances: PolicyCircumstances(program: other))
        #expect(
            document.explanation(for: query).lines.last
                == "the agent is told: command_blocked, next step: rule_list says which programs may have it; if none of them can do it, "
                + "access_request with the full path of the one that it needs")
    }
}
