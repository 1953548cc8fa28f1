import MCPSession
import TacitWire
import Testing

@testable import MCPTools

@Suite struct ToolAnswerTests {
    @Test("the status says state, agent, scope and what to do next")
    func status() async throws {
        #expect(
            try await text("secret_status", StubKeeper())
                == #"{"vault":"unlocked","agent":{"id":"claude","capabilities":["reference_only","env_inject"]},"scope":"shop/dev","server_version":"9.9"}"#
        )
        let locked = StubKeeper { $0.status = VaultStatus(state: .locked, keeperVersion: "1", keeperProcess: 1, actor: Asker(kind: .unidentified)) }
        #expect(try await text("secret_status", locked).contains(#""agent":{"id":"unidentified","capabilities":[]}"#))
        #expect(try await text("secret_status", locked).contains("tacit unlock"))
        let bare = StubKeeper { $0.status.actor = Asker(kind: .unidentified) }
        #expect(try await text("secret_status", bare).contains("No policy allows you anything here"))
        let absent = StubKeeper { $0.failure = Problem("keeper.unreachable", "no keeper", status: 503) }
        #expect(try await text("secret_status", absent).contains(#""vault":"unreachable""#))
    }

    @Test("the status explains every topic", arguments: HelpTopic.names)
    func help(_ topic: String) async throws {
        let answer = try await text("secret_status", StubKeeper(), ["topic": .string(topic)])
        #expect(answer.contains(#""help":"#) == (topic != "none"))
    }

    @Test("the list shows names, and which tools take each")
    func list() async throws {
        let keeper = StubKeeper {
            $0.page = Page(
                items: [
                    SecretSummary(
                        name: "stripe/api-key", version: 2, tags: ["pay"], description: "Payments", updatedAt: "2026-01-02T03:04:05Z",
                        expiresAt: "2027-01-01T00:00:00Z", usableWith: ["reference_only", "env_inject", "masked_return"]),
                    SecretSummary(name: "X", version: 1, updatedAt: "2026-01-02T03:04:05Z", usableWith: ["reference_only"]),
                ], nextCursor: "more")
        }
        #expect(
            try await text("secret_list", keeper, ["query": "k", "tag": "t", "environment": "staging", "expiring_within_days": 7, "cursor": "c"])
                == #"{"secrets":[{"name":"stripe/api-key","description":"Payments","tags":["pay"],"version":2,"updated_at":"2026-01-02T03:04:05Z","#
                + #""expires_at":"2027-01-01T00:00:00Z","usable_with":["secret_get_masked","secret_run"]},{"name":"X","version":1,"#
                + #""updated_at":"2026-01-02T03:04:05Z","usable_with":[]}],"scope":"shop/staging","next_cursor":"more"}"#)
        #expect(keeper.questions == ["secrets shop/staging k t 7 50 c"])
        #expect(keeper.lastClient == ClientInfo(name: "claude-code", version: "2.0"))
        #expect(try await text("secret_list", StubKeeper()).contains("tacit policy edit"))
    }

    @Test("existence is told in order")
    func exists() async throws {
        let keeper = StubKeeper {
            $0.existence = [Existence(name: "A", exists: true, version: 4, createdAt: "2026-01-02T03:04:05Z"), Existence(name: "B", exists: false)]
        }
        #expect(
            try await text("secret_exists", keeper, ["names": ["A", "B"]])
                == #"{"results":[{"name":"A","exists":true,"version":4,"created_at":"2026-01-02T03:04:05Z"},{"name":"B","exists":false}]}"#)
        #expect(keeper.questions == ["existence shop/dev A,B"])
    }

    @Test("a masked view names its field")
    func masked() async throws {
        let keeper = StubKeeper()
        #expect(
            try await text("secret_get_masked", keeper, ["secret_name": "db#password", "environment": "prod"])
                == #"{"name":"API_KEY","field":"value","masked":"********1234","version":3}"#)
        _ = try await text("secret_get_masked", keeper, ["secret_name": "db"])
        #expect(keeper.questions == ["masked shop/prod db password", "masked shop/dev db -"])
    }

    /// The text of a success, which must be the exact serialisation of a structured part that its schema describes.
    private func text(_ tool: String, _ keeper: StubKeeper, _ arguments: JSONValue = [:]) async throws -> String {
        let desk = Desk(keeper)
        let outcome = try await desk.call(tool, arguments)
        let structured = try #require(outcome.structured, "\(outcome.text)")
        let schema = try #require(desk.tools.descriptions.first { $0.name == tool }?.output)
        _ = try schema.completed(.object(structured))
        #expect(outcome.text == JSONValue.object(structured).text)
        return outcome.text
    }
}
