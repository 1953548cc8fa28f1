import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// Entries of the log as a person looks for them.
@Suite struct AuditFilterTests {
    private func found(_ bench: VaultBench, before: Int64? = nil, limit: Int = 100, _ change: (inout AuditFilter) -> Void) async throws -> [String] {
        var filter = AuditFilter()
        change(&filter)
        return try await bench.open.auditEntries(matching: filter, before: before, limit: limit, by: bench.person()).entries.map { view in
            "\(view.entry.action.text) \(view.entry.subjects.first?.name ?? "")"
        }
    }

    @Test("by secret, act, agent, time and denial; what is not said takes nothing away") func filters() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.set("key", bench.canary().secret)
        try await bench.allow([.maskedReturn])
        let before = bench.machine.wall
        bench.machine.advance(.seconds(60))
        _ = try await bench.reveal("app/key")
        _ = try? await bench.open.reveal(
            FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key")), by: bench.agent(), withinGrace: false)
        let after = bench.machine.wall
        bench.machine.advance(.seconds(60))
        _ = try await bench.reveal("key")
        #expect(try await found(bench) { $0.action = "secret.set" } == ["secret.set default/dev/app/key", "secret.set default/dev/key"])
        #expect(
            try await found(bench) {
                $0.secret = "app/key"; $0.action = "secret"
            }.count == 4, "set, reveal's two, the denial")
        #expect(
            try await found(bench) {
                $0.secret = "default/dev/key"; $0.action = "secret.reveal"
            }.count == 2)
        #expect(try await found(bench) { $0.secret = "ey" }.isEmpty)
        #expect(try await found(bench) { $0.action = "secre" }.isEmpty)
        #expect(try await found(bench) { $0.isDenied = true } == ["secret.reveal default/dev/app/key"])
        #expect(try await found(bench) { $0.agent = "coder" }.allSatisfy { $0 == "secret.reveal default/dev/app/key" })
        #expect(try await found(bench) { ($0.since, $0.until, $0.action) = (before, after, "secret.reveal") }.count == 3)
        #expect(try await found(bench) { $0.until = Timestamp(nanoseconds: 1) }.isEmpty)
        let all = try await bench.log().count
        let everything = try await found(bench, limit: 1000) { _ in }.count
        #expect(everything > all, "\(everything) of \(all): the reading is an entry, too")
    }

    @Test("the newest are given, and the rest by where they stopped") func pages() async throws {
        let bench = try await VaultBench.unlocked()
        for number in 0..<7 { try await bench.set("s\(number)", bench.canary().secret) }
        var filter = AuditFilter()
        filter.action = "secret.set"
        var (names, before): ([String], Int64?) = ([], nil)
        repeat {
            let (entries, next) = try await bench.open.auditEntries(matching: filter, before: before, limit: 3, by: bench.person())
            names = entries.compactMap { $0.entry.subjects.first?.name } + names
            before = next
        } while before != nil
        #expect(names == (0..<7).map { "default/dev/s\($0)" })
        await #expect(throws: EngineError.self) { try await bench.open.auditEntries(matching: filter, before: nil, limit: 1, by: bench.agent()) }
    }
}
