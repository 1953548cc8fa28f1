import Auditing
import Model
import Storage
import TestKit
import Testing

@testable import Approvals
@testable import Secrets

/// An authenticator's codes in place of the password, for decisions about requests.
@Suite("The authenticator") struct FactorTests {
    func request(_ bench: VaultBench, _ name: String = "a") async throws -> RequestView {
        let proposal = ApprovalRequest.Proposal(scope: "default/dev", names: [name], capability: nil)
        return try await bench.open.propose(proposal, purpose: "", by: bench.agent())
    }

    /// The key as the authenticator has it.
    private func key(_ text: SecretValue) -> SecretValue {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
        var (bits, held, bytes) = (0, 0, [UInt8]())
        for byte in text.bytes {
            bits = bits << 5 | (alphabet.firstIndex(of: byte) ?? 0)
            held += 5
            if held >= 8 {
                held -= 8
                bytes.append(UInt8(bits >> held & 0xFF))
            }
        }
        return SecretValue(moving: &bytes)
    }

    func code(_ key: SecretValue, _ bench: VaultBench) -> String {
        String(decoding: TimedCodes.code(at: TimedCodes.step(at: bench.machine.wall), key: key), as: UTF8.self)
    }

    func enrolled() async throws -> (VaultBench, SecretValue) {
        let bench = try await VaultBench.unlocked()
        let key = key(try await bench.open.enrollFactor(by: bench.person()))
        try await bench.open.confirmFactor(code(key, bench), by: bench.person())
        bench.machine.advance(.seconds(30))
        return (bench, key)
    }

    private func error(_ body: () async throws -> Void) async -> (any Error)? {
        do { try await body() } catch { return error }
        return nil
    }

    func decide(_ bench: VaultBench, _ request: RequestView, _ typed: String, by asker: Asker) async throws -> RequestView {
        try await bench.open.decide(request.id, .done, code: "\(request.code)", timedCode: typed, by: asker)
    }

    @Test("a code stands for the person, wherever it comes from, once for each step") func opens() async throws {
        let (bench, key) = try await enrolled()
        let typed = code(key, bench)
        let first = try await request(bench)
        #expect(try await decide(bench, first, typed, by: bench.nobody()).standing == .done)
        let second = try await request(bench, "b")
        #expect(await error { _ = try await decide(bench, second, typed, by: bench.person()) } as? ApprovalError == .wrongTimedCode(triesLeft: 4))
        bench.machine.advance(.seconds(30))
        #expect(try await decide(bench, second, code(key, bench), by: bench.person(steppedUp: false)).standing == .done)
        let done = try await bench.log().filter { $0.action == .known(.approvalDone) }
        #expect(done.count == 2 && done.allSatisfy { $0.detail.contains(AuditFact("by", "authenticator")) })
        #expect(try await bench.log().contains { $0.action == .known(.stepUpFailed) && $0.decision == .deny(code: "totp.wrong-code") })
    }

    @Test("a code that opened something opens nothing else, even where the decision failed") func spent() async throws {
        let (bench, key) = try await enrolled()
        let typed = code(key, bench)
        let request = try await request(bench)
        let wrong = await error { _ = try await bench.open.decide(request.id, .done, code: "WRONG2", timedCode: typed, by: bench.person()) }
        #expect(wrong as? ApprovalError == .wrongCode)
        #expect(await error { _ = try await decide(bench, request, typed, by: bench.person()) } as? ApprovalError == .wrongTimedCode(triesLeft: 4))
    }

    @Test("an agent's badge is never a person's, whatever code it shows") func badge() async throws {
        let (bench, key) = try await enrolled()
        let request = try await request(bench)
        let refusal = await error { _ = try await decide(bench, request, code(key, bench), by: bench.agent()) }
        #expect(refusal as? EngineError == .denied(.personOnly))
        #expect(try await decide(bench, request, code(key, bench), by: bench.person()).standing == .done, "it was not looked at")
    }

    @Test("after five wrong codes the right one opens nothing, until a decision with the password; a lock does not help") func tries() async throws {
        let (bench, key) = try await enrolled()
        let request = try await request(bench)
        for left in [4, 3, 2, 1] as [Int64] {
            let refusal = await error { _ = try await decide(bench, request, "x", by: bench.nobody()) }
            #expect(refusal as? ApprovalError == .wrongTimedCode(triesLeft: left))
        }
        #expect(await error { _ = try await decide(bench, request, "x", by: bench.nobody()) } as? ApprovalError == .factorClosed)
        try await bench.relock()
        #expect(await error { _ = try await decide(bench, request, code(key, bench), by: bench.person()) } as? ApprovalError == .factorClosed)
        #expect(try await bench.open.factor(by: bench.person())?.triesLeft == 0)
        _ = try await bench.open.decide(request.id, .done, code: "\(request.code)", by: bench.person())
        let next = try await self.request(bench, "b")
        #expect(try await decide(bench, next, code(key, bench), by: bench.person()).standing == .done)
    }

    @Test("one that was never confirmed opens nothing and is replaced; a confirmed one is removed first") func enrolling() async throws {
        let bench = try await VaultBench.unlocked()
        let request = try await request(bench)
        #expect(await error { _ = try await decide(bench, request, "000000", by: bench.person()) } as? EngineError == .notFound(.authenticator))
        let old = key(try await bench.open.enrollFactor(by: bench.person()))
        #expect(await error { _ = try await decide(bench, request, code(old, bench), by: bench.person()) } as? ApprovalError == .factorClosed)
        #expect(try await bench.open.factor(by: bench.person())?.isConfirmed == false)
        let new = key(try await bench.open.enrollFactor(by: bench.person()))
        #expect(await error { try await bench.open.confirmFactor(code(old, bench), by: bench.person()) } is ApprovalError)
        try await bench.open.confirmFactor(code(new, bench), by: bench.person())
        #expect(await error { _ = try await bench.open.enrollFactor(by: bench.person()) } is EngineError)
        try await bench.open.removeFactor(by: bench.person())
        #expect(try await bench.open.factor(by: bench.person()) == nil)
    }

    @Test("only a person who was asked again enrolls, confirms and removes") func persons() async throws {
        let (bench, _) = try await enrolled()
        for asker in [try bench.agent(), bench.nobody(), bench.person(steppedUp: false)] {
            #expect(await error { _ = try await bench.open.enrollFactor(by: asker) } is EngineError)
            #expect(await error { try await bench.open.confirmFactor("000000", by: asker) } is EngineError)
            #expect(await error { try await bench.open.removeFactor(by: asker) } is EngineError)
        }
        for asker in [try bench.agent(), bench.nobody()] { #expect(await error { _ = try await bench.open.factor(by: asker) } is EngineError) }
    }

    @Test("its row says nothing of the key") func sealed() async throws {
        let (bench, key) = try await enrolled()
        let rows = try await bench.store.records(.factor, parent: nil, after: nil, limit: 10, in: bench.open.organization)
        #expect(rows.count == 1)
        let bytes = key.bytes
        for row in rows { #expect(!row.content.indices.contains { row.content[$0...].starts(with: bytes) }) }
    }
}
