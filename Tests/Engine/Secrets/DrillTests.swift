import Envelopes
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// A backup that is restored for a moment and compared with its vault.
@Suite struct DrillTests {
    private func drill(_ bench: VaultBench, _ file: [UInt8]) async throws -> DrillReport {
        try await bench.open.drill(from: BackupTests.source(file), opening: .password(BackupTests.password.secret), by: bench.person())
    }

    @Test("every version, value and policy is compared, and nothing is left") func whole() async throws {
        let bench = try await BackupTests.bench()
        let report = try await drill(bench, BackupTests.file(of: bench))
        #expect(report.versions == 5 && report.values == 6 && report.policies == 2)
        #expect(report.differences == 0 && report.changed == 0 && report.newer == 0 && report.newerPolicies == 0 && report.gone == 0)
        #expect(bench.staging.made == 1 && bench.staging.isOpen == 0 && bench.staging.published == nil)
        try await bench.relock()
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("what came, went or changed since the backup is told apart from what differs") func since() async throws {
        let bench = try await BackupTests.bench()
        let file = try await BackupTests.file(of: bench)
        try await bench.set("app/key", bench.canary().secret)
        try await bench.set("app/new", bench.canary().secret)
        try await bench.set("app/new", bench.canary().secret)
        try await bench.set("app/newest", bench.canary().secret)
        try await bench.set("app/short", bench.canary().secret)
        _ = try await bench.open.delete(VaultBench.name("app/short"), in: VaultBench.dev, by: bench.person())
        try await bench.allow([.envInject], agent: "*")
        try await bench.open.purge(VaultBench.name("gone"), in: VaultBench.dev, by: bench.person())
        let report = try await drill(bench, file)
        #expect(report.differences == 0 && report.newer == 5 && report.gone == 1 && report.changed == 1 && report.versions == 4)
        #expect(report.newerPolicies == 1 && report.policies == 2)
        #expect(report.added == 3, "those that are deleted again are not in the backup either")
    }

    @Test("a version that is another one in the vault is found") func differing() async throws {
        let bench = try await BackupTests.bench()
        let file = try await BackupTests.file(of: bench)
        // The vault goes back to what it was, and on another way from there: one number has two values.
        let dump = try await StoreDump(of: bench.store)
        try await bench.set("app/key", bench.canary().secret)
        let later = try await BackupTests.file(of: bench)
        let back = VaultBench(store: try await dump.load(), isMade: true, machine: bench.machine)
        try await back.unlock(acceptingRollback: true)
        #expect(try await drill(back, file).differences == 0)
        try await back.set("app/key", back.canary().secret)
        let report = try await drill(back, later)
        #expect(report.differences == 1 && back.staging.isOpen == 0)
    }

    /// What a drill finds where the vault went another way than its backup, from one moment on and at the same times.
    private func drill(
        backedUp one: (VaultBench) async throws -> Void, kept other: (VaultBench) async throws -> Void
    ) async throws -> DrillReport {
        let bench = try await BackupTests.bench()
        let dump = try await StoreDump(of: bench.store)
        let start = bench.machine.wall.advanced(by: .seconds(60))
        func proceed(_ bench: VaultBench, _ act: (VaultBench) async throws -> Void) async throws {
            bench.machine.advance(start.duration(since: bench.machine.wall))
            try await act(bench)
        }
        try await proceed(bench, one)
        let file = try await BackupTests.file(of: bench)
        let back = VaultBench(store: try await dump.load(), isMade: true)
        try await back.unlock(acceptingRollback: true)
        try await proceed(back, other)
        let report = try await drill(back, file)
        #expect(back.staging.isOpen == 0)
        return report
    }

    private func set(_ value: String, kind: FieldKind = .secret, binding: String? = nil) -> @Sendable (VaultBench) async throws -> Void {
        { bench in
            var write = VaultBench.write("app/key", value.secret, kind: kind)
            if let binding { write.bindings = [(binding, VaultBench.segment("value"))] }
            _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        }
    }

    private func note(_ text: String) -> @Sendable (VaultBench) async throws -> Void {
        { bench in
            var patch = MetadataPatch()
            patch.note = text
            _ = try await bench.open.patch(VaultBench.name("app/key"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        }
    }

    @Test("whatever alone differs is found: a value, the kind or binding of a field, when it was written, what describes it, a policy")
    func each() async throws {
        #expect(try await drill(backedUp: set("CANARY-one"), kept: set("CANARY-one")).differences == 0, "what was done alike is alike")
        for other in [set("CANARY-two"), set("CANARY-one", kind: .plain), set("CANARY-one", binding: "TOKEN")] {
            let report = try await drill(backedUp: set("CANARY-one"), kept: other)
            #expect(report.differences == 1 && report.changed == 0)
        }
        let late = set("CANARY-one")
        let report = try await drill(backedUp: set("CANARY-one")) { bench in
            bench.machine.advance(.seconds(1))
            try await late(bench)
        }
        #expect(report.differences == 1 && report.changed == 1)
        #expect(try await drill(backedUp: note("one"), kept: note("one")).differences == 0)
        let described = try await drill(backedUp: note("one"), kept: note("two"))
        #expect(described.differences == 1 && described.changed == 0)
        let ruled = try await drill(backedUp: { try await $0.allow([.broker], agent: "known", rules: TokenTests.rules) }, kept: { _ in })
        #expect(ruled.differences == 1)
    }

    @Test("a version that the vault has no more is found") func missing() async throws {
        let report = try await drill(backedUp: set("CANARY-one"), kept: { _ in })
        #expect(report.differences == 1 && report.changed == 1 && report.versions == 6)
    }

    @Test("a backup of another vault, or one that is broken, is refused, and nothing is left") func refused() async throws {
        let (bench, stranger) = (try await BackupTests.bench(), try await BackupTests.bench())
        await #expect(throws: EngineError.self) { try await drill(bench, BackupTests.file(of: stranger)) }
        let file = try await BackupTests.file(of: bench)
        await #expect(throws: BackupError.cut) { try await drill(bench, Array(file.dropLast(40))) }
        #expect(bench.staging.made == 2 && bench.staging.isOpen == 0)
    }
}
