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
        try await bench.allow([.envInject], agent: "*")
        try await bench.open.purge(VaultBench.name("gone"), in: VaultBench.dev, by: bench.person())
        let report = try await drill(bench, file)
        #expect(report.differences == 0 && report.newer == 4 && report.gone == 1 && report.changed == 1 && report.versions == 4)
        #expect(report.newerPolicies == 1 && report.policies == 2)
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

    @Test("a backup of another vault, or one that is broken, is refused, and nothing is left") func refused() async throws {
        let (bench, stranger) = (try await BackupTests.bench(), try await BackupTests.bench())
        await #expect(throws: EngineError.self) { try await drill(bench, BackupTests.file(of: stranger)) }
        let file = try await BackupTests.file(of: bench)
        await #expect(throws: BackupError.cut) { try await drill(bench, Array(file.dropLast(40))) }
        #expect(bench.staging.made == 2 && bench.staging.isOpen == 0)
    }
}
