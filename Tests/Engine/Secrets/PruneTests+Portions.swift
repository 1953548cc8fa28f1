import Auditing
import Model
import Storage
import Synchronization
import TestKit
import Testing

@testable import Secrets

/// A long beginning goes in several transactions, each from checkpoint to checkpoint.
extension PruneTests {
    private func prune(_ bench: VaultBench, to cut: Int64, portion: Int64) async throws -> Pruning {
        try await bench.open.prune(before: now(bench), to: cut, inPortionsOf: portion, by: bench.person())
    }

    private func entriesOfPruning(_ bench: VaultBench) async throws -> [[String]] {
        try await bench.log().filter { $0.action == .known(.auditPrune) }.map { $0.detail.prefix(2).map(\.value) }
    }

    @Test("it goes in portions, each as far as a checkpoint that it reaches, or to the next one") func portions() async throws {
        for place in 0..<4 {
            let bench = try await furnished()
            let sizes = try await sizes(bench)
            let (cut, portion) = (sizes[3], [1, sizes[1], sizes[3], .max][place])
            let done = try await prune(bench, to: cut, portion: portion)
            #expect(done.isDone && done.entries == 0..<cut && done.anchor?.size == cut, "as if it had been one")
            var places: [Int64] = []
            while let start = [places.last ?? 0].first(where: { $0 < cut }) {
                let ahead = sizes.filter { $0 > start && $0 <= cut }
                places.append(ahead.last { $0 - start <= portion } ?? ahead[0])
            }
            #expect(try await bench.open.book.anchors() == places)
            let counts = zip(places, [0] + places).map { $0 - $1 }
            #expect(try await entriesOfPruning(bench) == zip(counts, places).map { ["\($0)", "\($1)"] }, "each has an entry of its own")
            for _ in 0..<2 {
                try await check(bench, begins: cut)
                try await bench.relock()
            }
        }
    }

    @Test("others write between the portions") func between() async throws {
        let (armed, held) = (Flag(false), Held<VaultBench>())
        let bench = VaultBench { store in
            HookedStore(store) { name in
                guard name == "records", armed.isSet, let bench = held.value,
                    try await store.entries(from: 0, limit: 1, in: bench.open.organization).first?.index != 0
                else { return }
                armed.set(false)
                try await bench.set("app/between", bench.canary().secret)
            }
        }
        try await bench.create()
        _ = try await furnished(bench)
        let sizes = try await sizes(bench)
        held.value = bench
        armed.set()
        _ = try await prune(bench, to: sizes[3], portion: 1)
        let log = try await bench.log().map(\.action).filter { [.known(.auditPrune), .known(.secretSet)].contains($0) }
        let set = try #require(log.lastIndex(of: .known(.secretSet)))
        #expect(log[..<set].contains(.known(.auditPrune)) && log[set...].contains(.known(.auditPrune)))
        try await check(bench, begins: sizes[3])
    }

    @Test("what ends it between portions leaves a whole log that begins later, and is told; the next time goes on") func ended() async throws {
        var starts: Set<Int64> = []
        for commits in 0..<4 {
            let left = Countdown()
            let bench = VaultBench { HookedStore($0) { name in if name == "commit", left.isOver { throw StoreError.full } } }
            try await bench.create()
            _ = try await furnished(bench)
            let sizes = try await sizes(bench)
            left.start(commits)
            var told: (any Error)?
            do { _ = try await prune(bench, to: sizes[3], portion: 1) } catch { told = error }
            left.stop()
            let start = try await bench.open.book.logStart()
            if start > 0 {
                #expect(told as? EngineError == .prunedInPart(before: start, because: StoreError.full.message))
            } else {
                #expect(told as? StoreError == .full)
            }
            try await check(bench, begins: start)
            let next = bench.restarted()
            try await bench.lock()
            try await next.unlock()
            try await check(next, begins: start)
            #expect(try await prune(next, to: sizes[3], portion: 1).entries == start..<sizes[3])
            try await check(next, begins: sizes[3])
            starts.insert(start)
        }
        #expect(starts.count == 4, "it ended at each place: \(starts.sorted())")
    }

    @Test("acts without an outcome are told before they go, and counted when they went") func missingOutcomes() async throws {
        let bench = try await VaultBench.unlocked()
        func begin() async throws -> AuthorizedAccess {
            try await bench.open.authorizer.authorize(Act(.secretReveal, .reveal, .reveal), by: bench.person(), on: [])
        }
        let lost = try await begin().entry
        var answered: AuthorizedAccess? = try await begin()
        _ = try await bench.open.writer.checkpoint()
        try await bench.open.authorizer.conclude(try #require(answered), result: "done")
        answered = nil
        _ = try await furnished(bench)
        let last = try await begin().entry
        let sizes = try await sizes(bench)
        let plan = try await bench.open.pruning(before: now(bench), by: bench.person())
        #expect(plan.missingOutcomes == [lost], "\(last) stays, and the other has its outcome behind the first checkpoint")
        #expect(try await prune(bench, to: sizes[2], portion: 1).missingOutcomes == [lost])
        let facts = try await bench.log().filter { $0.action == .known(.auditPrune) }.map { $0.detail.dropFirst(3).map { "\($0.key)=\($0.value)" } }
        #expect(facts == [["missing-outcomes=1"]] + facts.dropFirst().map { _ in [] }, "where they went")
        #expect(try await bench.verify().missingOutcomes == [last])
    }

    @Test("that what went could not be cleared from the files is told") func traces() async throws {
        let isBroken = Flag(false)
        let bench = VaultBench { HookedStore($0) { name in if name == "eraseFreed", isBroken.isSet { throw StoreError.held } } }
        try await bench.create()
        _ = try await furnished(bench)
        let sizes = try await sizes(bench)
        #expect(try await !prune(bench, to: sizes[0], portion: 1).leavesTraces)
        isBroken.set()
        let done = try await prune(bench, to: sizes[1], portion: 1)
        #expect(done.isDone && done.leavesTraces)
    }

    @Test("nothing that begins with a kept checkpoint of what went is proved, wherever the proof begins") func uncompared() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        let notes = try await StoreDump(of: bench.store).checkpoints.map(\.note)
        try await prune(bench, to: sizes[2])
        for from in [0, sizes[2], sizes[3]] {
            await #expect(throws: EngineError.pruned(before: sizes[2])) {
                _ = try await bench.open.prove(ProofWish(.growth(from: from), kept: notes[0]), by: bench.person())
            }
            let report = try await bench.open.prove(ProofWish(.growth(from: from), kept: notes[3]), by: bench.person())
            #expect(report.proof.verdict == .proven)
        }
    }
}

/// Something that a hook has once it is there.
private final class Held<Value: Sendable>: Sendable {
    private let state = Mutex<Value?>(nil)
    var value: Value? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// Lets some calls pass, and none behind them.
private final class Countdown: Sendable {
    private let left = Mutex<Int?>(nil)
    func start(_ count: Int) { left.withLock { $0 = count } }
    func stop() { left.withLock { $0 = nil } }

    /// Counts a call; whether it is one too many.
    var isOver: Bool {
        left.withLock { left in
            guard let count = left else { return false }
            left = count - 1
            return count <= 0
        }
    }
}
