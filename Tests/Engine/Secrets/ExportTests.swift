import Auditing
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// Values that leave many at once.
@Suite struct ExportTests {
    private func plan(_ bench: VaultBench, after: String? = nil, limit: Int = 100) async throws -> (items: [ExportItem], next: String?) {
        let plan = try await bench.open.exportPlan(of: VaultBench.dev, after: after.map(VaultBench.name), limit: limit, by: bench.person())
        return (plan.views.map { ExportItem(name: $0.name, version: $0.version) }, plan.next?.description)
    }

    private func export(_ bench: VaultBench, _ items: [ExportItem], by asker: Asker? = nil) async throws -> [String] {
        try await bench.open.export(items, from: VaultBench.dev, by: asker ?? bench.person()).map { secret in
            "\(secret.name)=\(secret.values?.map(\.text).joined(separator: ",") ?? "-")"
        }
    }

    private func intents(_ bench: VaultBench) async throws -> [[String]] {
        try await bench.log().filter { $0.action == .known(.secretExport) && $0.mode == .known(.reveal) && $0.phase == .intent }.map {
            $0.subjects.compactMap(\.name)
        }
    }

    @Test("a plan shows names, versions and fields by name, page by page, and neither values nor what is deleted") func planned() async throws {
        let bench = try await VaultBench.unlocked()
        for name in ["c", "a/b", "gone"] { try await bench.set(name, bench.canary().secret) }
        _ = try await bench.open.set(
            VaultBench.write("c", bench.canary().secret, field: "user", kind: .plain), in: VaultBench.dev, by: bench.person())
        _ = try await bench.open.delete(VaultBench.name("gone"), in: VaultBench.dev, by: bench.person())
        let first = try await bench.open.exportPlan(of: VaultBench.dev, after: nil, limit: 1, by: bench.person())
        #expect(first.views.map(\.name.description) == ["a/b"] && first.next?.description == "a/b")
        let second = try await bench.open.exportPlan(of: VaultBench.dev, after: first.next, limit: 1, by: bench.person())
        #expect(second.views.map(\.version) == [2] && second.next == nil)
        #expect(second.views.flatMap(\.fields).map { "\($0.name) \($0.kind)" } == ["value secret", "user plain"])
        await #expect(throws: EngineError.denied(.personOnly)) {
            _ = try await bench.open.exportPlan(of: VaultBench.dev, after: nil, limit: 1, by: bench.agent())
        }
        await #expect(throws: EngineError.notFound(.environment)) {
            _ = try await bench.open.exportPlan(of: VaultBench.scope("default/no"), after: nil, limit: 1, by: bench.person())
        }
    }

    @Test("values come in the order that was asked for, of the version that was shown, each field's in its place") func values() async throws {
        let bench = try await VaultBench.unlocked()
        let (old, new, user, other) = (bench.canary(), bench.canary(), bench.canary(), bench.canary())
        try await bench.set("z", old.secret)
        _ = try await bench.open.set(VaultBench.write("z", user.secret, field: "user"), in: VaultBench.dev, by: bench.person())
        try await bench.set("a", other.secret)
        let items = try await plan(bench).items
        try await bench.set("z", new.secret)
        #expect(try await export(bench, items.reversed()) == ["z=\(old.text),\(user.text)", "a=\(other.text)"])
        #expect(try await intents(bench) == [["default/dev/z", "default/dev/a"]])
    }

    @Test("what goes into one answer is bounded in bytes, and the log names what left by each and nothing else") func portions() async throws {
        let bench = try await VaultBench.unlocked()
        let names = (1...4).map { "n\($0)" }
        for name in names { try await bench.set(name, SecretValue(copying: unsafe [UInt8](repeating: 65, count: 400_000).span.bytes)) }
        var rest = try await plan(bench).items
        var left: [[String]] = []
        while !rest.isEmpty {
            let exported = try await bench.open.export(rest, from: VaultBench.dev, by: bench.person())
            try #require(!exported.isEmpty)
            #expect(exported.allSatisfy { $0.values?.map(\.byteCount) == [400_000] })
            left.append(exported.map { "default/dev/\($0.name)" })
            rest.removeFirst(exported.count)
        }
        #expect(left.count > 1 && left.flatMap(\.self) == names.map { "default/dev/\($0)" })
        #expect(try await intents(bench) == left)
        await #expect(throws: EngineError.self) { _ = try await bench.open.export([], from: VaultBench.dev, by: bench.person()) }
        let tooMany = (0...OpenVault.largestExport).map { _ in ExportItem(name: VaultBench.name("n1"), version: 1) }
        await #expect(throws: EngineError.self) { _ = try await bench.open.export(tooMany, from: VaultBench.dev, by: bench.person()) }
    }

    @Test("what has expired stays, and what was deleted, purged or is of no such version ends it, before any of it is opened") func unusable()
        async throws
    {
        let bench = try await VaultBench.unlocked()
        let (a, b) = (bench.canary(), bench.canary())
        try await bench.set("a", a.secret)
        try await bench.set("b", b.secret)
        let items = try await plan(bench).items
        var patch = MetadataPatch()
        patch.expiry = .after(.seconds(60))
        _ = try await bench.open.patch(VaultBench.name("a"), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
        bench.machine.advance(.seconds(61))
        #expect(try await export(bench, items) == ["a=-", "b=\(b.text)"])
        #expect(try await export(bench, [items[0]]) == ["a=-"])
        #expect(try await intents(bench) == [["default/dev/b"], ["default/dev"]])
        await #expect(throws: EngineError.planChanged) { _ = try await export(bench, [ExportItem(name: VaultBench.name("b"), version: 2)]) }
        _ = try await bench.open.delete(VaultBench.name("b"), in: VaultBench.dev, by: bench.person())
        await #expect(throws: EngineError.planChanged) { _ = try await export(bench, items) }
        try await bench.open.purge(VaultBench.name("b"), in: VaultBench.dev, by: bench.person())
        await #expect(throws: EngineError.planChanged) { _ = try await export(bench, items) }
        #expect(try await intents(bench).count == 2)
    }

    @Test("nobody but a person who was asked again gets one, in a terminal with a grace for reveals neither") func authority() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.allow([.reveal, .maskedReturn, .envInject])
        let items = [ExportItem(name: VaultBench.name("app/key"), version: 1)]
        await #expect(throws: EngineError.stepUpRequired) { _ = try await export(bench, items, by: bench.person(steppedUp: false)) }
        for asker in [try bench.agent(), bench.nobody()] {
            for name in ["app/key", "none"] {
                let items = [ExportItem(name: VaultBench.name(name), version: 1)]
                await #expect(throws: EngineError.denied(.personOnly)) { _ = try await export(bench, items, by: asker) }
            }
        }
        #expect(try await intents(bench).isEmpty)
    }

    @Test("nothing leaves without its intent, and what is damaged is told") func unwritten() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("a", bench.canary().secret)
        try await bench.lock()
        let isFull = Flag(false)
        let next = bench.restarted { store in
            HookedStore(store, before: { call in if call == "commit", isFull.isSet { throw StoreError.full } })
        }
        try await next.unlock()
        let items = try await plan(next).items
        isFull.set()
        await #expect(throws: EngineError.auditUnwritten) { _ = try await export(next, items) }
        // Whoever reads the log wanted nothing to be stored.
        await #expect(throws: EngineError.auditUnwritten) { _ = try await next.open.auditEntries(from: 0, limit: 1, by: next.person()) }
        isFull.set(false)
        #expect(try await export(next, items).count == 1)
    }
}
