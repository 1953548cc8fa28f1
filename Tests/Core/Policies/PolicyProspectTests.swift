import Foundation
import Model
import Policies
import TestKit
import Testing

/// What a list promises an agent, held against what a use would be told.
@Suite("Policy prospects")
struct PolicyProspectTests {
    private static let everything = Set(PolicyObligation.allCases)

    private func document(_ rules: String, capabilities: String = #""masked_return","env_inject","file_inject","reveal""#, more: String = "") throws
        -> PolicyDocument
    {
        let policy = #"{"name":"p","agent_id":"a","allowed_keys":["app/*"],"capabilities":[\#(capabilities)]\#(more)}"#
        return try PolicyDocument(json: Array(#"{"policies":[\#(policy)]\#(rules)}"#.utf8))
    }

    private func prospect(_ document: PolicyDocument, _ name: String = "app/key") throws -> PolicyProspect {
        let met: Set<PolicyObligation> = [.redact, .notify, .program, .approval]
        let scope = try Scope(parsing: "default/dev")
        let agent = AgentIdentity.agent(try SegmentName("a", of: .agent))
        let circumstances = PolicyCircumstances(tags: ["t"], model: "m", now: Timestamp(nanoseconds: 1_000_000_000_000))
        return document.compiled(for: agent).scoped(to: scope).prospect(of: try SecretName(name), circumstances, meeting: met)
    }

    private static let open = #","unsandboxed":"allow""#

    @Test("what is missing is named in the order in which it is asked for, all of it at once") func missing() throws {
        let rules = #"""
            ,"tag_rules":[{"name":"c","kind":"require_confirmation","by":"agent","tags":["t"]},{"name":"c2","kind":"require_confirmation","by":"agent",
            "tags":["t*"]},{"name":"s","kind":"require_session","tags":["t"]},{"name":"n","kind":"notify","tags":["t"]}]
            """#
        // The wider one of two equal rules leaves the other without effect: only one may stand.
        let one = rules.replacing(#"{"name":"c","kind":"require_confirmation","by":"agent","tags":["t"]},"#, with: "")
        let prospect = try prospect(document(one, more: Self.open))
        #expect(prospect.requires == [.session, .acknowledgement])
        #expect(prospect.capabilities == [.referenceOnly, .maskedReturn, .envInject, .fileInject, .reveal])
    }

    @Test("a value that is revealed asks for a person, and nothing else does for that") func reveal() throws {
        #expect(try prospect(document("", more: Self.open)).requires == [])
        let person = #","tag_rules":[{"name":"c","kind":"require_confirmation","by":"person","tags":["t"]}]"#
        #expect(try prospect(document(person, more: Self.open)).requires == [.approval])
    }

    @Test("what nobody can meet is of no use, and what is blocked is not either") func useless() throws {
        #expect(try prospect(document("")).capabilities == [.referenceOnly, .maskedReturn, .envInject, .reveal], "no file is written into a sandbox")
        let blocked = #","tag_rules":[{"name":"b","kind":"block_always","tags":["t"]}]"#
        #expect(try prospect(document(blocked, more: Self.open)) == prospect(document("", capabilities: #""reference_only""#)))
        let listed = #","command_rules":[{"name":"l","agent_id":"a","keys":["**"],"programs":["/usr/bin/curl"]}]"#
        let prospect = try prospect(document(listed, more: Self.open))
        #expect(prospect.capabilities == [.referenceOnly, .maskedReturn, .envInject, .reveal])
        #expect(prospect.requires == [.program])
    }

    @Test("a file is told what it obliges to and cannot have, and no capability brings one where programs are listed or denied") func files() throws {
        let listed = #","command_rules":[{"name":"l","agent_id":"a","keys":["**"],"programs":["/usr/bin/curl"]}]"#
        let denied = #","command_rules":[{"name":"d","agent_id":"a","denied_programs":["/usr/bin/nc"]}]"#
        let free = #","unsandboxed":"allow","unlisted_programs":"allow""#
        for (rules, more, barrier, isClosed) in [
            (
                listed, Self.open,
                "“p” lets listed programs alone have it, and any program reads a file: only `unlisted_programs: allow` would change that", true
            ),
            ("", "", "“p” keeps values in the sandbox, and a file is read outside of it: only `unsandboxed: allow` would change that", false),
            ("", Self.open, nil, false), (listed, free, nil, false), (denied, Self.open, nil, true),
        ] {
            let document = try document(rules, more: more)
            let agent = AgentIdentity.agent(try SegmentName("a", of: .agent))
            let (scope, name) = (try Scope(parsing: "default/dev"), try SecretName("app/key"))
            let circumstances = PolicyCircumstances(tags: [], now: Timestamp(nanoseconds: 1))
            let query = PolicyQuery(agent: agent, scope: scope, secret: name, capability: .fileInject, circumstances: circumstances)
            let explanation = document.explanation(for: query)
            #expect(explanation.barrier == barrier || rules == denied)
            #expect(explanation.decision.isAllowed == (barrier == nil && !isClosed))
            #expect(explanation.lines[0].hasPrefix(explanation.decision.isAllowed ? "allow: " : "deny: "))
            let view = document.compiled(for: agent).scoped(to: scope)
            #expect((view.refusalOfFiles(with: name)?.code == .unavailable) == isClosed)
            #expect(view.refusalOfFiles(with: try SecretName("other")) == nil, "nothing is said of what may not be listed")
            #expect(document.decision(for: query).told(about: .envInject) == document.decision(for: query))
        }
    }

    @Test("of what may not be listed it is always the same") func hidden() throws {
        let document = try document("", more: Self.open)
        for name in ["other", "app", "app/x/y"] {
            let prospect = try prospect(document, name)
            #expect(prospect.capabilities.isEmpty && prospect.requires.isEmpty)
        }
    }

    @Test("a prospect keeps its promise: with what it requires a use is allowed, and what it leaves out is refused whatever is given")
    func promises() throws {
        var draws = RandomDraws()
        var (kept, refused) = (0, 0)
        for _ in 0..<300 {
            guard let document = try? draws.document().decoded() else { continue }
            for query in draws.queries(20) {
                guard let secret = query.secret else { continue }
                let view = document.compiled(for: query.agent).scoped(to: query.scope)
                var given = query.circumstances
                given.program = nil
                let prospect = view.prospect(of: secret, given, meeting: Self.everything)
                var full = given
                (full.hasSession, full.hasApproval) = (true, true)
                for rule in document.tagRules { full.acknowledgements[rule.name] = full.now }
                for capability in Capability.allCases {
                    let decision = view.decision(for: secret, capability: capability, full)
                    if prospect.capabilities.contains(capability) {
                        #expect(decision.isAllowed, "seed \(draws.seed)")
                        kept += 1
                        guard prospect.requires.isEmpty, capability != .reveal else { continue }
                        #expect(view.decision(for: secret, capability: capability, given).isAllowed, "seed \(draws.seed)")
                    } else {
                        // What is still to be judged is refused then: a program that no rule lists, a request about which there is none.
                        let isOpen =
                            if case .allow(let grant) = decision {
                                grant.obligations.contains(.program) || capability == .broker && grant.obligations.contains(.request)
                            } else { false }
                        #expect(!decision.isAllowed || isOpen, "seed \(draws.seed)")
                        refused += 1
                    }
                }
            }
        }
        #expect(kept > 100 && refused > 100)
    }
}
