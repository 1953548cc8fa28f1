import Brokering
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// Services that somebody runs on a host of their own: a rule says which one it is.
@Suite struct OwnServiceTests {
    private static let rule = #""name":"own","agent_id":"coder","keys":["app/*"],"methods":["GET","POST"],"paths":["/**"]"#

    /// A door for `coder` under a policy whose one rule has this besides.
    private func door(_ more: String) async throws -> (VaultBench, FakeBrokers.Door) {
        let bench = try await ErrandTests.bench()
        _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
        let policy = #"{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["broker"]}"#
        let json = #"{"policies":[\#(policy)],"request_rules":[{\#(Self.rule),\#(more)}]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        return (bench, try await bench.coderRun().door)
    }

    private func ask(_ door: FakeBrokers.Door, _ host: String, _ path: String, in place: TokenPlace) async throws -> String? {
        let use = RequestWish.TokenUse(grant: try #require(door.setup.tokens.keys.first), place: place, occurrences: 1)
        guard
            case .refuse(let denial) = await door.judge.judge(
                AskedRequest(scheme: "https", host: host, port: 443, method: "POST", path: path, uses: [use]))
        else { return nil }
        return denial?.code
    }

    @Test("its token stands where that service has it, and the paths that give out credentials are known")
    func gitlab() async throws {
        let host = "git.acme.example"
        let (bench, door) = try await door(#""hosts":["\#(host)"],"provider":"gitlab""#)
        // A door that nobody keeps the vault for is locked.
        defer { withExtendedLifetime(bench) {} }
        #expect(try await ask(door, host, "/api/v4/projects/1/issues", in: .header("private-token")) == nil)
        #expect(try await ask(door, host, "/api/v4/projects/1/issues", in: .header("x-other")) == "destination_not_allowed")
        #expect(
            try await ask(door, host, "/api/v4/projects/1/access_tokens", in: .header("private-token")) == EngineError.Denial.givesCredentials.code)
        let (other, unknown) = try await self.door(#""hosts":["\#(host)"]"#)
        defer { withExtendedLifetime(other) {} }
        #expect(try await ask(unknown, host, "/api/v4/projects/1/issues", in: .header("private-token")) == "destination_not_allowed")
        #expect(try await ask(unknown, host, "/api/v4/projects/1/access_tokens", in: .bearer) == nil, "nobody said what it is")
    }

    @Test("GitHub's paths are known behind what they begin with there, and no rule says of a provider's own host that it is another")
    func github() async throws {
        let (bench, door) = try await door(#""hosts":["github.acme.example","api.github.com"],"provider":"github""#)
        defer { withExtendedLifetime(bench) {} }
        let code = EngineError.Denial.givesCredentials.code
        #expect(try await ask(door, "github.acme.example", "/api/v3/app/installations/1/access_tokens", in: .bearer) == code)
        #expect(try await ask(door, "github.acme.example", "/api/v3/repos/a/b/issues", in: .bearer) == nil)
        #expect(try await ask(door, "api.github.com", "/app/installations/1/access_tokens", in: .bearer) == code)
        let (second, other) = try await self.door(#""hosts":["api.github.com"],"provider":"sentry""#)
        defer { withExtendedLifetime(second) {} }
        #expect(try await ask(other, "api.github.com", "/app/installations/1/access_tokens", in: .bearer) == code)
    }

    @Test("an agent's own request and a token that is issued go by it, too")
    func others() async throws {
        let (bench, _) = try await door(#""hosts":["git.acme.example"],"provider":"gitlab""#)
        let minting = await ErrandTests.code {
            try await ErrandTests.request(bench, "app/key", "https://git.acme.example/api/v4/projects/1/access_tokens") { $0.method = "POST" }
        }
        #expect(minting == EngineError.Denial.givesCredentials.code)
        _ = try await ErrandTests.request(bench, "app/key", "https://git.acme.example/api/v4/projects/1/issues")
        let head = try #require(bench.brokers.errands.last?.head)
        #expect(head.fields.contains { $0.name == "private-token" } && !head.fields.contains { $0.name == "Authorization" })
        let wish = TokenWish(agent: try SegmentName("coder", of: .agent), reference: try SecretReference(parsing: "app/key"), scope: VaultBench.dev)
        #expect(try await bench.open.issueToken(wish, by: bench.person()).text.hasPrefix("glpat-"))
    }
}
