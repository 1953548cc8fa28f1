import Foundation
import HTTPTypes
import Model
import Policies
import Redaction
import TestKit
import Testing

@testable import Brokering

/// Requests of every kind of body, cut in any places: each ends as the same request in one piece does.
@Suite("requests cut anywhere")
struct SegmentationTests {
    private let random = SeededRandom()
    private let grant: GrantID
    private let token = "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"
    private let canary: Canary
    private let needles: NeedleSet
    /// How many requests; a soak run asks for more.
    private let rounds = ProcessInfo.processInfo.environment["TACIT_EXCHANGES"].flatMap(Int.init) ?? 80

    init() {
        (grant, canary) = (random.id(), Canary(random))
        needles = NeedleSet([Needle(name: "app/key", value: canary.secret)])
    }

    /// How a request ends.
    private struct Outcome: Equatable {
        var uses: [RequestWish.TokenUse]?
        var stop: String?
        var target: String?
        var fields: [String] = []
        var framing: JudgedRequest.Body?
        /// What went on of the body.
        var sent: [UInt8] = []

        /// Where a request is stopped, how much of its body had gone on depends on how much came at once.
        func isSame(as other: Self) -> Bool {
            var (one, two) = (self, other)
            // A word that names a method is looked for in what came, and the rest as it goes on.
            let isEither = [stop, other.stop].contains("broker.method-override")
            if isEither, let stop, let another = other.stop, Self.ofBodies.isSuperset(of: [stop, another]) { (one.stop, two.stop) = (nil, nil) }
            if stop != nil, sent.starts(with: other.sent) || other.sent.starts(with: sent) { (one.sent, two.sent) = ([], []) }
            return one == two
        }

        private static let ofBodies: Set = ["broker.method-override", "broker.token-misplaced", "value.egress"]
    }

    private struct Request {
        var head: ReceivedHead
        var body: [UInt8]
        var mayStandInBody: Bool
    }

    /// `early`: how many pieces come before the leave, as far as they are let in.
    private func outcome(_ request: Request, in pieces: [[UInt8]], early: Int) throws -> Outcome {
        let needles = needles
        var exchange = RequestExchange(
            SessionTokens([grant: FakeToken(text: token)]), mayStandInBody: request.mayStandInBody, clock: { Timestamp(nanoseconds: 0) },
            values: { needles })
        let guardian = HeadGuard(tunnel: try Origin(url: "https://api.github.com"))
        var step = exchange.receive(request.head, judgedBy: guardian, allowsEncodedSlash: true)
        var (outcome, rest, hasEnded) = (Outcome(), pieces[...], false)
        let feed = { (exchange: inout RequestExchange) -> RequestExchange.Step in
            if let piece = rest.popFirst() { return exchange.receive(piece) }
            hasEnded = true
            return exchange.receiveEnd()
        }
        while step == .wait, !hasEnded { step = feed(&exchange) }
        guard case .ask(let wish) = step else {
            if case .stop(let stop) = step { outcome.stop = stop.code }
            return outcome
        }
        outcome.uses = wish.uses
        for _ in 0..<early where !rest.isEmpty && rest[rest.startIndex].count < 1000 { _ = feed(&exchange) }
        do throws(ExchangeStop) {
            let departure = try exchange.allow([grant: canary.secret])
            outcome.target = departure.request.path
            outcome.fields = departure.request.headerFields.map { "\($0.name): \($0.value)" }
            (outcome.framing, outcome.sent) = (departure.framing, departure.body ?? [])
            var steps = departure.next
            while true {
                for step in steps {
                    if case .stop(let stop) = step { throw stop }
                    if case .pass(let bytes) = step { outcome.sent += bytes }
                }
                guard !exchange.hasEnded, !hasEnded else { return outcome }
                steps = [feed(&exchange)]
            }
        } catch {
            outcome.stop = error.code
            return outcome
        }
    }

    // What is sent

    /// Words of which texts are made: tokens and values, what looks like them, and what some framework acts on.
    private func word(_ escape: (String) -> String) -> String {
        switch random.int(in: 0...19) {
        case 0...1: escape(token)
        case 2: escape("x" + token)
        case 3: String(token.prefix(random.int(in: 1...39)))
        case 4: canary.text
        case 5: Data(canary.bytes).base64EncodedString()
        case 6: String(canary.text.prefix(random.int(in: 1...30)))
        case 7: escape("_method=DELETE")
        case 8: escape("\"\\/&=%+{}")
        case 9: String(repeating: "long ", count: random.int(in: 1...40_000))
        default: String(decoding: random.bytes(random.int(in: 0...12)).map { 0x61 + $0 % 26 }, as: UTF8.self)
        }
    }

    private func text(_ escape: (String) -> String) -> String { (0...random.int(in: 0...1)).map { _ in word(escape) }.joined() }

    private func form() -> (String, [UInt8]) {
        let escape = { (text: String) in text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "" }
        let pairs = (0...random.int(in: 0...4)).map { index in "k\(random.oneIn(4) ? 0 : index)=\(text(escape))" }
        return ("application/x-www-form-urlencoded", Array(pairs.joined(separator: "&").utf8))
    }

    private func json() -> (String, [UInt8]) {
        let escape = { (text: String) in text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("_", with: "\\u005f") }
        let members = (0...random.int(in: 0...4)).map { index in
            let value = "\"\(text(escape))\""
            return "\"k\(index)\": \(random.oneIn(3) ? "[1, \(value)]" : value)"
        }
        return ("application/json", Array("{\(members.joined(separator: ", "))\(random.oneIn(12) ? "," : "")}".utf8))
    }

    private func multipart() -> (String, [UInt8]) {
        let parts = (0...random.int(in: 0...3)).map { "--edge\r\nContent-Disposition: form-data; name=\"k\($0)\"\r\n\r\n\(text { $0 })\r\n" }
        return ("multipart/form-data; boundary=edge", Array((parts.joined() + (random.oneIn(10) ? "--edge" : "--edge--\r\n")).utf8))
    }

    private func other() -> (String, [UInt8]) {
        let body = (0...random.int(in: 0...6)).flatMap { _ in random.oneIn(3) ? random.bytes(random.int(in: 0...3000)) : Array(text { $0 }.utf8) }
        return (random.element(of: ["text/plain", "application/octet-stream", "application/xml"]) ?? "", body)
    }

    private func request() -> Request {
        let (type, body) = [form, json, multipart, other][random.int(in: 0...3)]()
        let target = random.oneIn(5) ? "/a/\(token)?k=\(token)" : "/a/b?q=%2B"
        var fields = [("Host", "api.github.com"), ("Content-Type", type)]
        if !random.oneIn(4) { fields.append(("Authorization", "Bearer \(token)")) }
        fields.append(random.oneIn(2) ? ("Content-Length", "\(body.count)") : ("Transfer-Encoding", "chunked"))
        let head = ReceivedHead(
            version: .http1_1, method: "POST", target: Array(target.utf8), fields: fields.map { ReceivedHead.Field($0.0, Array($0.1.utf8)) })
        return Request(head: head, body: body, mayStandInBody: random.oneIn(2))
    }

    @Test("each ends as in one piece, and none sends a token or a value on that it was not let") func sameOutcome() throws {
        var ends: [String: Int] = [:]
        for _ in 0..<rounds {
            let request = request()
            let whole = try outcome(request, in: request.body.isEmpty ? [] : [request.body], early: 0)
            ends[whole.stop ?? (whole.uses?.isEmpty == false ? "with a value" : "without"), default: 0] += 1
            for length in [3, 50, 20_000] {
                guard request.body.count / length < 3000 else { continue }
                let pieces = request.body.cut(by: random, atMost: length)
                let cut = try outcome(request, in: pieces, early: random.int(in: 0...3))
                #expect(cut.isSame(as: whole), "\(String(decoding: request.body.prefix(2000), as: UTF8.self))\n\(cut)\n\(whole)")
                #expect(cut.sent.firstRange(of: Array(token.utf8)) == nil)
                guard cut.stop != nil else { continue }
                #expect(cut.sent.firstRange(of: canary.bytes) == nil)
            }
        }
        #expect(ends.count >= 4, "\(ends)")
        print("soak: \(rounds) requests, \(ends)")
    }

    @Test("signed requests do, too") func signed() throws {
        let table = try SignatureTable.read()
        let now = try table.now
        for scenario in table.cases where !scenario.before.body.isEmpty {
            let outcomes = try [Int.max, 1, 100].map { length in
                let ids: (GrantID, GrantID, GrantID) = (random.id(), random.id(), random.id())
                let body = Array(scenario.before.body)
                return try signedOutcome(scenario, ids, now, body.count <= length ? [body] : body.cut(by: random, atMost: length))
            }
            #expect(outcomes[1] == outcomes[0] && outcomes[2] == outcomes[0], "\(scenario.name)")
        }
    }

    private func signedOutcome(
        _ scenario: SignatureTable.Case, _ ids: (GrantID, GrantID, GrantID), _ now: Timestamp, _ pieces: [[UInt8]]
    ) throws -> [UInt8] {
        let (shown, real) = (scenario.shown, scenario.real)
        var tokens = [ids.0: FakeToken(text: shown.keyID), ids.1: FakeToken(text: shown.secretKey)]
        var values = [ids.0: real.keyID, ids.1: real.secretKey]
        if let text = shown.sessionToken { tokens[ids.2] = FakeToken(text: text) }
        if let text = real.sessionToken { values[ids.2] = text }
        let pair = SigningGrants(shownKeyID: shown.keyID, keyID: ids.0, secretKey: ids.1, sessionToken: shown.sessionToken.map { _ in ids.2 })
        var exchange = RequestExchange(SessionTokens(tokens, signing: [pair]), mayStandInBody: false, clock: { now }, values: { nil })
        var fields = scenario.before.head.fields
        if !fields.contains(where: { ["content-length", "transfer-encoding"].contains($0.name.lowercased()) }) {
            fields.append(.init("Content-Length", Array("\(scenario.before.body.count)".utf8)))
        }
        let host = String(decoding: try #require(scenario.before.head.values(of: "host").first), as: UTF8.self)
        let head = ReceivedHead(version: .http1_1, method: scenario.before.method, target: Array(scenario.before.target.utf8), fields: fields)
        var step = exchange.receive(head, judgedBy: HeadGuard(tunnel: try Origin(url: "https://\(host)")), allowsEncodedSlash: true)
        var (rest, sent, hasEnded) = (pieces[...], [UInt8](), false)
        while !hasEnded || step != .wait {
            switch step {
            case .stop(let stop): return Array(stop.code.utf8)
            case .pass(let bytes): sent += bytes
            case .ask:
                let departure: RequestExchange.Departure
                do throws(ExchangeStop) {
                    departure = try exchange.allow(
                        values.mapValues { text in
                            var bytes = Array(text.utf8)
                            return SecretValue(moving: &bytes)
                        })
                } catch { return Array(error.code.utf8) }
                sent += departure.body ?? []
                for case .pass(let bytes) in departure.next { sent += bytes }
                if departure.body != nil { return sent }
            case .wait: break
            }
            guard !hasEnded else { return sent }
            if let piece = rest.popFirst() {
                step = exchange.receive(piece)
            } else {
                hasEnded = true
                step = exchange.receiveEnd()
                if step == .wait { return sent }
            }
        }
        return sent
    }

    @Test("frames of a WebSocket do, too") func frames() {
        var ends: [String: Int] = [:]
        for _ in 0..<rounds {
            let bytes = stream()
            let whole = passed([bytes])
            ends[whole.stop ?? "", default: 0] += 1
            for length in [1, 9, 5000] where bytes.count / length < 5000 {
                let cut = passed(bytes.cut(by: random, atMost: length))
                // A message is stopped when it is whole, or before: what comes between its fragments goes on until then, or is what ends it.
                #expect((cut.stop == nil) == (whole.stop == nil) && cut.read.messages == whole.read.messages, "\(bytes.prefix(300))")
                #expect(whole.stop == nil ? cut.read.controls == whole.read.controls : cut.read.controls.starts(with: whole.read.controls))
                for event in cut.read.events {
                    guard case .message(_, let text, _) = event else { continue }
                    #expect(text.firstRange(of: canary.bytes) == nil && text.firstRange(of: Array(token.utf8)) == nil)
                }
            }
        }
        #expect(ends.count >= 3, "\(ends)")
    }

    private func stream() -> [UInt8] {
        var (bytes, isInside): ([UInt8], Bool) = ([], false)
        for _ in 0...random.int(in: 0...5) {
            let mask = UInt32(random.int(in: 0...Int(UInt32.max)))
            if random.oneIn(4) {
                Frame.write(random.oneIn(2) ? .ping : .pong, text { $0 }.utf8.prefix(125), mask: mask, into: &bytes)
            } else {
                let isLast = random.oneIn(2)
                Frame.write(isInside ? .continuation : .text, isLast: isLast, text { $0 }.utf8.prefix(60_000), mask: mask, into: &bytes)
                isInside = !isLast
            }
        }
        if isInside { Frame.write(.continuation, [], mask: 7, into: &bytes) }
        if random.oneIn(6) { bytes += [0xff, 0] }
        return bytes
    }

    private func passed(_ pieces: [[UInt8]]) -> (read: FrameOutcome, stop: String?) {
        var passage = MessagePassage(SessionTokens([grant: FakeToken(text: token)])) { 0x0102_0304 }
        passage.know(needles)
        var output: [UInt8] = []
        for piece in pieces {
            if let stop = passage.pass(piece, into: &output) { return (FrameReader.outcome(of: [output], from: .program), stop.code) }
        }
        return (FrameReader.outcome(of: [output], from: .program), nil)
    }
}
