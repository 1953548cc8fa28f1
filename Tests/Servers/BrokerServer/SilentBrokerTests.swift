import BrokerServer
import Brokering
import CProcess
import Glibc
import Model
import Secrets
import TestKit
import Testing

/// A broker that is asked for a door and says nothing.
@Suite(.timeLimit(.minutes(1))) struct SilentBrokerTests {
    private let clock = FakeClock()
    private let setup = DoorSetup(tokens: [:], credential: "c", life: .seconds(60))
    private let judge = TestJudge { _ in .refuse(nil) }

    /// The keeper's handle, and the other end, at which nobody speaks.
    private func silent() async throws -> (handle: BrokerHandle, other: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe tacit_socket_pair(0, &ends) == 0 else { throw BrokerFailure.unavailable }
        return (try await BrokerHandle(descriptor: ends[0], clock: clock), ends[1])
    }

    @Test("is ended after a while, and whoever waits for it is told") func ends() async throws {
        let (handle, other) = try await silent()
        defer { close(other) }
        let first = Task { try await handle.open(setup, judgedBy: judge) }
        while clock.sleeperCount < 1 { await Task.yield() }
        let second = Task { try await handle.open(setup, judgedBy: judge) }
        while clock.sleeperCount < 2 { await Task.yield() }
        #expect(handle.isRunning)
        clock.advance(by: BrokerHandle.answerPatience)
        await #expect(throws: BrokerFailure.unavailable) { try await first.value }
        await #expect(throws: BrokerFailure.unavailable) { try await second.value }
        #expect(!handle.isRunning)
    }

    @Test("is ended where it does not hear that it has to ask, and whoever told it goes on") func unheard() async throws {
        let (handle, other) = try await silent()
        defer { close(other) }
        let telling = Task { await handle.consult() }
        while clock.sleeperCount < 1 { await Task.yield() }
        #expect(handle.isRunning)
        clock.advance(by: BrokerHandle.answerPatience)
        await telling.value
        #expect(!handle.isRunning)
    }

    @Test("is not waited for by a caller that is gone, and is not ended for that") func cancelled() async throws {
        let (handle, other) = try await silent()
        defer { close(other) }
        let waiting = Task { try await handle.open(setup, judgedBy: judge) }
        while clock.sleeperCount < 1 { await Task.yield() }
        waiting.cancel()
        await #expect(throws: BrokerFailure.cut) { try await waiting.value }
        let early = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await handle.open(setup, judgedBy: judge)
        }
        early.cancel()
        await #expect(throws: BrokerFailure.cut) { try await early.value }
        #expect(handle.isRunning)
        handle.end()
    }

    @Test("whose door comes after it was given up goes on, and opens another") func late() async throws {
        let broker = try await BrokerHarness()
        for _ in 0..<20 {
            let waiting = Task { try await broker.handle.open(setup, judgedBy: judge) }
            waiting.cancel()
            _ = try? await waiting.value
        }
        #expect(try await broker.handle.open(setup, judgedBy: judge).port > 0)
        #expect(broker.handle.isRunning)
        broker.handle.end()
    }
}
