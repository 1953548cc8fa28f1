import Foundation
import Policies
import TestKit
import Testing

@testable import Brokering

/// What a GraphQL request is found to ask for; nothing where a service could read it in another way.
@Suite struct GraphQLTests {
    private func asked(_ document: String) -> [String]? {
        GraphQLDocument.operations(in: Array(document.utf8))?.map(\.description).sorted()
    }

    @Test(
        "the fields at the root are found by their own names, whatever surrounds them",
        arguments: [
            ("{ viewer { login } }", ["query viewer"]), ("query{viewer{login}}", ["query viewer"]),
            (
                "query Q($a: [Int!]! = [1, -2.5e+3], $b: I = {c: \"x\", d: {}, e: [], f: null} @d) @e(a: $a) "
                    + "{ a(b: $b, c: E) @skip(if: true) { d } }", ["query a"]
            ),
            ("{ viewer: deleteAll }", ["query deleteAll"]), ("{ a: b, b: c }", ["query b", "query c"]),
            ("mutation M { createIssue(input: {title: \"} }\"}) { id } }", ["mutation createIssue"]),
            ("query A { a } mutation B { b } subscription C { c }", ["mutation b", "query a", "subscription c"]),
            (
                "mutation { ...F } fragment F on M { ... on M @d { x ...G } } fragment G on M { y ...F } query { z }",
                ["mutation x", "mutation y", "query z"]
            ),
            ("query { ... { a } ... @include(if: true) { b } }", ["query a", "query b"]),
            ("{ a { ...F } } fragment F on T { deep }", ["query a"]),
            ("{ on type query fragment }", ["query fragment", "query on", "query query", "query type"]),
            ("# mutation { x }\r{ a } # { b }", ["query a"]), ("#\n,,{,a,}", ["query a"]), ("{ a(b: \"\\\"#\\\\\") }", ["query a"]),
            ("{ a(b: \"\") c }", ["query a", "query c"]), ("{ __schema { types { name } } }", ["query __schema"]),
            ("{ a(b: \"\u{e9}\") }", ["query a"]),
        ])
    func documents(_ document: String, _ expected: [String]) {
        #expect(asked(document) == expected, "\(document)")
    }

    @Test(
        "what is no document of operations, or one to some readers only, is unclear",
        arguments: [
            "", "{}", "{ a", "{ a }}", "query", "query Q", "{ a() }", "{ a(b) }", "{ a(b:) }", "{ a: }", "{ a @ }", "{ a { } }", "type T { a: Int }",
            "extend type T { a: Int }", "schema { query: T }", "\"what\" query { a }", "{ a } fragment F { b }", "{ a } fragment on on T { b }",
            "{ ...F }", "{ ...F } fragment F on T { a } fragment F on T { b }", "fragment F on T { a }", "{ a(b: \"\"\"x\"\"\") }",
            "{ a(b: \"x\ny\") }",
            "{ a(b: \"\\x\") }", "{ a(b: \"x) }", "{ a(b: 1a) }", "{ a(b: 1.) }", "{ a(b: 01.x) }", "{ a(b: -) }", "{ a . }", "{ ..F }", "{ a & b }",
            "{ a | b }", "{ a } | { b }", "{ \u{e9} }", "{ a }\u{0}", "{ a }\u{c}", "\u{feff}{ a }", "{ a } #\u{2028}{ b }", "{ a(b: \"\u{2029}\") }",
            "{ a } #\u{85}",
            "{ a }\u{7f}", "query ($a: [Int) { a }", "query ($a Int) { a }", "query ($a: Int = ) { a }", "subscription", "query query query { a }",
            "fragment F($x: Int) on T { a } { ...F }", "{ a(b: {c}) }", "{ a(b: [) }", "MUTATION { a }",
        ])
    func unclear(_ document: String) {
        #expect(asked(document) == nil, "\(document)")
    }

    @Test("neither depth nor length nor a ring of fragments breaks the reader")
    func extremes() {
        func nested(_ count: Int) -> String { String(repeating: "{ a ", count: count) + String(repeating: "}", count: count) }
        #expect(asked(nested(GraphQLDocument.maximumDepth)) == ["query a"] && asked(nested(GraphQLDocument.maximumDepth + 1)) == nil)
        let lists = String(repeating: "[", count: 100_000)
        #expect(
            asked("{ a(b: \(lists)") == nil && asked("query ($a: \(lists)") == nil && asked("{ a " + String(repeating: "...{", count: 9999)) == nil)
        let many = (0...GraphQLOperation.most).map { "f\($0)" }
        #expect(
            asked("{ \(many.dropLast().joined(separator: " ")) }")?.count == GraphQLOperation.most
                && asked("{ \(many.joined(separator: " ")) }") == nil)
        #expect(asked("{ \(String(repeating: "a", count: 128)) }") != nil && asked("{ \(String(repeating: "a", count: 129)) }") == nil)
        let ring = (0..<500).map { "fragment F\($0) on T { ...F\(($0 + 1) % 500) ...F\(($0 + 7) % 500) }" }.joined()
        #expect(asked("{ ...F0 } \(ring)") == nil, "it asks for nothing")
        #expect(asked("{ ...F0 a } \(ring)") == ["query a"])
    }

    @Test("no bytes make it fail otherwise, and what it finds of a document it finds of one with more blanks")
    func bytes() {
        let random = SeededRandom()
        let words = [
            "{", "}", "(", ")", "...", ":", "$", "@", "a", "on", "query", "fragment", "F", "mutation", "\"", "\\", "#", "\n", "1", "[", "]", "!", "=",
        ]
        for _ in 0..<4000 {
            let picked = (0..<random.int(in: 1...24)).map { _ in words[random.int(in: 0...(words.count - 1))] }
            guard !picked.contains("\""), !picked.contains("#"), !picked.contains("\\") else {
                _ = asked(picked.joined())
                continue
            }
            #expect(asked(picked.joined(separator: " ")) == asked(picked.joined(separator: " ,\t\r\n ")), "\(picked)")
        }
    }

    private func sent(_ body: String, _ method: String = "POST", query: String? = nil, type: String? = "application/json") -> GraphQLRequest {
        GraphQLRequest(method: method, query: query, contentType: type, body: Array(body.utf8))
    }

    private static let plain = #"{"query":"{ a }"}"#

    @Test("a request is one document in JSON, or in the parameters of the address, and nothing beside it")
    func requests() throws {
        let a: Set = [try #require(GraphQLOperation(.query, field: "a"))]
        for body in [
            Self.plain, #" {"query": "query Q { a }", "operationName": "Q", "variables": {"x": {"query": "{ b }"}}, "extensions": {}} "#,
            #"{"query":"\u007b a }","operationName":null,"variables":null,"extensions":null}"#,
        ] { #expect(sent(body).operations == a, "\(body)") }
        for query in ["query=%7B+a+%7D", "query={a}&operationName=Q&variables=%7B%7D"] {
            for method in ["GET", "HEAD"] { #expect(sent("", method, query: query, type: nil).operations == a, "\(query)") }
        }
        var keyed = sent(Self.plain, query: "key=TOKEN")
        #expect(keyed.operations.isEmpty)
        keyed.parametersBesides = ["key"]
        #expect(keyed.operations == a, "where the token stands is no part of GraphQL")
        keyed = sent(Self.plain, query: "query=TOKEN")
        keyed.parametersBesides = ["query"]
        #expect(keyed.operations.isEmpty)
    }

    @Test("what may ask for something else besides is unclear")
    func others() {
        for body in [
            "", "[]", "[\(Self.plain)]", #"{"query":"{ a }","query":"mutation { b }"}"#, #"{"query":"{ a }","Query":"mutation { b }"}"#,
            #"{"query":"{ a }","id":"1"}"#, #"{"id":"1"}"#, #"{"query":["{ a }"]}"#, #"{"query":null}"#, #"{"query":1}"#, "\(Self.plain)x",
            #"{"query":"{ a }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"0"}}}"#, #"{"query":"{ a }","operationName":1}"#,
            #"{"query":"{ a }","variables":[{}]}"#, #"{"query":"{ a }","variables":"{}"}"#, #"{"query":"{ a }\u0000"}"#,
            #"{"query":"{ a(b: \"\"\"x\"\"\") }"}"#,
        ] { #expect(sent(body).operations.isEmpty, "\(body)") }
        for type in [
            nil, "text/plain", "application/graphql", "application/x-www-form-urlencoded", "application/json; charset=utf-16",
            "application/json, text/x",
        ] {
            #expect(sent(Self.plain, type: type).operations.isEmpty, "\(type ?? "no type")")
        }
        for query in ["query={b}", "x=1", "query=mutation{b}", "&"] { #expect(sent(Self.plain, query: query).operations.isEmpty, "\(query)") }
        for query in [
            nil, "", "query", "query={a}&query={b}", "query={a}&id=1", "query={a};id=1", "query={a}&extensions=%7B%7D", "query=%7",
            "%71uery={a}&query={b}",
            "query=%FF", "query={a}&", "QUERY={a}",
        ] { #expect(sent("", "GET", query: query).operations.isEmpty, "\(query ?? "none")") }
        #expect(sent(Self.plain, "GET", query: "query={a}").operations.isEmpty && sent(Self.plain, "PUT").operations.isEmpty)
        var coded = sent(Self.plain)
        coded.isCoded = true
        #expect(coded.operations.isEmpty)
    }

    @Test("an agent's own request has what it asks for, and says whether it says nothing but its path")
    func drafts() throws {
        let url = "https://api.example.com/graphql"
        let draft = try RequestDraft(
            method: "POST", url: url, fields: [("Content-Type", "application/json")], body: Array(#"{"query":"mutation { b }"}"#.utf8))
        #expect(draft.question(at: .bearer)?.operations?.map(\.description) == ["mutation b"] && draft.question(at: .bearer)?.isBare == false)
        let twice = [("Content-Type", "application/json"), ("content-type", "text/plain")]
        #expect(throws: DraftProblem.refused(.fieldDuplicate)) {
            _ = try RequestDraft(method: "POST", url: url, fields: twice, body: Array(Self.plain.utf8))
        }
        let bare = try RequestDraft(method: "GET", url: url, fields: [], body: [])
        #expect(bare.question(at: .bearer)?.isBare == true && bare.question(at: .query("key"))?.isBare == false)
        #expect(try RequestDraft(method: "GET", url: url + "?query={a}", fields: [], body: []).question(at: .bearer)?.isBare == false)
    }
}
