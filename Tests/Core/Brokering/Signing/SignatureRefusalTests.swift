import Model
import TestKit
import Testing

@testable import Brokering

@Suite("requests whose signature is refused")
struct SignatureRefusalTests {
    private let table: SignatureTable
    private let now: Timestamp

    init() throws {
        table = try SignatureTable.read()
        now = try table.now
    }

    /// What is said of a case's request after a change.
    private func refusal(
        _ name: String, after duration: Duration = .zero, _ change: (inout SignableHead) -> Void = { _ in }
    ) throws -> SignatureRefusal? {
        let scenario = try #require(table.cases(name).first)
        var head = scenario.before.head
        change(&head)
        do throws(SignatureRefusal) {
            try SignatureClaim(head).check(with: scenario.shown.pair, now: now.advanced(by: duration), body: Array(scenario.before.body))
            return nil
        } catch { return error }
    }

    private func refusal(_ name: String, replacing old: String, with new: String) throws -> SignatureRefusal? {
        try refusal(name) { head in
            head = SignableHead(
                method: head.method, target: Array(String(decoding: head.target, as: UTF8.self).replacing(old, with: new).utf8),
                fields: head.fields.map { .init($0.name, Array(String(decoding: $0.value, as: UTF8.self).replacing(old, with: new).utf8)) })
        }
    }

    private let object = "an object with an odd name"
    private let address = "an address of an object"

    @Test("a signature that is written in another way")
    func written() throws {
        #expect(try refusal(object) == nil && refusal(address) == nil)
        for (old, new) in [
            ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), ("AWS4-HMAC-SHA256", "aws4-hmac-sha256"),
            ("AWS4-HMAC-SHA256 Credential", "Bearer Credential"),
            ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=AWS4-HMAC-SHA1"),
        ] {
            #expect(try [object, address].map { try refusal($0, replacing: old, with: new) }.contains(.unsupported), "\(new)")
        }
        for (old, new) in [
            (", Signature=", ", Signature=0"), (", SignedHeaders=host;", ", SignedHeaders=host;;"),
            ("SignedHeaders=host;x-amz-ch", "SignedHeaders=Host;x-amz-ch"),
            ("SignedHeaders=host;x-amz-checksum-mode", "SignedHeaders=x-amz-checksum-mode;host"), (", Signature", ", Signature=,Signature"),
            (", Signature", ", Other=1, Signature"), (", Signature", "; Signature"), ("Credential=AKIA", "Credential=AK+A"),
            ("Credential=", "Credential=/"),
        ] {
            #expect(try refusal(object, replacing: old, with: new) == .malformed, "\(new)")
        }
        for (old, new) in [
            ("X-Amz-Expires=600", "X-Amz-Expires=604801"), ("X-Amz-Expires=600", "X-Amz-Expires=0600"), ("X-Amz-Expires=600", "a=600"),
            ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host%3Bhost"),
        ] {
            #expect(try refusal(address, replacing: old, with: new) == .malformed, "\(new)")
        }
    }

    @Test("something that is said twice")
    func twice() throws {
        for name in ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"] {
            #expect(
                try refusal(object) { head in
                    for value in head.values(of: name) + [[UInt8(ascii: "x")], [UInt8(ascii: "x")]] {
                        head.fields.append(.init(name.uppercased(), value))
                    }
                } == .twice, "\(name)")
        }
        for name in ["authorization", "x-amz-date", "x-amz-security-token"] {
            #expect(try refusal(address) { $0.set(name, Array("AWS4-HMAC-SHA256 x".utf8)) } == .twice)
        }
        #expect(try refusal(address, replacing: "&X-Amz-Date", with: "&X-Amz-Expires=600&X-Amz-Date") == .twice)
        #expect(try refusal(object) { $0.query = Array("X-Amz-Signature=00".utf8) } == .twice)
        #expect(try refusal(object) { $0.query = Array("X-Amz-Security-Token=00".utf8) } == .sessionToken)
    }

    @Test("a scope or a moment that is none, or is not that of the signature")
    func scope() throws {
        for (old, new) in [
            ("/s3/aws4_request", "/s3/aws3_request"), ("/s3/", "/S3/"), ("/eu-central-1/", "//"), ("/20261129/", "/20261128/"), ("/s3/", "/s3/s3/"),
        ] {
            #expect(try refusal(object, replacing: old, with: new) == .scope, "\(new)")
        }
        for date in ["20261129T120000", "20261129T1200000Z", "20261332T120000Z", "2026-11-29T12:00:00Z", ""] {
            #expect(try refusal(object) { $0.set("x-amz-date", Array(date.utf8)) } == .time)
        }
        #expect(try refusal(object) { $0.set("x-amz-date", nil) } == .time)
    }

    @Test("a signature of another time than now")
    func stale() throws {
        let tolerance = Duration.seconds(900)
        for duration in [tolerance, .zero - tolerance] { #expect(try refusal(object, after: duration) == nil) }
        for duration in [tolerance + .nanoseconds(1), .zero - tolerance - .nanoseconds(1)] { #expect(try refusal(object, after: duration) == .stale) }
        #expect(try refusal(address, after: .seconds(600)) == nil && refusal(address, after: .seconds(601)) == .stale)
        #expect(try refusal(address, after: .seconds(-901)) == .stale)
    }

    @Test("fields that should be signed and are not, or that are not there")
    func fields() throws {
        #expect(try refusal(object) { $0.fields.append(.init("X-Amz-Acl", Array("public-read".utf8))) } == .unsigned)
        #expect(try refusal(address) { $0.fields.append(.init("x-amz-acl", Array("public-read".utf8))) } == .unsigned)
        #expect(try refusal(object, replacing: "SignedHeaders=host;", with: "SignedHeaders=") == .unsigned)
        #expect(try refusal(object, replacing: "SignedHeaders=host;", with: "SignedHeaders=accept;host;") == .missingField)
        #expect(try refusal(object, replacing: "SignedHeaders=host;", with: "SignedHeaders=connection;host;") == .connectionField)
        #expect(try refusal(object, replacing: "SignedHeaders=host;", with: "SignedHeaders=authorization;host;") == .connectionField)
    }

    @Test("a target that services read in different ways")
    func target() throws {
        for path in ["/a/../b", "/a/./b", "/a//b", "/%2e%2E/b", "/a%zz", "a"] {
            #expect(
                try refusal(object) { $0 = SignableHead(method: $0.method, target: Array(path.utf8), fields: $0.fields) } == .path, "\(path)")
        }
        for query in ["a=1+2", "a&&b", "a=%4", "x-amz-date=1", "X%2DAmz-Date=1", "X-AMZ-SIGNATURE=1"] {
            #expect(try refusal(object) { $0.query = Array(query.utf8) } == .query, "\(query)")
        }
    }

    @Test("a body of which is said nothing, or two things")
    func payload() throws {
        #expect(try refusal(object) { $0.set("x-amz-content-sha256", nil) } == .missingField)
        #expect(
            try refusal(object) { head in
                head.set("x-amz-content-sha256", nil)
                head.set(
                    "authorization",
                    Array(String(decoding: head.values(of: "authorization")[0], as: UTF8.self).replacing("x-amz-content-sha256;", with: "").utf8))
            } == .payload)
        for (text, reason) in [
            ("unsigned-payload", SignatureRefusal.payload), ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", .unsupported),
            ("STREAMING-AWS4-HMAC-SHA256-EVENTS", .unsupported), ("E3B0", .payload), ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", .payload),
        ] {
            #expect(try refusal(object) { $0.set("x-amz-content-sha256", Array(text.utf8)) } == reason, "\(text)")
        }
        #expect(try refusal(object) { $0.fields.append(.init("Content-Encoding", Array("gzip , AWS-Chunked".utf8))) } == .payload)
        #expect(try refusal("chunks", replacing: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", with: "UNSIGNED-PAYLOAD") == .payload)
        let trailers = "chunks and a checksum behind them"
        for names in ["", "a,,b", "a b", "content-length", "x-amz-trailer-signature", "x-a,x-a"] {
            #expect(try refusal(trailers) { $0.set("x-amz-trailer", Array(names.utf8)) } == .payload, "\(names)")
        }
        for length in ["", "+1", "01", "1, 1", "99999999999999999999"] {
            #expect(try refusal(trailers) { $0.set("x-amz-decoded-content-length", Array(length.utf8)) } == .payload, "\(length)")
        }
    }

    @Test("another key, another secret, another token, another body")
    func mismatch() throws {
        let scenario = try #require(table.cases("fields with spaces").last { $0.shown.sessionToken != nil })
        let claim = try SignatureClaim(scenario.before.head)
        let (key, body) = (scenario.shown, Array(scenario.before.body))
        let check = { (id: String, secret: String, token: String?, body: [UInt8]) -> SignatureRefusal? in
            let pair = SigningPair(keyID: id, secretKey: FakeToken(text: secret), sessionToken: token.map(FakeToken.init))
            do throws(SignatureRefusal) {
                try claim.check(with: pair, now: now, body: body)
                return nil
            } catch { return error }
        }
        #expect(check(key.keyID, key.secretKey, key.sessionToken, body) == nil)
        #expect(check("AKIAFAKEFAKEFAKE2346", key.secretKey, key.sessionToken, body) == .mismatch)
        #expect(check(key.keyID, key.secretKey + "x", key.sessionToken, body) == .mismatch)
        #expect(check(key.keyID, key.secretKey, key.sessionToken, body + [0]) == .mismatch)
        #expect(check(key.keyID, key.secretKey, "tacit_AnotherToken", body) == .sessionToken)
        #expect(check(key.keyID, key.secretKey, nil, body) == .sessionToken)
    }

    @Test("every reason has a name, a sentence and a next step of its own")
    func texts() {
        let all = SignatureRefusal.allCases
        #expect(Set(all.map(\.code)).count == all.count && Set(all.map(\.message)).count == all.count)
        #expect(all.allSatisfy { $0.code.hasPrefix("broker.signature-") && $0.hint != nil })
    }
}
