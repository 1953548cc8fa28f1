import Model
import TacitWire
import TestKit
import Testing

@testable import APIServer

@Suite("Routes")
struct RouteTests {
    private static let secrets = "/v1/projects/default/environments/dev/secrets"

    private func set(_ client: Client, _ name: String, _ value: String, headers: [String] = []) async throws -> Client.Answer {
        let json = #"{"fields":[{"name":"value","kind":"secret"}]}"#
        return try await client.ask(
            "PUT", "\(Self.secrets)/\(WirePath.encoded(name))", parts: [("secret", json), ("field-0", value)], headers: headers)
    }

    private func stepUp(_ client: Client) async throws {
        let answer = try await client.ask("POST", "/v1/step-up", octets: Bed.password)
        let token = try answer.json(StepUp.self).token
        client.add(header: "\(WireHeader.stepUp): \(token)")
    }

    @Test("a vault is made, seen, locked and unlocked")
    func vault() async throws {
        let bed = try await Bed()
        let client = try bed.connect()
        #expect(try await client.ask("GET", "/v1/status").json(VaultStatus.self).state == .absent)
        #expect(try await client.ask("GET", "/v1/projects").code == "vault.absent")
        #expect(try await client.ask("POST", "/v1/vault", octets: "short").status == 422)
        let made = try await client.ask("POST", "/v1/vault", octets: Bed.password)
        #expect(made.status == 201)
        #expect(try !made.json(VaultCreated.self).verifierKey.isEmpty)
        #expect(try await client.ask("POST", "/v1/vault", octets: Bed.password).code == "vault.exists")
        let status = try await client.ask("GET", "/v1/status").json(VaultStatus.self)
        #expect(status.state == .unlocked && status.actor.kind == .person && status.locksAt != nil)
        #expect(try await client.ask("POST", "/v1/lock").json(VaultStatus.self).state == .locked)
        #expect(try await client.ask("GET", "/v1/projects").status == 423)
        #expect(try await client.ask("POST", "/v1/unlock", octets: "CANARY-wrong password").code == "unlock.failed")
        let unlocked = try await client.ask("POST", "/v1/unlock?for=8h", octets: Bed.password).json(Unlocked.self)
        #expect(unlocked.leaseUntil != nil)
        #expect(try await client.ask("GET", "/v1/doctor").json(DoctorReport.self).findings.contains { $0.code == "keeper.memory" })
        try await stepUp(client)
        #expect(try await client.ask("POST", "/v1/clock/acceptance").status == 204)
    }

    @Test("an older vault is accepted with a password, locked as it is")
    func rollbackAcceptance() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        _ = try await client.ask("POST", "/v1/lock")
        #expect(try await client.ask("POST", "/v1/rollback/acceptance", octets: "CANARY-wrong password").status == 401)
        #expect(try await client.ask("POST", "/v1/rollback/acceptance", octets: Bed.password).status == 200)
        #expect(try await client.ask("GET", "/v1/status").json(VaultStatus.self).state == .unlocked)
    }

    @Test("a secret is written, shown, revealed, changed, deleted, brought back and purged")
    func secretLife() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let path = "\(Self.secrets)/stripe%2Fapi-key"
        let created = try await set(client, "stripe/api-key", "CANARY-first value")
        #expect(created.status == 201)
        #expect(try created.json(Written.self).version == 1)
        #expect(try await set(client, "stripe/api-key", "CANARY-second value", headers: ["If-Match: \"1\""]).status == 200)
        #expect(try await set(client, "stripe/api-key", "CANARY-third value", headers: ["If-Match: \"1\""]).status == 412)
        #expect(try await client.ask("GET", path).json(SecretDetail.self).version == 2)
        #expect(try await client.ask("GET", "\(path)/masked").json(MaskedValue.self).masked == "********alue")
        #expect(try await client.ask("GET", "\(path)/versions").json(Page<VersionSummary>.self).items.count == 2)
        #expect(try await client.ask("GET", "\(path)/value").code == "step-up.required")
        try await stepUp(client)
        let value = try await client.ask("GET", "\(path)/value?version=1&field=value")
        #expect(value.text == "CANARY-first value" && value.header(WireHeader.version) == "1" && value.header(WireHeader.fieldKind) == "secret")
        #expect(value.header("cache-control") == "no-store" && value.header("content-type") == "application/octet-stream")
        #expect(try await client.ask("GET", "\(path)/value", headers: ["Range: bytes=0-3"]).text == "CANARY-second value", "a range slices nothing")
        #expect(try await client.ask("POST", "\(path)/rollback", json: #"{"version":1}"#).json(Written.self).version == 3)
        #expect(try await client.ask("GET", "\(path)/value").text == "CANARY-first value")
        #expect(try await client.ask("PATCH", path, json: #"{"name":"renamed","add_tags":["t"]}"#).status == 200)
        #expect(try await client.ask("GET", path).status == 404)
        let renamed = "\(Self.secrets)/renamed"
        #expect(try await client.ask("DELETE", renamed).status == 200)
        #expect(try await client.ask("GET", "\(renamed)/value").code == "secret.deleted")
        #expect(try await client.ask("POST", "\(renamed)/undelete").status == 200)
        #expect(try await client.ask("DELETE", renamed).status == 200)
        #expect(try await client.ask("POST", "\(renamed)/purge").status == 204)
        #expect(try await client.ask("GET", renamed).code == "secret.not-found")
    }

    @Test("a list comes in pages, and asks for what it knows")
    func pages() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        for name in ["a", "b/c", "d", "e"] { _ = try await set(client, name, "CANARY-\(name)") }
        var (names, cursor): ([String], String?) = ([], nil)
        repeat {
            let query = cursor.map { "?limit=3&cursor=\(WirePath.encoded($0))" } ?? "?limit=3"
            let page = try await client.ask("GET", Self.secrets + query).json(Page<SecretSummary>.self)
            #expect(page.items.count <= 3)
            names += page.items.map(\.name)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(names.sorted() == ["a", "b/c", "d", "e"])
        #expect(
            try await client.ask("POST", "/v1/exists", json: #"{"scope":"default/dev","names":["a","z"]}"#).json(Page<Existence>.self).items.map(
                \.exists) == [true, false])
    }

    @Test("many secrets come in with one request, or none of them")
    func imports() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let path = "/v1/projects/default/environments/dev/imports"
        let json =
            #"{"entries":[{"name":"a","field":"value","kind":"secret"},{"name":"b","field":"value","kind":"plain"}],"conflict":"error","dry_run":false}"#
        #expect(try await client.ask("POST", path, parts: [("import", json), ("value-0", "CANARY-1")]).status == 400)
        let answer = try await client.ask("POST", path, parts: [("import", json), ("value-0", "CANARY-1"), ("value-1", "two")])
        let result = try answer.json(ImportResult.self)
        #expect(result.created == ["a", "b"] && result.guessable == 1, "the second is no secret field")
    }

    @Test("an environment's values go out with few requests, to a person who was asked again")
    func exports() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        for name in ["a", "b/c"] { _ = try await set(client, name, "CANARY-\(name)") }
        let path = "/v1/projects/default/environments/dev/exports"
        let plan = try await client.ask("GET", "\(path)?limit=1").json(Page<ExportSummary>.self)
        #expect(plan.items == [ExportSummary(name: "a", version: 1, fields: [FieldSummary(name: "value", kind: .secret)])] && plan.nextCursor == "a")
        let rest = try await client.ask("GET", "\(path)?cursor=a").json(Page<ExportSummary>.self)
        #expect(rest.items.map(\.name) == ["b/c"] && rest.nextCursor == nil)
        let wish = #"{"items":[{"name":"b/c","version":1},{"name":"a","version":1}]}"#
        let refused = try await client.ask("POST", path, json: wish)
        #expect(refused.code == "step-up.required" && !refused.text.contains("CANARY"))
        try await stepUp(client)
        let answer = try await client.ask("POST", path, json: wish)
        #expect(answer.header("cache-control") == "no-store" && answer.header("content-type") == "application/vnd.tacit.values")
        #expect(answer.text.hasSuffix("CANARY-b/cCANARY-a"))
        #expect(try await client.ask("POST", path, json: #"{"items":[{"name":"a","version":2}]}"#).code == "plan.changed")
        #expect(try await client.ask("POST", path, json: #"{"items":[]}"#).code == "request.invalid")
        #expect(try await client.ask("POST", path, json: #"{"items":[{"name":"a"}]}"#).status == 400)
    }

    @Test("projects and environments come, change their names and go")
    func projects() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        #expect(try await client.ask("POST", "/v1/projects", json: #"{"name":"shop"}"#).status == 201)
        #expect(try await client.ask("POST", "/v1/projects", json: #"{"name":"shop"}"#).status == 409)
        #expect(try await client.ask("POST", "/v1/projects/shop/environments", json: #"{"name":"live"}"#).status == 201)
        #expect(try await client.ask("PATCH", "/v1/projects/shop/environments/live", json: #"{"name":"prod"}"#).status == 204)
        #expect(try await client.ask("GET", "/v1/projects/shop/environments").json(Page<NamedSummary>.self).items.map(\.name).contains("prod"))
        #expect(try await client.ask("PATCH", "/v1/projects/shop", json: #"{"name":"store"}"#).status == 204)
        #expect(try await client.ask("GET", "/v1/projects").json(Page<NamedSummary>.self).items.map(\.name).sorted() == ["default", "store"])
        try await stepUp(client)
        #expect(try await client.ask("DELETE", "/v1/projects/store/environments/prod").status == 204)
        #expect(try await client.ask("POST", "/v1/projects", json: #"{"name":"a/b"}"#).status == 400)
    }

    @Test("a question about a request is asked of the request rules, and a malformed one of none")
    func requestQuestion() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        try await stepUp(client)
        let policy = #"{\"name\":\"p\",\"agent_id\":\"bot\",\"allowed_keys\":[\"**\"],\"capabilities\":[\"broker\"]}"#
        let rule = #"{\"name\":\"r\",\"agent_id\":\"bot\",\"keys\":[\"k\"],\"hosts\":[\"a.example\"],\"paths\":[\"/**\"]}"#
        let document = #"{"document":"{\"policies\":[\#(policy)],\"request_rules\":[\#(rule)]}"}"#
        #expect(try await client.ask("PUT", "/v1/policy", json: document).status == 200)
        func ask(_ members: String) async throws -> Client.Answer {
            try await client.ask("POST", "/v1/policy/explain", json: #"{"agent":"bot","scope":"default/dev","name":"k",\#(members)}"#)
        }
        let listed = try await ask(#""capability":"broker","request":"GET https://a.example/x","place":"bearer""#).json(PolicyAnswer.self)
        #expect(listed.allowed && listed.obligations == ["redact"])
        let other = try await ask(#""capability":"broker","request":"GET https://b.example/x""#).json(PolicyAnswer.self)
        #expect(other.code == "destination_not_allowed" && other.rule == "r")
        for bad in [
            #""capability":"masked_return","request":"GET https://a.example/""#, #""capability":"broker","request":"GET https://a.example""#,
            #""capability":"broker","request":"GET http://a.example/""#, #""capability":"broker","request":"GET https://a.example/","place":"here""#,
            #""capability":"broker","place":"bearer""#, #""capability":"broker","request":"GET https://a.example/","argv":["curl"]"#,
        ] { #expect(try await ask(bad).code == "request.invalid", "\(bad)") }
    }

    @Test("policy, agents, slots, password and log are a person's who was asked again")
    func administration() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        #expect(try await client.ask("GET", "/v1/policy").json(PolicyState.self).version == 0)
        let policy =
            #"{"document":"{\"policies\":[{\"name\":\"p\",\"agent_id\":\"bot\",\"allowed_keys\":[\"open/*\"],\"capabilities\":[\"masked_return\"]}]}"}"#
        #expect(try await client.ask("PUT", "/v1/policy", json: policy).code == "step-up.required")
        try await stepUp(client)
        #expect(try await client.ask("PUT", "/v1/policy", json: policy).json(PolicyState.self).version == 1)
        #expect(try await client.ask("PUT", "/v1/policy", json: policy, headers: ["If-Match: \"9\""]).status == 412)
        let question = #"{"agent":"bot","scope":"default/dev","name":"open/a","capability":"masked_return"}"#
        #expect(try await client.ask("POST", "/v1/policy/explain", json: question).json(PolicyAnswer.self).allowed)
        #expect(try await client.ask("POST", "/v1/agents", json: #"{"name":"bot"}"#).json(AgentAdded.self).badge.count >= 32)
        #expect(try await client.ask("GET", "/v1/agents").json(Page<AgentSummary>.self).items.map(\.policies) == [["p"]])
        #expect(try await client.ask("DELETE", "/v1/agents/bot").status == 204)
        let slots = try await client.ask("GET", "/v1/slots").json(Page<SlotSummary>.self).items
        #expect(slots.map(\.kind) == [.password])
        #expect(try await client.ask("DELETE", "/v1/slots/\(slots[0].id)").code == "slot.last")
        #expect(try await client.ask("POST", "/v1/slots/recovery").status == 200)
        #expect(try await client.ask("POST", "/v1/slots/password", octets: "CANARY-another password").status == 201)
        let change = [("current", Bed.password), ("new", "CANARY-the next password")]
        #expect(try await client.ask("POST", "/v1/password", parts: change).status == 204)
        #expect(try await client.ask("GET", "/v1/audit?limit=2").json(Page<AuditItem>.self).items.count == 2)
        let paged = try await client.ask("GET", "/v1/audit?from=0&limit=2").json(Page<AuditItem>.self)
        #expect(paged.items.map(\.index) == [0, 1] && paged.nextCursor == "2")
        #expect(try await client.ask("POST", "/v1/audit/verification", json: #"{"trusted_notes":[]}"#).json(AuditVerification.self).intact)
        #expect(try await client.ask("GET", "/v1/audit/export?limit=3").text.split(separator: "\n").count == 3)
        #expect(try await client.ask("POST", "/v1/audit/checkpoints").json(CheckpointNote.self).note.contains("tacit"))
        let wish = #"{"before":"2100-01-01T00:00:00Z"}"#
        let plan = try await client.ask("POST", "/v1/audit/prunings", json: wish).json(AuditPruning.self)
        #expect(plan.cut > 0 && !plan.done && plan.anchor?.note.contains("\n\(plan.cut)\n") == true && plan.oldest != nil && plan.youngest != nil)
        let done = try await client.ask("POST", "/v1/audit/prunings", json: wish.replacing("}", with: #","cut":\#(plan.cut)}"#)).json(
            AuditPruning.self)
        #expect(done.done && done.cut == plan.cut)
        let behind = try await client.ask("GET", "/v1/audit?from=0&limit=2").json(AuditPage.self)
        #expect(behind.start == plan.cut && behind.items.first?.index == plan.cut)
        let lines = try await client.ask("GET", "/v1/audit/export?limit=3").text.split(separator: "\n")
        #expect(lines.count == 4 && lines[0].hasPrefix(#"{"anchor":\#(plan.cut),"frontier":""#) && lines[0].contains(#","note":""#))
        #expect(try await client.ask("GET", "/v1/audit/export?limit=3&from=\(plan.cut)").text.split(separator: "\n").count == 3)
        let verdict = try await client.ask("POST", "/v1/audit/verification", json: #"{"trusted_notes":[]}"#).json(AuditVerification.self)
        #expect(verdict.intact && verdict.start == plan.cut)
        #expect(try await client.ask("POST", "/v1/audit/proofs", json: #"{"index":0}"#).code == "audit.pruned")
        #expect(try await !client.ask("GET", "/v1/audit/checkpoints").json(Page<CheckpointNote>.self).items.isEmpty)
    }

    @Test(
        "what a route does not know is refused",
        arguments: [
            ("GET", "/v1/status?x=1", nil), ("GET", "/v1/status?", nil), ("GET", "/v1/projects?limit=1", nil), ("POST", "/v1/lock?now=1", nil),
            ("GET", "\(secrets)?limit=0", nil), ("GET", "\(secrets)?limit=1&limit=2", nil), ("GET", "\(secrets)?limit=x", nil),
            ("GET", "\(secrets)?deleted=yes", nil), ("GET", "\(secrets)?search=a+b", nil), ("GET", "\(secrets)?cursor=%2e%2e", nil),
            ("GET", "\(secrets)?tag", nil), ("GET", "\(secrets)?expiring=soon", nil), ("GET", "\(secrets)/a/value?version=0", nil),
            ("GET", "\(secrets)/a/value?raw=1", nil), ("GET", "\(secrets)/a%2f..%2fb", nil), ("GET", "\(secrets)/a%2F%2Fb", nil),
            ("GET", "\(secrets)/..", nil), ("GET", "\(secrets)/%00", nil), ("GET", "/v1/projects/a%2Fb/environments", nil),
            ("GET", "\(secrets)/a/value?version=01", nil), ("GET", "\(secrets)/a/masked?version=%2B1", nil), ("GET", "\(secrets)?limit=007", nil),
            ("GET", "\(secrets)/a/value?version=1.0", nil), ("GET", "/v1/audit?from=00", nil), ("GET", "/v1/audit?from=-0", nil),
            ("GET", "/v1/audit?from=-1", nil), ("GET", "/v1/audit?follow=0", nil), ("POST", "/v1/step-up?grace=all", nil),
            ("POST", "/v1/projects", #"{"name":"a","colour":1}"#),
            ("POST", "/v1/projects", #"{"name":"a","name":"b"}"#), ("POST", "/v1/projects", #"["a"]"#), ("POST", "/v1/projects", ""),
            ("POST", "/v1/exists", #"{"scope":"default","names":[]}"#), ("PATCH", "\(secrets)/a", #"{"tags":["t"]}"#),
            ("POST", "\(secrets)/a/rollback", #"{"version":"1"}"#), ("PUT", "\(secrets)/a", #"{"fields":[]}"#),
            ("POST", "/v1/lock", "{}"), ("GET", "/v1/status", "{}"), ("DELETE", "\(secrets)/a", "{}"), ("POST", "\(secrets)/a/purge", "x"),
        ] as [(String, String, String?)])
    func unknown(method: String, path: String, json: String?) async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let answer = try await client.ask(method, path, json: json)
        #expect(answer.status == 400 || answer.status == 404, "\(answer.status) \(answer.text)")
        #expect(answer.status == 400 || answer.code == "route.not-found", "\(answer.text)")
    }

    @Test(
        "a tag that is no number is refused", arguments: ["1", "W/\"1\"", "*", "\"-1\"", "\"1", "\"\"", "\"1\", \"2\"", "\"01\"", "\"+1\"", "\"-0\""])
    func badTags(tag: String) async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        #expect(try await set(client, "a", "CANARY-x", headers: ["If-Match: \(tag)"]).status == 400)
    }

    @Test("a kept checkpoint that is none is the asker's mistake, and says which and what is wrong with it")
    func malformedCheckpoint() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let note = try await client.ask("POST", "/v1/audit/checkpoints").json(CheckpointNote.self).note
        func verify(_ notes: [String]) async throws -> Client.Answer {
            let body = String(decoding: try WireJSON.encode(VerificationRequest(trustedNotes: notes)), as: UTF8.self)
            return try await client.ask("POST", "/v1/audit/verification", json: body)
        }
        #expect(try await verify([note]).json(AuditVerification.self).intact)
        for (notes, which) in [(["CANARY-none"], "the kept checkpoint cannot"), ([note, ""], "kept checkpoint 2 cannot")] {
            let answer = try await verify(notes)
            let problem = try answer.json(Problem.self)
            #expect(answer.status == 422 && problem.code == "audit.malformed-checkpoint" && problem.title.hasPrefix(which))
            #expect(problem.title.contains("its text is not in the C2SP form") && problem.hint?.contains("tacit audit checkpoint") == true)
            #expect(!answer.text.contains("CANARY"))
        }
        let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
        let changed = ([lines[0], "0" + lines[1]] + lines[2...]).joined(separator: "\n")
        #expect(try await verify([changed]).json(Problem.self).title.contains("its size is not"))
    }

    @Test("a proof is of an entry or of growth, and says what it shows")
    func proofs() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let kept = try await client.ask("POST", "/v1/audit/checkpoints").json(CheckpointNote.self)
        func prove(_ wish: ProofRequest) async throws -> Client.Answer {
            try await client.ask("POST", "/v1/audit/proofs", json: String(decoding: try WireJSON.encode(wish), as: UTF8.self))
        }
        let entry = try await prove(ProofRequest(index: 1, checkpoint: kept.note)).json(AuditProof.self)
        #expect(entry.proof.hasPrefix("c2sp.org/tlog-proof@v1\nextra ") && entry.proof.hasSuffix("\n\n\(kept.note)"))
        #expect(entry.index == 1 && entry.from == nil && entry.verifierKey == kept.verifierKey && kept.note.contains("\n\(entry.size)\n"))
        let growth = try await prove(ProofRequest(checkpoint: kept.note)).json(AuditProof.self)
        #expect(growth.proof.hasPrefix("old \(entry.size)\n") && growth.from == entry.size && growth.index == nil && growth.size > entry.size)
        #expect(try await prove(ProofRequest(from: 0, size: entry.size)).json(AuditProof.self).proof == "old 0\n\n\(kept.note)")
        for wish in [
            ProofRequest(), ProofRequest(size: 3), ProofRequest(index: 1, from: 1), ProofRequest(index: 1, size: entry.size, checkpoint: kept.note),
            ProofRequest(from: 1, checkpoint: kept.note), ProofRequest(index: 1, from: 1, checkpoint: kept.note),
        ] { #expect(try await prove(wish).code == "request.invalid", "\(wish)") }
        #expect(try await prove(ProofRequest(index: 10_000)).status == 404)
        #expect(try await prove(ProofRequest(index: 0, checkpoint: "CANARY-none")).code == "audit.malformed-checkpoint")
    }

    @Test("a revision is refused where none is compared", arguments: [("DELETE", ""), ("POST", "/undelete"), ("GET", "")])
    func unusedTag(method: String, suffix: String) async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        #expect(try await set(client, "a", "CANARY-x").status == 201)
        #expect(try await client.ask(method, "\(Self.secrets)/a\(suffix)", headers: ["If-Match: \"9\""]).code == "request.malformed")
        #expect(try await client.ask("GET", "\(Self.secrets)/a").json(SecretDetail.self).deletedAt == nil)
    }

    @Test(
        "what is too large is refused before it is kept",
        arguments: [
            ("POST", "/v1/unlock", 4097), ("POST", "/v1/projects", (1 << 20) + 1), ("PUT", "\(secrets)/a", (4 << 20) + (256 << 10) + 1),
            ("POST", "/v1/audit/verification", 3 << 20),
        ])
    func large(method: String, path: String, count: Int) async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let answer = try await client.ask(method, path, octets: String(repeating: "x", count: count))
        #expect(answer.status == 413 && answer.code == "request.too-large")
    }

    @Test("others than persons may send no more than a document")
    func largeFromStrangers() async throws {
        let bed = try await Bed()
        _ = try await bed.withVault()
        bed.becomeStranger()
        let client = try bed.connect()
        #expect(try await client.ask("PUT", "\(Self.secrets)/a", octets: String(repeating: "x", count: (1 << 20) + 1)).status == 413)
        #expect(
            try await client.ask("POST", "/v1/projects/default/environments/dev/imports", octets: String(repeating: "x", count: (1 << 20) + 1)).status
                == 413)
    }

    @Test("a write that names the revision it is made on changes that one or nothing")
    func revisions() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let path = "\(Self.secrets)/a"
        for value in ["CANARY-one", "CANARY-two"] { _ = try await set(client, "a", value) }
        let revision = try await client.ask("GET", path).json(SecretDetail.self).revision
        for (method, suffix, json) in [("PATCH", "", #"{"add_tags":["t"]}"#), ("POST", "/rollback", #"{"version":1}"#)] {
            let stale = try await client.ask(method, path + suffix, json: json, headers: ["If-Match: \"\(revision - 1)\""])
            #expect(stale.status == 412 && stale.code == "revision.mismatch")
        }
        let detail = try await client.ask("GET", path).json(SecretDetail.self)
        #expect(detail.revision == revision && detail.version == 2 && detail.tags == [])
        #expect(try await client.ask("PATCH", path, json: #"{"add_tags":["t"]}"#, headers: ["If-Match: \"\(revision)\""]).status == 200)
        let next = try await client.ask("GET", path).json(SecretDetail.self).revision
        #expect(
            try await client.ask("POST", "\(path)/rollback", json: #"{"version":1}"#, headers: ["If-Match: \"\(next)\""]).json(Written.self).version
                == 3)
    }

    @Test("the fields of one version may have 4 MiB together, those that stay included")
    func largestVersion() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        let full = String(repeating: "x", count: 1 << 20)
        func set(_ fields: [(String, String)]) async throws -> Client.Answer {
            let names = fields.map { #"{"name":"\#($0.0)","kind":"secret"}"# }.joined(separator: ",")
            let parts = [("secret", "{\"fields\":[\(names)]}")] + fields.enumerated().map { ("field-\($0.offset)", $0.element.1) }
            return try await client.ask("PUT", "\(Self.secrets)/a", parts: parts)
        }
        #expect(try await set((1...4).map { ("f\($0)", full) }).status == 201)
        for fields in [[("f5", "x")], (1...4).map { ("f\($0)", full) } + [("f5", "x")]] {
            let refused = try await set(fields)
            #expect(refused.status == 422 && refused.text.contains("4 MiB together"))
        }
        #expect(try await set([("f1", "x"), ("f5", "y")]).json(Written.self).version == 2)
    }

    @Test("a value of one field may have 1 MiB, and not a byte more")
    func largestValue() async throws {
        let bed = try await Bed()
        let client = try await bed.withVault()
        #expect(try await set(client, "a", String(repeating: "x", count: 1 << 20)).status == 201)
        let refused = try await set(client, "b", String(repeating: "x", count: (1 << 20) + 1))
        #expect(refused.status == 422 && refused.text.contains("1 MiB"))
    }
}
