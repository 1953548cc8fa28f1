import Brokering
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// Rules that say what may be asked of GraphQL: all of a request is told before it is judged, and what cannot be made out goes nowhere.
@Suite struct GraphQLDoorTests {
    private static let url = "https://api.github.com/graphql"

    private func bench() async throws -> VaultBench {
        let bench = try await ErrandTests.bench()
        let policy = #"{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["broker"]}"#
        let rule =
            #"{"name":"asking","agent_id":"coder","keys":["app/*"],"hosts":["api.github.com"],"paths":["/graphql"],"operations":["query viewer"]}"#
        let json = #"{"policies":[\#(policy)],"request_rules":[\#(rule)]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        return bench
    }

    private func asked(_ use: [RequestWish.TokenUse], _ operations: [String]? = nil) -> AskedRequest {
        var asked = AskedRequest(scheme: "https", host: "api.github.com", port: 443, method: "POST", path: "/graphql", uses: use)
        guard let operations else { return asked }
        var content = RequestContent(target: "/graphql", fields: [], headHash: Array(repeating: 1, count: 32), bodyHash: nil, bodyByteCount: 0)
        content.operations = Set(operations.compactMap(GraphQLOperation.init(parsing:)))
        asked.content = content
        return asked
    }

    @Test("a program's request is described, and goes only where all that it asks is listed; one without a token, too")
    func programs() async throws {
        let bench = try await bench()
        _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
        let door = try await bench.coderRun().door
        let use = RequestWish.TokenUse(grant: try #require(door.setup.tokens.keys.first), place: .bearer, occurrences: 1)
        for uses in [[use], []] {
            guard case .describe = await door.judge.judge(asked(uses)) else { throw TestFailure("it was judged before anybody looked") }
            for refused in [["mutation deleteRepo"], ["query viewer", "query node"], []] {
                guard case .refuse(let denial) = await door.judge.judge(asked(uses, refused)) else { throw TestFailure("\(refused) went") }
                #expect(denial?.code == "destination_not_allowed" && denial?.rule == "asking")
            }
            guard case .allow(let leave) = await door.judge.judge(asked(uses, ["query viewer"])) else { throw TestFailure("it was refused") }
            #expect(leave.releases.count == uses.count)
        }
    }

    @Test("an agent's own request is judged by what it asks before anybody looks for the secret")
    func errands() async throws {
        let bench = try await bench()
        func ask(_ document: String) async -> String? {
            await ErrandTests.code {
                try await ErrandTests.request(bench, "app/key", Self.url) { wish in
                    (wish.method, wish.fields) = ("POST", [("Content-Type", "application/json")])
                    wish.body = Array(#"{"query":"\#(document)"}"#.utf8)
                }
            }
        }
        #expect(await ask("{ viewer { login } }") == nil)
        for document in ["mutation { deleteRepo }", "{ viewer { login } node }", "{ viewer: node }", "query A { viewer } mutation B { b }", "", "{"] {
            #expect(await ask(document) == "destination_not_allowed", "\(document)")
        }
    }
}
