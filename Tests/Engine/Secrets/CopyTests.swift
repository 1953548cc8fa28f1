import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// What differs between versions and environments, what is brought from one into another, and an environment as it was.
@Suite struct CopyTests {
    static let staging = Scope(project: VaultBench.dev.project, environment: VaultBench.segment("staging"))

    private func bench() async throws -> VaultBench {
        let bench = try await VaultBench.unlocked()
        try await bench.open.createEnvironment(VaultBench.segment("staging"), in: VaultBench.dev.project, by: bench.person())
        return bench
    }

    private func set(_ bench: VaultBench, _ name: String, _ value: SecretValue, in scope: Scope = VaultBench.dev) async throws {
        bench.machine.advance(.seconds(60))
        _ = try await bench.open.set(VaultBench.write(name, value), in: scope, by: bench.person())
    }

    private func compare(_ bench: VaultBench, _ from: PlaceMoment, _ to: PlaceMoment) async throws -> [String] {
        let comparison = try await bench.open.compare(.environments(from: from, to: to), by: bench.person())
        return comparison.items.map { "\($0.difference.rawValue) \($0.name) \($0.versions.from ?? 0)-\($0.versions.to ?? 0)" }
    }

    private func copy(_ bench: VaultBench, _ wish: CopyWish) async throws -> CopyPlan {
        let plan = try await bench.open.copy(wish, by: bench.person())
        #expect(!plan.isDone)
        var agreed = wish
        agreed.approved = plan.lines.map(\.step)
        let done = try await bench.open.copy(agreed, by: bench.person())
        #expect(done.isDone && done.lines == plan.lines)
        return done
    }

    private func steps(_ plan: CopyPlan) -> [String] {
        plan.lines.map { "\($0.step.kind.rawValue) \($0.step.name) \($0.step.versions.from ?? 0)-\($0.step.versions.to ?? 0)" }
    }

    @Test("versions are compared field by field: masked where secret, shown where plain, and the same only where value, kind and binding are")
    func versions() async throws {
        let bench = try await bench()
        let (first, second) = (bench.canary(), bench.canary())
        var write = VaultBench.write("db/main", first.secret)
        write.fields.append(.init(name: VaultBench.segment("user"), kind: .plain, value: "ada".secret))
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        write.fields[0].value = second.secret
        write.bindings = [("DB_USER", VaultBench.segment("user"))]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        let reference = FieldReference(scope: VaultBench.dev, name: VaultBench.name("db/main"))
        var earlier = reference
        earlier.version = 1
        let item = try #require(try await bench.open.compare(.secrets(from: earlier, to: reference), by: bench.person()).items.first)
        #expect(item.difference == .changed && item.versions == .init(1, 2))
        #expect(item.fields.map(\.difference) == [.changed, .changed])
        #expect(item.fields[0].shown == .init("********\(first.text.suffix(4))", "********\(second.text.suffix(4))"))
        #expect(item.fields[1].shown == .init("ada", "ada"))
        let same = try await bench.open.compare(.secrets(from: reference, to: reference), by: bench.person())
        #expect(same.items.map(\.difference) == [.same])
        let entry = try #require(try await bench.log().last { $0.action == .known(.secretCompare) && $0.phase == .intent })
        #expect(entry.mode == .known(.masked) && entry.subjects.map(\.version) == [2, 2])
    }

    @Test("an environment is compared with another, and with itself as it was") func environments() async throws {
        let bench = try await bench()
        let (a, b, c) = (bench.canary(), bench.canary(), bench.canary())
        try await set(bench, "A", a.secret)
        try await set(bench, "B", b.secret)
        try await set(bench, "A", a.secret, in: Self.staging)
        try await set(bench, "B", c.secret, in: Self.staging)
        let then = bench.machine.wall
        try await set(bench, "B", c.secret)
        try await set(bench, "C", c.secret)
        _ = try await bench.open.delete(VaultBench.name("A"), in: VaultBench.dev, by: bench.person())
        let (dev, staging) = (PlaceMoment(scope: VaultBench.dev), PlaceMoment(scope: Self.staging))
        let past = PlaceMoment(scope: VaultBench.dev, time: then)
        #expect(try await compare(bench, past, staging) == ["same A 1-1", "changed B 1-1"])
        #expect(try await compare(bench, staging, dev) == ["removed A 1-0", "same B 1-2", "added C 0-1"])
        #expect(try await compare(bench, past, dev) == ["removed A 1-0", "changed B 1-2", "added C 0-1"])
        #expect(try await compare(bench, PlaceMoment(scope: VaultBench.dev, time: Timestamp(nanoseconds: 1)), dev).count == 2)
    }

    @Test("a plan is shown first, and done as it was shown: new secrets with all that describes them, others by a new version") func promoted()
        async throws
    {
        let bench = try await bench()
        let (a, b) = (bench.canary(), bench.canary())
        var write = VaultBench.write("A", a.secret)
        (write.tags, write.note, write.expiry) = (["billing"], "kept", .after(.seconds(3600)))
        write.bindings = [("TOKEN", VaultBench.segment("value"))]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        var tagged = VaultBench.write("B", b.secret)
        (tagged.tags, tagged.expiry) = (["never-agents"], .after(.seconds(3600)))
        _ = try await bench.open.set(tagged, in: VaultBench.dev, by: bench.person())
        tagged = VaultBench.write("B", a.secret)
        tagged.tags = ["own"]
        _ = try await bench.open.set(tagged, in: Self.staging, by: bench.person())
        try await set(bench, "Own", b.secret, in: Self.staging)
        let done = try await copy(bench, CopyWish(from: PlaceMoment(scope: VaultBench.dev), to: Self.staging))
        #expect(steps(done) == ["create A 1-0", "overwrite B 1-1"])
        let shown = try await bench.open.show(VaultBench.name("A"), in: Self.staging, by: bench.person())
        #expect(shown.tags == ["billing"] && shown.note == "kept" && shown.expiresAt != nil && shown.fields.first?.binding == "TOKEN")
        let over = try await bench.open.show(VaultBench.name("B"), in: Self.staging, by: bench.person())
        #expect(over.tags == ["never-agents", "own"], "what keeps a value from agents comes with it")
        #expect(over.expiresAt == nil, "and what else describes a secret that is there stays")
        let history = try await bench.open.history(VaultBench.name("B"), in: Self.staging, by: bench.person())
        #expect(history.map(\.number) == [2, 1])
        let (from, to) = (PlaceMoment(scope: VaultBench.dev), PlaceMoment(scope: Self.staging))
        #expect(try await compare(bench, from, to) == ["same A 1-1", "same B 1-2", "added Own 0-1"])
        #expect(steps(try await bench.open.copy(CopyWish(from: from, to: Self.staging), by: bench.person())) == ["keep A 1-1", "keep B 1-2"])
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("where anything changed since the plan was shown nothing is written; a name that is not there, and one that is deleted there, are refused")
    func changed() async throws {
        let bench = try await bench()
        let (a, b) = (bench.canary(), bench.canary())
        try await set(bench, "A", a.secret)
        try await set(bench, "B", a.secret)
        let wish = CopyWish(from: PlaceMoment(scope: VaultBench.dev), to: Self.staging)
        var agreed = wish
        agreed.approved = try await bench.open.copy(wish, by: bench.person()).lines.map(\.step)
        try await set(bench, "B", b.secret)
        let before = try await StoreDump(of: bench.store)
        await #expect(throws: EngineError.planChanged) { try await bench.open.copy(agreed, by: bench.person()) }
        await #expect(throws: EngineError.self) {
            try await bench.open.copy(CopyWish(from: wish.from, to: wish.to, names: [VaultBench.name("C")]), by: bench.person())
        }
        await #expect(throws: EngineError.self) { try await bench.open.copy(CopyWish(from: wish.from, to: VaultBench.dev), by: bench.person()) }
        #expect(try await StoreDump(of: bench.store).records == before.records)
        try await set(bench, "A", b.secret, in: Self.staging)
        _ = try await bench.open.delete(VaultBench.name("A"), in: Self.staging, by: bench.person())
        let blocked = try await bench.open.copy(wish, by: bench.person())
        #expect(steps(blocked) == ["blocked A 1-1", "create B 2-0"])
        agreed.approved = blocked.lines.map(\.step)
        await #expect(throws: EngineError.self) { try await bench.open.copy(agreed, by: bench.person()) }
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a plan is outdated by whatever was written or deleted since, on either side", arguments: 0..<5)
    func outdated(way: Int) async throws {
        let bench = try await bench()
        for name in ["A", "B"] { try await set(bench, name, bench.canary().secret) }
        for name in ["A", "Own"] { try await set(bench, name, bench.canary().secret, in: Self.staging) }
        var wish = CopyWish(from: PlaceMoment(scope: VaultBench.dev), to: Self.staging, isExact: true)
        let plan = try await bench.open.copy(wish, by: bench.person())
        #expect(steps(plan) == ["overwrite A 1-1", "create B 1-0", "delete Own 0-1"])
        wish.approved = plan.lines.map(\.step)
        switch way {
        case 0: try await set(bench, "A", bench.canary().secret)
        case 1: try await set(bench, "A", bench.canary().secret, in: Self.staging)
        case 2: try await set(bench, "B", bench.canary().secret, in: Self.staging)
        case 3: try await set(bench, "Own", bench.canary().secret, in: Self.staging)
        default: _ = try await bench.open.delete(VaultBench.name("A"), in: Self.staging, by: bench.person())
        }
        let before = try await StoreDump(of: bench.store)
        let refusal = await #expect(throws: EngineError.self) { try await bench.open.copy(wish, by: bench.person()) }
        #expect(way == 4 ? refusal?.message == "A is deleted in default/staging" : refusal == .planChanged)
        let after = try await StoreDump(of: bench.store)
        #expect(after.records == before.records && after.versions == before.versions)
    }

    @Test("the moment of a write or a deletion belongs to what it made") func moments() async throws {
        let bench = try await bench()
        try await set(bench, "A", bench.canary().secret)
        _ = try await bench.open.delete(VaultBench.name("A"), in: VaultBench.dev, by: bench.person())
        let written = try #require(try await bench.open.history(of: VaultBench.dev, limit: 1, by: bench.person()).first)
        let deleted = try #require(written.deletedAt)
        let nothing = PlaceMoment(scope: Self.staging)
        for (time, isThere) in [
            (written.createdAt.advanced(by: .nanoseconds(-1)), false), (written.createdAt, true), (deleted.advanced(by: .nanoseconds(-1)), true),
            (deleted, false),
        ] {
            let found = try await compare(bench, nothing, PlaceMoment(scope: VaultBench.dev, time: time))
            #expect(found == (isThere ? ["added A 0-1"] : []))
        }
    }

    @Test("an environment becomes what it was, and what was made since is deleted only where that is wished") func restored() async throws {
        let bench = try await bench()
        let (a, b) = (bench.canary(), bench.canary())
        for name in ["A", "B", "C"] { try await set(bench, name, a.secret) }
        let then = bench.machine.wall
        try await set(bench, "A", b.secret)
        try await set(bench, "New", b.secret)
        bench.machine.advance(.seconds(60))
        for name in ["B", "C"] { _ = try await bench.open.delete(VaultBench.name(name), in: VaultBench.dev, by: bench.person()) }
        _ = try await bench.open.purge(VaultBench.name("C"), in: VaultBench.dev, by: bench.person(steppedUp: true))
        let past = PlaceMoment(scope: VaultBench.dev, time: then)
        let mild = try await bench.open.copy(CopyWish(from: past, to: VaultBench.dev), by: bench.person())
        #expect(steps(mild) == ["overwrite A 1-2", "undelete B 1-1"], "what was purged is gone")
        #expect(
            steps(try await copy(bench, CopyWish(from: past, to: VaultBench.dev, isExact: true))) == [
                "overwrite A 1-2", "undelete B 1-1", "delete New 0-1",
            ])
        for name in ["A", "B"] { #expect(try await bench.reveal(name) == a.text) }
        #expect(try await bench.open.history(VaultBench.name("A"), in: VaultBench.dev, by: bench.person()).count == 3)
        #expect(try await bench.open.history(VaultBench.name("B"), in: VaultBench.dev, by: bench.person()).count == 1, "the version is there already")
        await #expect(throws: EngineError.deleted) { try await bench.reveal("New") }
        let place = try #require(try await bench.open.place(VaultBench.dev))
        let gone = try #require(try await bench.open.shelf.find(VaultBench.name("New"), in: place))
        #expect(gone.purgeAfter.map { $0.duration(since: bench.machine.wall) > .seconds(29 * 86_400) } == true, "and can be undeleted as ever")
        let list = try await bench.open.history(of: VaultBench.dev, limit: 3, by: bench.person())
        #expect(list.map { "\($0.name) \($0.version) \($0.isCurrent)" } == ["A 3 true", "New 1 true", "A 2 false"])
        #expect(try await bench.log().contains { $0.action == .known(.environmentRestore) && $0.detail.contains { $0.key == "as-of" } })
    }

    @Test("the times of versions that lie in clear are not believed") func movedTime() async throws {
        let bench = try await bench()
        let (a, b) = (bench.canary(), bench.canary())
        try await set(bench, "A", a.secret)
        let then = bench.machine.wall
        try await set(bench, "A", b.secret)
        var dump = try await StoreDump(of: bench.store)
        for position in dump.versions.indices { dump.versions[position].createdAt = Timestamp(nanoseconds: 5) }
        let moved = bench.restarted(on: try await dump.load(), remembers: false)
        try await moved.unlock()
        await #expect(throws: EngineError.recordsDisagree) {
            try await moved.open.copy(CopyWish(from: PlaceMoment(scope: VaultBench.dev, time: then), to: VaultBench.dev), by: moved.person())
        }
    }

    @Test("agents and whoever is nobody get none of it") func others() async throws {
        let bench = try await bench()
        try await set(bench, "A", bench.canary().secret)
        _ = try await bench.open.addAgent(VaultBench.segment("coder"), by: bench.person())
        let coder = try await bench.open.agent(named: VaultBench.segment("coder"), for: bench.person())
        let place = PlaceMoment(scope: VaultBench.dev)
        await #expect(throws: EngineError.denied(.personOnly)) { try await bench.open.compare(.environments(from: place, to: place), by: coder) }
        await #expect(throws: EngineError.denied(.personOnly)) { try await bench.open.copy(CopyWish(from: place, to: Self.staging), by: coder) }
        await #expect(throws: EngineError.denied(.personOnly)) { try await bench.open.history(of: VaultBench.dev, limit: 1, by: coder) }
    }
}
