import BrokerServer
import Brokering
import Foundation
import Model
import Redaction
import Secrets
import TestKit
import Testing

/// WebSockets through the door of a session: what programs and services send each other is searched both ways.
@Suite struct WebSocketTests {
    private let random = SeededRandom(seed: 86)

    @Test func programsUseTheValueAndSeeTheToken() async throws {
        let scene = try await SocketScene(random, .init(greeting: { SocketService.frame(.text, "you are \($0)".utf8) }))
        let client = try await SocketClient(scene)
        try await client.send(scene.request("/socket?room=1"))
        let head = await client.readHead()
        #expect(head.hasPrefix("HTTP/1.1 101 ") && head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") && !head.lowercased().contains("extensions"))
        #expect(try await client.nextText() == "you are Bearer \(scene.grant.token.text)")
        try await client.send(.text, "hello")
        #expect(try await client.nextText() == "hello")
        try await client.send(.ping, "?")
        #expect(try await client.next() == .control(.pong, [UInt8(ascii: "?")]))
        try await client.send(Frame.close(1000, mask: 1))
        #expect(try await client.next() == .control(.close, [3, 232]))
        #expect(try await client.next() == nil)
        let seen = try #require(scene.service.heads.first)
        #expect(
            SocketService.field("authorization", of: seen) == "Bearer \(scene.grant.canary.text)" && seen.hasPrefix("GET /socket?room=1 HTTP/1.1\r\n")
        )
        #expect(!seen.lowercased().contains("extensions") && seen.lowercased().contains("connection: upgrade"))
        let outcome = try #require(await scene.judge.outcomes(1).first)
        #expect(outcome.result == "done" && outcome.status == 101 && outcome.redactions.map(\.count) == [1])
        #expect(outcome.bytesSent == 11 + 7 + 8 && outcome.bytesReceived > 60)
        #expect(
            scene.judge.asked.map(\.method) == ["GET"] && scene.judge.asked.map(\.scheme) == ["wss"] && scene.judge.asked.map(\.path) == ["/socket"]
                && scene.service.refusals.isEmpty)
        try await scene.end()
    }

    /// The value over the edges of frames and messages, and in other spellings.
    @Test(arguments: [[7], [1, 1, 1, 20], [23, 100], Array(repeating: 1, count: 80)])
    func valuesAreTakenOutOverFragments(_ lengths: [Int]) async throws {
        let scene = try await SocketScene(
            random,
            .init(greeting: { credential in
                var (rest, frames) = (Array("you are \(credential)!".utf8)[...], [UInt8]())
                for (index, length) in lengths.enumerated() {
                    frames += SocketService.frame(index == 0 ? .text : .continuation, rest.prefix(length), isLast: false)
                    frames += SocketService.frame(.ping, [])
                    rest = rest.dropFirst(length)
                }
                return frames + SocketService.frame(.continuation, rest)
                    + SocketService.frame(.binary, Data(credential.utf8).base64EncodedString().utf8)
            }))
        let client = try await scene.open()
        var events: [FrameReader.Event] = []
        while events.count(where: { if case .message = $0 { true } else { false } }) < 2, let event = try await client.next() { events.append(event) }
        let messages = events.filter { $0 != .control(.ping, []) }
        guard case .message(.text, let first, _)? = messages.first, case .message(.binary, let second, _)? = messages.last else {
            Issue.record("other messages came: \(messages)")
            return
        }
        #expect(String(decoding: first, as: UTF8.self) == "you are Bearer \(scene.grant.token.text)!")
        let shown = String(decoding: second, as: UTF8.self)
        #expect(
            shown.contains("[REDACTED:deploy/key:base64]") && !Spelling.allCases.contains { first.contains($0.bytes(of: scene.grant.canary.bytes)) })
        try await scene.end()
    }

    @Test func ofAValueOverTwoMessagesNoMoreIsSeenThanABeginning() async throws {
        let scene = try await SocketScene(
            random,
            .init(greeting: { credential in
                let value = Array(credential.utf8.dropFirst("Bearer ".utf8.count))
                return SocketService.frame(.text, value.prefix(10)) + SocketService.frame(.text, value.dropFirst(10))
                    + SocketService.frame(.text, [65])
            }))
        let client = try await scene.open()
        let shown = [try await client.nextText(), try await client.nextText(), try await client.nextText()].compactMap(\.self)
        #expect(shown.count == 3 && shown[0] == String(scene.grant.canary.text.prefix(10)) && shown[2] == "A")
        #expect(!shown.joined().contains(scene.grant.canary.text.dropFirst(10).prefix(8)), "\(shown)")
        try await scene.end()
    }

    @Test(arguments: [FrameKind.ping, .pong, .close])
    func valuesInControlFramesEndIt(_ kind: FrameKind) async throws {
        let scene = try await SocketScene(
            random,
            .init(greeting: { credential in
                let value = credential.utf8.dropFirst("Bearer ".utf8.count)
                return SocketService.frame(kind, (kind == .close ? [3, 232] : []) + value)
            }))
        let client = try await scene.open()
        #expect(try await client.next() == .control(.close, [3, 240] + Array("broker.reply-withheld".utf8)))
        #expect(try await client.next() == nil)
        await scene.service.ends()
        #expect(await scene.judge.outcomes(1).map(\.result) == ["broker.reply-withheld"])
        try await scene.end()
    }

    @Test func valuesThatCouldBeGuessedEndIt() async throws {
        var word = Array("hunter22".utf8)
        let scene = try await SocketScene(random, value: SecretValue(moving: &word))
        let client = try await scene.open()
        try await client.send(.text, "is it hunter23?")
        #expect(try await client.nextText() == "is it hunter23?")
        try await client.send(.text, "is it hunter22?")
        #expect(try await client.next() == .control(.close, [3, 240] + Array("broker.reply-withheld".utf8)))
        let outcome = try #require(await scene.judge.outcomes(1).first)
        #expect(outcome.result == "broker.reply-withheld" && outcome.answers.isEmpty)
        #expect(scene.judge.answers == ["deploy/key"], "counted before the program sees it")
        try await scene.end()
    }

    @Test func whatTheKeeperWithholdsEndsIt() async throws {
        let scene = try await SocketScene(random)
        let client = try await scene.open()
        try await client.send(.text, "one")
        #expect(try await client.nextText() == "one")
        scene.judge.withhold()
        await scene.broker.handle.consult()
        try await client.send(.text, "two")
        #expect(try await client.next() == .control(.close, [3, 240] + Array("broker.reply-withheld".utf8)))
        try await scene.end()
    }

    @Test func whatAProgramMayNotSendReachesNobody() async throws {
        let scene = try await SocketScene(random)
        let (value, token) = (scene.grant.canary.text, scene.grant.token.text)
        let cases: [([UInt8], String)] = [
            (SocketClient.frame(.text, "key=\(value)".utf8), "value.egress"),
            (
                SocketClient.frame(.text, value.utf8.prefix(12), isLast: false) + SocketClient.frame(.ping, [])
                    + SocketClient.frame(.continuation, value.utf8.dropFirst(12)), "value.egress"
            ),
            (SocketClient.frame(.ping, value.utf8), "value.egress"), (Frame.close(1000, value, mask: 5), "value.egress"),
            (SocketClient.frame(.text, "use \(token)".utf8), "broker.token-misplaced"),
            (SocketService.frame(.text, "no mask".utf8), "broker.frame-mask"), ([0xc1, 0x80, 0, 0, 0, 0], "broker.frame-reserved"),
            ([0x09, 0x80, 0, 0, 0, 0], "broker.frame-control"), ([0x89, 0xfe, 0, 126], "broker.frame-control"),
            (Array("GET /admin HTTP/1.1\r\n\r\n".utf8), "broker.frame-reserved"),
        ]
        for (index, (bytes, code)) in cases.enumerated() {
            let client = try await scene.open()
            try await client.send(bytes)
            var event = try await client.next()
            if event == .control(.pong, []) { event = try await client.next() }
            #expect(event == .control(.close, [3, 240] + Array(code.utf8)))
            #expect(try await client.next() == nil)
            await scene.service.ends()
            #expect(await scene.judge.outcomes(index + 1).last?.result == code)
        }
        #expect(scene.service.refusals.isEmpty)
        #expect(scene.service.events.allSatisfy { [.control(.ping, []), .control(.close, [3, 233])].contains($0) }, "\(scene.service.events)")
        #expect(await scene.judge.misused(1) == [scene.grant.id])
        try await scene.end()
    }

    @Test func whatAServiceMayNotSendEndsIt() async throws {
        for bytes in [[0x81, 0x80, 1, 2, 3, 4], [0xc1, 0], [0x81, 126, 0, 1, 65], [0x09, 0], [0x80, 0], [0x88, 0, 0x81, 0]] as [[UInt8]] {
            let scene = try await SocketScene(random, .init(greeting: { _ in SocketService.frame(.text, [65]) + bytes }))
            let client = try await scene.open()
            #expect(try await client.nextText() == "A")
            let isClosed = bytes[0] == 0x88
            #expect(try await client.next() == .control(.close, isClosed ? [] : [3, 240] + Array("broker.reply-frames".utf8)))
            #expect(await scene.judge.outcomes(1).map(\.result) == ["broker.reply-frames"])
            try await scene.end()
        }
    }

    @Test(arguments: [
        ("s3pPLMBiTxaQ9kYGzzhZRbK+xOp=", ""), (nil, "Sec-WebSocket-Extensions: permessage-deflate\r\n"), (nil, "Sec-WebSocket-Protocol: chat\r\n"),
        (nil, "Content-Length: 5\r\n"),
    ])
    func answersThatAreNoneAreRefused(_ accept: String?, _ more: String) async throws {
        let scene = try await SocketScene(random, .init(answer: { SocketService.agreement(to: $0, accept: accept, more) }))
        let client = try await SocketClient(scene)
        try await client.send(scene.request())
        let head = await client.readHead()
        #expect(head.hasPrefix("HTTP/1.1 502 ") && head.contains("Tacit-Denied: broker.reply-upgrade"))
        await scene.service.ends()
        #expect(await scene.judge.outcomes(1).map(\.result) == ["broker.reply-upgrade"])
        try await scene.end()
    }

    @Test func anotherAnswerIsAReplyAsAnyOther() async throws {
        let scene = try await SocketScene(
            random,
            .init(answer: {
                "HTTP/1.1 403 No\r\nContent-Length: 60\r\n\r\n"
                    + SocketService.field("authorization", of: $0).padding(toLength: 60, withPad: ".", startingAt: 0)
            }))
        let client = try await SocketClient(scene)
        try await client.send(scene.request() + SocketClient.frame(.text, "too early".utf8))
        let head = await client.readHead()
        #expect(head.hasPrefix("HTTP/1.1 403 "))
        await scene.service.ends()
        #expect(await scene.judge.outcomes(1).map(\.status) == [403] && scene.service.events.isEmpty)
        try await scene.end()
    }

    @Test func whatComesBeforeTheAnswerEndsIt() async throws {
        let scene = try await SocketScene(random)
        for early in [SocketClient.frame(.text, "early".utf8), Array("GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)] {
            let client = try await SocketClient(scene)
            try await client.send(scene.request() + early)
            _ = await client.readHead()
            #expect(try await client.next() == .control(.close, [3, 240] + Array("broker.frame-early".utf8)))
            #expect(try await client.next() == nil)
            await scene.service.ends()
        }
        #expect(await scene.judge.outcomes(2).map(\.result) == ["broker.frame-early", "broker.frame-early"])
        #expect(scene.service.events == [.control(.close, [3, 233]), .control(.close, [3, 233])])
        try await scene.end()
    }

    @Test func whoeverLeavesEndsIt() async throws {
        let scene = try await SocketScene(random, .init(reply: { $0 == .message(.text, [66], isLast: true) ? Frame.close(1001, mask: nil) : [] }))
        let client = try await scene.open()
        try await client.leave()
        await scene.service.ends()
        #expect(scene.service.events == [.control(.close, [3, 233])])
        let other = try await scene.open()
        try await other.send(.text, "B")
        #expect(try await other.next() == .control(.close, [3, 233]))
        try await other.send(Frame.close(1001, mask: 3))
        #expect(try await other.next() == nil)
        #expect(await scene.judge.outcomes(2).map(\.result) == ["done", "done"])
        try await scene.end()
    }

    @Test func itEndsWithItsBroker() async throws {
        let scene = try await SocketScene(random)
        let client = try await scene.open()
        scene.broker.handle.end()
        while try await client.next() != nil {}
        await scene.service.ends()
        try await scene.service.end()
    }

    @Test func itEndsWithItsToken() async throws {
        let scene = try await SocketScene(random)
        let client = try await scene.open()
        scene.broker.handle.endRequests(with: random.id())
        try await client.send(.text, "still here")
        #expect(try await client.nextText() == "still here")
        scene.broker.handle.endRequests(with: scene.grant.id)
        #expect(try await client.next() == .control(.close, [3, 240] + Array("broker.token-revoked".utf8)))
        #expect(try await client.next() == nil)
        await scene.service.ends()
        #expect(await scene.judge.outcomes(1).map(\.result) == ["broker.token-revoked"])
        try await scene.end()
    }

    @Test func whatWasAllowedWithATokenThatIsOverLeavesNobody() async throws {
        let scene = try await SocketScene(random)
        scene.broker.handle.endRequests(with: scene.grant.id)
        let client = try await SocketClient(scene)
        try await client.send(scene.request())
        let head = await client.readHead()
        #expect(head.hasPrefix("HTTP/1.1 403 ") && head.contains("Tacit-Denied: broker.token-revoked"))
        #expect(await scene.judge.outcomes(1).map(\.result) == ["broker.token-revoked"] && scene.service.heads.isEmpty)
        try await scene.end()
    }

    @Test func ofARulesBytesNoMorePassThanIsLeft() async throws {
        let scene = try await SocketScene(random, allowance: 400)
        let client = try await scene.open()
        try await client.send(.text, String(repeating: "a", count: 100))
        #expect(try await client.nextText()?.count == 100)
        try await client.send(.text, String(repeating: "b", count: 300))
        #expect(try await client.next() == .control(.close, [3, 240] + Array("broker.over-allowance".utf8)))
        let outcome = try #require(await scene.judge.outcomes(1).first)
        #expect(outcome.result == "broker.over-allowance" && outcome.bytesSent + outcome.bytesReceived <= 400)
        #expect(!scene.service.events.contains(.message(.text, Array(repeating: UInt8(ascii: "b"), count: 300), isLast: true)))
        try await scene.end()
    }

    @Test func longMessagesPassInBothDirections() async throws {
        let scene = try await SocketScene(random)
        let client = try await scene.open()
        let text = String(repeating: "0123456789", count: 300_000)
        try await client.send(.text, text)
        #expect(try await client.nextText() == text)
        try await client.send(SocketClient.frame(.binary, [], isLast: false))
        for _ in 0..<50 { try await client.send(SocketClient.frame(.continuation, [1, 2, 3], isLast: false)) }
        try await client.send(SocketClient.frame(.continuation, []))
        #expect(try await client.next() == .message(.binary, Array(repeatElement([1, 2, 3], count: 50).joined()), isLast: true))
        try await scene.end()
    }
}
