import Approvals
import Auditing
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

@Suite("Requests of agents") struct RequestTests {
    private let proposal = ApprovalRequest.Proposal(scope: "default/dev", names: ["stripe/api-key"], capability: nil)

    private func error(_ body: () async throws -> Void) async -> (any Error)? {
        do { try await body() } catch { return error }
        return nil
    }

    private func use(_ bench: VaultBench, _ arguments: [String] = ["curl", "x"]) throws -> ApprovalRequest {
        let now = try bench.open.expiryClock()
        let subject = ApprovalSubject(.run, agent: nil, arguments: arguments, secrets: [])
        return ApprovalRequest(
            createdAt: now, expiresAt: now.advanced(by: ApprovalRequest.patience), asker: .init(try bench.agent()),
            matter: .use(subject, names: []), purpose: "p", rule: "r")
    }

    @Test("a proposal waits until a person has done it, and its entry and row are one transaction") func proposed() async throws {
        let bench = try await VaultBench.unlocked()
        let asked = try await bench.open.propose(proposal, purpose: "billing\ntests", by: bench.agent())
        #expect(asked.standing == .pending)
        #expect(asked.request.purpose == "billingtests")
        let seen = try await bench.open.requests(by: bench.person())
        #expect(seen.map(\.id) == [asked.id] && seen[0].code == asked.code)
        let done = try await bench.open.decide(asked.id, .done, code: "\(asked.code)", by: bench.person())
        #expect(done.standing == .done)
        #expect(try await bench.open.request(asked.id, waiting: .zero, by: bench.agent()).standing == .done)
        let actions = try await bench.log().map(\.action.text)
        #expect(actions.contains("approval.request") && actions.contains("approval.done"))
    }

    @Test("the log says what was proposed: names and the right, and no word of the agent's own; of what was refused it has no name") func logged()
        async throws
    {
        let bench = try await VaultBench.unlocked()
        let stored = try await bench.open.propose(proposal, purpose: "CANARY words", by: bench.agent())
        let right = ApprovalRequest.Proposal(
            scope: "default/dev", names: ["a", "b"], capability: Capability.envInject.rawValue, program: "/opt/CANARY/program")
        _ = try await bench.open.propose(right, purpose: "CANARY words", by: bench.agent())
        let file = ApprovalRequest.Proposal(scope: "default/dev", names: [], capability: nil, file: "/x/CANARY.env")
        _ = try await bench.open.propose(file, purpose: "", by: bench.agent())
        for number in 0..<12 {
            _ = try? await bench.open.propose(.init(scope: "default/dev", names: ["n\(number)"], capability: nil), purpose: "", by: bench.agent())
        }
        let entries = try await bench.log().filter { $0.action.text == "approval.request" }
        let asked = entries.filter { $0.decision.effect == .allow }
        #expect(asked[0].subjects.map(\.name) == ["default/dev/stripe/api-key", nil] && asked[0].subjects[1].record == stored.id)
        #expect(asked[0].detail == [AuditFact("asks", "store")])
        #expect(asked[1].subjects.map(\.name) == ["default/dev/a", "default/dev/b", nil] && asked[1].detail == [AuditFact("asks", "env_inject")])
        #expect(asked[2].subjects.map(\.name) == ["default/dev", nil])
        let refused = entries.filter { $0.decision.effect == .deny }
        #expect(asked.count == 10 && !refused.isEmpty && refused.allSatisfy { $0.subjects.isEmpty && $0.detail.isEmpty })
        #expect(!"\(entries)".contains("CANARY"))
    }

    @Test("asking for the same again is the same request; a denied one stays denied for ten minutes, and can be asked anew then") func repeated()
        async throws
    {
        let bench = try await VaultBench.unlocked()
        let first = try await bench.open.propose(proposal, purpose: "a", by: bench.agent())
        #expect(try await bench.open.propose(proposal, purpose: "b", by: bench.agent()).id == first.id)
        _ = try await bench.open.decide(first.id, .deny, code: "\(first.code)", by: bench.person())
        let again = try await bench.open.propose(proposal, purpose: "c", by: bench.agent())
        #expect(again.id == first.id && again.standing == .denied)
        bench.machine.advance(ApprovalRequest.denialLife)
        try await bench.unlock()
        #expect(try await bench.open.propose(proposal, purpose: "c", by: bench.agent()).id != first.id)
    }

    @Test(
        "what the policy gives already is not asked of a person; what it does not, what is not there or may not be known of, and another program, is")
    func given() async throws {
        func proposal(_ names: [String], _ capability: Capability = .envInject, _ program: String? = nil) -> ApprovalRequest.Proposal {
            .init(scope: "default/dev", names: names, capability: capability.rawValue, program: program)
        }
        let bench = try await VaultBench.unlocked()
        let rules = #","command_rules":[{"name":"l","agent_id":"coder","keys":["app/listed"],"programs":["/usr/bin/curl"]}]"#
        try await bench.allow([.envInject, .maskedReturn], rules: rules)
        for name in ["app/listed", "app/root-key", "db/key"] { try await bench.set(name, bench.canary().secret) }
        bench.runners.find(OpenedProgram(path: "/usr/bin/curl", runsAnyCode: false, isWritableByCaller: false, isBound: true))
        let already = EngineError.invalid(
            "you have this right already", hint: "make the call; what it still asks for is what secret_list says in `requires`")
        for asked in [proposal(["app/listed"]), proposal(["app/listed"], .maskedReturn), proposal(["app/listed"], .referenceOnly)] {
            #expect(await error { _ = try await bench.open.propose(asked, purpose: "", by: bench.agent()) } as? EngineError == already)
        }
        let program = await error { _ = try await bench.open.propose(proposal(["app/listed"], .envInject, "curl"), purpose: "", by: bench.agent()) }
        #expect((program as? EngineError)?.message == "this program may have it already")
        let file = await error { _ = try await bench.open.propose(proposal(["app/listed"], .fileInject), purpose: "", by: bench.agent()) }
        guard case .denied(let denial)? = file as? EngineError else { throw Missing() }
        #expect(denial.code == "unavailable")
        bench.runners.find(OpenedProgram(path: "/usr/bin/wget", runsAnyCode: false, isWritableByCaller: false, isBound: true))
        for asked in [
            proposal(["app/listed"], .envInject, "wget"), proposal(["app/listed", "app/absent"]), proposal(["app/listed", "db/key"]),
            proposal(["app/root-key"]), proposal(["db/key"], .fileInject), proposal(["app/listed"], .reveal),
        ] { #expect(try await bench.open.propose(asked, purpose: "", by: bench.agent()).standing == .pending) }
        #expect(bench.runners.jobs.isEmpty, "nothing was run")
        #expect(try await bench.log().contains { $0.action == .known(.approvalRequest) && $0.decision.effect == .deny })
    }

    private struct Missing: Error {}

    /// What a runner says of a program that is not there.
    private struct Gone: Diagnosable {
        let code = "run.program-not-found"
        let message = "there is no program"
        let hint: String? = nil
    }

    @Test("a program that is not there is asked for of nobody, and the refusal is written down") func absentProgram() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.allow([.maskedReturn])
        bench.runners.whenOpening { throw Gone() }
        let asked = ApprovalRequest.Proposal(scope: "default/dev", names: ["app/key"], capability: "env_inject", program: "gone")
        #expect(await error { _ = try await bench.open.propose(asked, purpose: "", by: bench.agent()) } is Gone)
        #expect(try await bench.open.requests(by: bench.person()).isEmpty)
        #expect(try await bench.log().contains { $0.action == .known(.approvalRequest) && $0.decision == .deny(code: "run.program-not-found") })
    }

    @Test("ten of an agent's requests wait at most, and another agent's are not counted") func bounded() async throws {
        let bench = try await VaultBench.unlocked()
        for number in 0..<10 {
            let proposal = ApprovalRequest.Proposal(scope: "default/dev", names: ["n\(number)"], capability: nil)
            _ = try await bench.open.propose(proposal, purpose: "", by: bench.agent())
        }
        #expect(
            await error { _ = try await bench.open.propose(proposal, purpose: "", by: bench.agent()) } as? EngineError == .denied(.tooManyRequests))
        _ = try await bench.open.propose(proposal, purpose: "", by: bench.nobody())
        // Proposals keep no use from being asked for, nor uses a proposal.
        for number in 0..<10 { _ = try await bench.open.ask(try use(bench, ["\(number)"]), by: bench.agent(), on: []) }
        #expect(
            await error { _ = try await bench.open.ask(try use(bench, ["10"]), by: bench.agent(), on: []) } as? EngineError
                == .denied(.tooManyRequests))
    }

    @Test("three requests of one process without badge wait at most, and ten of all of them") func boundedProcesses() async throws {
        let bench = try await VaultBench.unlocked()
        func ask(_ process: Int32, _ number: Int) async throws {
            var asker = bench.nobody()
            asker.origin.process = process
            let proposal = ApprovalRequest.Proposal(scope: "default/dev", names: ["n\(process)-\(number)"], capability: nil)
            _ = try await bench.open.propose(proposal, purpose: "", by: asker)
        }
        for process in Int32(1)...3 {
            for number in 0..<3 { try await ask(process, number) }
            #expect(await error { try await ask(process, 3) } as? EngineError == .denied(.tooManyOfProcess))
        }
        try await ask(4, 0)
        #expect(await error { try await ask(5, 0) } as? EngineError == .denied(.tooManyRequests))
        _ = try await bench.open.propose(proposal, purpose: "", by: bench.agent())
    }

    @Test("a denial is kept as long as it answers, however many others are over") func keptDenials() async throws {
        let bench = try await VaultBench.unlocked()
        let denied = try await bench.open.propose(proposal, purpose: "", by: bench.agent())
        _ = try await bench.open.decide(denied.id, .deny, code: "\(denied.code)", by: bench.person())
        for number in 0..<(OpenVault.mostKept + 5) {
            let other = try await bench.open.propose(
                ApprovalRequest.Proposal(scope: "default/dev", names: ["n\(number)"], capability: nil), purpose: "", by: bench.agent())
            _ = try await bench.open.decide(other.id, .done, code: "\(other.code)", by: bench.person())
        }
        #expect(try await bench.open.propose(proposal, purpose: "", by: bench.agent()).id == denied.id)
        #expect(try await bench.open.requests(by: bench.person()).count <= OpenVault.mostKept + 1)
    }

    @Test("only a person who was asked again decides, by the code of that request") func deciding() async throws {
        let bench = try await VaultBench.unlocked()
        let asked = try await bench.open.ask(try use(bench), by: bench.agent(), on: [])
        let other = try await bench.open.ask(try use(bench, ["curl", "y"]), by: bench.agent(), on: [])
        let verdict = RequestVerdict.approve(uses: 1, time: .seconds(60))
        for asker in [try bench.agent(), bench.nobody(), bench.person(steppedUp: false)] {
            let refusal = await error { _ = try await bench.open.decide(asked.id, verdict, code: "\(asked.code)", by: asker) }
            #expect(refusal is EngineError)
        }
        for code in ["", "\(other.code)"] {
            let refusal = await error { _ = try await bench.open.decide(asked.id, verdict, code: code, by: bench.person()) }
            #expect(refusal as? ApprovalError == .wrongCode)
        }
        #expect(try await bench.open.request(asked.id, waiting: .zero, by: bench.agent()).standing == .pending)
        let approved = try await bench.open.decide(asked.id, verdict, code: "\(asked.code)".lowercased(), by: bench.person())
        guard case .approved(let budget) = approved.standing else { return #expect(Bool(false), "not approved") }
        #expect(budget.uses == 1)
        let again = await error { _ = try await bench.open.decide(asked.id, verdict, code: "\(asked.code)", by: bench.person()) }
        #expect(again as? ApprovalError == .notPending)
    }

    @Test("another agent's request is as one that is not there") func othersRequests() async throws {
        let bench = try await VaultBench.unlocked()
        let asked = try await bench.open.propose(proposal, purpose: "", by: bench.agent())
        let absent = AnyRecordID(random: RandomBytes { [UInt8](repeating: 1, count: $0) })
        for id in [asked.id, absent] {
            let refusal = await error { _ = try await bench.open.request(id, waiting: .zero, by: bench.nobody()) }
            #expect(refusal as? EngineError == .notFound(.request))
        }
        let listing = await error { _ = try await bench.open.requests(by: bench.agent()) }
        #expect(listing as? EngineError == .denied(.personOnly))
    }

    @Test("whoever waits hears of the decision") func waiting() async throws {
        let bench = try await VaultBench.unlocked()
        let asked = try await bench.open.propose(proposal, purpose: "", by: bench.agent())
        async let seen = bench.open.request(asked.id, waiting: .seconds(600), by: bench.agent())
        _ = try await bench.open.decide(asked.id, .deny, code: "\(asked.code)", by: bench.person())
        #expect(try await seen.standing == .denied)
    }

    @Test("what waits is there after a lock, a request nobody decided in time is over, and old ones are forgotten") func lasting() async throws {
        let bench = try await VaultBench.unlocked()
        let asked = try await bench.open.ask(try use(bench), by: bench.agent(), on: [])
        try await bench.relock()
        #expect(try await bench.open.request(asked.id, waiting: .zero, by: bench.agent()).standing == .pending)
        bench.machine.advance(ApprovalRequest.patience)
        try await bench.unlock()
        #expect(try await bench.open.request(asked.id, waiting: .zero, by: bench.agent()).standing == .expired)
        bench.machine.advance(OpenVault.keptFor)
        try await bench.unlock()
        _ = try await bench.open.propose(proposal, purpose: "", by: bench.agent())
        #expect(try await bench.open.requests(by: bench.person()).count == 1)
    }

    @Test("a request's row says nothing in clear") func sealed() async throws {
        let bench = try await VaultBench.unlocked()
        let canary = bench.canary()
        let proposal = ApprovalRequest.Proposal(scope: "default/dev", names: [canary.text], capability: nil)
        _ = try await bench.open.propose(proposal, purpose: canary.text, by: bench.agent())
        for record in try await bench.store.records(.approval, parent: nil, after: nil, limit: 10, in: bench.open.organization) {
            #expect(!record.content.contains(Array(canary.text.utf8)))
        }
    }
}

extension [UInt8] {
    fileprivate func contains(_ part: [UInt8]) -> Bool { indices.contains { self[$0...].starts(with: part) } }
}
