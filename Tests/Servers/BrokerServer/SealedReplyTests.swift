import BrokerServer
import Brokering
import Foundation
import Model
import Secrets
import TestKit
import Testing

/// Replies with new credentials, that a rule seals: what a program gets, and what nobody does.
@Suite struct SealedReplyTests {
    private let random = SeededRandom(seed: 97)
    private static let token = "ghs_FAKEabcdefghijklmnopqrstuvwxyz012345"

    /// A door whose requests are all allowed, with their replies sealed at `/token`.
    private func scene(
        storing: Bool = true, order: SealOrder = SealOrder(pointers: ["/token"], expiry: "/expires_in")
    ) async throws -> (scene: DoorScene, sealed: GrantID) {
        let sealed: GrantID = random.id()
        let scene = try await DoorScene(
            random, sealing: { _ in storing ? [SealedCredential(text: Self.token, name: "github/installation", grant: sealed)] : nil }
        ) { grant, service, _ in
            guard case .allow(var leave) = grant.leave(service) else { return .refuse(nil) }
            leave.seal = order
            return .allow(leave)
        }
        return (scene, sealed)
    }

    private func say(
        _ body: String, _ fields: [String] = ["Say-Content-Type: application/json"], at scene: DoorScene, over version: String = "--http1.1"
    ) async throws -> String {
        try Data(body.utf8).write(to: URL(filePath: scene.directory.path("body")))
        let words = ["Content-Type: text/plain"] + fields
        return try await scene.curl("/say", words.flatMap { ["-H", $0] } + ["--data-binary", "@\(scene.directory.path("body"))"], over: version)
    }

    private func minted(_ value: String, _ more: String = "") -> String { #"{"token":"\#(value)","expires_in":3600\#(more)}"# }

    @Test func programsGetATokenThatWorks() async throws {
        let (scene, sealed) = try await scene()
        let value = Canary(random)
        let fields = ["Say-Content-Type: application/json; charset=utf-8", "Say-ETag: \"1\"", "Say-Digest: sha-256=x"]
        let printed = try await say(minted(value.text), fields, at: scene)
        #expect(printed.contains("HTTP/1.1 201 ") && printed.contains(minted(Self.token)) && !printed.contains(value.text))
        #expect(!printed.lowercased().contains("etag") && !printed.lowercased().contains("digest"))
        #expect(scene.judge.sealed.map(\.values) == [[value.secret]] && scene.judge.sealed.first?.expiry == .after(.seconds(3600)))
        // From then on it is a token of the session, and its value is known.
        _ = try await scene.curl("/hello", ["-H", "Authorization: Bearer \(Self.token)"], withToken: false)
        #expect(scene.judge.asked.last?.uses.map(\.grant) == [sealed])
        let shown = try await say(#"{"error":"\#(value.text.reversedText)"}"#, ["Say-Status: 404", "Say-Content-Type: application/json"], at: scene)
        #expect(shown.contains(" 404 "))
        try await scene.end()
    }

    @Test(arguments: ["--http1.1", "--http2"])
    func itIsTakenOutWhereverElseItStands(_ version: String) async throws {
        let (scene, _) = try await scene()
        let value = Canary(random)
        let base64 = Data(value.text.utf8).base64EncodedString()
        let more = #","again":"\#(value.text)","note":"use \#(value.text)!","packed":"\#(base64)","escaped":"\#(value.text.escaped)""#
        let printed = try await say(
            minted(value.text.escaped, more), ["Say-Content-Type: application/json", "Say-X-Token: \(value.text)", "Say-Set-Cookie: t=\(base64)"],
            at: scene, over: version)
        #expect(printed.contains(#""token":"\#(Self.token)""#) && printed.contains(#""again":"\#(Self.token)""#), "\(printed)")
        #expect(!printed.contains(value.text) && !printed.contains(base64) && !printed.contains(value.text.escaped))
        #expect(scene.judge.sealed.map(\.values) == [[value.secret]])
        try await scene.end()
    }

    @Test(arguments: [[json, "Say-Content-Encoding: gzip"], [json, "Say-Content-Encoding: br"], ["Say-In-Pieces: 1"]])
    func packedAndSplitRepliesAreSealed(_ fields: [String]) async throws {
        let (scene, _) = try await scene()
        let value = Canary(random)
        let printed = try await say(minted(value.text), fields, at: scene)
        #expect(printed.contains(minted(Self.token)) && !printed.contains(value.text) && !printed.lowercased().contains("content-encoding"))
        try await scene.end()
    }

    @Test(
        "a reply in XML is sealed where the rule's pointers lead through it, and goes no further where they do not",
        arguments: ["text/xml", "application/xml"])
    func repliesInXML(_ type: String) async throws {
        let (scene, _) = try await scene(order: SealOrder(pointers: ["/Answer/Credentials/SessionToken"], expiry: "/Answer/Credentials/Expiration"))
        let value = Canary(random)
        func document(_ value: String, _ name: String = "Credentials") -> String {
            "<Answer xmlns=\"https://sts.test/\">\n <\(name)><SessionToken>\(value)</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></\(name)>\n</Answer>"
        }
        let fields = ["Say-Content-Type: \(type)", "Say-X-Token: \(value.text)"]
        let printed = try await say(document(value.text), fields, at: scene)
        #expect(printed.contains(document(Self.token)) && !printed.contains(value.text), "\(printed)")
        #expect(scene.judge.sealed.map(\.values) == [[value.secret]])
        let other = Canary(random)
        for (body, fields) in [
            (document(other.text, "Others"), ["Say-Content-Type: \(type)"]), ("<!-- -->" + document(other.text), ["Say-Content-Type: \(type)"]),
            (document(other.text), [Self.json]), (document(other.text), ["Say-Content-Type: \(type)", "Say-Status: 400"]),
        ] {
            let printed = try await say(body, fields, at: scene)
            #expect(printed.contains("broker.reply-unsealed") && !printed.contains(other.text), "\(printed)")
        }
        #expect(scene.judge.sealed.count == 1)
        try await scene.end()
    }

    private static let json = "Say-Content-Type: application/json"

    @Test(
        "what is not as the rule has it goes no further",
        arguments: [
            (#"{"token":"V","token":"other","expires_in":1}"#, [json]), (#"{"token":"V","\u0074oken":"other","expires_in":1}"#, [json]),
            (#"{"token":["V"],"expires_in":1}"#, [json]), (#"{"data":{"token":"V"},"expires_in":1}"#, [json]), (#"{"token":"V"}"#, [json]),
            (#"{"token":"V","expires_in":1"#, [json]), (#"{"token":"V","expires_in":1}"#, ["Say-Content-Type: text/html"]),
            (#"{"token":"V","expires_in":1}"#, []), ("token=V&expires_in=1", ["Say-Content-Type: application/x-www-form-urlencoded"]),
            (#"cb({"token":"V","expires_in":1})"#, ["Say-Content-Type: application/javascript"]),
            (#"{"token":"V","expires_in":1}"#, [json, "Say-Status: 202", "Say-Content-Encoding: compress"]),
            (#"{"token":"V","expires_in":1}"#, [json, "Say-Status: 206", "Say-Content-Range: bytes 0-1/9"]),
            ("", [json, "Say-Status: 302", "Say-Location: https://app.test/#token=V"]), (#"{"token":"V"}"#, [json, "Say-Status: 400"]),
            (#"{"token":"V""#, ["Say-Content-Type: text/plain", "Say-Status: 500"]),
        ] as [(String, [String])])
    func refused(_ body: String, _ fields: [String]) async throws {
        let (scene, _) = try await scene()
        let value = Canary(random)
        let printed = try await say(
            body.replacing("V", with: value.text), fields.map { $0.replacing("=V", with: "=\(value.text)") }, at: scene)
        #expect(printed.contains(" 502 ") && printed.contains("Tacit-Denied: broker.reply-") && !printed.contains(value.text), "\(printed)")
        #expect(scene.judge.sealed.isEmpty)
        #expect(await scene.judge.outcomes(1).first?.result.hasPrefix("broker.reply-") == true)
        try await scene.end()
    }

    @Test(arguments: [[json], [json, "Say-Content-Encoding: br"]])
    func longRepliesGoNoFurther(_ fields: [String]) async throws {
        let (scene, _) = try await scene()
        let value = Canary(random)
        let printed = try await say(minted(value.text, #","x":"\#(String(repeating: "x", count: 1 << 20))""#), fields, at: scene)
        #expect(printed.contains(" 502 ") && printed.contains("broker.reply-unsealed") && !printed.contains(value.text))
        try await scene.end()
    }

    @Test func whatCannotBeStoredIsNotPassedOnAndStaysKnown() async throws {
        let (scene, _) = try await scene(storing: false)
        let value = Canary(random)
        let printed = try await say(minted(value.text), at: scene)
        #expect(printed.contains(" 502 ") && printed.contains("Tacit-Denied: broker.reply-unsealed") && !printed.contains(value.text))
        #expect(scene.judge.sealed.count == 1)
        // A service that shows it once more is searched for it.
        let again = try await scene.curl("/echo", ["-H", "Content-Type: text/plain", "--data", value.text])
        #expect(!again.contains(value.text))
        try await scene.end()
    }

    @Test func failuresPassAsEveryReply() async throws {
        let (scene, _) = try await scene()
        let printed = try await say(#"{"message":"Bad credentials"}"#, ["Say-Status: 401", Self.json], at: scene)
        #expect(printed.contains(" 401 ") && printed.contains("Bad credentials"))
        let page = try await say("<p>gone", ["Say-Status: 503", "Say-Content-Type: text/html"], at: scene)
        #expect(page.contains(" 503 ") && page.contains("<p>gone") && scene.judge.sealed.isEmpty)
        try await scene.end()
    }

    @Test func severalAtOnceAreEachSealed() async throws {
        let (scene, _) = try await scene()
        let values = (0..<6).map { _ in Canary(random) }
        let printed = try await withThrowingTaskGroup(of: String.self) { group in
            for (index, value) in values.enumerated() {
                let file = scene.directory.path("body\(index)")
                try Data(minted(value.text).utf8).write(to: URL(filePath: file))
                group.addTask {
                    try await scene.curl("/say", ["-H", Self.json, "-H", "Content-Type: text/plain", "--data-binary", "@\(file)"])
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(printed.count == 6 && printed.allSatisfy { $0.contains(minted(Self.token)) })
        let sealed = scene.judge.sealed.flatMap(\.values)
        #expect(sealed.count == 6 && values.allSatisfy { sealed.contains($0.secret) })
        try await scene.end()
    }

    @Test(arguments: [true, false])
    func aRequestWhoseCredentialIsRenewedGoesOnceMore(_ isRenewed: Bool) async throws {
        let newer = Canary(random)
        let scene = try await DoorScene(random) { grant, service, asked in
            guard case .allow(var leave) = grant.leave(service) else { return .refuse(nil) }
            leave.isRenewable = asked.rejected == nil
            guard asked.rejected != nil else { return .allow(leave) }
            guard isRenewed else { return .refuse(nil) }
            leave.releases[0].value = newer.secret
            return .allow(leave)
        }
        let printed = try await scene.curl("/taken?\(newer.text.reversedText)", ["-X", "GET"])
        #expect(scene.judge.asked.map(\.rejected) == [nil, 7] && scene.service.received.count == (isRenewed ? 2 : 1))
        #expect(printed.contains(" 401 ") && !printed.contains(newer.text) && !printed.contains(scene.grant.canary.text))
        #expect(scene.service.received.last?["authorization"] == "Bearer \(isRenewed ? newer.text : scene.grant.canary.text)")
        #expect(await scene.judge.outcomes(isRenewed ? 2 : 1).count == (isRenewed ? 2 : 1))
        // What may not be sent twice is not: a body that streamed is gone.
        _ = try await scene.curl("/taken", ["-H", "Content-Type: application/octet-stream", "--data-binary", "x"])
        #expect(scene.judge.asked.count == 3)
        try await scene.end()
    }

    @Test func anErrandIsToldTheReference() async throws {
        let (service, broker, grant) = (try await LocalService(), try await BrokerHarness(), TestGrant(random))
        let judge = TestJudge(sealing: { _ in [SealedCredential(text: "tacit://default/dev/a/b", name: "a/b", grant: nil)] }) { _ in
            guard case .allow(var leave) = grant.leave(service) else { return .refuse(nil) }
            leave.seal = SealOrder(pointers: ["/token"], expiry: nil)
            return .allow(leave)
        }
        let value = Canary(random)
        var errand = try grant.errand("/say", to: service, method: "POST", body: Array(minted(value.text, #","b":"\#(value.text)""#).utf8))
        errand.head.fields += [.init("Say-Content-Type", Array("application/json".utf8)), .init("Content-Type", Array("text/plain".utf8))]
        let reply = try await broker.handle.perform(errand, judgedBy: judge)
        let text = String(decoding: reply.body, as: UTF8.self)
        #expect(text == minted("tacit://default/dev/a/b", #","b":"[REDACTED:a/b]""#), "\(text)")
        broker.handle.end()
        try await service.end()
    }
}

extension String {
    fileprivate var reversedText: String { String(reversed()) }
    /// Each character as JSON may have it.
    fileprivate var escaped: String { utf8.map { "\\u00" + String($0, radix: 16) }.joined() }
}
