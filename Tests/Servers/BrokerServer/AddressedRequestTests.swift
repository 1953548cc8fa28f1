import Brokering
import Foundation
import Model
import Secrets
import TestKit
import Testing

@testable import BrokerServer

/// Requests to a door's own address, `/via/PROVIDER/…`.
@Suite("Base addresses of providers")
struct AddressedRequestTests {
    private static let token = FakeToken(text: "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEF")
    private static let port = 4711
    private let tokens = SessionTokens([SeededRandom(seed: 5).id(): token])

    private func head(
        _ target: String, host: String? = "127.0.0.1:\(port)", token: String? = "Bearer \(token.text)", more fields: [(String, String)] = []
    ) -> AskedHead {
        let own = [("Host", host), ("Authorization", token)].compactMap { name, value in value.map { (name, $0) } }
        return AskedHead(
            received: ReceivedHead(
                version: .http1_1, method: "POST", target: Array(target.utf8), fields: (own + fields).map { .init($0.0, Array($0.1.utf8)) }),
            keepsAlive: true)
    }

    private func refusal(_ head: AskedHead) -> DoorRefusal? {
        do throws(DoorRefusal) { _ = try AddressedRequest(head, at: Self.port, knowing: tokens) } catch { return error }
        return nil
    }

    @Test("a request goes to the provider's host, as if it had come through a tunnel to it") func goes() throws {
        let asked = try AddressedRequest(head("/via/openai/v1/chat/completions?a=1"), at: Self.port, knowing: tokens)
        #expect("\(asked.origin)" == "https://api.openai.com" && asked.head.received.target.elementsEqual("/v1/chat/completions?a=1".utf8))
        #expect(asked.head.received.fields.map(\.name) == ["Host", "Authorization"])
        #expect(asked.head.received.fields[0].value.elementsEqual("api.openai.com".utf8))
        #expect(try AddressedRequest(head("/via/anthropic"), at: Self.port, knowing: tokens).head.received.target == [UInt8(ascii: "/")])
        #expect(try AddressedRequest(head("/via/openai?x"), at: Self.port, knowing: tokens).head.received.target.elementsEqual("/?x".utf8))
    }

    @Test(
        "behind the provider may stand another host of its own",
        arguments: [
            ("datadog@api.datadoghq.eu", "api.datadoghq.eu"), ("sentry@de.sentry.io", "de.sentry.io"), ("github@github.com", "github.com"),
            ("jira@acme.atlassian.net", "acme.atlassian.net"), ("openai@api.openai.com", "api.openai.com"),
        ])
    func namesHost(_ name: String, _ host: String) throws {
        let asked = try AddressedRequest(head("/via/\(name)/v1/x?a=1"), at: Self.port, knowing: tokens)
        #expect("\(asked.origin)" == "https://\(host)" && asked.head.received.target.elementsEqual("/v1/x?a=1".utf8))
        #expect(asked.head.received.fields[0].value.elementsEqual(host.utf8))
    }

    @Test(
        "a host that is not the provider's own is none",
        arguments: [
            "openai@evil.example", "openai@api.anthropic.com", "openai@api.openai.com.evil.example", "openai@", "openai@API.OPENAI.COM",
            "@api.openai.com",
            "openai@api.openai.com:443", "openai@x@api.openai.com", "jira@atlassian.net", "jira@.atlassian.net", "jira@evil.example#.atlassian.net",
            "jira@evil.example:80.atlassian.net", "jira@evil.example%2f.atlassian.net", "jira@evil.example\\.atlassian.net",
            "jira@ACME.atlassian.net",
            "jira@acme.atlassian.net.", "jira@x_y.atlassian.net", "jira@x@acme.atlassian.net", "aws@s3.amazonaws.com", "openai%40api.openai.com",
        ])
    func foreignHosts(_ name: String) { #expect(refusal(head("/via/\(name)/v1/models")) == .notAnAddress) }

    @Test(
        "another Host than the door's own is refused, and two of them",
        arguments: [nil, "localhost:4711", "127.0.0.1", "127.0.0.1:4712", "evil.example:4711", "127.0.0.1:4711.evil.example", "[::1]:4711"])
    func hosts(_ host: String?) { #expect(refusal(head("/via/openai/v1/models", host: host)) == .ambiguous) }

    @Test func twoHosts() { #expect(refusal(head("/via/openai/", more: [("host", "127.0.0.1:4711")])) == .ambiguous) }

    @Test("no page of a browser gets through", arguments: ["Origin", "sec-fetch-site", "ORIGIN"])
    func pages(_ name: String) { #expect(refusal(head("/via/openai/", more: [(name, "null")])) == .fromPage) }

    @Test("who shows no token of the session, or one out of any place, is not served", arguments: [nil, "Bearer sk-proj-other", "Bearer x"])
    func tokens(_ token: String?) { #expect(refusal(head("/via/openai/v1/models", token: token)) == .withoutToken) }

    @Test("the name of an AWS key is no credential: it is public") func keyNames() throws {
        let (name, token) = (FakeToken(text: "AKIAIOSFODNN7EXAMPLE"), SeededRandom(seed: 6))
        let pair = SessionTokens([token.id(): name, token.id(): Self.token])
        for shown in ["Bearer \(name.text)", "Basic \(Data("x:\(name.text)".utf8).base64EncodedString())"] {
            do throws(DoorRefusal) {
                _ = try AddressedRequest(head("/via/openai/v1/models", token: shown), at: Self.port, knowing: pair)
                Issue.record("\(shown) was taken")
            } catch { #expect(error == .withoutToken) }
        }
        _ = try AddressedRequest(head("/via/openai/v1/models"), at: Self.port, knowing: pair)
    }

    @Test(
        "what names no provider that has an address is none",
        arguments: [
            "/via/", "/via/nobody/v1", "/via/jira-of-mine/", "/via/OpenAI/v1", "/via//v1", "/via/%6fpenai/v1", "/via/../openai/v1", "/viaopenai/",
        ])
    func addresses(_ target: String) { #expect(refusal(head(target)) == .notAnAddress) }
}
