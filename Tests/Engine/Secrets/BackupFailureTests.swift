import Auditing
import Envelopes
import Model
import Storage
import Synchronization
import TestKit
import Testing

@testable import Secrets

/// Backups, drills and checks, with the store breaking at each of their calls in turn, and with a log that takes no entry.
@Suite struct BackupFailureTests {
    /// A vault, a backup of it from before, and what a new one gave out.
    final class Scene: Sendable {
        let bench: VaultBench
        private let file: [UInt8]
        private let grant: BackupGrant
        private let out = Mutex<[UInt8]>([])
        private let isRead = Flag(false)

        init(_ bench: VaultBench, _ base: Base) {
            self.bench = bench
            file = base.file
            grant = base.grant
        }

        /// What was given out.
        var bytes: [UInt8] { out.withLock { $0 } }
        /// Whether the backup of before was asked for a byte.
        var isFileRead: Bool { isRead.isSet }

        func backup(byGrant: Bool = false) async throws {
            let backup =
                byGrant
                ? try await bench.open.beginBackup(by: grant, by: bench.nobody())
                : try await bench.open.beginBackup(sealedTo: .password(BackupTests.password.secret), by: bench.person())
            _ = try await bench.open.write(backup) { piece, _ in self.out.withLock { $0 += piece } }
        }

        var source: BackupSource {
            let inner = BackupTests.source(file)
            return {
                self.isRead.set()
                return try await inner()
            }
        }
    }

    /// What each scene begins with.
    struct Base: Sendable {
        var dump: StoreDump
        var file: [UInt8]
        var grant: BackupGrant
        var everything: [String]

        init() async throws {
            let bench = try await BackupTests.bench()
            file = try await BackupTests.file(of: bench)
            grant = try await bench.open.grantBackups(to: [AgeRecipient(parsing: BackupTests.recipient)], by: bench.person())
            everything = try await BackupTests.everything(bench)
            try await bench.lock()
            dump = try await StoreDump(of: bench.store)
        }
    }

    /// An act that changes nothing in the vault but its log.
    struct Deed: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let action: AuditAction
        let act: @Sendable (Scene) async throws -> Void
        var hasOutcome = true
    }

    private static let opening: BackupKey.Opening = .password(BackupTests.password.secret)

    static let deeds: [Deed] = [
        Deed(testDescription: "backup", action: .backupMake) { try await $0.backup() },
        Deed(testDescription: "backup by schedule", action: .backupMake) { try await $0.backup(byGrant: true) },
        Deed(testDescription: "drill", action: .backupDrill) { scene in
            let report = try await scene.bench.open.drill(from: scene.source, opening: opening, by: scene.bench.person())
            #expect(report.differences == 0 && report.versions == 5)
        },
        Deed(testDescription: "check", action: .backupCheck) { scene in
            _ = try await scene.bench.vault.checkBackup(from: scene.source, opening: opening, by: scene.bench.person())
        },
        Deed(
            testDescription: "schedule", action: .backupSchedule,
            act: { scene in
                let recipient = try AgeRecipient(parsing: BackupTests.recipient)
                _ = try await scene.bench.open.grantBackups(to: [recipient], by: scene.bench.person())
            }, hasOutcome: false),
    ]

    @Test("whichever call of the store breaks, an entry says how it ended, and nothing is left that looks whole", arguments: deeds)
    func breaking(deed: Deed) async throws {
        let base = try await Base()
        let first = try await FailureTests.unlockCalls(base.dump) + 1
        var breaks = 0
        for moment in FailingStore.Moment.allCases {
            for number in first...400 {
                let bench = VaultBench(store: try await base.dump.load(), isMade: true) { FailingStore($0, failing: number, moment) }
                let scene = Scene(bench, base)
                try await bench.unlock()
                let before = try await StoreDump(of: bench.store)
                var isDone = false
                do {
                    try await deed.act(scene)
                    isDone = true
                } catch {}
                guard try await bench.hasFailed else { break }
                breaks += 1
                try await Self.check(deed, scene, base, before, isDone: isDone, "call \(number), \(moment.rawValue)")
                try #require(number < 400)
            }
        }
        #expect(breaks >= 2)
    }

    private static func check(_ deed: Deed, _ scene: Scene, _ base: Base, _ before: StoreDump, isDone: Bool, _ place: String) async throws {
        let bench = scene.bench
        if !bench.vault.isUnlocked { try await bench.unlock() }
        let entries = try await bench.log().enumerated().filter { $0.offset >= before.entries.count && $0.element.action == .known(deed.action) }
        if isDone || !scene.bytes.isEmpty { #expect(!entries.isEmpty, "\(place): it left no entry") }
        let report = try await bench.verify()
        #expect(report.verdict.isIntact, "\(place): \(report.verdict.message)")
        if deed.hasOutcome {
            for (index, entry) in entries where entry.phase == .intent {
                let results = entries.compactMap { $0.element.phase.result(of: Int64(index)) }
                let isTold = results.count == 1 && (results[0] == (deed.action == .backupMake ? "handed over" : "done")) == isDone
                #expect(isTold || (results.isEmpty && report.missingOutcomes.contains(Int64(index))), "\(place): \(results), done: \(isDone)")
            }
        }
        // What was given out of one that failed is no backup.
        if !isDone, !scene.bytes.isEmpty, deed.action == .backupMake {
            await #expect(throws: BackupError.self) { try await BackupTests.restored(scene.bytes) }
        }
        #expect(bench.staging.isOpen == 0 && bench.staging.published == nil, "\(place)")
        let after = try await StoreDump(of: bench.store)
        #expect(after.records == before.records && after.keys == before.keys && after.versions == before.versions, "\(place)")
        // Nobody has to wait for it, and the next one is whole.
        let (fresh, _) = try await BackupTests.restored(try await BackupTests.file(of: bench))
        #expect(try await BackupTests.everything(fresh) == base.everything)
    }

    @Test("whichever call of the store breaks in which a drill restores, nothing of that is left, and an entry says so")
    func drillStaging() async throws {
        let base = try await Base()
        for moment in FailingStore.Moment.allCases {
            for number in 1...200 {
                let bench = VaultBench(store: try await base.dump.load(), isMade: true)
                try await bench.unlock()
                let failing = Mutex<FailingStore?>(nil)
                bench.staging.wrap { memory in
                    let store = FailingStore(memory, failing: number, moment)
                    failing.withLock { $0 = store }
                    return store
                }
                let scene = Scene(bench, base)
                var isDone = false
                do {
                    _ = try await bench.open.drill(from: scene.source, opening: Self.opening, by: bench.person())
                    isDone = true
                } catch {}
                guard failing.withLock({ $0?.hasFailed }) == true else { break }
                #expect(bench.staging.made == 1 && bench.staging.isOpen == 0 && bench.staging.published == nil, "call \(number), \(moment)")
                let last = try #require(try await bench.log().last { $0.action == .known(.backupDrill) })
                guard case .outcome(_, let result) = last.phase else {
                    Issue.record("call \(number), \(moment): no entry says how the drill ended")
                    continue
                }
                #expect((result == "done") == isDone, "call \(number), \(moment): \(result)")
                try #require(number < 200)
            }
        }
    }

    @Test("a restored vault is there whole although the store breaks as it is opened") func opened() async throws {
        let base = try await Base()
        var breaks = 0
        for moment in FailingStore.Moment.allCases {
            for number in 1...200 {
                let bench = VaultBench { FailingStore($0, failing: number, moment) }
                var isDone = false
                do {
                    _ = try await BackupTests.restored(base.file, on: bench)
                    isDone = true
                } catch {}
                let published = try #require(bench.staging.published)
                guard try await bench.hasFailed else { break }
                breaks += 1
                let next = bench.restarted(on: published)
                try await next.unlock()
                #expect(try await BackupTests.everything(next) == base.everything, "call \(number), \(moment), done: \(isDone)")
                #expect(try await next.verify().verdict.isIntact)
                try #require(number < 200)
            }
        }
        #expect(breaks > 2)
    }

    @Test("what cannot be written down is refused before a byte leaves or is read", arguments: deeds) func refusing(deed: Deed) async throws {
        let (base, isBroken) = (try await Base(), Flag(false))
        let bench = VaultBench(store: try await base.dump.load(), isMade: true) {
            HookedStore($0, before: { if $0 == "commit", isBroken.isSet { throw StoreError.full } })
        }
        try await bench.unlock()
        let scene = Scene(bench, base)
        let before = try await StoreDump(of: bench.store)
        isBroken.set()
        let refusal = await #expect(throws: (any Error).self) { try await deed.act(scene) }
        #expect([EngineError.auditUnwritten.code, StoreError.full.code].contains((refusal as? any Diagnosable)?.code))
        #expect(scene.bytes.isEmpty && !scene.isFileRead && bench.staging.made == 0)
        isBroken.set(false)
        #expect(try await StoreDump(of: bench.store).entries.count == before.entries.count)
        // Nobody has to wait for it.
        try await deed.act(scene)
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("a scheduled backup of which nothing could be written lets the next one begin at once") func unwritten() async throws {
        let base = try await Base()
        let isFull = Flag(false)
        let bench = VaultBench(store: try await base.dump.load(), isMade: true) { store in
            HookedStore(store, before: { call in if call == "commit", isFull.isSet { throw StoreError.full } })
        }
        try await bench.unlock()
        isFull.set()
        await #expect(throws: EngineError.auditUnwritten) { try await bench.open.beginBackup(by: base.grant, by: bench.nobody()) }
        isFull.set(false)
        _ = try await BackupTests.bytes(of: try await bench.open.beginBackup(by: base.grant, by: bench.nobody()), bench)
        await #expect(throws: EngineError.self) { try await bench.open.beginBackup(by: base.grant, by: bench.nobody()) }
    }
}

extension AuditPhase {
    /// How the act of that entry ended; nil where this is not its outcome.
    fileprivate func result(of index: Int64) -> String? {
        guard case .outcome(let entry, let result) = self, entry == index else { return nil }
        return result
    }
}
