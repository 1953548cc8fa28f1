import Foundation
import HTTPTypes
import Model
import Redaction
import Synchronization
import TestKit
import Testing

@testable import Brokering

@Suite("real values in what a program sends")
struct EgressTests {
    private let random = SeededRandom()
    private let value = "CANARY/9f8e7d6c5b4a3921+real=value"
    private let guessable = "hunter22"

    private func needles() -> NeedleSet {
        NeedleSet(
            [("other/key", value), ("other/word", guessable)].map { name, text in
                var bytes = Array(text.utf8)
                return Needle(name: name, value: SecretValue(moving: &bytes), standIn: "ghp_standin")
            })
    }

    /// The forms in which a value is found.
    private var forms: [String] {
        let bytes = Data(value.utf8)
        return [
            value, bytes.base64EncodedString(), Data("user:\(value)".utf8).base64EncodedString(), bytes.map { String(format: "%02x", $0) }.joined(),
            bytes.map { String(format: "%%%02X", $0) }.joined(), value.replacing("/", with: "%2F").replacing("+", with: "%2B"),
            value.replacing("/", with: "\\/"),
        ]
    }

    private func passed(_ body: [UInt8], atMost length: Int) -> (bytes: [UInt8], name: String?) {
        let watch = EgressWatch(needles())
        var passed: [UInt8] = []
        for piece in body.cut(by: random, atMost: length) {
            if let name = watch.pass(piece, into: &passed) { return (passed, name) }
        }
        let name = watch.pass([], isEnd: true, into: &passed)
        return (passed, name)
    }

    /// In base64 a user's name may stand before the value, and the two share a digit.
    private func isCut(_ bytes: [UInt8], before form: String, behind lead: [UInt8]) -> Bool {
        (lead + Array(form.utf8)).starts(with: bytes) && (lead.count...lead.count + 7).contains(bytes.count)
    }

    @Test("a value in any form ends the stream right before it, however the stream is cut")
    func everyForm() {
        for form in forms {
            let lead = Array("{\"some\": \"text\", \"it\": \"".utf8)
            for length in [1, 3, 20, 1000] {
                let (bytes, name) = passed(lead + Array(form.utf8) + Array("\"} and more".utf8), atMost: length)
                #expect(name == "other/key" && isCut(bytes, before: form, behind: lead), "\(form) in pieces of \(length)")
            }
        }
    }

    @Test("what holds no value passes byte for byte, compressed data and a value that could be guessed as well")
    func clean() {
        let gzip: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + random.bytes(500)
        for body in [Array("the password is \(guessable), again \(guessable)".utf8), gzip, random.bytes(5000), [], Array(value.utf8.prefix(12))] {
            for length in [1, 50, 10_000] {
                let (bytes, name) = passed(body, atMost: length)
                #expect(bytes == body && name == nil)
            }
        }
        #expect(passed(gzip + Array(value.utf8), atMost: 100).name == "other/key")
    }

    @Test("the beginning of a value passes, however long it is: that a request ends at it would say that it is one")
    func beginnings() throws {
        for count in [16, 20, value.utf8.count - 1] {
            let body = Array("a=".utf8) + value.utf8.prefix(count)
            let (bytes, name) = passed(body, atMost: 7)
            #expect(bytes == body && name == nil)
            var exchange = try exchange([("X-Guess", String(decoding: value.utf8.prefix(count), as: UTF8.self))], needles: needles())
            #expect(throws: Never.self) { try exchange.allow([:]) }
        }
    }

    @Test("how much of a body has gone on tells nothing of what it holds")
    func distance() throws {
        func gone(_ end: String) throws -> [Int] {
            var exchange = try exchange([("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain")], needles: needles())
            _ = try exchange.allow([:])
            let body = [UInt8](repeating: 0x20, count: ContentDelay.distance + 1000 - end.utf8.count) + Array(end.utf8)
            return stride(from: 0, to: body.count, by: 500).map { start in
                guard case .pass(let bytes) = exchange.receive(Array(body[start..<min(body.count, start + 500)])) else { return 0 }
                return bytes.count
            } + [{ if case .pass(let bytes) = $0 { bytes.count } else { 0 } }(exchange.receiveEnd())]
        }
        let other = try gone(String(repeating: "x", count: 30))
        #expect(other.reduce(0, +) == ContentDelay.distance + 1000 && other.dropLast().reduce(0, +) == 1000)
        for count in 1...30 { #expect(try gone(String(value.prefix(count)) + String(repeating: "x", count: 30 - count)) == other) }
        for count in 1...30 { #expect(try gone(String(repeating: "x", count: 30 - count) + String(value.prefix(count))) == other) }
    }

    @Test("random streams with a value in them are cut before it, and nowhere else")
    func drawn() {
        for _ in 0..<60 {
            let lead = (0..<random.int(in: 0...400)).map { _ in UInt8(random.int(in: 0x61...0x7A)) } + Array(" \n".utf8)
            let form = random.element(of: forms) ?? value
            let (bytes, name) = passed(lead + Array("\(form)\n".utf8), atMost: random.int(in: 1...120))
            #expect(name == "other/key" && isCut(bytes, before: form, behind: lead), "\(form)")
        }
    }

    private func received(_ fields: [(String, String)], _ target: String, needles: NeedleSet?) throws -> (RequestExchange, RequestExchange.Step) {
        var exchange = RequestExchange(SessionTokens([:]), mayStandInBody: false, clock: { Timestamp(nanoseconds: 0) }, values: { needles })
        let all = [("Host", "api.github.com")] + fields
        let head = ReceivedHead(
            version: .http1_1, method: "POST", target: Array(target.utf8), fields: all.map { ReceivedHead.Field($0, Array($1.utf8)) })
        let step = exchange.receive(head, judgedBy: HeadGuard(tunnel: try Origin(url: "https://api.github.com")), allowsEncodedSlash: true)
        return (exchange, step)
    }

    private func exchange(_ fields: [(String, String)], _ target: String = "/x", needles: NeedleSet?) throws -> RequestExchange {
        let (exchange, step) = try received(fields, target, needles: needles)
        guard case .ask = step else { throw Unexpected(step: "\(step)") }
        return exchange
    }

    private struct Unexpected: Error { let step: String }

    @Test("of a request with a value in its head nothing is asked, since who is asked writes it down")
    func heads() throws {
        let basic = Data("user:\(value)".utf8).base64EncodedString()
        let escaped = value.replacing("/", with: "%2F").replacing("+", with: "%2B")
        for (fields, target) in [
            ([("Authorization", "Bearer \(value)")], "/x"), ([("Authorization", "Basic \(basic)")], "/x"),
            ([("X-\(value.prefix(6))", "1")], "/?k=\(escaped)"),
            ([], "/a/\(escaped)"), ([("Cookie", "a=1; s=\(value)")], "/"),
        ] {
            let (exchange, step) = try received(fields, target, needles: needles())
            #expect(step == .stop(.egress(Egress(name: "other/key", bytesSent: 0))) && exchange.hasEnded)
        }
        var other = try exchange([("Authorization", "Bearer \(guessable)")], needles: needles())
        #expect(try other.allow([:]).request.headerFields[.authorization] == "Bearer \(guessable)")
    }

    @Test("a body ends before a value, and it is told how much of it had left")
    func bodies() throws {
        var exchange = try exchange([("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain")], needles: needles())
        #expect(try exchange.allow([:]).next.isEmpty)
        var sent = 0
        var step = RequestExchange.Step.wait
        for piece in Array("some text, and then \(value)".utf8).cut(by: random, atMost: 6) where !exchange.hasEnded {
            step = exchange.receive(piece)
            if case .pass(let bytes) = step { sent += bytes.count }
        }
        if !exchange.hasEnded { step = exchange.receiveEnd() }
        #expect(step == .stop(.egress(Egress(name: "other/key", bytesSent: Int64(sent)))) && sent <= 20)
        guard case .stop(let stop) = step else { return }
        #expect(stop.code == "value.egress" && !stop.message.contains("other/key") && stop.hint != nil && stop.misusedGrant == nil)
    }

    /// What a broker has: nothing yet, or from some moment on more.
    private final class Held: Sendable {
        private let state = Mutex<NeedleSet?>(nil)
        var needles: NeedleSet? { state.withLock { $0 } }
        func take(_ needles: NeedleSet) { state.withLock { $0 = needles } }
    }

    /// Sends pieces of a body, does something before one of them, and gives what went on and how it ended.
    private func streamed(_ pieces: [[UInt8]], _ held: Held, _ change: (Int) -> Void) throws -> (bytes: [UInt8], stop: ExchangeStop?) {
        var exchange = RequestExchange(
            SessionTokens([:]), mayStandInBody: false, clock: { Timestamp(nanoseconds: 0) }, values: { held.needles })
        let fields = [("Host", "api.github.com"), ("Transfer-Encoding", "chunked"), ("Content-Type", "text/plain")]
        let head = ReceivedHead(
            version: .http1_1, method: "POST", target: Array("/x".utf8), fields: fields.map { ReceivedHead.Field($0, Array($1.utf8)) })
        _ = exchange.receive(head, judgedBy: HeadGuard(tunnel: try Origin(url: "https://api.github.com")), allowsEncodedSlash: true)
        _ = try exchange.allow([:])
        var passed: [UInt8] = []
        for (index, piece) in (pieces.map(Optional.some) + [nil]).enumerated() {
            change(index)
            switch piece.map({ exchange.receive($0) }) ?? exchange.receiveEnd() {
            case .pass(let bytes): passed += bytes
            case .stop(let stop): return (passed, stop)
            default: break
            }
        }
        return (passed, nil)
    }

    @Test("a value that is released while a body streams is looked for from then on, in all that has not gone on")
    func released() throws {
        var bytes = Array("another value, known before".utf8)
        let earlier = NeedleSet([Needle(name: "old", value: SecretValue(moving: &bytes))])
        let (all, lead) = (needles(), [UInt8](repeating: 0x61, count: 100))
        for form in forms {
            let (first, second) = (Array(form.utf8.prefix(20)), Array(form.utf8.dropFirst(20)))
            // Nothing was known before: what went on is gone, and what comes whole is found.
            let held = Held()
            var (passed, stop) = try streamed([lead, Array(form.utf8)], held) { if $0 == 1 { held.take(all) } }
            #expect(stop?.code == "value.egress" && passed == lead)
            // Something was: what was kept back for it is searched again, whether its rest comes or came already.
            for pieces in [[lead + first, second, []], [lead, first + second, []], [lead + first + second, [0x62], []]] {
                let held = Held()
                held.take(earlier)
                (passed, stop) = try streamed(pieces, held) { if $0 == (pieces[1] == second ? 1 : 2) { held.take(all) } }
                #expect(stop?.code == "value.egress" && passed.isEmpty, "\(form)")
            }
        }
    }

    @Test("what holds no value passes byte for byte, whatever is released meanwhile")
    func releasedElsewhere() throws {
        for _ in 0..<20 {
            let (held, body) = (Held(), random.bytes(random.int(in: 0...200_000)))
            let pieces = body.cut(by: random, atMost: 30_000)
            let at = random.int(in: 0...3)
            let (passed, stop) = try streamed(pieces, held) { if $0 >= at, $0 % 2 == 0 { held.take(needles()) } }
            #expect(passed == body && stop == nil)
        }
    }

    @Test("the value that the exchange itself puts in is none that the program sent")
    func ownValue() throws {
        let grant: GrantID = random.id()
        let token = "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"
        var bytes = Array(value.utf8)
        let secret = SecretValue(moving: &bytes)
        let needles = needles()
        var exchange = RequestExchange(
            SessionTokens([grant: FakeToken(text: token)]), mayStandInBody: false, clock: { Timestamp(nanoseconds: 0) }, values: { needles })
        let head = ReceivedHead(
            version: .http1_1, method: "GET", target: Array("/".utf8),
            fields: [.init("Host", Array("api.github.com".utf8)), .init("Authorization", Array("Bearer \(token)".utf8))])
        _ = exchange.receive(head, judgedBy: HeadGuard(tunnel: try Origin(url: "https://api.github.com")), allowsEncodedSlash: true)
        #expect(try exchange.allow([grant: secret]).request.headerFields[.authorization] == "Bearer \(value)")
    }
}
