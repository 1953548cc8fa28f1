import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

@Suite struct ProjectTests {
    private func segment(_ text: String) -> SegmentName { VaultBench.segment(text) }

    @Test("projects and environments are made, renamed and removed, and secrets follow their names") func life() async throws {
        let bench = try await VaultBench.unlocked()
        let (open, person) = (try bench.open, bench.person())
        try await open.createProject(segment("web"), by: person)
        try await open.createEnvironment(segment("prod"), in: segment("web"), by: person)
        #expect(try await open.environments(of: segment("web"), by: person).map(\.name.description) == ["dev", "prod"])
        let canary = bench.canary()
        try await bench.set("app/key", canary.secret, in: VaultBench.scope("web/prod"))
        try await open.renameEnvironment(segment("prod"), in: segment("web"), to: segment("live"), by: person)
        try await open.renameProject(segment("web"), to: segment("site"), by: person)
        #expect(try await bench.reveal("app/key", in: VaultBench.scope("site/live")) == canary.text)
        for scope in ["web/prod", "site/prod", "web/live"] {
            await #expect(throws: EngineError.notFound(.secret)) { _ = try await bench.reveal("app/key", in: VaultBench.scope(scope)) }
        }
        try await bench.relock()
        #expect(try await bench.reveal("app/key", in: VaultBench.scope("site/live")) == canary.text)
        #expect(try await bench.open.projects(by: person).map(\.name.description) == ["default", "site"])
    }

    @Test("what is not empty, not there or there already is refused") func errors() async throws {
        let bench = try await VaultBench.unlocked()
        let (open, person) = (try bench.open, bench.person())
        try await open.createProject(segment("web"), by: person)
        try await bench.set("app/key", bench.canary().secret, in: VaultBench.scope("web/dev"))
        await #expect(throws: EngineError.nameTaken(.project)) { try await open.createProject(segment("web"), by: person) }
        await #expect(throws: EngineError.nameTaken(.project)) { try await open.renameProject(segment("default"), to: segment("web"), by: person) }
        await #expect(throws: EngineError.nameTaken(.environment)) {
            try await open.createEnvironment(segment("dev"), in: segment("web"), by: person)
        }
        await #expect(throws: EngineError.notEmpty(.environment)) { try await open.deleteEnvironment(segment("dev"), in: segment("web"), by: person) }
        await #expect(throws: EngineError.notEmpty(.project)) { try await open.deleteProject(segment("web"), by: person) }
        await #expect(throws: EngineError.notFound(.project)) { try await open.deleteProject(segment("none"), by: person) }
        await #expect(throws: EngineError.notFound(.project)) { _ = try await open.environments(of: segment("none"), by: person) }
        await #expect(throws: EngineError.notFound(.environment)) {
            try await open.renameEnvironment(segment("none"), in: segment("web"), to: segment("x"), by: person)
        }
    }

    @Test("an empty project goes with its environments and keys, and its name can be given again") func removal() async throws {
        let bench = try await VaultBench.unlocked()
        let (open, person) = (try bench.open, bench.person())
        try await open.createProject(segment("web"), by: person)
        try await bench.set("app/key", bench.canary().secret, in: VaultBench.scope("web/dev"))
        _ = try await open.delete(VaultBench.name("app/key"), in: VaultBench.scope("web/dev"), by: person)
        try await open.purge(VaultBench.name("app/key"), in: VaultBench.scope("web/dev"), by: person)
        try await open.deleteProject(segment("web"), by: person)
        let dump = try await StoreDump(of: bench.store)
        #expect(dump.records.filter { $0.kind == .project }.count == 1)
        #expect(dump.keys.count == 2)
        try await open.createProject(segment("web"), by: person)
        try await bench.set("app/key", bench.canary().secret, in: VaultBench.scope("web/dev"))
        try await bench.relock()
    }
}
