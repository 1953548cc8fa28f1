import Foundation
import Model
import Policies
import Testing

@Suite("Policy vectors")
struct PolicyVectorTests {
    @Test("every scenario ends as it says", arguments: PolicyScenario.all)
    func scenario(_ scenario: PolicyScenario) throws {
        switch scenario.expect {
        case .refused(let expected):
            let error = #expect(throws: PolicyError.self) { try PolicyDocument(json: scenario.document) }
            #expect(error?.code == expected.code)
            #expect(error?.path == expected.path)
            if let hint = expected.hint { #expect(error?.hint == hint) }
        case .decision(let expected):
            let query = try #require(scenario.query)
            let document = try PolicyDocument(json: scenario.document)
            let outcome = Outcome(document.decision(for: query))
            #expect(outcome.agrees(with: expected), "\(outcome)")
            #expect(try PolicyDocument(json: document.json()) == document)
            #expect(document.explanation(for: query).decision == document.decision(for: query).told(about: query.capability))
            if let secret = query.secret {
                let mayList = document.compiled(for: query.agent).scoped(to: query.scope).mayList(secret)
                #expect(mayList == (expected.code != "not_found"))
            }
        }
    }

    @Test("no scenario is missing")
    func count() throws {
        let written = try String(contentsOf: PolicyScenario.folder.appending(path: "COUNT"), encoding: .utf8)
        #expect(Int(written.trimmingCharacters(in: .whitespacesAndNewlines)) == PolicyScenario.all.count)
        #expect(PolicyScenario.all.count >= 150)
        #expect(PolicyScenario.all.allSatisfy { !$0.reason.isEmpty })
    }

    @Test("a document's canonical form is the one of its vector")
    func canonical() throws {
        struct Table: Decodable {
            struct Case: Decodable { let name: String, text: String, canonical: String }
            let count: Int, cases: [Case]
        }
        let table = try JSONDecoder().decode(Table.self, from: Data(contentsOf: PolicyScenario.folder.appending(path: "forms/canonical.json")))
        try #require(table.count == 8 && table.cases.count == 8)
        for vector in table.cases {
            let document = try PolicyDocument(json: Array(vector.text.utf8))
            #expect(String(decoding: document.json(), as: UTF8.self) == vector.canonical, "\(vector.name)")
            #expect(try PolicyDocument(json: document.json()) == document, "\(vector.name)")
        }
    }

    @Test("a denial of what may not be listed is the same in every case")
    func constantDenial() throws {
        var seen = 0
        for scenario in PolicyScenario.all {
            guard case .decision(let expected) = scenario.expect, expected.code == "not_found", let query = scenario.query else { continue }
            seen += 1
            #expect(try PolicyDocument(json: scenario.document).decision(for: query) == .deny(.notFound))
        }
        #expect(seen > 20)
    }
}

/// A decision in the words of the vectors.
struct Outcome: Sendable {
    var decision: String
    var code: String?
    var rule: String?
    var obligations: Set<String>?
    var home: String?
    var unredactable: String?
    var path: [String]?
    var commandRule: String?
    var requestRule: String?
    var notified: [String]?
    var nextStep: String?

    init(_ decision: PolicyDecision) {
        switch decision {
        case .allow(let grant):
            self.decision = "allow"
            rule = grant.rule
            obligations = Set(grant.obligations.map(\.rawValue))
            home = grant.home.rawValue
            unredactable = grant.unredactable.rawValue
            (path, commandRule, requestRule, notified) = (grant.path, grant.commandRule, grant.request?.rule, grant.notifiedBy)
        case .deny(let denial):
            self.decision = "deny"
            code = denial.code.rawValue
            rule = denial.rule
            nextStep = denial.nextStep
        }
    }

    init(_ members: [String: Any]) {
        decision = members["decision"] as? String ?? ""
        code = members["code"] as? String
        rule = members["rule"] as? String
        obligations = (members["obligations"] as? [String]).map(Set.init)
        home = members["home"] as? String
        unredactable = members["unredactable"] as? String
        path = members["path"] as? [String]
        commandRule = members["command_rule"] as? String
        requestRule = members["request_rule"] as? String
        notified = members["notified"] as? [String]
        nextStep = members["next_step"] as? String
    }

    func agrees(with expected: Outcome) -> Bool {
        decision == expected.decision && code == expected.code && rule == expected.rule && obligations == expected.obligations
            && (expected.home == nil || home == expected.home)
            && (expected.unredactable == nil || unredactable == expected.unredactable) && path == expected.path && commandRule == expected.commandRule
            && requestRule == expected.requestRule
            && (expected.notified == nil || notified == expected.notified) && (expected.nextStep == nil || nextStep == expected.nextStep)
    }
}
