import Auditing
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

@Suite struct PolicyVerbTests {
    private static let one = #"{"policies":[{"name":"p","agent_id":"a","allowed_keys":["x/*"],"capabilities":["masked_return"]}]}"#

    @Test("a policy is applied, shown with its text, kept over a restart, and versioned") func life() async throws {
        let bench = try await VaultBench.unlocked()
        #expect(try await bench.open.showPolicy(by: bench.person()) == nil)
        let first = try await bench.open.applyPolicy(json: Array(Self.one.utf8), text: "policies: …", expectedVersion: 0, by: bench.person())
        #expect(first == 1)
        await #expect(throws: EngineError.revisionMismatch(current: 1)) {
            _ = try await bench.open.applyPolicy(json: Array(Self.one.utf8), text: nil, expectedVersion: 0, by: bench.person())
        }
        #expect(try await bench.open.applyPolicy(json: Array(Self.one.utf8), text: nil, expectedVersion: 1, by: bench.person()) == 2)
        try await bench.relock()
        let shown = try #require(try await bench.open.showPolicy(by: bench.person()))
        #expect(shown.version == 2)
        #expect(try PolicyDocument(json: shown.json).policies.map(\.name) == ["p"])
        #expect(try bench.open.policy.document.policies.map(\.name) == ["p"])
        #expect(try await StoreDump(of: bench.store).records.filter { $0.kind == .policy }.count == 2)
    }

    @Test("a policy that does not decode changes nothing") func malformed() async throws {
        let bench = try await VaultBench.unlocked()
        _ = try await bench.open.applyPolicy(json: Array(Self.one.utf8), text: nil, expectedVersion: nil, by: bench.person())
        for bad in ["", "{}", #"{"policies":[],"other":1}"#] {
            await #expect(throws: PolicyError.self) {
                _ = try await bench.open.applyPolicy(json: Array(bad.utf8), text: nil, expectedVersion: nil, by: bench.person())
            }
        }
        #expect(try bench.open.policy.document.policies.count == 1)
        #expect(try await bench.open.showPolicy(by: bench.person())?.version == 1)
    }

    @Test("a stored policy that this version refuses locks nobody out: agents get nothing, the person is told and changes it") func refused()
        async throws
    {
        let bench = try await VaultBench.unlocked()
        _ = try await bench.open.applyPolicy(json: Array(Self.one.utf8), text: nil, expectedVersion: nil, by: bench.person())
        // As one would be that names what became a public suffix since.
        let rule = #"{"name":"r","agent_id":"a","keys":["k"],"hosts":["*.co.uk"],"paths":["/**"]}"#
        let json = String(Self.one.dropLast()) + #","request_rules":[\#(rule)]}"#
        var change = Change()
        change.put(try bench.open.policyRow(StoredPolicy(version: 2, json: Array(json.utf8), text: nil)), replacing: nil)
        let permit = try await bench.open.authorizer.permit(Act(.policyApply, .administer, .stepUp), by: bench.person(), on: [])
        try await bench.open.authorizer.commit(permit, change, on: [])
        try await bench.relock()
        #expect(try bench.open.policy.document == .empty)
        #expect(try bench.open.warnings.first?.contains("(policy.host-too-wide at request_rules[0].hosts[0])") == true)
        #expect(try await bench.open.showPolicy(by: bench.person())?.version == 2)
        #expect(try await bench.open.applyPolicy(json: Array(Self.one.utf8), text: nil, expectedVersion: 2, by: bench.person()) == 3)
        #expect(try bench.open.warnings.isEmpty)
        #expect(try bench.open.policy.document.policies.count == 1)
    }

    @Test("policies applied at once get versions one after the other") func racing() async throws {
        let bench = try await VaultBench.unlocked()
        let open = try bench.open
        let versions = try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<6 {
                group.addTask { try await open.applyPolicy(json: Array(Self.one.utf8), text: nil, expectedVersion: nil, by: bench.person()) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(versions.sorted() == Array(1...6))
        #expect(open.policy.version == 6)
    }

    @Test("a policy row that was put back to an earlier version is found") func rolledBack() async throws {
        let bench = try await VaultBench.unlocked()
        for _ in 0..<2 { _ = try await bench.open.applyPolicy(json: Array(Self.one.utf8), text: nil, expectedVersion: nil, by: bench.person()) }
        try await bench.lock()
        var dump = try await StoreDump(of: bench.store)
        dump.records.remove(at: try dump.position(.policy, 1))
        let next = bench.restarted(on: try await dump.load())
        await #expect(throws: EngineError.recordsDisagree) { try await next.unlock() }
    }

    @Test("an explanation says what is decided and why") func explanation() async throws {
        let bench = try await VaultBench.unlocked()
        _ = try await bench.open.applyPolicy(json: Array(Self.one.utf8), text: nil, expectedVersion: nil, by: bench.person())
        let inquiry = PolicyInquiry(
            agent: .agent(VaultBench.segment("a")), scope: VaultBench.dev, name: VaultBench.name("x/y"), capability: .maskedReturn)
        let (decision, steps) = try await bench.open.explainPolicy(inquiry, by: bench.person())
        #expect(decision.isAllowed)
        #expect(steps.count >= 3)
    }

    @Test("a request is explained by the request rules, and a list says that one can be made") func request() async throws {
        let bench = try await VaultBench.unlocked()
        let policy = #"{"name":"p","agent_id":"coder","allowed_keys":["x/*"],"capabilities":["broker"]}"#
        let rule = #"{"name":"r","agent_id":"coder","keys":["x/*"],"hosts":["api.example.com"],"paths":["/v1/*"]}"#
        let json = #"{"policies":[\#(policy)],"request_rules":[\#(rule)]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        try await bench.set("x/y", "CANARY-1f2e3d4c5b6a".secret)
        var inquiry = PolicyInquiry(
            agent: .agent(VaultBench.segment("coder")), scope: VaultBench.dev, name: VaultBench.name("x/y"), capability: .broker)
        inquiry.request = try RequestQuestion(parsing: "GET https://api.example.com/v1/a", place: .bearer)
        let (allowed, steps) = try await bench.open.explainPolicy(inquiry, by: bench.person())
        #expect(allowed.isAllowed && steps.contains("request rule `r`: lets the request go"))
        inquiry.request = try RequestQuestion(parsing: "DELETE https://api.example.com/v1/a", place: .bearer)
        guard case .deny(let denial) = try await bench.open.explainPolicy(inquiry, by: bench.person()).decision else {
            Issue.record("it was allowed")
            return
        }
        #expect(denial.code == .destinationNotAllowed && denial.rule == "r")
        let listed = try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.agent()).views
        #expect(listed.map(\.usableWith) == [["reference_only", "broker"]])
    }
}
