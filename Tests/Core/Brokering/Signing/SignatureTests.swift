import Foundation
import Model
import TestKit
import Testing

@testable import Brokering

@Suite("requests that are signed with fake keys")
struct SignatureTests {
    private let random = SeededRandom()

    @Test("what botocore signs with a fake key is found good, and becomes what it signs with the real one")
    func vectors() throws {
        let table = try SignatureTable.read()
        for scenario in table.cases {
            let (before, after) = (scenario.before, scenario.after)
            let claim = try SignatureClaim(before.head)
            try claim.check(with: scenario.shown.pair, now: table.now, body: Array(before.body))
            let resigned = try claim.resigned(before.head, with: scenario.real.credential, body: Array(before.body))
            #expect(String(decoding: resigned.head.target, as: UTF8.self) == after.target, "\(scenario.name)")
            #expect(resigned.head.sortedFields == after.head.sortedFields, "\(scenario.name)")
            #expect(try body(of: scenario, claim, resigned) == Array(after.body), "\(scenario.name)")
        }
    }

    /// The body as it goes on, cut anywhere on its way.
    private func body(of scenario: SignatureTable.Case, _ claim: SignatureClaim, _ resigned: SignatureClaim.Resigned) throws -> [UInt8] {
        let body = Array(scenario.before.body)
        if var chunks = ChunkedBody(claim, shownBy: scenario.shown.pair, resigned) {
            var pieces: [ChunkedBody.Piece] = []
            for piece in body.cut(by: random, atMost: 200) { try chunks.pass(piece, into: &pieces) }
            try chunks.finish()
            return pieces.flatMap(\.bytes)
        }
        guard var digested = DigestedBody(claim.payload) else { return body }
        var passed: [UInt8] = []
        for piece in body.cut(by: random, atMost: 5) { digested.pass(piece, into: &passed) }
        #expect(passed.count < body.count || body.isEmpty)
        try digested.finish(into: &passed)
        return passed
    }

    @Test("what is signed anew is good for the real key alone, and signing it back gives what came")
    func roundTrip() throws {
        let table = try SignatureTable.read()
        for scenario in table.cases {
            let body = Array(scenario.before.body)
            let claim = try SignatureClaim(scenario.before.head)
            let resigned = try claim.resigned(scenario.before.head, with: scenario.real.credential, body: body).head
            let real = try SignatureClaim(resigned)
            try real.check(with: scenario.real.pair, now: table.now, body: body)
            #expect(throws: SignatureRefusal.mismatch) { try real.check(with: scenario.shown.pair, now: table.now, body: body) }
            let back = try real.resigned(resigned, with: scenario.shown.credential, body: body).head
            #expect(back.sortedFields == scenario.before.head.sortedFields && back.target == scenario.before.head.target)
        }
    }

    @Test("a flipped bit anywhere in what is signed is no good any more")
    func flips() throws {
        let table = try SignatureTable.read()
        for scenario in table.cases {
            let head = scenario.before.head
            let names = try SignatureClaim(head).names
            for _ in 0..<12 {
                var changed = head
                let index = random.int(in: 0...(head.fields.count - 1))
                if random.oneIn(2), names.contains(head.fields[index].name.lowercased()), !head.fields[index].value.isEmpty {
                    changed.fields[index].value.flip(by: random)
                } else if random.oneIn(2) {
                    var target = head.target
                    target.flip(by: random)
                    changed = SignableHead(method: head.method, target: target, fields: head.fields)
                } else {
                    changed = SignableHead(method: head.method == "GET" ? "PUT" : "GET", target: head.target, fields: head.fields)
                }
                guard changed.isAnother(than: head) else { continue }
                #expect(throws: SignatureRefusal.self, "\(scenario.name): \(String(decoding: changed.target, as: UTF8.self)) \(changed.fields)") {
                    try SignatureClaim(changed).check(with: scenario.shown.pair, now: table.now, body: Array(scenario.before.body))
                }
            }
        }
    }

    @Test("a field that was signed and is not sent is signed no more, and one that is sent otherwise is signed so")
    func otherFields() throws {
        let table = try SignatureTable.read()
        let scenario = try #require(table.cases("fields with spaces").first)
        let claim = try SignatureClaim(scenario.before.head)
        var sent = scenario.before.head
        sent.set("x-one", nil)
        sent.set("content-type", Array("text/html".utf8))
        let resigned = try claim.resigned(sent, with: scenario.real.credential, body: Array(scenario.before.body)).head
        let real = try SignatureClaim(resigned)
        #expect(real.names == ["content-type", "host", "x-amz-date"])
        try real.check(with: scenario.real.pair, now: table.now, body: Array(scenario.before.body))
    }

    @Test("a value that is no key's name or no token's text is not written into a request")
    func unspeakable() throws {
        let scenario = try #require(try SignatureTable.read().cases.first)
        let claim = try SignatureClaim(scenario.before.head)
        for (name, token) in [("AKIA", nil), ("AKIAREALREALREAL\r\nX: y", nil), (scenario.real.keyID, ""), (scenario.real.keyID, "CANARY\nX: y")] {
            let key = SignatureTable.Key(keyID: name, secretKey: scenario.real.secretKey, sessionToken: token)
            #expect(throws: ExchangeRefusal.unspeakable) { try claim.resigned(scenario.before.head, with: key.credential) }
        }
    }

    @Test("a request is known as one of a key's, however it is signed")
    func isMade() {
        let name = "AKIAFAKEFAKEFAKE2345"
        let head = { (target: String, authorization: String) in
            SignableHead(method: "GET", target: Array(target.utf8), fields: [.init("AUTHORIZATION", Array(authorization.utf8))])
        }
        for text in ["AWS4-HMAC-SHA256 Credential=\(name)/…", "AWS \(name):c2ln", "aws4-x \(name)"] {
            #expect(SignatureClaim.isMade(with: name, in: head("/", text)))
        }
        for query in ["X-Amz-Credential=\(name)%2F1", "x-amz-credential=AKIAFAKEFAKEFAKE%32345/1", "AWSAccessKeyId=\(name)&Signature=x"] {
            #expect(SignatureClaim.isMade(with: name, in: head("/?a=b&\(query)", "Bearer x")))
        }
        #expect(!SignatureClaim.isMade(with: name, in: head("/\(name)?key=\(name)", "Bearer \(name)")))
        #expect(!SignatureClaim.isMade(with: name, in: head("/", "AWS4-HMAC-SHA256 Credential=AKIAREALREALREAL2345/…")))
    }
}

extension [UInt8] {
    /// The pieces of it, cut anywhere.
    func cut(by random: SeededRandom, atMost length: Int) -> [[UInt8]] {
        var (pieces, rest): ([[UInt8]], ArraySlice<UInt8>) = ([], self[...])
        while !rest.isEmpty {
            pieces.append(Array(rest.prefix(random.int(in: 1...length))))
            rest = rest.dropFirst(pieces.last?.count ?? 0)
        }
        return pieces
    }

    mutating func flip(by random: SeededRandom) { self[random.int(in: 0...(count - 1))] ^= 1 << UInt8(random.int(in: 0...6)) }
}

extension SignableHead {
    /// Whether a service reads something else in it: spaces in a row count as one, digits of escapes have no case, and `%61` is `a`.
    fileprivate func isAnother(than head: SignableHead) -> Bool {
        let reading = { (head: SignableHead) in
            let fields = head.fields.map { field in
                "\(field.name): \(String(decoding: field.value, as: UTF8.self).split(separator: " ").joined(separator: " "))"
            }
            let target = String(decoding: head.target, as: UTF8.self)
            return [head.method, target.removingPercentEncoding ?? target] + fields
        }
        return reading(self) != reading(head)
    }
}
