import HTTPTypes
import Model
import Policies
import Redaction
import TestKit
import Testing

@testable import Brokering

@Suite("signed requests on their way")
struct SignedExchangeTests {
    private let random = SeededRandom()
    private let table: SignatureTable
    private let now: Timestamp
    private let (keyID, secretKey, sessionToken): (GrantID, GrantID, GrantID)

    init() throws {
        table = try SignatureTable.read()
        now = try table.now
        (keyID, secretKey, sessionToken) = (random.id(), random.id(), random.id())
    }

    private func tokens(_ key: SignatureTable.Key) -> SessionTokens {
        var tokens = [keyID: FakeToken(text: key.keyID), secretKey: FakeToken(text: key.secretKey)]
        if let token = key.sessionToken { tokens[sessionToken] = FakeToken(text: token) }
        let grants = SigningGrants(
            shownKeyID: key.keyID, keyID: keyID, secretKey: secretKey, sessionToken: key.sessionToken.map { _ in sessionToken })
        return SessionTokens(tokens, signing: [grants])
    }

    private func values(_ key: SignatureTable.Key) -> [GrantID: SecretValue] {
        var values = [keyID: key.keyID, secretKey: key.secretKey]
        if let token = key.sessionToken { values[sessionToken] = token }
        return values.mapValues { text in
            var bytes = Array(text.utf8)
            return SecretValue(moving: &bytes)
        }
    }

    private func exchange(_ scenario: SignatureTable.Case, _ needles: NeedleSet? = nil) -> RequestExchange {
        let now = now
        return RequestExchange(tokens(scenario.shown), mayStandInBody: false, clock: { now }, values: { needles })
    }

    private func receive(
        _ exchange: inout RequestExchange, _ scenario: SignatureTable.Case, _ change: (inout [ReceivedHead.Field]) -> Void = { _ in }
    ) throws -> RequestExchange.Step {
        var fields = scenario.before.head.fields
        if !scenario.before.body.isEmpty, !fields.contains(where: { ["content-length", "transfer-encoding"].contains($0.name.lowercased()) }) {
            fields.append(.init("Content-Length", Array("\(scenario.before.body.count)".utf8)))
        }
        change(&fields)
        let host = try #require(scenario.before.head.values(of: "host").first)
        let head = ReceivedHead(version: .http1_1, method: scenario.before.method, target: Array(scenario.before.target.utf8), fields: fields)
        return exchange.receive(
            head, judgedBy: HeadGuard(tunnel: try Origin(url: "https://\(String(decoding: host, as: UTF8.self))")), allowsEncodedSlash: true)
    }

    /// Sends a case's body piece by piece, up to the question and on; gives the question and all that left.
    private func send(_ exchange: inout RequestExchange, _ scenario: SignatureTable.Case, _ first: RequestExchange.Step) throws -> Sent {
        var (step, wish, sent) = (first, RequestWish?.none, Sent())
        var pieces = Array(scenario.before.body).cut(by: random, atMost: 100)[...]
        var hasEnded = false
        while true {
            switch step {
            case .ask(let asked):
                wish = asked
                let departure = try exchange.allow(values(scenario.real))
                (sent.request, sent.framing) = (departure.request, departure.framing)
                sent.body += departure.body ?? []
                for next in departure.next {
                    if case .pass(let bytes) = next { sent.body += bytes }
                    if case .stop(let stop) = next { sent.stop = stop }
                }
            case .pass(let bytes): sent.body += bytes
            case .stop(let stop): sent.stop = stop
            case .wait: break
            }
            guard sent.stop == nil, !exchange.hasEnded, !hasEnded else { break }
            if let piece = pieces.popFirst() {
                step = exchange.receive(piece)
            } else {
                hasEnded = true
                step = exchange.receiveEnd()
                if case .pass(let bytes) = step { sent.body += bytes }
                if case .ask = step { hasEnded = false }
                if case .stop(let stop) = step { sent.stop = stop }
                if hasEnded { break }
            }
        }
        sent.wish = wish
        return sent
    }

    private struct Sent {
        var request: HTTPRequest?
        var framing: JudgedRequest.Body?
        var body: [UInt8] = []
        var stop: ExchangeStop?
        var wish: RequestWish?
    }

    @Test("what botocore signs with fake tokens is asked about with each grant of the pair, and leaves as what it signs with the real key")
    func vectors() throws {
        // Where the real key has no session token, a program that shows one has another credential.
        for scenario in table.cases where (scenario.shown.sessionToken == nil) == (scenario.real.sessionToken == nil) {
            var exchange = exchange(scenario)
            let sent = try send(&exchange, scenario, receive(&exchange, scenario))
            let wish = try #require(sent.wish, "\(scenario.name): \(sent)")
            #expect(Set(wish.uses.map(\.grant)).count == (scenario.shown.sessionToken == nil ? 2 : 3))
            #expect(wish.uses.allSatisfy { $0.place == .awsSignature && $0.occurrences == 1 })
            #expect(sent.request?.path == scenario.after.target, "\(scenario.name)")
            for name in [HTTPField.Name.authorization] + [HTTPField.Name("x-amz-security-token")].compactMap(\.self) {
                let expected = scenario.after.head.values(of: name.canonicalName).map { String(decoding: $0, as: UTF8.self) }
                #expect(sent.request?.headerFields[values: name] == expected, "\(scenario.name)")
            }
            #expect(sent.stop == nil && sent.body == Array(scenario.after.body), "\(scenario.name)")
            #expect(!"\(sent)".contains(scenario.shown.keyID) || "\(wish)".contains(scenario.shown.keyID))
        }
    }

    @Test("nobody is asked about a request whose signature is refused, and it is no misuse of a token")
    func refused() throws {
        for scenario in table.cases where scenario.shown.sessionToken == nil {
            var other = exchange(scenario)
            let step = try receive(&other, scenario) { $0.append(.init("X-Amz-Acl", Array("private".utf8))) }
            #expect(step == .stop(.signature(.unsigned)))
            guard case .stop(let stop) = step else { continue }
            #expect(stop.misusedGrant == nil && stop.code == "broker.signature-unsigned")
        }
        let scenario = try #require(table.cases("an object with an odd name").first)
        var part = exchange(scenario)
        #expect(try receive(&part, scenario) { $0.append(.init("Range", Array("bytes=0-9".utf8))) } == .stop(.signature(.partial)))
        var late = RequestExchange(
            tokens(scenario.shown), mayStandInBody: false, clock: { [now] in now.advanced(by: .seconds(901)) }, values: { nil })
        #expect(try receive(&late, scenario) == .stop(.signature(.stale)))
    }

    @Test("a token of the pair in another place is misused, and any other token beside a signature")
    func strays() throws {
        let scenario = try #require(table.cases("a message").first)
        for (text, grant) in [(scenario.shown.keyID, keyID), (scenario.shown.secretKey, secretKey)] {
            var head = exchange(scenario)
            #expect(try receive(&head, scenario) { $0.append(.init("X-Key", Array(text.utf8))) } == .stop(.stray(grant)))
            var unsigned = exchange(scenario)
            #expect(
                try receive(&unsigned, scenario) { fields in
                    fields.removeAll { $0.name.lowercased() == "authorization" }
                    fields.append(.init("Authorization", Array("Token \(text)x".utf8)))
                } == .stop(.stray(grant)))
        }
        let upload = try #require(table.cases("an upload that nobody signed").first)
        var body = exchange(upload)
        guard case .ask = try receive(&body, upload) else { throw Unexpected() }
        _ = try body.allow(values(upload.real))
        #expect(body.receive(Array("x \(upload.shown.secretKey)".utf8)) == .stop(.stray(secretKey)))
    }

    private struct Unexpected: Error {}

    @Test("a body that is not what was signed never ends, and a body that was not announced never begins")
    func bodies() throws {
        let digested = try #require(table.cases("an upload whose digest is signed").first)
        var exchange = exchange(digested)
        guard case .ask = try receive(&exchange, digested) else { throw Unexpected() }
        _ = try exchange.allow(values(digested.real))
        #expect(exchange.receive(Array("CANARY".utf8)) == .wait)
        #expect(exchange.receiveEnd() == .stop(.signature(.body)))
        var absent = self.exchange(digested)
        #expect(try receive(&absent, digested) { $0.removeAll { ["Content-Length", "Expect"].contains($0.name) } } == .stop(.signature(.body)))
        let whole = try #require(table.cases("a message").first)
        var other = self.exchange(whole)
        #expect(try receive(&other, whole) == .wait && other.receive(Array("{}".utf8)) == .wait)
        #expect(other.receiveEnd() == .stop(.signature(.mismatch)))
        var coded = self.exchange(digested)
        #expect(try receive(&coded, digested) { $0.append(.init("Content-Encoding", Array("gzip".utf8))) } == .stop(.codedBody))
    }

    @Test("a value or a token that two chunks share is found, and no chunk behind it goes on")
    func acrossChunks() throws {
        let secret = Array("CANARY-x7Kq9Zp2Lm4Vt8Wb3Ns6Hd5".utf8)
        var bytes = secret
        let needles = NeedleSet([Needle(name: "other/key", value: SecretValue(moving: &bytes))])
        for scenario in table.cases("an upload in chunks without signatures")
        where scenario.shown.sessionToken == nil && scenario.real.sessionToken == nil {
            for (text, isValue) in [(secret, true), (Array(scenario.shown.secretKey.utf8), false)] {
                var exchange = exchange(scenario, needles)
                guard case .ask = try receive(&exchange, scenario) else { throw Unexpected() }
                _ = try exchange.allow(values(scenario.real))
                var passed: [UInt8] = []
                var last = RequestExchange.Step.wait
                for half in [Array("a".utf8) + Array(text[..<17]), Array(text[17...]) + Array("z".utf8)] {
                    let chunk = Array("\(String(half.count, radix: 16))\r\n".utf8) + half + Array("\r\n".utf8)
                    for piece in chunk.cut(by: random, atMost: 9) where !exchange.hasEnded {
                        last = exchange.receive(piece)
                        if case .pass(let bytes) = last { passed += bytes }
                    }
                }
                // What may go on is still waited for: a longer spelling, perhaps.
                if !exchange.hasEnded { last = exchange.receiveEnd() }
                #expect(last == .stop(isValue ? .egress(Egress(name: "other/key", bytesSent: Int64(passed.count))) : .stray(secretKey)))
                #expect(passed.firstRange(of: Array(text[..<8])) == nil && passed.count < 8)
            }
        }
    }

    @Test("a value or a token in a field behind the chunks is found, and nothing of the field goes on")
    func behindChunks() throws {
        let secret = Array("CANARY-x7Kq9Zp2Lm4Vt8Wb3Ns6Hd5".utf8)
        var bytes = secret
        let needles = NeedleSet([Needle(name: "other/key", value: SecretValue(moving: &bytes))])
        let scenario = try #require(
            table.cases("an upload in chunks without signatures").first { $0.shown.sessionToken == nil && $0.real.sessionToken == nil })
        let body = Array(scenario.before.body)
        let colon = try #require(body.lastIndex(of: UInt8(ascii: ":")))
        for (text, isValue) in [(secret, true), (Array(scenario.shown.secretKey.utf8), false)] {
            var exchange = exchange(scenario, needles)
            guard case .ask = try receive(&exchange, scenario) else { throw Unexpected() }
            _ = try exchange.allow(values(scenario.real))
            var passed: [UInt8] = []
            var last = RequestExchange.Step.wait
            for piece in (body[...colon] + text + Array("\r\n\r\n".utf8)).cut(by: random, atMost: 90) where !exchange.hasEnded {
                last = exchange.receive(piece)
                if case .pass(let bytes) = last { passed += bytes }
            }
            if !exchange.hasEnded { last = exchange.receiveEnd() }
            #expect(last == .stop(isValue ? .egress(Egress(name: "other/key", bytesSent: Int64(passed.count))) : .stray(secretKey)))
            #expect(passed.firstRange(of: Array(text[..<8])) == nil)
        }
    }

    @Test("a key whose name is no secret signs with the real name, and a pair without its values sends nothing")
    func plainName() throws {
        let scenario = try #require(table.cases("an object with an odd name").first)
        let (now, key) = (now, scenario.shown)
        let grants = SigningGrants(shownKeyID: key.keyID, keyID: nil, secretKey: secretKey)
        let tokens = SessionTokens([secretKey: FakeToken(text: key.secretKey)], signing: [grants])
        var exchange = RequestExchange(tokens, mayStandInBody: false, clock: { now }, values: { nil })
        guard case .ask(let wish) = try receive(&exchange, scenario) else { throw Unexpected() }
        #expect(wish.uses == [RequestWish.TokenUse(grant: secretKey, place: .awsSignature, occurrences: 1)])
        let departure = try exchange.allow([secretKey: try #require(values(scenario.real)[secretKey])])
        #expect(departure.request.headerFields[.authorization]?.contains("Credential=\(key.keyID)/") == true)
        #expect(departure.request.headerFields[.authorization] != scenario.before.fields.first { $0[0] == "Authorization" }?[1])
        exchange = RequestExchange(tokens, mayStandInBody: false, clock: { now }, values: { nil })
        guard case .ask = try receive(&exchange, scenario) else { throw Unexpected() }
        #expect(throws: ExchangeStop.exchange(.withoutValue)) { try exchange.allow([:]) }
        // A pair whose token is not the session's is none.
        #expect(SessionTokens([:], signing: [grants]).signers.isEmpty)
    }

    /// What is said of a request that is signed for a service, once its body was read.
    private func step(_ service: String, _ method: String, _ target: String, _ fields: [(String, String)] = [], _ body: String = "") throws
        -> RequestExchange.Step
    {
        let key = try #require(table.cases.first).shown
        let (grants, now) = (SigningGrants(shownKeyID: key.keyID, keyID: keyID, secretKey: secretKey), now)
        let date = try #require(table.moment.split(separator: "T").first)
        let scope = try #require(SigningScope(["\(date)", "us-east-1", service, "aws4_request"].map { Array($0.utf8)[...] }))
        let digest = BodyDigest.of(Array(body.utf8))
        let all = [("Host", "\(service).us-east-1.amazonaws.com"), ("X-Amz-Date", table.moment), ("X-Amz-Content-Sha256", digest)] + fields
        let lists = Set(["host"] + all.map { $0.0.lowercased() }.filter { $0.hasPrefix("x-amz-") }).sorted()
        var head = SignableHead(method: method, target: Array(target.utf8), fields: all.map { ReceivedHead.Field($0, Array($1.utf8)) })
        let text = try CanonicalRequest(head, lists, digest, scope).toSign(at: #require(SigningTime(Array(table.moment.utf8))))
        let signature = String(decoding: key.pair.key(for: scope).signature(over: text), as: UTF8.self)
        let line = "AWS4-HMAC-SHA256 Credential=\(key.keyID)/\(scope.text), SignedHeaders=\(lists.joined(separator: ";")), Signature=\(signature)"
        head.set("authorization", Array(line.utf8))
        if !body.isEmpty { head.set("content-length", Array("\(body.utf8.count)".utf8)) }
        var exchange = RequestExchange(
            SessionTokens([keyID: FakeToken(text: key.keyID), secretKey: FakeToken(text: key.secretKey)], signing: [grants]), mayStandInBody: false,
            clock: { now }, values: { nil })
        let received = ReceivedHead(version: .http1_1, method: method, target: Array(target.utf8), fields: head.fields)
        let step = exchange.receive(
            received, judgedBy: HeadGuard(tunnel: try Origin(url: "https://\(service).us-east-1.amazonaws.com")), allowsEncodedSlash: false)
        guard step == .wait else { return step }
        return exchange.receive(Array(body.utf8)) == .wait ? exchange.receiveEnd() : .wait
    }

    @Test("of an operation that gives new keys the keeper is told that it does, wherever the request says it")
    func newKeys() throws {
        let form = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
        for (service, method, target, fields, body) in [
            ("sts", "POST", "/", form, "Action=AssumeRole&Version=2011-06-15"), ("sts", "GET", "/?Action=GetSessionToken", [], ""),
            ("sts", "POST", "/", form, "%41ction=assumerole"), ("sts", "POST", "/", form, "Action=GetCallerIdentity&Action=AssumeRole"),
            ("sts", "POST", "/", [], "Action=GetFederationToken"), ("sts", "POST", "/", form, "Version=1"), ("sts", "GET", "/", [], ""),
            ("sts", "POST", "/", [("Content-Type", "application/octet-stream")], "Action=AssumeRole"),
        ] as [(String, String, String, [(String, String)], String)] {
            guard case .ask(let wish) = try step(service, method, target, fields, body) else { throw Unexpected() }
            #expect(wish.asked.givesCredentials, "\(target) \(body)")
        }
    }

    @Test("an operation whose answer holds credentials is not asked about, wherever the request says it")
    func operations() throws {
        let form = [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")]
        for (service, method, target, fields, body) in [
            ("iam", "POST", "/", form, "Action=CreateAccessKey"), ("iam", "GET", "/?Action=CreateAccessKey", [], ""),
            // What calls itself something else may be read as a form all the same.
            ("iam", "POST", "/", [("Content-Type", "text/plain")], "Action=CreateAccessKey"),
            ("ec2", "POST", "/", [("Content-Type", "application/x-amz-json-1.0")], "Action=GetPasswordData"),
            ("ecr", "POST", "/", [("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken")], "{}"),
            (
                "secretsmanager", "POST", "/", [("X-Amz-Target", "secretsmanager.GetSecretValue"), ("Content-Type", "application/x-amz-json-1.1")],
                "{}"
            ),
            ("s3", "GET", "/?session", [], ""), ("s3express", "GET", "/?session=", [], ""),
            ("codeartifact", "POST", "/v1/authorization-token?domain=d", [], ""),
            ("ssm", "POST", "/", [("X-Amz-Target", "AmazonSSM.GetParametersByPath")], "{}"),
            ("kms", "POST", "/", [("X-Amz-Target", "TrentService.Decrypt")], "{}"),
            ("iotsecuredtunneling", "POST", "/", [("X-Amz-Target", "IoTSecuredTunneling.OpenTunnel")], "{}"),
            ("secretsmanager", "POST", "/service/secretsmanager/operation/GetSecretValue", [], ""),
            ("iot", "POST", "/keys-and-certificate?setAsActive=true", [], ""),
            ("apigateway", "GET", "/apikeys?includeValues=true", [], ""), ("apigateway", "GET", "/ApiKeys/a1b2/", [], ""),
            ("apigateway", "GET", "/usageplans/u1/keys", [], ""), ("s3", "GET", "/v20180820/accessgrantsinstance/dataaccess", [], ""),
            ("lakeformation", "POST", "/GetTemporaryGlueTableCredentials", [], ""),
            ("mediapackage", "PUT", "/channels/c/ingest_endpoints/i/credentials", [], ""),
        ] as [(String, String, String, [(String, String)], String)] {
            #expect(try step(service, method, target, fields, body) == .stop(.signature(.operation)), "\(service) \(target) \(body)")
        }
        for (service, method, target, fields, body) in [
            ("sts", "POST", "/", form, "Action=GetCallerIdentity&Version=2011-06-15"), ("iam", "POST", "/", form, "Action=ListAccessKeys"),
            ("s3", "GET", "/session", [], ""), ("ssm", "POST", "/", [("X-Amz-Target", "AmazonSSM.DescribeParameters")], "{}"),
            ("kms", "POST", "/", [("X-Amz-Target", "TrentService.Encrypt")], "{}"), ("iot", "GET", "/things", [], ""),
            ("apigateway", "GET", "/restapis/a/stages", [], ""), ("s3", "GET", "/bucket/apikeys", [], ""),
            ("dynamodb", "POST", "/", [("X-Amz-Target", "DynamoDB_20120810.GetItem")], "{}"),
        ] as [(String, String, String, [(String, String)], String)] {
            let step = try step(service, method, target, fields, body)
            guard case .ask(let wish) = step, !wish.asked.givesCredentials else {
                Issue.record("\(service) \(target) \(body): \(step)")
                continue
            }
        }
    }
}
