import Auditing
import Model
import Policies
import TestKit
import Testing

@testable import Secrets

/// The log as somebody sees it who watches.
@Suite struct AuditFeedTests {
    private func feed(_ bench: VaultBench, limit: Int = 100, _ change: (inout AuditFilter) -> Void = { _ in }) async throws -> AuditFeed.Iterator {
        var filter = AuditFilter()
        change(&filter)
        return try await bench.vault.followAudit(matching: filter, limit: limit, by: bench.person()).makeAsyncIterator()
    }

    @Test("the newest come first, then each that is written, none twice and none missed") func order() async throws {
        let bench = try await VaultBench.unlocked()
        for name in ["a", "b", "c"] { try await bench.set(name, bench.canary().secret) }
        var feed = try await feed(bench, limit: 2)
        var seen: [EntryView] = []
        for _ in 0..<2 { seen.append(try #require(try await feed.next())) }
        #expect(seen.map(\.entry.action.text) == ["secret.set", "audit.read"])
        // More than is read at once, while nobody reads.
        for number in 0..<600 { try await bench.set("s\(number)", bench.canary().secret) }
        while seen.count < 602 { seen.append(try #require(try await feed.next())) }
        #expect(seen.map(\.index) == (0..<602).map { seen[0].index + Int64($0) })
        #expect(seen.last?.entry.subjects.first?.name == "default/dev/s599")
        // One that is written while somebody waits.
        let watched = try await bench.vault.followAudit(matching: AuditFilter(), limit: 1, by: bench.person())
        async let next = watched.item(2)
        try await bench.set("late", bench.canary().secret)
        #expect(try await next?.entry.subjects.first?.name == "default/dev/late")
    }

    @Test("what is not meant is not shown, before and afterwards") func filtered() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.allow([.maskedReturn])
        func refused() async throws {
            _ = try? await bench.open.reveal(
                FieldReference(scope: VaultBench.dev, name: VaultBench.name("app/key")), by: bench.agent(), withinGrace: false)
        }
        try await refused()
        var feed = try await feed(bench) {
            $0.isDenied = true
            $0.agent = "coder"
        }
        #expect(try await feed.next()?.entry.action == .known(.secretReveal))
        for number in 0..<5 { try await bench.set("s\(number)", bench.canary().secret) }
        bench.machine.advance(.seconds(61))
        try await bench.vault.upkeep()
        try await refused()
        let next = try #require(try await feed.next())
        #expect(next.entry.decision.effect == .deny && next.entry.actor.agentName == "coder")
    }

    @Test("a lock ends it, whether or not there is more to read; another unlock does not go on with it") func locked() async throws {
        let bench = try await VaultBench.unlocked()
        var (idle, behind) = (try await feed(bench, limit: 1), try await feed(bench, limit: 1))
        _ = try await idle.next()
        for name in ["a", "b"] { try await bench.set(name, bench.canary().secret) }
        try await bench.relock()
        try await bench.set("c", bench.canary().secret)
        while try await idle.next() != nil { Issue.record("it goes on") }
        #expect(try await behind.next() != nil, "what was read before the lock")
        while try await behind.next() != nil { Issue.record("it goes on") }
    }

    @Test("an agent gets none, and only so many watch at once") func bounds() async throws {
        let bench = try await VaultBench.unlocked()
        let vault = bench.vault
        await #expect(throws: EngineError.denied(.personOnly)) {
            _ = try await vault.followAudit(matching: AuditFilter(), limit: 1, by: bench.agent())
        }
        var feeds: [AuditFeed] = []
        for _ in 0..<8 { feeds.append(try await vault.followAudit(matching: AuditFilter(), limit: 1, by: bench.person())) }
        await #expect(throws: EngineError.tooManyRequests) { _ = try await vault.followAudit(matching: AuditFilter(), limit: 1, by: bench.person()) }
        feeds.removeLast()
        _ = try await vault.followAudit(matching: AuditFilter(), limit: 1, by: bench.person())
        #expect(feeds.count == 7)
    }

    @Test("watching keeps no vault open: the idle lock falls, and no key is held for who watches") func idle() async throws {
        let bench = try await VaultBench.unlocked()
        var feed = try await feed(bench, limit: 1)
        _ = try await feed.next()
        weak let open = try bench.open
        #expect(open != nil)
        bench.machine.advance(.seconds(24 * 3600))
        try await bench.vault.lockIfIdle()
        #expect(!bench.vault.isUnlocked)
        #expect(try await feed.next() == nil)
        #expect(open == nil, "somebody holds the keys")
    }
}

extension AuditFeed {
    /// The item of a number, counted from 1.
    fileprivate func item(_ number: Int) async throws -> EntryView? {
        var count = 0
        for try await view in self {
            count += 1
            if count == number { return view }
        }
        return nil
    }
}
