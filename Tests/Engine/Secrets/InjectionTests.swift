import Approvals
import Auditing
import Model
import Policies
import Synchronization
import TestKit
import Testing

@testable import Secrets

/// Session files: who gets one, what stands in it, and that each of them ends.
@Suite struct InjectionTests {
    private typealias Sessions = AgentSessionTests

    @discardableResult private func inject(
        _ bench: VaultBench, _ names: [String] = ["app/key"], _ content: InjectionWish.Content = .values, by asker: Asker? = nil,
        _ change: (inout InjectionWish) -> Void = { _ in }
    ) async throws -> InjectedFile {
        let secrets = try names.map { RunWish.Secret(reference: try SecretReference(parsing: $0)) }
        var wish = InjectionWish(scope: VaultBench.dev, secrets: secrets, purpose: "a test")
        wish.content = content
        change(&wish)
        return try await bench.open.inject(wish, by: try asker ?? bench.agent())
    }

    private func contents(_ bench: VaultBench) -> [String] {
        bench.files.drafts.flatMap(\.items).map { item in
            switch item.content {
            case .value(let value): "\(item.variable)=\(value.text)"
            case .reference(let text), .text(let text): "\(item.variable)=\(text)"
            }
        }
    }

    @Test("values are written where capability and rules allow it, references where the name may be listed") func content() async throws {
        let bench = try await Sessions.bench()
        #expect(await Sessions.code { try await inject(bench) } == "session_required")
        let reference = try await inject(bench, ["app/key", "tacit://default/dev/app/other?version=1"], .references)
        #expect(contents(bench) == ["APP_KEY=tacit://default/dev/app/key", "APP_OTHER=tacit://default/dev/app/other?version=1"])
        #expect(reference.variables == ["APP_KEY", "APP_OTHER"])
        try await Sessions.wake(bench)
        let file = try await inject(bench)
        #expect(contents(bench).contains("APP_KEY=\(try await bench.reveal("app/key"))"))
        let log = try await bench.log()
        let intent = try #require(log.last { $0.action == .known(.secretInject) && $0.phase == .intent })
        #expect(intent.mode == .known(.inject) && intent.detail.contains(AuditFact("file", file.id)))
        #expect(log.contains { $0.phase == .outcome(of: file.entry, result: "done") })
    }

    @Test("where a rule wants a person, values are asked for: exactly this file, once, and the use is taken with the intent") func approved()
        async throws
    {
        let bench = try await Sessions.bench(#""require_confirmation","by":"person""#)
        func asked(_ change: @escaping (inout InjectionWish) -> Void = { _ in }) async throws -> RequestView {
            do { try await inject(bench, ["app/key", "app/other"], .values, change) } catch EngineError.denied(let denial) {
                #expect(denial.code == "approval_required")
                if let found = try await bench.open.requests(by: bench.person()).first(where: { $0.id == denial.request }) { return found }
            }
            throw TestFailure("nothing was asked")
        }
        let request = try await asked { $0.secrets[1].variable = "X" }
        #expect(request.request.purpose == "a test" && request.request.rule == "rule")
        guard case .use(let subject, let names) = request.request.matter else { throw TestFailure("no use") }
        #expect(subject.use == .inject && subject.program == nil && names == ["default/dev/app/key@1", "default/dev/app/other@1"])
        #expect(subject.secrets.map(\.destination) == [.variable("APP_KEY"), .variable("X")])
        #expect(subject.file == BoundFile(format: .dotenv, reads: nil, life: .seconds(900)))
        let others: [(inout InjectionWish) -> Void] = [
            { _ in }, { ($0.secrets[1].variable, $0.format) = ("X", .json) }, { ($0.secrets[1].variable, $0.reads) = ("X", 1) },
            { ($0.secrets[1].variable, $0.life) = ("X", .seconds(901)) },
        ]
        for other in others { #expect(try await asked(other).id != request.id) }
        #expect(bench.files.drafts.isEmpty)
        _ = try await bench.open.decide(request.id, .approve(uses: 1, time: .seconds(60)), code: "\(request.code)", by: bench.person())
        let file = try await inject(bench, ["app/key", "app/other"]) { $0.secrets[1].variable = "X" }
        #expect(contents(bench) == ["APP_KEY=\(try await bench.reveal("app/key"))", "X=\(try await bench.reveal("app/other"))"])
        #expect(file.variables == ["APP_KEY", "X"])
        let intent = try #require(try await bench.log().last { $0.action == .known(.secretInject) && $0.phase == .intent })
        #expect(intent.detail.contains(AuditFact("approval", "\(request.id)")) && intent.recordsDigest != nil)
        #expect(try await asked { $0.secrets[1].variable = "X" }.id != request.id, "a replay is another request")
        #expect(bench.files.drafts.count == 1)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a file that could not be written is not asked for") func unasked() async throws {
        let bench = try await Sessions.bench(#""require_confirmation","by":"person""#)
        #expect(await Sessions.code { try await inject(bench, ["app/key", "app/key"]) } == "request.invalid")
        #expect(await Sessions.code { try await inject(bench, ["app/key"]) { $0.secrets[0].variable = "a-b" } } == "request.invalid")
        #expect(await Sessions.code { try await inject(bench, ["app/none"]) } != nil)
        try await inject(bench, ["app/key"], .references)
        #expect(try await bench.open.requests(by: bench.person()).isEmpty, "references need nobody")
    }

    @Test("without the capability there are no values; hidden, absent and unusable secrets are not written") func refusals() async throws {
        let bench = try await Sessions.bench(#""notify""#, capabilities: #""env_inject""#)
        #expect(await Sessions.code { try await inject(bench) } == "not_permitted")
        for content in InjectionWish.Content.allCases {
            for name in ["db/key", "db/none"] { #expect(await Sessions.code { try await inject(bench, [name], content) } == "secret.not-found") }
        }
        #expect(await Sessions.code { try await inject(bench, ["app/none"], .references) } == "secret.not-found")
        #expect(await Sessions.code { try await inject(bench, ["app/key", "app/key"], .references) } == "request.invalid")
        #expect(await Sessions.code { try await inject(bench, [], .references) } == "request.invalid")
        #expect(await Sessions.code { try await inject(bench, ["app/key#none"], .references) } == "field.not-found")
        #expect(await Sessions.code { try await inject(bench, ["app/key"], .references) { $0.life = .seconds(1) } } == "request.invalid")
        #expect(await Sessions.code { try await inject(bench, ["app/key"], .references) { $0.reads = 0 } } == "request.invalid")
        #expect(await Sessions.code { try await inject(bench, ["app/key"], .references) { $0.secrets[0].variable = "a-b" } } == "request.invalid")
        #expect(await Sessions.code { try await inject(bench, by: bench.person()) } == "request.invalid")
        #expect(bench.files.drafts.isEmpty)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("where command rules list programs, or a sandbox is asked for, no file has values") func programs() async throws {
        let bench = try await Sessions.bench(#""notify""#)
        let policy = #"{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["file_inject"]"#
        for json in [
            #"{"policies":[\#(policy)}]}"#,
            #"{"policies":[\#(policy),"unsandboxed":"allow"}],"command_rules":[{"name":"l","agent_id":"coder","keys":["**"],"programs":["/usr/bin/curl"]}]}"#,
        ] {
            _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
            #expect(await Sessions.code { try await inject(bench) } == "unavailable")
            #expect(try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.agent()).views.first?.usableWith == ["reference_only"])
        }
    }

    @Test(
        "what could be had by nothing is unavailable at once: nobody is asked, nothing woken or acknowledged for it",
        arguments: [#""require_session""#, #""require_confirmation","by":"agent""#, #""require_confirmation","by":"person""#])
    func hopeless(rule: String) async throws {
        let bench = try await Sessions.bench(#""notify""#)
        let policy = #"{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["file_inject"],"unsandboxed":"allow"}"#
        let tags = #"{"name":"rule","kind":\#(rule),"tags":["live"]}"#
        let commands = #"{"name":"l","agent_id":"coder","keys":["app/other"],"programs":["/usr/bin/curl"]}"#
        let json = #"{"policies":[\#(policy)],"tag_rules":[\#(tags)],"command_rules":[\#(commands)]}"#
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        #expect(await Sessions.code { try await inject(bench) } == "unavailable")
        #expect(try await bench.open.requests(by: bench.person()).isEmpty)
        let denied = try #require(try await bench.log().last { $0.action == .known(.secretInject) })
        #expect(denied.decision == .deny(code: "unavailable", rule: "p"))
    }

    @Test("a file that no right brings is told as one at once; beside a name that may not be listed the answer is the same whether that is there")
    func hidden() async throws {
        let bench = try await Sessions.bench(#""notify""#)
        let commands = #"{"name":"l","agent_id":"coder","keys":["**"],"programs":["/usr/bin/curl"]}"#
        for capability in ["env_inject", "file_inject"] {
            let policy = #"{"name":"p","agent_id":"coder","allowed_keys":["app/*"],"capabilities":["\#(capability)"],"unsandboxed":"allow"}"#
            let json = #"{"policies":[\#(policy)],"command_rules":[\#(commands)]}"#
            _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
            #expect(await Sessions.code { try await inject(bench) } == "unavailable")
            for others in [["app/key"], []] {
                let there = await Sessions.code { try await inject(bench, others + ["db/key"]) }
                let absent = await Sessions.code { try await inject(bench, others + ["db/none"]) }
                #expect(there == absent && there != nil, "\(capability) \(others): \(there ?? "")")
            }
            #expect(await Sessions.code { try await inject(bench, ["db/key", "app/key"]) } == "secret.not-found")
        }
    }

    @Test("a file with a value ends when its secret expires, whichever version it has; one of references does not") func expiries() async throws {
        let bench = try await Sessions.bench(#""notify""#)
        var patch = MetadataPatch()
        patch.expiry = .after(.seconds(120))
        _ = try await bench.open.patch(VaultBench.name("app/other"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        let reference = try await inject(bench, ["app/key", "app/other"], .references)
        let value = try await inject(bench, ["app/key", "app/other"])
        let pinned = try await inject(bench, ["app/other?version=1"])
        let other = try await inject(bench, ["app/key"])
        #expect(value.expiresAt < reference.expiresAt && pinned.expiresAt == value.expiresAt && other.expiresAt > value.expiresAt)
        bench.machine.advance(.seconds(119))
        try await bench.vault.upkeep()
        #expect(bench.files.removed.isEmpty)
        bench.machine.advance(.seconds(2))
        try await bench.vault.upkeep()
        #expect(Set(bench.files.removed) == [value.id, pinned.id])
    }

    @Test("a file ends by its time, with its session, by its agent, by a person, with the badge, by the lock, and unused with it", arguments: 0..<7)
    func ends(way: Int) async throws {
        let bench = try await Sessions.bench()
        let session = try await Sessions.wake(bench) { ($0.life, $0.patience) = (.seconds(600), .seconds(way == 6 ? 300 : 600)) }
        let file = try await inject(bench)
        #expect(file.expiresAt <= session.until, "a file does not outlast the session that its values were had in")
        switch way {
        case 0:
            bench.machine.advance(.seconds(599))
            try await bench.vault.upkeep()
            #expect(bench.files.drafts.count == 1)
            bench.machine.advance(.seconds(2))
            try await bench.vault.upkeep()
        case 1:
            var wish = SleepWish()
            (wish.what, wish.ids) = (.session, [session.id])
            #expect(try await bench.open.sleep(wish, by: bench.agent()) == Slumber(sessions: 1, files: 1))
        case 2:
            var wish = SleepWish()
            (wish.what, wish.ids) = (.files, [file.id])
            #expect(try await bench.open.sleep(wish, by: Sessions.stranger(bench)) == Slumber(), "a file of another's")
            #expect(try await bench.open.sleep(wish, by: bench.agent()) == Slumber(sessions: 0, files: 1))
        case 3: #expect(try await bench.open.sleep(SleepWish(), by: bench.person(steppedUp: false)) == Slumber(sessions: 1, files: 1))
        case 4:
            guard let holder = try bench.agent().holder else { throw TestFailure("no holder") }
            try await bench.open.endHoldings(of: holder)
        case 5: try await bench.lock()
        default:
            bench.machine.advance(.seconds(301))
            try await bench.vault.upkeep()
        }
        #expect(bench.files.drafts.isEmpty)
        #expect(bench.files.removed == [file.id])
        if way == 5 { try await bench.unlock() }
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("a file with values of two sessions ends with either", arguments: ["app/key", "app/other"]) func twoSessions(ending: String) async throws {
        let bench = try await Sessions.bench()
        var ids: [String: String] = [:]
        for (name, life) in [("app/key", 600), ("app/other", 1200)] {
            ids[name] = try await Sessions.wake(bench, [name]) { $0.life = .seconds(life) }.id
        }
        let file = try await inject(bench, ["app/key", "app/other"])
        var wish = SleepWish()
        (wish.what, wish.ids) = (.session, [try #require(ids[ending])])
        #expect(try await bench.open.sleep(wish, by: bench.agent()) == Slumber(sessions: 1, files: 1))
        #expect(bench.files.removed == [file.id])
    }

    @Test("no file outlasts a policy that is put in force after it") func policies() async throws {
        let bench = try await Sessions.bench(#""notify""#)
        let file = try await inject(bench)
        _ = try await bench.open.applyPolicy(json: Array(#"{"policies":[]}"#.utf8), text: nil, expectedVersion: nil, by: bench.person())
        #expect(bench.files.removed == [file.id])
        #expect(try await bench.log().contains { $0.action == .known(.fileRemove) && $0.detail.contains(AuditFact("file", file.id)) })
    }

    @Test(
        "a deletion ends each file with the secret, a new version those with the value that was current, a name, tag or term those with any value",
        arguments: ["delete", "set", "import", "rollback", "rename", "tag", "renew", "describe"])
    func fates(_ act: String) async throws {
        let bench = try await Sessions.bench(#""notify""#)
        let reference = try await inject(bench, ["app/other", "app/key"], .references)
        let value = try await inject(bench, ["app/other", "app/key"])
        let pinned = try await inject(bench, ["app/key?version=1"])
        let other = try await inject(bench, ["app/other"])
        try await Self.perform(act, on: VaultBench.name("app/key"), bench)
        let expected: [InjectedFile] =
            switch act {
            case "delete": [reference, value, pinned]
            case "set", "import", "rollback": [value]
            case "describe": []
            default: [value, pinned]
            }
        #expect(Set(bench.files.removed) == Set(expected.map(\.id)), "\(act)")
        #expect(bench.files.drafts.map(\.id).contains(other.id))
        let log = try await bench.log()
        for file in expected { #expect(log.contains { $0.action == .known(.fileRemove) && $0.detail.contains(AuditFact("file", file.id)) }) }
    }

    private static func perform(_ act: String, on name: SecretName, _ bench: VaultBench) async throws {
        let (open, scope, person) = (try bench.open, VaultBench.dev, bench.person())
        var patch = MetadataPatch()
        switch act {
        case "delete": _ = try await open.delete(name, in: scope, by: person)
        case "set": try await bench.set("\(name)", bench.canary().secret)
        case "import":
            let wish = ImportWish(secrets: [VaultBench.write("\(name)", bench.canary().secret)], conflict: .overwrite, isDryRun: false)
            _ = try await open.importSecrets(wish, in: scope, by: person)
        case "rollback": _ = try await open.rollback(name, in: scope, to: 1, expectedRevision: nil, by: person)
        case "rename": patch.name = VaultBench.name("app/renamed")
        case "tag": patch.addTags = ["more"]
        case "renew": patch.expiry = .after(.seconds(60))
        default: patch.description = "words"
        }
        guard ["rename", "tag", "renew", "describe"].contains(act) else { return }
        _ = try await open.patch(name, in: scope, patch, expectedRevision: nil, by: person)
    }

    @Test("a file whose secret is deleted while it is written is not given out, and is gone") func deletedMeanwhile() async throws {
        let deletion = Mutex<(@Sendable () async throws -> Void)?>(nil)
        let bench = VaultBench {
            // While the value is read, which is after the decision and before the file.
            HookedStore($0) { name in if name == "field", let delete = deletion.withLock({ $0.take() }) { try await delete() } }
        }
        try await bench.create()
        _ = try await Sessions.bench(#""notify""#, on: bench)
        let (open, person) = (try bench.open, bench.person())
        deletion.withLock { $0 = { _ = try await open.delete(VaultBench.name("app/key"), in: VaultBench.dev, by: person) } }
        #expect(await Sessions.code { try await inject(bench) } == "request.invalid")
        #expect(bench.files.drafts.isEmpty)
        #expect(try await bench.open.sleep(SleepWish(), by: bench.agent()) == Slumber())
    }

    @Test("processes without a badge leave room for agents that have one") func strangers() async throws {
        let bench = try await Sessions.bench(#""notify""#)
        for process: Int32 in [70, 71] {
            for _ in 0..<SessionFileBook.limitPerHolder {
                try await inject(bench, ["app/key"], .references, by: Sessions.stranger(bench, process: process))
            }
        }
        #expect(
            await Sessions.code { try await inject(bench, ["app/key"], .references, by: Sessions.stranger(bench, process: 72)) } == "session.too-many"
        )
        try await inject(bench, ["app/key"], .references)
    }

    @Test("a lock that comes while a file is written leaves none") func race() async throws {
        let bench = try await Sessions.bench(#""notify""#)
        let open = try bench.open
        bench.files.whileWriting { _ = open.files.close() }
        #expect(await Sessions.code { try await inject(bench) } == "vault.locked")
        #expect(bench.files.drafts.isEmpty)
        #expect(await Sessions.code { try await inject(bench) } == "vault.locked")
        #expect(bench.files.drafts.isEmpty)
    }

    @Test("a pipe that is ended while it is made is offered to nobody") func orphan() async throws {
        let bench = try await Sessions.bench(#""notify""#)
        let open = try bench.open
        bench.files.whileWriting { _ = open.files.end { _ in true } }
        #expect(await Sessions.code { try await inject(bench) { $0.reads = 2 } } == "request.invalid")
        #expect(bench.files.drafts.isEmpty)
    }

    @Test("a file that cannot be written is an outcome in the log and holds no place") func failure() async throws {
        let bench = try await Sessions.bench(#""notify""#)
        bench.files.fail(with: .invalid("no room", hint: nil))
        #expect(await Sessions.code { try await inject(bench) } == "request.invalid")
        let log = try await bench.log()
        let last = try #require(log.last { $0.action == .known(.secretInject) })
        guard case .outcome(_, "request.invalid") = last.phase else { throw TestFailure("\(last.phase)") }
        bench.files.fail(with: nil)
        for _ in 0..<SessionFileBook.limitPerHolder { try await inject(bench, ["app/key"], .references) }
        #expect(await Sessions.code { try await inject(bench, ["app/key"], .references) } == "session.too-many")
    }

    @Test("a pipe that was read as often as it may be is gone, and that is written down") func pipe() async throws {
        let bench = try await Sessions.bench(#""notify""#)
        let file = try await inject(bench) { $0.reads = 1 }
        #expect(bench.files.drafts.first?.reads == 1)
        bench.files.exhaust(file.id)
        while try await !bench.log().contains(where: { $0.action == .known(.fileRemove) }) { await Task.yield() }
        #expect(try await bench.open.sleep(SleepWish(), by: bench.agent()) == Slumber())
    }
}
