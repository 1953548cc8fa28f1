import Approvals
import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// What a person's approval is good for: exactly what was asked, as often as it says.
@Suite("Acts that a person approves") struct ApprovalTests {
    private static let curl = OpenedProgram(path: "/usr/bin/curl", names: ["curl"], runsAnyCode: false, isWritableByCaller: false, isBound: true)

    /// A vault with `app/key`, which a person has to approve, and `app/other`, which nobody has.
    func bench(_ rules: String = "", holding: Duration = .zero) async throws -> VaultBench {
        let bench = VaultBench(holdTime: holding)
        try await bench.create()
        var write = VaultBench.write("app/key", bench.canary().secret)
        write.tags = ["live"]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        try await bench.set("app/other", bench.canary().secret)
        let json = """
            {"policies":[{"name":"first","agent_id":"*","allowed_keys":["app/*"],"capabilities":["masked_return","env_inject"],\
            "unsandboxed":"allow"}],"tag_rules":[{"name":"live","kind":"require_confirmation","tags":["live"],"by":"person"}]\(rules)}
            """
        _ = try await bench.open.applyPolicy(json: Array(json.utf8), text: nil, expectedVersion: nil, by: bench.person())
        return bench
    }

    static let live = #","tag_rules":[{"name":"live","kind":"require_confirmation","tags":["live"],"by":"person"}]"#

    func wish(_ arguments: [String] = ["curl", "x"], _ names: [String] = ["app/key"], _ change: (inout RunWish) -> Void = { _ in }) throws
        -> RunWish
    {
        var wish = RunWish(arguments: arguments, scope: VaultBench.dev)
        wish.secrets = try names.map { .init(reference: try SecretReference(parsing: $0)) }
        wish.purpose = "list\n invoices"
        change(&wish)
        return wish
    }

    static func text(_ before: String, _ after: String) -> InputText { InputText(before: before, after: after) ?? .none }

    func denial(_ body: () async throws -> Void) async -> EngineError.Denial? {
        do { try await body() } catch EngineError.denied(let denial) { return denial } catch { Issue.record("\(error)") }
        return nil
    }

    /// The request that a refused run left.
    func asked(_ bench: VaultBench, _ wish: RunWish, by asker: Asker? = nil) async throws -> RequestView {
        let denial = await denial { _ = try await bench.open.prepareRun(wish, by: try asker ?? bench.agent()) }
        #expect(denial?.code == "approval_required")
        let id = try #require(denial?.request)
        return try #require(try await bench.open.requests(by: bench.person()).first { $0.id == id })
    }

    func approve(_ bench: VaultBench, _ request: RequestView, uses: Int64 = 1, time: Duration = .seconds(600)) async throws {
        _ = try await bench.open.decide(request.id, .approve(uses: uses, time: time), code: "\(request.code)", by: bench.person())
    }

    @Test("a run waits for a person, says with what to come back, and goes on once it was approved; the use and its entry are one transaction")
    func run() async throws {
        let bench = try await bench()
        let request = try await asked(bench, try wish())
        #expect(request.request.purpose == "list invoices")
        #expect(request.request.rule == "live")
        #expect(request.request.asker.name == "coder" && request.request.asker.process == 4242)
        guard case .use(let subject, let names) = request.request.matter else { return #expect(Bool(false), "no use") }
        #expect(names == ["default/dev/app/key@1"])
        let content = [UInt8](repeating: 0xAB, count: 32)
        #expect(subject.program == BoundProgram(path: "/usr/bin/curl", hash: content, notBound: ["files that the program reads"]))
        #expect(subject.arguments == ["curl", "x"] && subject.variables == ["APP_KEY"])
        #expect(bench.runners.jobs.isEmpty)
        try await approve(bench, request)
        let run = try await bench.open.prepareRun(try wish(), by: bench.agent())
        #expect(run.job.values.map(\.variable) == [nil, "APP_KEY"], "standard input is empty, and nothing that the client sends")
        let intent = try #require(try await bench.log().last { $0.phase == .intent && $0.action == .known(.run) })
        #expect(intent.detail.contains(AuditFact("approval", "\(request.id)")))
        #expect(intent.recordsDigest != nil, "the entry carries the row of the use that was taken")
        #expect(try await bench.open.requests(by: bench.person()).map(\.standing) == [.usedUp])
        #expect(try await asked(bench, try wish()).id != request.id, "a replay is another request")
    }

    @Test("what differs in anything is another request, and the approval stays for its own")
    func changed() async throws {
        let bench = try await bench()
        let request = try await asked(bench, try wish())
        try await approve(bench, request)
        let others: [RunWish] = [
            try wish(["curl", "y"]), try wish(["curl", "x", ""]), try wish(["curl", "x"], ["app/key", "app/other"]),
            try wish { $0.workingDirectory = "/tmp" }, try wish { $0.timeout = .seconds(51) }, try wish { $0.secrets[0].way = .file },
            try wish { $0.secrets[0].way = .standardInput(.none) }, try wish { $0.input = Array("y".utf8) }, try wish { $0.prefix = "P_" },
            try wish { $0.secrets[0].variable = "OTHER" }, try wish { $0.secrets[0].way = .standardInput(Self.text("ab", "c")) },
            try wish { $0.secrets[0].way = .standardInput(Self.text("a", "bc")) },
        ]
        for other in others {
            let asked = try await asked(bench, other)
            #expect(asked.id != request.id)
            // No more than ten may wait.
            _ = try await bench.open.decide(asked.id, .deny, code: "\(asked.code)", by: bench.person())
        }
        var program = Self.curl
        program.fingerprint = ProgramFingerprint(parsing: String(repeating: "0", count: 64))
        bench.runners.find(program)
        #expect(try await asked(bench, try wish()).id != request.id, "the program's content")
        bench.runners.find(Self.curl)
        #expect(try await asked(bench, try wish(), by: bench.otherAgent()).id != request.id, "another agent")
        var write = VaultBench.write("app/key", bench.canary().secret)
        write.tags = ["live"]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        #expect(try await asked(bench, try wish()).id != request.id, "a new version")
        #expect(try await bench.open.requests(by: bench.person()).first { $0.id == request.id }?.standing.isOpen == true)
    }

    @Test("standard input that was told is bound and given; what would only be sent later is refused")
    func input() async throws {
        let bench = try await bench()
        let told = try wish { $0.input = Array("body".utf8) }
        try await approve(bench, try await asked(bench, told))
        let run = try await bench.open.prepareRun(told, by: bench.agent())
        #expect(run.job.values.first { $0.variable == nil }?.value.text == "body")
        let later = try wish { $0.sendsInput = true }
        await #expect(throws: EngineError.self) { _ = try await bench.open.prepareRun(later, by: bench.agent()) }
        let long = try wish(["curl", String(repeating: "x", count: 16 << 10)])
        await #expect(throws: EngineError.self) { _ = try await bench.open.prepareRun(long, by: bench.agent()) }
        #expect(try await bench.open.requests(by: bench.person()).count == 1)
        // Without a rule it goes as ever.
        let free = try await bench.open.prepareRun(
            try wish(["curl"], ["app/other"]) { $0.input = Array("free".utf8) }, by: bench.agent())
        #expect(free.job.values.contains { $0.variable == nil && $0.value.text == "free" })
    }

    @Test("what cannot be bound is refused, unless a rule allows any code; then the person is told what is not bound")
    func notBound() async throws {
        let program = OpenedProgram(path: "/usr/bin/sh", names: ["sh"], runsAnyCode: true, isWritableByCaller: false, isBound: true)
        let strict = try await bench()
        strict.runners.find(program)
        let refusal = await denial { _ = try await strict.open.prepareRun(try wish(["sh", "-c", "x"]), by: strict.agent()) }
        #expect(refusal?.code == "command_blocked" && refusal?.rule == "live")
        #expect(try await strict.open.requests(by: strict.person()).isEmpty)
        #expect(try await strict.log().contains { $0.decision == .deny(code: "command_blocked", rule: "live") })
        let open = try await bench(
            #","command_rules":[{"name":"list","agent_id":"*","keys":["app/*"],"programs":["/usr/bin/sh"],"any_code":"allow"}]"#)
        open.runners.find(program)
        guard case .use(let subject, _) = try await asked(open, try wish(["sh", "-c", "x"])).request.matter else { return }
        #expect(subject.program?.notBound.isEmpty == false)
    }

    @Test("a budget is so many uses for so long, and a person can take it back")
    func budget() async throws {
        let bench = try await bench()
        let request = try await asked(bench, try wish())
        try await approve(bench, request, uses: 2)
        for _ in 1...2 { _ = try await bench.open.prepareRun(try wish(), by: bench.agent()) }
        let second = try await asked(bench, try wish())
        try await approve(bench, second, uses: 9, time: .seconds(60))
        bench.machine.advance(.seconds(61))
        let third = try await asked(bench, try wish())
        #expect(third.id != second.id)
        try await approve(bench, third)
        _ = try await bench.open.decide(third.id, .deny, code: "\(third.code)", by: bench.person())
        let refusal = await denial { _ = try await bench.open.prepareRun(try wish(), by: bench.agent()) }
        #expect(refusal?.code == "not_permitted" && refusal?.request == third.id)
    }

    @Test("a call is held until the person decides: approved it goes on, denied it ends")
    func held() async throws {
        let bench = try await bench(holding: .seconds(600))
        async let run = bench.open.prepareRun(try wish(), by: bench.agent())
        let request = try await firstRequest(bench)
        try await approve(bench, request)
        #expect(try await run.job.values.count == 2)
        async let other = denial { _ = try await bench.open.prepareRun(try wish(["curl", "y"]), by: bench.agent()) }
        let second = try await firstRequest(bench, besides: request)
        _ = try await bench.open.decide(second.id, .deny, code: "\(second.code)", by: bench.person())
        let denied = await other
        #expect(denied?.code == "not_permitted" && denied?.rule == "live")
    }

    @Test("a lock ends each wait, and nobody that waited holds the vault's keys any longer") func locked() async throws {
        let bench = try await bench(holding: .seconds(600))
        let open = try bench.open
        let (person, agent) = (bench.person(), try bench.agent())
        let held = try wish()
        async let run = denied { _ = try await open.prepareRun(held, by: agent) }
        let request = try await firstRequest(bench)
        async let check = denied { _ = try await open.request(request.id, waiting: .seconds(600), by: agent) }
        let mark = try await open.requests(since: nil, waiting: .zero, by: person).mark
        async let watch = denied { _ = try await open.requests(since: mark, waiting: .seconds(600), by: person) }
        try await bench.lock()
        for error in await [run, check, watch] { #expect(error == .locked) }
        #expect(await denied { _ = try await open.request(request.id, waiting: .seconds(600), by: agent) } == .locked)
    }

    private func denied(_ body: @Sendable () async throws -> Void) async -> EngineError? {
        do { try await body() } catch { return error as? EngineError }
        return nil
    }

    @Test("a call that nobody waits for any more takes no use") func abandoned() async throws {
        let bench = try await bench(holding: .seconds(600))
        let isThere = Flag(true)
        var wish = try wish()
        wish.isAwaited = { isThere.isSet }
        let left = wish
        async let run = denial { _ = try await bench.open.prepareRun(left, by: bench.agent()) }
        let request = try await firstRequest(bench)
        isThere.set(false)
        try await approve(bench, request)
        #expect(await run?.reason == "nobody waits for the answer any more")
        #expect(try await bench.open.requests(by: bench.person()).first?.standing.isOpen == true)
    }

    @Test("a call that is left before its request is written down asks nobody, and keeps no place of those that may wait")
    func leftUnasked() async throws {
        let bench = try await bench()
        // There at the first look and gone at the next, as when a run ends meanwhile and takes back what it asked.
        let isThere = Flag(true)
        var wish = try wish()
        wish.isAwaited = {
            defer { isThere.set(false) }
            return isThere.isSet
        }
        let left = wish
        let refusal = await denial { _ = try await bench.open.prepareRun(left, by: bench.agent()) }
        #expect(refusal?.reason == "nobody waits for the answer any more")
        #expect(try await bench.open.requests(by: bench.person()).isEmpty)
    }

    /// The request that a held call makes, as a person who watches sees it.
    func firstRequest(_ bench: VaultBench, besides other: RequestView? = nil) async throws -> RequestView {
        var mark: UInt64?
        while true {
            let (now, requests) = try await bench.open.requests(since: mark, waiting: .seconds(600), by: bench.person())
            mark = now
            if let request = requests?.first(where: { $0.id != other?.id && $0.standing == .pending }) { return request }
        }
    }

    @Test("a mask is held too where a rule wants a person, and an approval of a run is none of it") func mask() async throws {
        let bench = try await bench()
        try await approve(bench, try await asked(bench, try wish()))
        let reference = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        let refusal = await denial { _ = try await bench.open.masked(reference, by: bench.agent()) }
        #expect(refusal?.code == "approval_required" && refusal?.nextStep == "access_check")
        let id = try #require(refusal?.request)
        let request = try #require(try await bench.open.requests(by: bench.person()).first { $0.id == id })
        try await approve(bench, request)
        #expect(try await bench.open.masked(reference, by: bench.agent()).text.hasPrefix("********"))
        #expect(await denial { _ = try await bench.open.masked(reference, by: bench.agent()) }?.code == "approval_required")
    }

    @Test("a value is revealed to an agent once for each approval of that very value, and to a tool never") func reveal() async throws {
        let bench = try await bench()
        try await bench.allow([.reveal])
        var agent = try bench.agent()
        agent.source = .api
        let asker = agent
        let reference = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        let refusal = await denial { _ = try await bench.open.reveal(reference, purpose: "look", by: asker) }
        #expect(refusal?.code == "approval_required")
        let id = try #require(refusal?.request)
        let request = try #require(try await bench.open.requests(by: bench.person()).first { $0.id == id })
        #expect(request.request.purpose == "look")
        try await approve(bench, request)
        let value = try await bench.open.reveal(reference, purpose: "look", by: asker).value.text
        #expect(try await bench.reveal("app/key") == value)
        #expect(await denial { _ = try await bench.open.reveal(reference, purpose: "look", by: asker) }?.code == "approval_required")
        #expect(await denial { _ = try await bench.open.reveal(reference, purpose: "look", by: bench.agent()) } == .personOnly)
    }

    @Test("a value that a person gives to a program without badge goes to that process and to no other") func revealToProcess() async throws {
        let bench = try await bench()
        try await bench.allow([.reveal], agent: "unidentified")
        func process(_ number: Int32) -> Asker {
            var asker = bench.nobody()
            asker.source = .api
            asker.origin.process = number
            return asker
        }
        let reference = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key"))
        let refusal = await denial { _ = try await bench.open.reveal(reference, purpose: "look", by: process(77)) }
        let id = try #require(refusal?.request)
        let other = await denial { _ = try await bench.open.reveal(reference, purpose: "look", by: process(78)) }
        #expect(other?.request != id, "another process has a request of its own")
        let request = try #require(try await bench.open.requests(by: bench.person()).first { $0.id == id })
        #expect(request.request.asker.process == 77)
        try await approve(bench, request, uses: 2)
        #expect(await denial { _ = try await bench.open.reveal(reference, purpose: "look", by: process(78)) }?.code == "approval_required")
        bench.machine.advance(.seconds(60))
        var successor = process(77)
        successor.processStart = try UInt64(bench.open.clock.steady().nanoseconds / 10_000_000)
        let later = successor
        #expect(
            await denial { _ = try await bench.open.reveal(reference, purpose: "look", by: later) }?.code == "approval_required",
            "a later process of the same number is another")
        let value = try await bench.open.reveal(reference, purpose: "look", by: process(77)).value.text
        #expect(try await bench.reveal("app/key") == value)
    }

    @Test("of a secret with several fields, the request says which one would be seen") func revealedField() async throws {
        let bench = try await bench()
        try await bench.allow([.reveal])
        var write = VaultBench.write("app/login", bench.canary().secret, field: "user", kind: .plain)
        write.fields.append(.init(name: VaultBench.segment("password"), kind: .secret, value: bench.canary().secret))
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        var asker = try bench.agent()
        asker.source = .api
        let agent = asker
        for field in ["user", "password"] {
            let reference = FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/login"), field: VaultBench.segment(field))
            let refusal = await denial { _ = try await bench.open.reveal(reference, purpose: "look", by: agent) }
            let request = try await bench.open.requests(by: bench.person()).first { $0.id == refusal?.request }
            guard case .use(_, let names)? = request?.request.matter else { throw TestFailure("no use") }
            #expect(names == ["default/dev/app/login#\(field)@1"])
        }
    }

    @Test("whichever call of the store breaks, a use is taken exactly when its intent is in the log, and no run without both") func failing()
        async throws
    {
        let made = try await bench()
        try await approve(made, try await asked(made, try wish()))
        try await made.lock()
        let base = try await StoreDump(of: made.store)
        var broken = 0
        for moment in FailingStore.Moment.allCases {
            for number in 1...50 {
                let bench = VaultBench(store: try await base.load(), isMade: true) { FailingStore($0, failing: number, moment) }
                var run: PreparedRun?
                do {
                    try await bench.unlock()
                    run = try await bench.open.prepareRun(try wish(), by: bench.agent())
                } catch {}
                guard try await (bench.vault.store() as? FailingStore)?.hasFailed ?? false else { break }
                broken += 1
                if !bench.vault.isUnlocked { try await bench.unlock() }
                let uses = try await bench.log().count { entry in entry.phase == .intent && entry.detail.contains { $0.key == "approval" } }
                let isTaken = try await bench.open.requests(by: bench.person()).first?.standing == .usedUp
                #expect(uses == (isTaken ? 1 : 0), "call \(number), \(moment)")
                if run != nil { #expect(isTaken) }
                #expect(try await bench.verify().verdict.isIntact)
            }
        }
        #expect(broken > 10)
    }

    @Test("waiting for requests does not put the idle lock off, and looking at them does") func idle() async throws {
        let bench = try await bench()
        let person = bench.person()
        let mark = try await bench.open.requests(since: nil, waiting: .zero, by: person).mark
        bench.machine.advance(.seconds(14 * 60))
        _ = try await bench.vault.opened(for: person, isWaiting: true).requests(since: mark, waiting: .zero, by: person)
        bench.machine.advance(.seconds(2 * 60))
        #expect(throws: EngineError.locked) { _ = try bench.vault.opened(for: person, isWaiting: true) }
        try await bench.unlock()
        bench.machine.advance(.seconds(14 * 60))
        _ = try bench.vault.opened(for: person)
        bench.machine.advance(.seconds(2 * 60))
        _ = try bench.vault.opened(for: person, isWaiting: true)
    }

    @Test("watching shows what comes, and waiting alone is not in the log") func watching() async throws {
        let bench = try await bench()
        let (mark, first) = try await bench.open.requests(since: nil, waiting: .zero, by: bench.person())
        #expect(first?.isEmpty == true)
        let entries = try await bench.log().count
        let (same, none) = try await bench.open.requests(since: mark, waiting: .zero, by: bench.person())
        #expect(same == mark && none == nil)
        #expect(try await bench.log(from: Int64(entries)).allSatisfy { $0.action != .known(.approvalList) })
        _ = try await asked(bench, try wish())
        #expect(try await bench.open.requests(since: mark, waiting: .zero, by: bench.person()).requests?.count == 1)
        for asker in [try bench.agent(), bench.nobody()] {
            #expect(await denial { _ = try await bench.open.requests(since: mark, waiting: .zero, by: asker) } == .personOnly)
        }
    }
}
