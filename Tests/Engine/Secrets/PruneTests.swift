import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// The beginning of the log, let go up to a checkpoint that stands for it.
@Suite struct PruneTests {
    func furnished(_ bench: VaultBench? = nil) async throws -> VaultBench { try await VaultBench.checkpointed(bench) }

    func sizes(_ bench: VaultBench) async throws -> [Int64] { try await StoreDump(of: bench.store).checkpoints.map(\.size) }

    func now(_ bench: VaultBench) -> Timestamp { bench.machine.clock.now().advanced(by: .seconds(1)) }

    @discardableResult func prune(_ bench: VaultBench, to cut: Int64) async throws -> Pruning {
        try await bench.open.prune(before: now(bench), to: cut, by: bench.person())
    }

    /// What verification says, and that nothing but what is wanted is there.
    func check(_ bench: VaultBench, begins cut: Int64, trusted: [[UInt8]] = []) async throws {
        let report = try await bench.open.verifyAudit(trusted: trusted, by: bench.person())
        #expect(report.verdict.isIntact && report.start == cut && report.missingOutcomes.isEmpty, "\(report.verdict.message)")
        let dump = try await StoreDump(of: bench.store)
        #expect(dump.entries.first?.index == cut)
    }

    private func code(_ body: () async throws -> Void) async -> String? {
        do { try await body() } catch { return (error as? EngineError)?.code ?? "\(error)" }
        return nil
    }

    @Test("the plan tells what goes, and takes nothing; what it told is what goes") func plan() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        let before = try await StoreDump(of: bench.store)
        let plan = try await bench.open.pruning(before: now(bench), by: bench.person())
        #expect(plan.entries == 0..<sizes[4] && plan.anchor?.size == sizes[4] && !plan.isDone)
        #expect(try await StoreDump(of: bench.store).entries.count == before.entries.count + 1, "the look is an entry, and nothing else changed")
        #expect(try plan.anchor?.verdict(verifierKey: #require(plan.verifierKey)) == .genuine)
        let views = try await bench.open.openedEntries(from: 0, limit: .max)
        #expect(plan.times == [views[0].entry.time, views[Int(sizes[4]) - 1].entry.time])
        let done = try await prune(bench, to: sizes[4])
        #expect(done.isDone && done.entries == plan.entries && done.times == plan.times && done.anchor == plan.anchor)
        try await check(bench, begins: sizes[4])
        let dump = try await StoreDump(of: bench.store)
        #expect(dump.checkpoints.first == before.checkpoints[4], "the anchor is as it was signed")
        let entry = try #require(try await bench.log().first { $0.action == .known(.auditPrune) })
        #expect(entry.detail.map(\.key) == ["entries", "anchor", "root"] && entry.detail[0].value == "\(sizes[4])")
    }

    @Test("what is left verifies after every lock, on a machine that saw it all, less, or nothing") func unlocks() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        let (memory, checkpoint) = (bench.memory.bytes, bench.checkpoint.bytes)
        try await prune(bench, to: sizes[2])
        for _ in 0..<2 {
            try await bench.relock()
            try await check(bench, begins: sizes[2])
        }
        let dump = try await StoreDump(of: bench.store)
        try await check(try await machine(with: dump, like: bench, memory, checkpoint), begins: sizes[2])
        try await check(try await machine(with: dump, like: bench, nil, nil), begins: sizes[2])
        #expect(try await bench.reveal("app/key0") != "")
        #expect(try await bench.log().contains { $0.action == .known(.vaultCreate) } == false)
    }

    /// A machine that saw the vault when its log had less, just as much, or more than went.
    @Test("a machine that last saw the log before the cut, at it or behind it knows it again") func memories() async throws {
        for place in 1..<4 {
            let bench = try await VaultBench.unlocked()
            var seen: [(memory: [UInt8]?, checkpoint: [UInt8]?)] = []
            for number in 0..<5 {
                try await bench.set("app/key\(number)", bench.canary().secret)
                _ = try await bench.open.writer.checkpoint()
                seen.append((bench.memory.bytes, bench.checkpoint.bytes))
            }
            try await prune(bench, to: try await sizes(bench)[place])
            try await bench.lock()
            for (memory, checkpoint) in seen {
                let next = try await machine(with: try await StoreDump(of: bench.store), like: bench, memory, checkpoint)
                #expect(try await next.verify().verdict.isIntact)
            }
        }
    }

    /// Another machine with this vault, unlocked.
    private func machine(with dump: StoreDump, like bench: VaultBench, _ memory: [UInt8]?, _ checkpoint: [UInt8]?) async throws -> VaultBench {
        let files = (MemoryStateFile(), MemoryStateFile())
        (files.0.bytes, files.1.bytes) = (memory, checkpoint)
        let next = VaultBench(store: try await dump.load(), isMade: true, machine: bench.machine, memory: files.0, checkpoint: files.1)
        try await next.unlock()
        return next
    }

    @Test("what is left is proved as before, what went is refused by name") func proofs() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        let notes = try await StoreDump(of: bench.store).checkpoints.map(\.note)
        for cut in [sizes[0], sizes[2]] {
            try await prune(bench, to: cut)
            let (open, person) = (try bench.open, bench.person())
            let size = try await open.auditEntryCount()
            for index in cut..<size {
                let report = try await open.prove(ProofWish(.entry(index)), by: person)
                #expect(report.proof.verdict == .proven)
                if index < sizes[4] { #expect(try await open.prove(ProofWish(.entry(index), kept: notes[4]), by: person).proof.verdict == .proven) }
            }
            for from in [0] + Array(cut...size) {
                let report = try await open.prove(ProofWish(.growth(from: from)), by: person)
                #expect(report.proof.verdict == .proven)
            }
            let growth = try await open.prove(ProofWish(.growth(from: nil), kept: notes[sizes.firstIndex(of: cut) ?? 0]), by: person)
            #expect(growth.proof.verdict == .proven, "the anchor that was kept is where the log goes on")
            for wish in [
                ProofWish(.entry(0)), ProofWish(.entry(cut - 1)), ProofWish(.growth(from: 1)), ProofWish(.growth(from: cut - 1)),
                ProofWish(.entry(cut - 1), kept: notes[4]),
            ] {
                #expect(await code { _ = try await open.prove(wish, by: person) } == "audit.pruned", "\(wish)")
            }
            #expect(await code { _ = try await open.prove(ProofWish(.entry(10_000)), by: person) } == "entry.not-found")
        }
        let (open, person) = (try bench.open, bench.person())
        #expect(await code { _ = try await open.prove(ProofWish(.growth(from: nil), kept: notes[1]), by: person) } == "audit.pruned")
    }

    @Test("a kept checkpoint of what went is held against an anchor, or said to be compared with nothing") func keptOnes() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        let notes = try await StoreDump(of: bench.store).checkpoints.map(\.note)
        try await prune(bench, to: sizes[1])
        try await prune(bench, to: sizes[3])
        #expect(try await self.sizes(bench).prefix(2) == [sizes[1], sizes[3]], "the former anchor stays, too")
        let report = try await bench.open.verifyAudit(trusted: notes, by: bench.person())
        #expect(report.verdict.isIntact && report.uncompared == [sizes[0], sizes[2]])
        let text = String(decoding: notes[1], as: UTF8.self)
        for note in [text.replacing("\n\(sizes[1])\n", with: "\n\(sizes[1] - 1)\n"), text.replacing("tacit-chain A", with: "tacit-chain B")]
        where note != text {
            guard case .broken(let found) = try await bench.open.verifyAudit(trusted: [[UInt8](note.utf8)], by: bench.person()).verdict else {
                Issue.record("a forged checkpoint passed")
                continue
            }
            #expect(found.kind == .badSignature)
        }
    }

    @Test("an anchor that is taken away, changed or put back is found at unlock, and so are entries that are put back or missing") func tampering()
        async throws
    {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        let whole = try await StoreDump(of: bench.store)
        try await prune(bench, to: sizes[0])
        let once = try await StoreDump(of: bench.store)
        try await prune(bench, to: sizes[2])
        try await bench.lock()
        let pruned = try await StoreDump(of: bench.store)
        let (first, last) = (try pruned.anchor(sizes[0]), try pruned.anchor(sizes[2]))
        let place = try #require(pruned.checkpoints.firstIndex { $0.size == sizes[2] })
        let other = try #require(pruned.checkpoints.firstIndex { $0.size > sizes[2] })
        let changes: [(String, (inout StoreDump) -> Void, EngineError)] = [
            ("no anchor", { $0.records.removeAll { $0.kind == .anchor } }, .recordsDisagree),
            ("the last one gone", { $0.records.remove(at: last) }, .recordsDisagree),
            ("the first one gone", { $0.records.remove(at: first) }, .recordsDisagree),
            ("changed", { $0.records[last].content[5] ^= 1 }, .recordsDisagree),
            ("its checkpoint gone", { $0.checkpoints.remove(at: place) }, .logBroken),
            ("its root changed", { $0.checkpoints[place].frontier[0] ^= 1 }, .logBroken),
            ("another's note", { $0.checkpoints[place].note = $0.checkpoints[other].note }, .logBroken),
            ("entries put back", { $0.entries = once.entries.filter { $0.index < sizes[2] } + $0.entries }, .logBroken),
            ("one entry put back", { $0.entries = whole.entries.filter { $0.index == sizes[2] - 1 } + $0.entries }, .logBroken),
            ("an entry missing", { $0.entries.removeFirst() }, .logBroken),
        ]
        for (what, change, error) in changes {
            for remembers in [true, false] {
                var dump = pruned
                change(&dump)
                let next = bench.restarted(on: try await dump.load(), remembers: remembers)
                let found = await code { try await next.unlock() }
                // Without its row the log begins too late: whichever is held against the other first.
                #expect(found == error.code || (error == .recordsDisagree && found == EngineError.logBroken.code), "\(what): \(found ?? "unlocked")")
            }
        }
        // The beginning of the first anchor, as it was then, is an older vault.
        let back = bench.restarted(on: try await once.load())
        await #expect(throws: EngineError.rollbackSuspected) { try await back.unlock() }
        try await bench.restarted(on: try await pruned.load()).unlock()
    }

    @Test("a former anchor's checkpoint that is taken away is missed by verification") func formerAnchor() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        try await prune(bench, to: sizes[0])
        try await prune(bench, to: sizes[2])
        try await bench.lock()
        var dump = try await StoreDump(of: bench.store)
        dump.checkpoints.removeAll { $0.size == sizes[0] }
        let next = bench.restarted(on: try await dump.load())
        try await next.unlock()
        guard case .broken(let found) = try await next.verify().verdict else { throw TestFailure("not missed") }
        #expect(found.kind == .missingCheckpoint && found.index == sizes[0])
        // Nor does another's note stand there unnoticed.
        var forged = try await StoreDump(of: bench.store)
        let text = String(decoding: forged.checkpoints[0].note, as: UTF8.self)
        forged.checkpoints[0].note = [UInt8](text.replacing("tacit-records ", with: "tacit-recordz ").utf8)
        let other = bench.restarted(on: try await forged.load(), remembers: false)
        try await other.unlock()
        guard case .broken(let changed) = try await other.verify().verdict else { throw TestFailure("not found") }
        #expect(changed.kind == .badSignature && changed.index == sizes[0])
    }

    @Test("only a person who was asked again prunes, only what is old enough, only to a checkpoint, and never to the last") func refusals()
        async throws
    {
        let bench = try await furnished()
        let (sizes, open) = (try await sizes(bench), try bench.open)
        let before = try await StoreDump(of: bench.store)
        await #expect(throws: EngineError.denied(.personOnly)) { try await open.prune(before: now(bench), to: sizes[0], by: bench.agent()) }
        await #expect(throws: EngineError.denied(.personOnly)) { try await open.pruning(before: now(bench), by: bench.agent()) }
        await #expect(throws: EngineError.stepUpRequired) {
            try await open.prune(before: now(bench), to: sizes[0], by: bench.person(steppedUp: false))
        }
        let size = try await open.auditEntryCount()
        for cut in [0, -1, 1, sizes[1] + 1, size, size + 5, .max] where !sizes.contains(cut) {
            #expect(await code { try await prune(bench, to: cut) } == "request.invalid", "\(cut)")
        }
        // Written between the first checkpoints: the entries behind the first are younger than that.
        let views = try await open.openedEntries(from: 0, limit: .max)
        let moment = views[Int(sizes[0])].entry.time
        #expect(try await open.pruning(before: moment, by: bench.person()).entries == 0..<sizes[0])
        #expect(await code { _ = try await open.prune(before: moment, to: sizes[1], by: bench.person()) } == "request.invalid")
        #expect(try await open.pruning(before: views[0].entry.time, by: bench.person()).anchor == nil)
        let after = try await StoreDump(of: bench.store)
        #expect(after.entries.starts(with: before.entries) && after.checkpoints.starts(with: before.checkpoints))
        #expect(!after.records.contains { $0.kind == .anchor })
    }

    @Test("nothing goes of a log that is broken, wherever it is") func broken() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        try await bench.lock()
        let whole = try await StoreDump(of: bench.store)
        for index in [1, Int(sizes[1]) + 1] {
            var dump = whole
            dump.entries[index].sealed[20] ^= 1
            let next = bench.restarted(on: try await dump.load(), remembers: false)
            try await next.unlock()
            do {
                try await prune(next, to: sizes[2])
                Issue.record("pruned")
            } catch EngineError.unprunable(let found) { #expect(found.kind == .edited && found.index == Int64(index)) }
            #expect(try await StoreDump(of: next.store).entries.first?.index == 0)
        }
    }

    @Test("no checkpoint becomes an anchor that the next unlock would refuse: a changed frontier is found before") func unfit() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        try await bench.lock()
        let whole = try await StoreDump(of: bench.store)
        let changes: [(inout StoreDump) -> Void] = [
            { $0.checkpoints[2].frontier[0] ^= 1 }, { $0.checkpoints[2].frontier = $0.checkpoints[1].frontier },
            {
                let note = $0.checkpoints[1].note
                $0.checkpoints[1].note = $0.checkpoints[2].note
                $0.checkpoints[2].note = note
            },
        ]
        for change in changes {
            var dump = whole
            change(&dump)
            let next = bench.restarted(on: try await dump.load(), remembers: false)
            try await next.unlock()
            #expect(await code { try await prune(next, to: sizes[2]) } == "audit.unprunable")
            #expect(try await !next.verify().verdict.isIntact)
            #expect(try await StoreDump(of: next.store).entries.first?.index == 0)
            try await next.relock()
        }
    }

    @Test("what goes on is not pruned before it has ended") func ongoing() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        try bench.open.lasting.ongoing.begin(sizes[1])
        #expect(try await bench.open.pruning(before: now(bench), by: bench.person()).entries == 0..<sizes[1])
        #expect(await code { try await prune(bench, to: sizes[2]) } == "request.invalid")
        try await prune(bench, to: sizes[1])
    }

    @Test("a clock that went back decides nothing, and entries written under it count as young") func clock() async throws {
        let bench = try await furnished()
        let sizes = try await sizes(bench)
        bench.machine.setWall(by: .seconds(-400 * 86_400))
        try await bench.set("app/later", bench.canary().secret)
        _ = try await bench.open.writer.checkpoint()
        try await bench.set("app/last", bench.canary().secret)
        let moment = Timestamp(nanoseconds: .max)
        #expect(await code { _ = try await bench.open.prune(before: moment, to: sizes[1], by: bench.person()) } == "request.invalid")
        // By the clock, the entry is older than all others; it cannot be.
        let young = try #require(try await bench.open.openedEntries(from: 0, limit: .max).last { $0.entry.clockFloor != nil })
        let floor = try #require(young.entry.clockFloor)
        #expect(young.entry.time < floor)
        bench.machine.setWall(by: .seconds(400 * 86_400))
        #expect(try await bench.open.pruning(before: floor.advanced(by: .seconds(-1)), by: bench.person()).entries.upperBound <= young.index)
        try await prune(bench, to: sizes[1])
        try await check(bench, begins: sizes[1])
    }

    @Test("it goes together with a new organization key, before and behind the cut") func epochs() async throws {
        let scene = try await EpochTests.scene()
        let bench = try await furnished(scene.bench)
        let first = try await sizes(bench)
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        try await bench.set("app/more", bench.canary().secret)
        let turn = try await sizes(bench)
        try await prune(bench, to: first[1])
        try await check(bench, begins: first[1])
        _ = try await bench.vault.rotateOrganization(by: bench.person())
        try await check(bench, begins: first[1])
        try await bench.relock()
        // The checkpoint at the end of the first epoch, which both keys signed.
        let end = try #require(turn.last)
        try await prune(bench, to: end)
        try await check(bench, begins: end)
        try await bench.relock()
        try await check(bench, begins: end)
        let report = try await bench.open.prove(ProofWish(.entry(end)), by: bench.person())
        #expect(report.proof.verdict == .proven)
        // Behind the ends of both epochs: their checkpoints stay, for whoever has the first verifier key alone.
        try await bench.set("app/behind", bench.canary().secret)
        _ = try await bench.open.writer.checkpoint()
        let ends = try bench.open.keyring.formerEpochs().ends
        let cut = try #require(try await sizes(bench).last)
        _ = try await bench.open.auditEntries(from: 0, limit: 1, by: bench.person())
        try await prune(bench, to: cut)
        let kept = try await sizes(bench)
        #expect(ends.count == 2 && Set(kept).isSuperset(of: ends + [cut]) && kept.filter { $0 < cut } == [first[1]] + ends)
        try await bench.relock()
        try await check(bench, begins: cut)
    }
}

extension StoreDump {
    /// The position of the anchor of this size.
    fileprivate func anchor(_ size: Int64) throws -> Int {
        let place = try records.firstIndex { try $0.kind == .anchor && Anchor(decoding: $0.content).size == size }
        guard let place else { throw TestFailure("there is no such anchor") }
        return place
    }
}
