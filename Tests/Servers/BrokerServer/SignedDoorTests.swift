import Brokering
import Foundation
import Model
import Policies
import Secrets
import TestKit
import Testing

/// What programs may not send, and what they sign, through the forward proxy of a session.
@Suite struct SignedDoorTests {
    private let random = SeededRandom(seed: 83)

    @Test func curlSignsWithAFakeKeyAndTheServiceSeesTheRealOne() async throws {
        let (keyID, secretKey): (GrantID, GrantID) = (random.id(), random.id())
        let shown = (id: FakeToken(text: "AKIAFAKEFAKEFAKE2345"), secret: FakeToken(text: "Fake/0123456789+abcdefghijABCDEFGHIJklmn"))
        let (realID, canary) = ("AKIAREALREALREAL2345", Canary(random))
        let scene = try await DoorScene(
            random, more: [keyID: shown.id, secretKey: shown.secret],
            signing: [SigningGrants(shownKeyID: shown.id.text, keyID: keyID, secretKey: secretKey)]
        ) { _, service in
            var bytes = Array(realID.utf8)
            let releases = [
                ValueRelease(grant: keyID, name: "aws/key#id", value: SecretValue(moving: &bytes)),
                ValueRelease(grant: secretKey, name: "aws/key#secret", value: canary.secret),
            ]
            return .allow(RequestLeave(entry: 7, releases: releases, reachesOwnNetwork: true, authorities: service.authorities))
        }
        let sign = ["--aws-sigv4", "aws:amz:us-east-1:execute-api", "--data", "a=b"]
        let printed = try await scene.curl("/echo", sign + ["--user", "\(shown.id.text):\(shown.secret.text)"], withToken: false)
        #expect(scene.judge.asked.first?.uses.map(\.place) == [.awsSignature, .awsSignature], "\(printed)")
        let received = try #require(scene.service.received.first)
        let names = ["host", "x-amz-date", "content-type", "authorization"]
        let head = SignableHead(
            method: received.method, target: Array(received.uri.utf8),
            fields: names.compactMap { name in received[name].map { ReceivedHead.Field(name, Array($0.utf8)) } })
        let claim = try SignatureClaim(head)
        let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1_000_000_000))
        try claim.check(with: SigningPair(keyID: realID, secretKey: FakeToken(text: canary.text)), now: now, body: received.body)
        #expect(!printed.contains(realID) && !printed.contains(canary.text))
        let wrong = try await scene.curl("/echo", sign + ["--user", "\(shown.id.text):\(shown.secret.text)x"], withToken: false)
        #expect(wrong.contains("Tacit-Denied: broker.signature-mismatch") && scene.service.received.count == 1 && scene.judge.asked.count == 1)
        try await scene.end()
    }

    @Test(arguments: [Spelling.raw, .base64, .hex, .percent]) func requestsWithARealValueEndBeforeIt(_ spelling: Spelling) async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let text = String(decoding: spelling.bytes(of: scene.grant.canary.bytes), as: UTF8.self)
        let header = try await scene.curl("/echo", ["-H", "X-Note: \(text)"])
        #expect(header.contains("Tacit-Denied: value.egress") && !header.contains(scene.grant.canary.text))
        let body = try await scene.curl("/echo", ["-H", "Content-Type: text/plain", "--data-binary", "some text \(text)"])
        #expect(!body.contains("HTTP/1.1 200 OK"))
        let outcomes = await scene.judge.outcomes(2)
        #expect(outcomes.map(\.result) == ["value.egress", "value.egress"] && outcomes.allSatisfy { $0.bytesSent <= 10 })
        // By now the broker has the value: of a request with it nothing is asked, since the path is written down.
        let again = try await scene.curl("/echo", ["-H", "X-Note: \(text)"])
        try #require(again.contains("Tacit-Denied: value.egress") && scene.judge.asked.count == 2, "\(again)")
        #expect(await scene.judge.egresses(1).map(\.path) == ["/…"])
        #expect(!scene.service.received.contains { String(decoding: $0.body, as: UTF8.self).contains(text) })
        try await scene.end()
    }
}
