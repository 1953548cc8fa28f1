import Model
import Testing

@testable import Policies

/// What a policy says of limits, and of what follows a misuse.
@Suite struct RequestLimitTests {
    private func document(rule: String = "", policy: String = "") throws -> PolicyDocument {
        let rule = #"{"name":"r","agent_id":"a","keys":["k"],"hosts":["a.example"],"paths":["/"]\#(rule)}"#
        let policy = #"{"name":"p","agent_id":"a","allowed_keys":["k"],"capabilities":["broker"]\#(policy)}"#
        return try PolicyDocument(json: Array(#"{"policies":[\#(policy)],"request_rules":[\#(rule)]}"#.utf8))
    }

    @Test("limits are read and written as they are typed, and oblige whoever sends a request") func limits() throws {
        let text = #","rate":"5/hour","concurrency":"1000","bytes":"100MiB/day""#
        let document = try document(rule: text)
        let rule = try #require(document.requestRules.first)
        #expect(rule.concurrency == 1000 && rule.bytes?.byteCount == 100 << 20 && rule.bytes?.period == .day)
        #expect(String(decoding: document.json(), as: UTF8.self).contains(text))
        let question = try #require(RequestQuestion(host: "a.example", method: "GET", path: "/", place: .bearer))
        for limit in [#","concurrency":"2""#, #","bytes":"1KiB/second""#] {
            let query = PolicyQuery(
                agent: .agent(try SegmentName("a", of: .agent)), scope: try Scope(parsing: "default/dev"), secret: try SecretName("k"),
                capability: .broker, circumstances: PolicyCircumstances(request: question))
            guard case .allow(let grant) = try self.document(rule: limit).decision(for: query) else { throw Denied() }
            #expect(grant.obligations.contains(.rate) && grant.request?.isLimited == true && grant.request?.limits.count == 1)
        }
    }

    private struct Denied: Error {}

    @Test(
        "what is no limit is refused",
        arguments: [
            #","concurrency":"0""#, #","concurrency":"1001""#, #","concurrency":"02""#, #","bytes":"10MB/day""#, #","bytes":"10MiB""#,
            #","bytes":"0MiB/day""#, #","bytes":"01MiB/day""#, #","bytes":"1MiB/week""#, #","bytes":"MiB/day""#, #","bytes":"1000001KiB/day""#,
            #","bytes":"1 MiB/day""#, #","bytes":"-1MiB/day""#,
        ])
    func refused(_ text: String) { #expect(throws: PolicyError.self) { try document(rule: text) } }

    @Test("a policy says what follows a misuse; what is meant anyway is not written") func misuse() throws {
        let frozen = try document(policy: #","on_misuse":"freeze""#)
        #expect(frozen.policies.first?.onMisuse == .freeze && String(decoding: frozen.json(), as: UTF8.self).contains(#""on_misuse":"freeze""#))
        let usual = try document(policy: #","on_misuse":"refuse""#)
        #expect(usual.policies.first?.onMisuse == .refuse && !String(decoding: usual.json(), as: UTF8.self).contains("on_misuse"))
        #expect(throws: PolicyError.self) { try document(policy: #","on_misuse":"log""#) }
    }
}
