import Auditing
import Brokering
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// Secrets that are AWS keys, as a run with fake tokens gets them.
@Suite struct SigningDoorTests {
    private func setup(_ fields: [(name: String, kind: FieldKind, text: String)]) async throws -> (VaultBench, FakeBrokers.Door, RunJob) {
        let bench = try await ErrandTests.bench()
        _ = try await bench.open.addAgent(SegmentName("coder", of: .agent), by: bench.person())
        var write = SecretWrite(
            name: VaultBench.name("app/aws"),
            fields: fields.map {
                .init(name: VaultBench.segment($0.name), kind: $0.kind, value: SecretValue(copying: unsafe Array($0.text.utf8).span.bytes))
            })
        write.bindings = fields.map { ("AWS_\($0.name.uppercased())", VaultBench.segment($0.name)) }
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        let json = #"""
            {"policies":[{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["broker"],"unsandboxed":"allow"}],
             "request_rules":[{"name":"aws","agent_id":"coder","keys":["app/*"],"hosts":["s3.eu-central-1.amazonaws.com"],"paths":["/**"]}]}
            """#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        var agent = try await bench.open.agent(named: SegmentName("coder", of: .agent), for: bench.person())
        agent.source = .mcp
        var wish = RunWish(arguments: ["aws"], scope: VaultBench.dev)
        wish.secrets = [.init(reference: try SecretReference(parsing: "app/aws"))]
        let job = try await bench.open.prepareRun(wish, by: agent).job
        return (bench, try #require(bench.brokers.doors.last), job)
    }

    private let id = "AKIAZ7Q4XK2MV5TB3WHD"
    private let secret = "CANARY/real+secret/0123456789abcdefghijk"
    private let token =
        "CANARYGTd7FguoV8FWnFbB0JxXujr4qqaaABvvLOzAxzXMcU1vsHiQMaRiNT"
        + "N9Ox98whGcTZc1UWb5fxzpF7STG7nVLe3lARUsRJlNONwktN9u=="

    @Test("name, secret key and session token of one secret sign together, and a listed request gets all their values")
    func whole() async throws {
        let (bench, door, job) = try await setup([("id", .secret, id), ("secret", .secret, secret), ("token", .secret, token)])
        let grants = try #require(door.setup.signing.first)
        let keyID = try #require(grants.keyID)
        #expect(door.setup.signing.count == 1 && door.setup.tokens[keyID]?.text == grants.shownKeyID && grants.shownKeyID.hasPrefix("AKIA"))
        #expect(Set(job.values.map(\.value.text)) == Set(door.setup.tokens.values.map(\.text)) && job.values.count == 3)
        let uses = [grants.keyID, grants.secretKey, grants.sessionToken].compactMap(\.self).map {
            RequestWish.TokenUse(grant: $0, place: .awsSignature, occurrences: 1)
        }
        // No place is written in the rule: the provider has it.
        let asked = AskedRequest(scheme: "https", host: "s3.eu-central-1.amazonaws.com", port: 443, method: "GET", path: "/b/k", uses: uses)
        guard case .allow(let leave) = await door.judge.judge(asked) else { throw TestFailure("a listed request was refused") }
        #expect(Set(leave.releases.map(\.value.text)) == [id, secret, token] && bench.brokers.started == 1)
    }

    @Test("a name that is no secret stays as it is, and signs with its secret key")
    func plainName() async throws {
        let (_, door, job) = try await setup([("id", .plain, id), ("secret", .secret, secret)])
        let grants = try #require(door.setup.signing.first)
        #expect(grants.shownKeyID == id && grants.keyID == nil && grants.sessionToken == nil)
        #expect(job.values.map(\.value.text).contains(id) && !job.values.map(\.value.text).contains(secret))
    }

    @Test("what could be two keys, or half a one, signs nothing")
    func others() async throws {
        for fields in [
            [("id", .secret, id), ("secret", .plain, secret)], [("secret", .secret, secret), ("other", .secret, "CANARY-other-text")],
            [("id", .secret, id), ("other", .plain, "AKIAREALREALREAL2346"), ("secret", .secret, secret)],
        ] as [[(String, FieldKind, String)]] {
            #expect(try await setup(fields).1.setup.signing.isEmpty)
        }
    }
}
