import Envelopes
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// What was deleted or replaced leaves the raw files, or a person learns that it did not.
@Suite struct TraceTests {
    private let isBroken = Flag(false)

    private func bench() async throws -> VaultBench {
        let bench = VaultBench { [isBroken] in
            HookedStore($0) { call in if call == "eraseFreed", isBroken.isSet { throw StoreError.full } }
        }
        try await bench.create()
        try await bench.set("app/key", "CANARY-value".secret)
        return bench
    }

    private func isTold(_ bench: VaultBench) throws -> Bool { try bench.open.warnings.contains { $0.contains("raw files") } }

    struct Act: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: @Sendable (VaultBench) async throws -> Void

        init(_ what: String, _ body: @escaping @Sendable (VaultBench) async throws -> Void) { (testDescription, self.body) = (what, body) }
    }

    static let acts = [
        Act("a new password") {
            try await $0.vault.changePassword(current: VaultBench.password.secret, to: "another password".secret, by: $0.person())
        },
        Act("a new root key") { _ = try await $0.vault.rotateRoot(password: VaultBench.password.secret, by: $0.person()) },
        Act("a new organization key") { _ = try await $0.vault.rotateOrganization(by: $0.person()) },
        Act("a new recovery key") { _ = try await $0.open.replaceRecovery(by: $0.person()) },
        Act("a slot that is removed") {
            let slot = try await $0.open.addPasswordSlot("another password".secret, by: $0.person())
            try await $0.open.removeSlot(slot, by: $0.person())
        },
        Act("a project's new key") { bench in
            _ = try await bench.open.beginRotation(RotationWish(.project, project: VaultBench.segment("default")), by: bench.person())
            while try await bench.open.rotate(by: bench.person()).phase != .done {}
        },
    ]

    @Test("where the raw files could not be cleared that is told, and tried again until it is done", arguments: acts)
    func told(_ act: Act) async throws {
        let bench = try await bench()
        isBroken.set()
        #expect(try !isTold(bench))
        try await act.body(bench)
        #expect(try isTold(bench))
        try await bench.vault.upkeep()
        #expect(try isTold(bench))
        isBroken.set(false)
        try await bench.vault.upkeep()
        #expect(try !isTold(bench))
    }

    @Test("a purge that leaves traces says so, and the secret is gone") func purge() async throws {
        let bench = try await bench()
        let name = VaultBench.name("app/key")
        _ = try await bench.open.delete(name, in: VaultBench.dev, by: bench.person())
        isBroken.set()
        await #expect(throws: EngineError.leavesTraces) { try await bench.open.purge(name, in: VaultBench.dev, by: bench.person()) }
        #expect(try isTold(bench))
        await #expect(throws: EngineError.notFound(.secret)) { try await bench.open.purge(name, in: VaultBench.dev, by: bench.person()) }
        isBroken.set(false)
        try await bench.vault.upkeep()
        #expect(try !isTold(bench))
    }
}
