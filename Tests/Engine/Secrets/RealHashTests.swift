#if canImport(PasswordKeys)
    import Model
    import PasswordKeys
    import TestKit
    import Testing

    @testable import Secrets

    @Suite struct RealHashTests {
        @Test("the real password hash opens what it closed") func realHash() async throws {
            let bench = try await VaultBench.unlocked(hash: Argon2id())
            let canary = bench.canary()
            try await bench.set("app/key", canary.secret)
            try await bench.lock()
            await #expect(throws: EngineError.wrongPassword) { try await bench.unlock("wrong wrong") }
            try await bench.unlock()
            #expect(try await bench.reveal("app/key") == canary.text)
        }
    }
#endif
