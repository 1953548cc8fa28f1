import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

@Suite struct ChangeTests {
    @Test("a renamed secret is found by its new name alone, with its versions") func rename() async throws {
        let bench = try await VaultBench.unlocked()
        let (first, second) = (bench.canary(), bench.canary())
        try await bench.set("app/key", first.secret)
        try await bench.set("app/key", second.secret)
        try await bench.set("app/taken", first.secret)
        var patch = MetadataPatch()
        patch.name = VaultBench.name("app/taken")
        await #expect(throws: EngineError.nameTaken(.secret)) { try await self.patch(bench, "app/key", patch) }
        patch.name = VaultBench.name("app/new")
        try await self.patch(bench, "app/key", patch)
        await #expect(throws: EngineError.notFound(.secret)) { _ = try await bench.reveal("app/key") }
        #expect(try await bench.reveal("app/new") == second.text)
        #expect(try await bench.reveal("app/new", version: 1) == first.text)
        try await bench.set("app/key", first.secret)
        try await bench.relock()
        #expect(try await bench.reveal("app/new") == second.text)
        #expect(try await bench.reveal("app/key") == first.text)
        #expect(try await names(bench) == ["app/key", "app/new", "app/taken"])
    }

    @Test("tags, description, note and URL are set and taken away, and make no version") func metadata() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        var patch = MetadataPatch()
        (patch.addTags, patch.description, patch.note, patch.url) = (["b", "a", "b"], "what it is", "a note", "https://example.org")
        try await self.patch(bench, "app/key", patch)
        var detail = try await bench.open.show(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        #expect(detail.tags == ["a", "b"])
        #expect([detail.description, detail.note, detail.url] == ["what it is", "a note", "https://example.org"])
        #expect(detail.version == 1)
        #expect(detail.revision == 2)
        patch = MetadataPatch()
        (patch.removeTags, patch.note) = (["a"], "")
        try await self.patch(bench, "app/key", patch)
        detail = try await bench.open.show(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        #expect(detail.tags == ["b"])
        #expect([detail.description, detail.note] == ["what it is", nil])
        await #expect(throws: EngineError.revisionMismatch(current: 1)) {
            _ = try await bench.open.patch(VaultBench.name("app/key"), in: VaultBench.dev, patch, expectedRevision: 2, by: bench.person())
        }
    }

    @Test("a deleted secret is out of use until it is undeleted, and its name is not given again") func deletion() async throws {
        let bench = try await VaultBench.unlocked()
        let canary = bench.canary()
        try await bench.set("app/key", canary.secret)
        let name = VaultBench.name("app/key")
        await #expect(throws: EngineError.notDeleted) { _ = try await bench.open.undelete(name, in: VaultBench.dev, by: bench.person()) }
        _ = try await bench.open.delete(name, in: VaultBench.dev, by: bench.person())
        await #expect(throws: EngineError.deleted) { _ = try await bench.open.delete(name, in: VaultBench.dev, by: bench.person()) }
        await #expect(throws: EngineError.deleted) { _ = try await bench.reveal("app/key") }
        await #expect(throws: EngineError.deleted) { try await bench.set("app/key", canary.secret) }
        await #expect(throws: EngineError.deleted) { try await self.patch(bench, "app/key", MetadataPatch()) }
        #expect(try await names(bench).isEmpty)
        var filter = ListFilter()
        filter.includesDeleted = true
        #expect(try await bench.open.list(VaultBench.dev, filter, by: bench.person()).views.map(\.name.description) == ["app/key"])
        #expect(try await bench.open.exists([name], in: VaultBench.dev, by: bench.person()).map(\.exists) == [false])
        _ = try await bench.open.undelete(name, in: VaultBench.dev, by: bench.person())
        #expect(try await bench.reveal("app/key") == canary.text)
    }

    @Test("purging takes a deleted secret's keys and ciphertexts away, and frees its name") func purge() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.set("app/key", bench.canary().secret)
        let name = VaultBench.name("app/key")
        await #expect(throws: EngineError.self) { try await bench.open.purge(name, in: VaultBench.dev, by: bench.person()) }
        _ = try await bench.open.delete(name, in: VaultBench.dev, by: bench.person())
        await #expect(throws: EngineError.stepUpRequired) { try await bench.open.purge(name, in: VaultBench.dev, by: bench.person(steppedUp: false)) }
        try await bench.open.purge(name, in: VaultBench.dev, by: bench.person())
        let dump = try await StoreDump(of: bench.store)
        #expect(dump.versions.isEmpty)
        #expect(dump.fields.isEmpty)
        #expect(!dump.records.contains { $0.kind == .secret })
        #expect(try await bench.set("app/key", bench.canary().secret).version == 1)
        try await bench.relock()
    }

    @Test("a deleted secret goes at the first unlock after its retention, and not before") func retention() async throws {
        let bench = try await VaultBench.unlocked()
        try await bench.set("app/key", bench.canary().secret)
        try await bench.set("app/kept", bench.canary().secret)
        _ = try await bench.open.delete(VaultBench.name("app/key"), in: VaultBench.dev, by: bench.person())
        try await bench.lock()
        bench.machine.advance(.seconds(30 * 86_400 - 60))
        #expect(try await bench.unlock().purgedSecrets == 0)
        try await bench.lock()
        bench.machine.advance(.seconds(120))
        #expect(try await bench.unlock().purgedSecrets == 1)
        let dump = try await StoreDump(of: bench.store)
        #expect(dump.records.filter { $0.kind == .secret }.count == 1)
        #expect(dump.versions.count == 1)
        let entry = try await bench.log().first { $0.action == .known(.secretPurge) }
        #expect(entry?.actor.kind == .known(.system))
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("a rollback is a new version with the old content") func rollback() async throws {
        let bench = try await VaultBench.unlocked()
        let (first, second) = (bench.canary(), bench.canary())
        var write = VaultBench.write("app/key", first.secret)
        write.bindings = [("TOKEN", VaultBench.segment("value"))]
        _ = try await bench.open.set(write, in: VaultBench.dev, by: bench.person())
        try await bench.set("app/key", second.secret)
        let name = VaultBench.name("app/key")
        await #expect(throws: EngineError.revisionMismatch(current: 2)) {
            _ = try await bench.open.rollback(name, in: VaultBench.dev, to: 1, expectedRevision: 1, by: bench.person())
        }
        await #expect(throws: EngineError.versionNotFound) {
            _ = try await bench.open.rollback(name, in: VaultBench.dev, to: 3, expectedRevision: nil, by: bench.person())
        }
        let result = try await bench.open.rollback(name, in: VaultBench.dev, to: 1, expectedRevision: 2, by: bench.person())
        #expect(result.version == 3)
        #expect(try await bench.reveal("app/key") == first.text)
        #expect(try await bench.reveal("app/key", version: 2) == second.text)
        let detail = try await bench.open.show(name, in: VaultBench.dev, by: bench.person())
        #expect(detail.fields.first?.binding == "TOKEN")
    }

    @Test("what is not there is not found, by every verb") func absent() async throws {
        let bench = try await VaultBench.unlocked()
        let (open, person, name) = (try bench.open, bench.person(), VaultBench.name("no/such"))
        for scope in [VaultBench.dev, VaultBench.scope("other/dev")] {
            let reference = FieldReference(scope: scope, name: name)
            let verbs: [@Sendable () async throws -> Void] = [
                { _ = try await open.reveal(reference, by: person, withinGrace: false) }, { _ = try await open.masked(reference, by: person) },
                { _ = try await open.show(name, in: scope, by: person) }, { _ = try await open.history(name, in: scope, by: person) },
                { _ = try await open.delete(name, in: scope, by: person) }, { _ = try await open.undelete(name, in: scope, by: person) },
                { try await open.purge(name, in: scope, by: person) },
                { _ = try await open.rollback(name, in: scope, to: 1, expectedRevision: nil, by: person) },
                { _ = try await open.patch(name, in: scope, MetadataPatch(), expectedRevision: nil, by: person) },
            ]
            for verb in verbs { await #expect(throws: EngineError.notFound(.secret)) { try await verb() } }
        }
        #expect(try await open.exists([name], in: VaultBench.scope("other/dev"), by: person).map(\.exists) == [false])
        for (scope, thing) in [("other/dev", NamedThing.project), ("default/none", .environment)] {
            let place = VaultBench.scope(scope)
            await #expect(throws: EngineError.notFound(thing)) { _ = try await open.list(place, ListFilter(), by: person) }
            await #expect(throws: EngineError.notFound(thing)) { _ = try await open.history(of: place, limit: 1, by: person) }
            await #expect(throws: EngineError.notFound(thing)) {
                _ = try await open.importSecrets(ImportWish(secrets: [], conflict: .error, isDryRun: false), in: place, by: person)
            }
            // To whoever may be an agent one is as absent as the other.
            await #expect(throws: EngineError.notFound(.environment)) { _ = try await open.list(place, ListFilter(), by: bench.nobody()) }
        }
    }

    @discardableResult private func patch(_ bench: VaultBench, _ name: String, _ patch: MetadataPatch) async throws -> WriteResult {
        try await bench.open.patch(VaultBench.name(name), in: VaultBench.dev, patch, expectedRevision: nil, by: bench.person())
    }

    private func names(_ bench: VaultBench) async throws -> [String] {
        try await bench.open.list(VaultBench.dev, ListFilter(), by: bench.person()).views.map(\.name.description)
    }
}
