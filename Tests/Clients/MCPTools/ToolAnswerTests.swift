import MCPSession
import TacitWire
import Testing

@testable import MCPTools

@Suite struct ToolAnswerTests {
    @Test("the status says state, agent, scope and what to do next")
    func status() async throws {
        #expect(
            try await text("secret_status", StubKeeper())
                == #"{"vault":"unlocked","agent":{"id":"claude","capabilities":["reference_only","env_inject"]},"scope":"shop/dev","session":{"active":false},"server_version":"9.9"}"#
        )
        let awake = StubKeeper { $0.status.sessions = [$0.session] }
        #expect(
            try await text("secret_status", awake).contains(
                #""session":{"active":true,"covers":["API_KEY"],"expires_at":"2026-01-02T03:09:05Z"}"#))
        #expect(awake.questions == ["status shop/dev"])
        let locked = StubKeeper { $0.status = VaultStatus(state: .locked, keeperVersion: "1", keeperProcess: 1, actor: Asker(kind: .unidentified)) }
        #expect(try await text("secret_status", locked).contains(#""agent":{"id":"unidentified","capabilities":[]}"#))
        #expect(try await text("secret_status", locked).contains("tacit unlock"))
        let bare = StubKeeper { $0.status.actor = Asker(kind: .unidentified) }
        #expect(try await text("secret_status", bare).contains("No policy allows you anything here"))
        let absent = StubKeeper { $0.failure = Problem("keeper.unreachable", "no keeper", status: 503) }
        #expect(try await text("secret_status", absent).contains(#""vault":"unreachable""#))
        let nameless = StubKeeper {
            $0.failure = Problem(
                "badge.missing", "there is no badge of the agent claude", status: 503, hint: "run `tacit agent add claude` in a terminal")
        }
        let answer = try await text("secret_status", nameless)
        #expect(answer.contains(#""vault":"unknown""#))
        #expect(answer.contains("Tell the person: there is no badge of the agent claude; run `tacit agent add claude` in a terminal."))
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
                        expiresAt: "2027-01-01T00:00:00Z", usableWith: ["reference_only", "env_inject", "masked_return"],
                        requires: ["session", "listed_program"], fields: ["id", "key"]),
                    SecretSummary(name: "X", version: 1, updatedAt: "2026-01-02T03:04:05Z", usableWith: ["reference_only"]),
                ], nextCursor: "more")
        }
        #expect(
            try await text("secret_list", keeper, ["query": "k", "tag": "t", "environment": "staging", "expiring_within_days": 7, "cursor": "c"])
                == #"{"secrets":[{"name":"stripe/api-key","fields":["id","key"],"description":"Payments","tags":["pay"],"version":2,"#
                + #""updated_at":"2026-01-02T03:04:05Z","#
                + #""expires_at":"2027-01-01T00:00:00Z","usable_with":["secret_get_masked","secret_run","secret_inject"],"#
                + #""requires":["session","listed_program"]},{"name":"X","version":1,"#
                + #""updated_at":"2026-01-02T03:04:05Z","usable_with":["secret_inject"],"requires":[]}],"scope":"shop/staging","next_cursor":"more"}"#
        )
        let brokered = StubKeeper {
            $0.page = Page(items: [SecretSummary(name: "X", version: 1, updatedAt: "2026-01-02T03:04:05Z", usableWith: ["reference_only", "broker"])])
        }
        #expect(try await text("secret_list", brokered).contains(#""usable_with":["secret_inject","secret_request"]"#))
        #expect(keeper.questions == ["secrets shop/staging k t 7 50 c"])
        #expect(keeper.lastClient == ClientInfo(name: "claude-code", version: "2.0"))
        #expect(try await text("secret_list", StubKeeper()).contains("ask whether it is stored: if it is, access_request"))
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

    @Test("a session is asked for with its bounds, and never sleeps later than it ends")
    func wake() async throws {
        let keeper = StubKeeper()
        let answer = try await text(
            "session_wake", keeper, ["covers": ["API_KEY", "tag:pay"], "purpose": "why", "ttl_seconds": 60, "environment": "prod"])
        #expect(
            answer
                == #"{"session_id":"s1","covers":["API_KEY"],"expires_at":"2026-01-02T03:19:05Z","sleeps_at":"2026-01-02T03:09:05Z","audit_id":"11"}"#
        )
        _ = try await text("session_wake", keeper, ["covers": ["API_KEY"], "purpose": "why"])
        #expect(keeper.questions == ["wake shop/prod API_KEY,tag:pay why 60 60", "wake shop/dev API_KEY why 900 300"])
    }

    @Test("what is put to sleep is counted")
    func sleep() async throws {
        let keeper = StubKeeper()
        #expect(try await text("session_sleep", keeper) == #"{"ended_session":true,"sessions_ended":1,"files_removed":2,"tokens_revoked":0}"#)
        _ = try await text("session_sleep", keeper, ["what": "files", "ids": ["f1"]])
        #expect(keeper.questions == ["sleep all -", "sleep files f1"])
    }

    @Test("rules are told with their strength, and acknowledged as what they are")
    func rules() async throws {
        let keeper = StubKeeper {
            $0.rules.items = [
                RuleSummary(
                    rule: "careful", kind: "require_confirmation", appliesTo: ["tag:pay"], met: true, meetBy: "rule_acknowledge",
                    until: "2026-01-02T03:09:05Z", strength: "ceremony", strengthReason: "the agent itself acknowledges")
            ]
            $0.rules.programs = [
                ProgramRule(
                    rule: "tools", kind: .programs, programs: ["/usr/bin/wc"], keys: ["API_*"], pinned: true, anyCode: false, strength: "enforced",
                    strengthReason: "no other")
            ]
            $0.rules.unlistedPrograms = false
        }
        #expect(
            try await text("rule_list", keeper, ["secret_name": "API_KEY"])
                == #"{"rules":[{"rule_id":"careful","kind":"require_confirmation","applies_to":["tag:pay"],"met":true,"#
                + #""meet_by":"rule_acknowledge","until":"2026-01-02T03:09:05Z","strength":"ceremony"}],"#
                + #""programs":[{"rule_id":"tools","kind":"programs","programs":["/usr/bin/wc"],"keys":["API_*"],"#
                + #""pinned":true,"any_code":false,"strength":"enforced"}],"#
                + #""unlisted_programs":"deny","scope":"shop/dev"}"#)
        #expect(
            try await text("rule_acknowledge", keeper, ["rule_id": "careful", "secret_name": "API_KEY", "purpose": "why"])
                == #"{"rule_id":"careful","name":"API_KEY","valid_until":"2026-01-02T03:09:05Z","confirmed_by":"agent","strength":"ceremony","#
                + #""audit_id":"12"}"#)
        #expect(keeper.questions == ["rules shop/dev API_KEY", "acknowledge shop/dev careful API_KEY why"])
    }

    @Test("a session file is a path and what to do with it")
    func inject() async throws {
        let keeper = StubKeeper()
        let answer = try await text("secret_inject", keeper, ["secrets": [["name": "API_KEY"], ["name": "b", "var": "B"]], "purpose": "why"])
        #expect(answer.contains(#""path":"/run/f1.env","content":"references","variables":["API_KEY"]"#))
        #expect(answer.contains("tacit run --env-file /run/f1.env -- PROGRAM"))
        let onDisk = StubKeeper { ($0.file.inMemory, $0.file.content) = (false, .values) }
        var wish: JSONObject = ["secrets": [["name": "API_KEY"]], "purpose": "why", "content": "values", "format": "json"]
        let values = try await text("secret_inject", onDisk, .object(wish))
        #expect(values.contains("lies on a disk") && values.contains("Give the program the path"))
        let pipe = StubKeeper { ($0.file.inMemory, $0.file.content, $0.file.reads) = (false, .values, 2) }
        wish["reads"] = 2
        let piped = try await text("secret_inject", pipe, .object(wish))
        #expect(piped.contains(#""reads":2"#) && !piped.contains("lies on a disk"))
        #expect(keeper.questions == ["inject shop/dev API_KEY=-,b=B references dotenv 900 -1"])
        #expect(
            onDisk.questions == ["inject shop/dev API_KEY=- values json 900 -1"] && pipe.questions == ["inject shop/dev API_KEY=- values json 900 2"])
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
