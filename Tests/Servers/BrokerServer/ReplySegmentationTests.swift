import CompressedMembers
import Foundation
import HTTPTypes
import Model
import NIOCore
import Redaction
import Secrets
import TestKit
import Testing

@testable import BrokerServer
@testable import Brokering

/// Replies of HTTP/1.1, cut in any places: the program sees of each what it sees of it in one piece.
@Suite struct ReplySegmentationTests {
    private let random = SeededRandom()
    private let canary: Canary
    private let grant: GrantID
    private let origin: Brokering.Origin
    private let request: JudgedRequest
    private let rounds = ProcessInfo.processInfo.environment["TACIT_EXCHANGES"].flatMap(Int.init) ?? 80

    init() throws {
        canary = Canary(random)
        origin = try Origin(url: "https://api.test")
        grant = random.id()
        let head = ReceivedHead(version: .http1_1, method: "GET", target: Array("/".utf8), fields: [.init("Host", Array("api.test".utf8))])
        guard case .accepted(let judged) = HeadGuard(tunnel: origin).verdict(on: head, carriesToken: true) else { throw BrokerFailure.refused }
        request = judged
    }

    /// What a program sees of a reply.
    private struct Outcome: Equatable {
        var status: Int?
        var fields: [String] = []
        var body: [UInt8] = []
        var trailers: [String] = []
        var redactions = 0
        var isWhole = false
        var failure: String?

        /// Where a reply ends early, how much was seen of its body depends on how much came at once.
        func isSame(as other: Self) -> Bool {
            var (one, two) = (self, other)
            // What is packed wrongly and what is withheld stand in one body, and either ends it.
            let either: Set = ["broker.reply-coding", "broker.reply-withheld"]
            if let failure, let another = other.failure, either.isSuperset(of: [failure, another]) { (one.failure, two.failure) = (nil, nil) }
            if !isWhole, body.starts(with: other.body) || other.body.starts(with: body) {
                (one.body, two.body, one.redactions, two.redactions) = ([], [], 0, 0)
            }
            return one == two
        }
    }

    private func outcome(_ pieces: [[UInt8]]) -> Outcome {
        var (outcome, reader, buffer) = (Outcome(), ReplyReader(for: request), ByteBuffer())
        let values = HeldValues()
        values.take(
            [ValueRelease(grant: grant, name: "app/key", value: canary.secret)], standingIn: [grant: FakeToken(text: "ghp_standin0123")], to: origin)
        var body: ReplyBody?
        do throws(ReplyRefusal) {
            for piece in pieces {
                buffer.writeBytes(piece)
                while let part = try reader.next(in: &buffer) { try take(part, values, &body, &outcome) }
            }
            if let part = reader.connectionEnded() { try take(part, values, &body, &outcome) }
        } catch { outcome.failure = error.code }
        outcome.redactions = body?.report.counts.reduce(0) { $0 + $1.count } ?? 0
        return outcome
    }

    private func take(_ part: ReplyPart, _ values: HeldValues, _ body: inout ReplyBody?, _ outcome: inout Outcome) throws(ReplyRefusal) {
        switch part {
        case .interim: break
        case .head(let judged):
            let fields = ReplyFields(judged.fields, values.needles.needles, values.answers)
            guard fields.withheld == nil else { throw .withheld }
            guard let made = ReplyBody(judged.coding, from: origin, values, LibraryMembers(), passing: false) else { throw .coding }
            body = consume made
            (outcome.status, outcome.fields) = (judged.status, fields.fields.map { "\($0.name): \($0.value)" })
        case .body(let bytes):
            var rest = Array(buffer: bytes)
            while let taken = unsafe try body?.take(rest.span.bytes, into: &outcome.body) { rest.removeFirst(taken) }
            if body?.hasStopped == true { throw .withheld }
        case .end(let trailers):
            try body?.finish(into: &outcome.body)
            if body?.hasStopped == true { throw .withheld }
            outcome.trailers = try ReplyGuard.trailers(trailers).map { "\($0.name): \($0.value)" }
            outcome.isWhole = true
        }
    }

    /// Cut in random places.
    private func pieces(of bytes: [UInt8], atMost length: Int) -> [[UInt8]] {
        var edges = [0]
        while let last = edges.last, last < bytes.count { edges.append(min(last + random.int(in: 1...length), bytes.count)) }
        return zip(edges, edges.dropFirst()).map { Array(bytes[$0..<$1]) }
    }

    // What services send

    private func content() -> [UInt8] {
        (0...random.int(in: 0...6)).flatMap { _ -> [UInt8] in
            switch random.int(in: 0...9) {
            case 0...1: canary.bytes
            case 2: Array(Data(canary.bytes).base64EncodedString().utf8)
            case 3: (random.element(of: Spelling.allCases) ?? .raw).bytes(of: canary.bytes)
            case 4: Array(canary.bytes.prefix(random.int(in: 1...38)))
            case 5: LocalService.gzip(Array("packed \(random.oneIn(2) ? canary.text : "words")".utf8))
            case 6: Array(repeating: UInt8(ascii: "x"), count: random.int(in: 1...30_000))
            default: random.bytes(random.int(in: 0...30)).map { 0x20 + $0 % 95 }
            }
        }
    }

    private func chunked(_ body: [UInt8]) -> [UInt8] {
        let chunks = pieces(of: body, atMost: 4000).flatMap { piece in
            Array("\(String(piece.count, radix: 16))\(random.oneIn(9) ? ";a=b" : "")\r\n".utf8) + piece + Array("\r\n".utf8)
        }
        let trailers = random.oneIn(3) ? "X-Check: 1\r\nContent-Length: 4\r\n" : ""
        return chunks + "0\r\n\(trailers)\r\n".utf8
    }

    private func reply() -> [UInt8] {
        let status = random.element(of: [200, 200, 201, 404, 206, 204]) ?? 200
        var (head, body) = ("HTTP/1.1 \(status) OK\r\nX-Note: \(random.oneIn(4) ? canary.text : "none")\r\n", content())
        if random.oneIn(3) { (head, body) = (head + "Content-Encoding: gzip\r\n", LocalService.gzip(body)) }
        if random.oneIn(8) { head = "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + head }
        switch random.int(in: 0...3) {
        case 0: return Array((head + "Content-Length: \(body.count)\r\n\r\n").utf8) + body
        case 1: return Array((head + "\r\n").utf8) + body
        default: return Array((head + "Transfer-Encoding: chunked\r\n\r\n").utf8) + chunked(body)
        }
    }

    @Test func eachIsSeenAsInOnePiece() {
        var ends: [String: Int] = [:]
        for _ in 0..<rounds {
            var bytes = reply()
            if random.oneIn(4) { bytes[random.int(in: 0...(bytes.count - 1))] ^= 1 << UInt8(random.int(in: 0...7)) }
            if random.oneIn(10) { bytes.removeLast(random.int(in: 1...min(20, bytes.count))) }
            let whole = outcome([bytes])
            ends[whole.failure ?? (whole.isWhole ? "whole" : "cut"), default: 0] += 1
            for length in [1, 13, 3000] where bytes.count / length < 20_000 {
                let cut = outcome(pieces(of: bytes, atMost: length))
                #expect(cut.isSame(as: whole), "\(String(decoding: bytes.prefix(1500), as: UTF8.self))\n\(cut.failure ?? "") \(whole.failure ?? "")")
                #expect(cut.body.firstRange(of: canary.bytes) == nil && !cut.fields.joined().contains(canary.text))
            }
        }
        #expect(ends.count >= 4 && ends["whole", default: 0] > rounds / 4, "\(ends)")
        print("soak: \(rounds) replies, \(ends)")
    }
}
