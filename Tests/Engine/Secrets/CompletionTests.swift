import Approvals
import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// What a store does to the proposals that asked for it: whose it closes, and of whose it says nothing.
@Suite struct CompletionTests {
    /// A vault in which `coder` may list `app/*`, but for `app/root*`.
    private func bench() async throws -> VaultBench {
        let bench = try await VaultBench.unlocked()
        try await bench.allow([.envInject])
        return bench
    }

    private func propose(_ bench: VaultBench, _ names: [String], capability: String? = nil, by asker: Asker? = nil) async throws -> RequestView {
        let proposal = ApprovalRequest.Proposal(scope: "default/dev", names: names, capability: capability)
        let asked = try await bench.open.propose(proposal, purpose: "a test", by: try asker ?? bench.agent())
        // What is stored from now on is stored after it.
        bench.machine.advance(.seconds(1))
        return asked
    }

    private func standing(_ bench: VaultBench, _ asked: RequestView) async throws -> ApprovalRequest.Standing? {
        try await bench.open.requests(by: bench.person()).first { $0.id == asked.id }?.standing
    }

    @Test("a proposal is done by the store that it asked for, in the same transaction, and whoever waits is told") func done() async throws {
        let bench = try await bench()
        let asked = try await propose(bench, ["app/key"])
        let (open, agent) = (try bench.open, try bench.agent())
        async let waited = open.request(asked.id, waiting: .seconds(60), by: agent)
        let written = try await bench.set("app/key", bench.canary().secret)
        #expect(try await waited.standing == .done)
        #expect(written.notices == ["coder asked for this, and is told that it is there: the request \(asked.code) is closed"])
        let log = try await bench.log()
        let index = try #require(log.lastIndex { $0.action == .known(.approvalDone) })
        #expect(log[index].subjects == [AuditSubject(record: asked.id)] && log[index].detail == [AuditFact("by", "store")])
        #expect(log[index + 1].action == .known(.secretSet) && log[index].recordsDigest == log[index + 1].recordsDigest)
        // A new version of what is there is what a rotation asks for, whatever it keeps of the one before.
        let rotation = try await propose(bench, ["app/key"])
        let more = VaultBench.write("app/key", bench.canary().secret, field: "user")
        _ = try await bench.open.set(more, in: VaultBench.dev, by: bench.person())
        #expect(try await standing(bench, rotation) == .done)
        #expect(try await bench.verify().verdict.isIntact)
        try await bench.lock()
        try await bench.unlock()
        #expect(try await standing(bench, rotation) == .done)
    }

    @Test("a store of a name that the agent may not list says nothing to it, and to the person what to type", arguments: ["app/root-key", "db/key"])
    func hidden(name: String) async throws {
        let bench = try await bench()
        try await bench.set(name, bench.canary().secret)
        bench.machine.advance(.seconds(1))
        let there = try await propose(bench, [name])
        let together = try await propose(bench, ["app/key", name])
        let nobodys = try await propose(bench, ["app/key"], by: bench.nobody())
        #expect(try await standing(bench, there) == .pending)
        let written = try await bench.set(name, bench.canary().secret)
        #expect(
            written.notices == [
                "coder asked for this and may not list it: `tacit approvals done \(there.code)` says that it is there",
                "coder asked for this, and for 1 more: `tacit approvals` shows the request \(together.code)",
            ])
        let rest = try await bench.set("app/key", bench.canary().secret)
        #expect(rest.notices.count == 2 && rest.notices.allSatisfy { $0.contains("may not list it") })
        for asked in [there, together, nobodys] { #expect(try await standing(bench, asked) == .pending) }
        #expect(try await !bench.log().contains { $0.action == .known(.approvalDone) })
        let done = try await bench.open.decide(there.id, .done, code: "\(there.code)", by: bench.person())
        #expect(done.standing == .done)
    }

    @Test("a proposal of several names is done with the last of them; what was stored before it does not count") func several() async throws {
        let bench = try await bench()
        try await bench.set("app/old", bench.canary().secret)
        bench.machine.advance(.seconds(1))
        let asked = try await propose(bench, ["app/old", "app/new"])
        let first = try await bench.set("app/new", bench.canary().secret)
        #expect(first.notices == ["coder asked for this, and for 1 more: `tacit approvals` shows the request \(asked.code)"])
        #expect(try await standing(bench, asked) == .pending)
        try await bench.set("app/old", bench.canary().secret)
        #expect(try await standing(bench, asked) == .done)
    }

    @Test("an import closes what all of it was asked for, and nothing by what it left as it was") func imports() async throws {
        let bench = try await bench()
        let kept = bench.canary()
        try await bench.set("app/kept", kept.secret)
        bench.machine.advance(.seconds(1))
        let (asked, left) = (try await propose(bench, ["app/a", "app/b"]), try await propose(bench, ["app/kept"]))
        let writes = ["app/a", "app/b"].map { VaultBench.write($0, bench.canary().secret) } + [VaultBench.write("app/kept", kept.secret)]
        func take(isDryRun: Bool) async throws -> ImportReport {
            let wish = ImportWish(secrets: writes, conflict: .overwrite, isDryRun: isDryRun)
            return try await bench.open.importSecrets(wish, in: VaultBench.dev, by: bench.person())
        }
        #expect(try await take(isDryRun: true).notices.isEmpty)
        #expect(try await standing(bench, asked) == .pending)
        let report = try await take(isDryRun: false)
        #expect(report.unchanged.map(\.description) == ["app/kept"] && report.notices.count == 1)
        #expect(try await standing(bench, asked) == .done)
        #expect(try await standing(bench, left) == .pending)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("rights, other places, denied and other proposals stay as they are") func others() async throws {
        let bench = try await bench()
        let right = try await propose(bench, ["app/key"], capability: "env_inject")
        let other = try await propose(bench, ["app/other"])
        let denied = try await propose(bench, ["app/key"])
        _ = try await bench.open.decide(denied.id, .deny, code: "\(denied.code)", by: bench.person())
        let elsewhere = ApprovalRequest.Proposal(scope: "default/prod", names: ["app/key"], capability: nil)
        let away = try await bench.open.propose(elsewhere, purpose: "", by: bench.agent())
        #expect(try await bench.set("app/key", bench.canary().secret).notices.isEmpty)
        for asked in [right, other, away] { #expect(try await standing(bench, asked) == .pending) }
        #expect(try await standing(bench, denied) == .denied)
    }

    @Test("a person sees of each name whether it is there, since when, and what keeps the agent out") func facts() async throws {
        let bench = try await bench()
        try await bench.set("app/old", bench.canary().secret)
        try await bench.set("app/root-key", bench.canary().secret)
        bench.machine.advance(.seconds(1))
        let asked = try await propose(bench, ["app/old", "app/root-key", "app/new", "app/none"])
        let right = try await propose(bench, ["app/old", "app/root-key", "db/key"], capability: "masked_return")
        try await bench.set("app/new", bench.canary().secret)
        func names(_ asked: RequestView) async throws -> [ProposedName]? {
            try await bench.open.requests(by: bench.person()).first { $0.id == asked.id }?.names
        }
        let stored = [
            ProposedName(version: 1, isListed: true), ProposedName(version: 1), ProposedName(version: 1, isNew: true, isListed: true),
            ProposedName(isListed: true),
        ]
        #expect(try await names(asked) == stored)
        #expect(
            try await names(right)?.map(\.barrier) == [
                "\u{201C}first\u{201D} does not have `masked_return` among its `capabilities`",
                "denied by `denied_keys: app/root*` of \u{201C}first\u{201D}",
                "no pattern under `allowed_keys` of \u{201C}first\u{201D} matches it",
            ])
        // The agent is told nothing of it; what a person denies says what stays.
        #expect(try await bench.open.request(asked.id, waiting: .zero, by: bench.agent()).names.isEmpty)
        let denied = try await bench.open.decide(asked.id, .deny, code: "\(asked.code)", by: bench.person())
        #expect(denied.names == stored)
        try await bench.allow([.maskedReturn])
        #expect(try await names(right)?.map { $0.barrier == nil } == [true, false, false])
    }

    @Test("a store that fails closes nothing") func failed() async throws {
        let bench = try await bench()
        let asked = try await propose(bench, ["app/key"])
        var write = VaultBench.write("app/key", bench.canary().secret)
        write.expectedVersion = 7
        let open = try bench.open
        await #expect(throws: EngineError.self) { try await open.set(write, in: VaultBench.dev, by: bench.person()) }
        await #expect(throws: EngineError.self) {
            try await open.set(VaultBench.write("app/key", bench.canary().secret), in: VaultBench.dev, by: bench.agent())
        }
        #expect(try await standing(bench, asked) == .pending)
    }
}
