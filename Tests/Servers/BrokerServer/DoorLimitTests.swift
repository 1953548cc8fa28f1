import Brokering
import Foundation
import Model
import Secrets
import TestKit
import Testing

@testable import BrokerServer

/// What a request may carry, and what a program is told whose rule has no more for it now.
@Suite struct DoorLimitTests {
    private let random = SeededRandom(seed: 87)

    private func scene(carrying count: Int64) async throws -> DoorScene {
        try await DoorScene(random) { grant, service in
            guard case .allow(var leave) = grant.leave(service) else { return .refuse(nil) }
            leave.allowance = count
            return .allow(leave)
        }
    }

    @Test func whatIsAllowedGoes() async throws {
        let scene = try await scene(carrying: 2000)
        let printed = try await scene.curl("/echo", ["--data", "0123456789"])
        #expect(printed.contains("HTTP/1.1 200 ") && scene.service.received.count == 1)
        try await scene.end()
    }

    @Test func bodiesEndWhereTheAllowanceDoes() async throws {
        let scene = try await scene(carrying: 50_000)
        try Data(repeating: 0x61, count: 60_000).write(to: URL(filePath: scene.directory.path("body")))
        let printed = try await scene.curl(
            "/echo", ["-H", "Content-Type: application/octet-stream", "--data-binary", "@\(scene.directory.path("body"))"])
        #expect(!printed.contains("X-Echo") && scene.service.received.isEmpty)
        let outcome = try #require(await scene.judge.outcomes(1).first)
        #expect(outcome.result == "broker.over-allowance" && outcome.bytesSent + outcome.bytesReceived <= 50_000)
        try await scene.end()
    }

    @Test func repliesEndWhereTheAllowanceDoes() async throws {
        let scene = try await scene(carrying: 50_000)
        let printed = try await scene.curl("/large")
        #expect(!printed.hasSuffix("\nexit(0)"), "it looks cut")
        let outcome = try #require(await scene.judge.outcomes(1).first)
        #expect(outcome.result == "broker.over-allowance" && outcome.bytesReceived <= 50_000)
        try await scene.end()
    }

    @Test func programsAreToldWhenToAskAgain() async throws {
        let scene = try await DoorScene(random) { _, _ in
            .refuse(RequestDenial(code: "rate_limited", message: "no more", rule: "r", nextStep: "wait 7 s", retryAfter: 7))
        }
        let printed = try await scene.curl("/echo")
        #expect(printed.contains("HTTP/1.1 429 ") && printed.contains("Retry-After: 7\n") && printed.contains("Tacit-Denied: rate_limited"))
        try await scene.end()
    }

    @Test func overIsOver() throws {
        let tally = RequestTally()
        tally.allow(10)
        try tally.sent(6)
        #expect(throws: BrokerFailure.overAllowance) { try tally.received(5) }
        try tally.received(4)
        #expect(throws: BrokerFailure.overAllowance) { try tally.sent(1) }
        #expect(tally.outcome("done").bytesSent == 6 && tally.outcome("done").bytesReceived == 4)
    }
}
