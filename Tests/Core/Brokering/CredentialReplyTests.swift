import Model
import TestKit
import Testing

@testable import Brokering

/// New credentials are taken out of replies that are understood to the last byte, and of no other.
@Suite("replies with new credentials")
struct CredentialReplyTests {
    private let order = SealOrder(pointers: ["/token", "/more/refresh"], expiry: "/expires")

    private func reply(_ text: String, _ order: SealOrder? = nil) -> CredentialReply? { CredentialReply(Array(text.utf8), order ?? self.order) }

    private func secret(_ text: String) -> SecretValue {
        var bytes = Array(text.utf8)
        return SecretValue(moving: &bytes)
    }

    @Test("what stands at the pointers is taken, and only that is replaced") func taken() throws {
        let text = " {\"expires\" : 3600,\"more\":{ \"refresh\":\"r\\u002D1\"} ,\n \"token\":\"t\\/1\", \"other\": [1.50, null]}\n"
        let reply = try #require(self.reply(text))
        #expect(reply.values == [secret("t/1"), secret("r-1")] && reply.expiry == .after(.seconds(3600)))
        let shown = String(decoding: reply.body(showing: ["A\"", "B"]), as: UTF8.self)
        #expect(shown == " {\"expires\" : 3600,\"more\":{ \"refresh\":\"B\"} ,\n \"token\":\"A\\\"\", \"other\": [1.50, null]}\n")
    }

    @Test(
        "what is not as the rule has it is none",
        arguments: [
            "", "{}", "null", #"{"token":"t"}"#, #"{"token":"t","more":{"refresh":"r"}}"#, #"{"token":1,"more":{"refresh":"r"},"expires":1}"#,
            #"{"token":"","more":{"refresh":"r"},"expires":1}"#, #"{"token":["t"],"more":{"refresh":"r"},"expires":1}"#,
            #"{"token":{"token":"t"},"more":{"refresh":"r"},"expires":1}"#, #"{"token":null,"more":{"refresh":"r"},"expires":1}"#,
            #"{"token":"t","more":{"refresh":"r"},"expires":-1}"#, #"{"token":"t","more":{"refresh":"r"},"expires":"soon"}"#,
            #"{"token":"t","more":{"refresh":"r"},"expires":1.5}"#, #"{"token":"t","more":{"refresh":"r"},"expires":1e3}"#,
            #"{"token":"t","token":"u","more":{"refresh":"r"},"expires":1}"#, #"{"token":"t","\u0074oken":"u","more":{"refresh":"r"},"expires":1}"#,
            #"{"token":"t","more":{"refresh":"r"},"expires":1} {"#, #"{"token":"t","more":{"refresh":"r"},"expires":1"#,
            #"{"token":"\ud800","more":{"refresh":"r"},"expires":1}"#, "\u{FEFF}" + #"{"token":"t","more":{"refresh":"r"},"expires":1}"#,
            #"{"token":'t',"more":{"refresh":"r"},"expires":1}"#, #"{"/token":"t","more":{"refresh":"r"},"expires":1}"#,
        ])
    func refused(_ text: String) { #expect(reply(text) == nil) }

    @Test(
        "a credential that the rule does not name is none of the agent's",
        arguments: ["refresh_token", "refreshToken", "Client-Secret", "id_token", "password"])
    func undeclared(_ name: String) throws {
        let (order, token, value) = (SealOrder(pointers: ["/token"], expiry: nil), "0123456789abcdef", "abcdefgh12345678")
        func isTaken(_ more: String, _ token: String = token) -> Bool { reply(#"{"token":"\#(token)",\#(more)}"#, order) != nil }
        let escaped = "\\u00" + String(name.utf8.first ?? 0, radix: 16) + name.dropFirst()
        #expect(!isTaken(#""\#(name)":"\#(value)""#) && !isTaken(#""a":[{"\#(name)":"\#(value)"}]"#) && !isTaken(#""\#(escaped)":"\#(value)""#))
        // The same once more, which is looked for by its value; what is too short, or is a sentence; and what is called otherwise.
        #expect(isTaken(#""\#(name)":"\#(value)""#, value) && isTaken(#""\#(name)":"\u0061bcdefgh12345678""#, value))
        #expect(isTaken(#""\#(name)":"unset","x":{"\#(name)":"it is sent by mail to you"}"#) && isTaken(#""\#(name)s":"\#(value)""#))
        #expect(!CredentialReply.isWithout(order, Array(#"{"error":"x","\#(name)":"\#(value)"}"#.utf8), isJSON: true))
        let renewal = SealOrder(pointers: ["/access_token"], expiry: nil, isStrict: false)
        #expect(reply(#"{"access_token":"a","\#(name)":"\#(value)"}"#, renewal) != nil, "nobody but the keeper sees it")
    }

    @Test("of a renewal the first has to be there, and what else is missing stays") func renewal() throws {
        let order = SealOrder(pointers: ["/access_token", "/refresh_token"], expiry: "/expires_in", isStrict: false)
        let reply = try #require(self.reply(#"{"access_token":"a"}"#, order))
        #expect(reply.values == [secret("a"), nil] && reply.expiry == nil)
        #expect(String(decoding: reply.body(showing: ["x"]), as: UTF8.self) == #"{"access_token":"x"}"#)
        #expect(self.reply(#"{"refresh_token":"r"}"#, order) == nil && self.reply(#"{"access_token":"a","refresh_token":1}"#, order) == nil)
    }

    @Test("a body is a mebibyte at most") func long() {
        let body = #"{"token":"t","more":{"refresh":"r"},"expires":1,"x":""#
        func filled(to count: Int) -> String { body + String(repeating: "x", count: count - body.utf8.count - 2) + #""}"# }
        #expect(reply(filled(to: CredentialReply.mostBytes)) != nil && reply(filled(to: CredentialReply.mostBytes + 1)) == nil)
    }

    @Test("how long they are good is a number of seconds, or a moment") func expiry() throws {
        let order = SealOrder(pointers: ["/t"], expiry: "/e")
        func expiry(_ text: String) -> CredentialExpiry? { reply(#"{"t":"x","e":\#(text)}"#, order)?.expiry }
        let moment = try #require(Timestamp(rfc3339: "2026-11-29T12:00:00Z"))
        #expect(expiry("0") == .after(.zero) && expiry(#""28800""#) == .after(.seconds(28800)) && expiry("1795953600") == .at(moment))
        #expect(expiry(#""2026-11-29T12:00:00Z""#) == .at(moment) && expiry("1795953600000") == nil && expiry(#""2026-11-29""#) == nil)
    }

    @Test("a reply that tells of a failure goes on where it has none of them") func failures() {
        func isWithout(_ text: String, json: Bool = true) -> Bool { CredentialReply.isWithout(order, Array(text.utf8), isJSON: json) }
        #expect(isWithout(#"{"error":"invalid_grant"}"#) && isWithout("") && isWithout("<p>gone</p>", json: false))
        #expect(!isWithout(#"{"token":"t"}"#) && !isWithout(#" {"token":"t"}"#, json: false) && !isWithout(#"{"more":{"refresh":1}}"#))
        #expect(!isWithout(#"{"token":["t"]}"#) && isWithout(#"{"tokens":["t"]}"#))
        #expect(!isWithout(#"{"token":"t","token":"t"}"#, json: false) && !isWithout("<p>gone</p>") && !isWithout(#"{"a":"#, json: false))
    }
}
