import Model

/// A question with the answer that the policy's author expects: it stands in the document and is asked before the document is put in force.
package struct PolicyTest: Sendable, Equatable {
    package let name: String
    let query: PolicyQuery
    /// The facts that speak for or against the agent, as written.
    let given: [Fact]
    package let expectation: Expectation
    /// The policy or rule that is to decide; nil for any.
    let rule: String?
    /// Obligations that the answer is to have, among others.
    let obligations: [PolicyObligation]

    /// A fact that holds in a test.
    package enum Fact: String, CaseIterable, Sendable {
        /// A session covers the secret.
        case session
        /// The agent has just acknowledged every rule.
        case acknowledgement
        /// A person has approved exactly this.
        case approval
        /// The program runs any code it is given, whatever its name says.
        case anyCode = "any_code"
        /// The program is a script, which its interpreter opens again.
        case script
        /// The caller can write the program, or a directory above it.
        case writable

        var isAboutProgram: Bool {
            switch self {
            case .session, .acknowledgement, .approval: false
            case .anyCode, .script, .writable: true
            }
        }
    }

    /// What a test expects: one of the words `allow`, `deny` (for whatever reason) or a code.
    package enum Expectation: Sendable, Equatable {
        case allow
        case deny
        case code(PolicyDenial.Code)

        /// `unavailable` is not among them: it is the answer of an engine, not of a document.
        static let words = ["allow", "deny"] + PolicyDenial.Code.allCases.filter { $0 != .unavailable }.map(\.rawValue)

        init?(word: String) {
            switch word {
            case "allow": self = .allow
            case "deny": self = .deny
            default:
                guard Self.words.contains(word), let code = PolicyDenial.Code(rawValue: word) else { return nil }
                self = .code(code)
            }
        }

        var word: String {
            switch self {
            case .allow: "allow"
            case .deny: "deny"
            case .code(let code): code.rawValue
            }
        }

        fileprivate func fits(_ decision: PolicyDecision) -> Bool {
            switch (self, decision) {
            case (.allow, .allow), (.deny, .deny): true
            case (.code(let code), .deny(let denial)): code == denial.code
            default: false
            }
        }
    }
}

/// How a test ended.
package struct PolicyTestResult: Sendable, Equatable {
    package let name: String
    /// What was expected and what came, as two short texts; nil when they agree.
    package let difference: (expected: String, got: String)?
    /// What would make it agree, where that is known.
    package let hint: String?
    /// Why the policy decides so.
    package let explanation: [String]

    package var passed: Bool { difference == nil }

    package static func == (left: Self, right: Self) -> Bool {
        left.name == right.name && left.hint == right.hint && left.explanation == right.explanation
            && left.difference?.expected == right.difference?.expected
            && left.difference?.got == right.difference?.got
    }
}

extension PolicyDocument {
    /// Asks every test, in the order of the file.
    package func testResults() -> [PolicyTestResult] {
        tests.map { test in
            let difference = test.difference(from: decision(for: test.query))
            return PolicyTestResult(
                name: test.name, difference: difference, hint: difference == nil ? nil : hint(for: test),
                explanation: explanation(for: test.query).lines)
        }
    }

    /// A rule that pins what a program is knows a test's program only by what the test says of it.
    private func hint(for test: PolicyTest) -> String? {
        guard test.query.circumstances.program != nil else { return nil }
        let rule = commandRules.first { rule in
            rule.fingerprints.contains { fingerprint in
                var query = test.query
                query.circumstances.program?.fingerprint = fingerprint
                return test.difference(from: decision(for: query)) == nil
            }
        }
        return rule.map { "the rule `\($0.name)` pins the program's content: give the test the `sha256` that it pins" }
    }

    /// Throws for the first test that does not end as it says.
    package func checkTests() throws(PolicyError) {
        for (index, result) in testResults().enumerated() {
            guard let difference = result.difference else { continue }
            throw PolicyError(path: "tests[\(index)]", reason: .testFails(expected: difference.expected, got: difference.got, hint: result.hint))
        }
    }
}

extension PolicyTest {
    fileprivate func difference(from decision: PolicyDecision) -> (expected: String, got: String)? {
        guard expectation.fits(decision) else { return ("`\(expectation.word)`", decision.words) }
        if let rule, !decision.rules.contains(rule) { return ("`\(rule)` to decide", decision.words) }
        guard case .allow(let grant) = decision, let missing = obligations.first(where: { !grant.obligations.contains($0) }) else {
            return obligations.isEmpty || decision.isAllowed ? nil : ("`\(obligations[0].rawValue)`", decision.words)
        }
        return ("the obligation `\(missing.rawValue)`", "`allow` without it")
    }
}

extension PolicyDecision {
    /// The decision in its own words: `allow`, or the code, and what decided.
    package var words: String {
        switch self {
        case .allow(let grant): "`allow` by `\(grant.rule)`"
        case .deny(let denial): "`\(denial.code.rawValue)`" + (denial.rule.map { " by `\($0)`" } ?? "")
        }
    }

    /// What decided, or had a say in an allowed question.
    fileprivate var rules: [String] {
        switch self {
        case .allow(let grant): [grant.rule] + [grant.commandRule, grant.request?.rule].compactMap(\.self) + grant.notifiedBy
        case .deny(let denial): denial.rule.map { [$0] } ?? []
        }
    }
}
