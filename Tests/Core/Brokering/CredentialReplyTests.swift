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
        #expect(!CredentialReply.isWithout(order, Array(#"{"error":"x","\#(name)":"\#(value)"}"#.utf8), .json))
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
        func isWithout(_ text: String, json: Bool = true) -> Bool { CredentialReply.isWithout(order, Array(text.utf8), json ? .json : nil) }
        #expect(isWithout(#"{"error":"invalid_grant"}"#) && isWithout("") && isWithout("<p>gone</p>", json: false))
        #expect(!isWithout(#"{"token":"t"}"#) && !isWithout(#" {"token":"t"}"#, json: false) && !isWithout(#"{"more":{"refresh":1}}"#))
        #expect(!isWithout(#"{"token":["t"]}"#) && isWithout(#"{"tokens":["t"]}"#))
        #expect(!isWithout(#"{"token":"t","token":"t"}"#, json: false) && !isWithout("<p>gone</p>") && !isWithout(#"{"a":"#, json: false))
    }

    private static let credentials = "/AssumeRoleResponse/AssumeRoleResult/Credentials"
    private let role = SealOrder(
        pointers: ["AccessKeyId", "SecretAccessKey", "SessionToken"].map { "\(credentials)/\($0)" }, expiry: "\(credentials)/Expiration")

    /// As the service answers, with more in it.
    private func answer(_ more: String = "", key: String = "ASIACANARY", before: String = "", in name: String = "Credentials") -> String {
        """
        \(before)<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleResult>
            <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn></AssumedRoleUser>
            <\(name)><AccessKeyId>\(key)</AccessKeyId><SecretAccessKey>s/&amp;+&lt;</SecretAccessKey>
              <SessionToken>t==</SessionToken><Expiration>2026-11-29T12:00:00Z</Expiration></\(name)>\(more)
          </AssumeRoleResult>
        </AssumeRoleResponse>

        """
    }

    private func xml(_ text: String) -> CredentialReply? { CredentialReply(Array(text.utf8), role, .xml) }

    @Test("of XML, too, what stands at the pointers is taken, and only that is replaced")
    func takenOfXML() throws {
        for before in ["", "<?xml version=\"1.0\"?>\n", "<?xml version='1.0' encoding='UTF-8'?>"] {
            let text = answer("<PackedPolicySize>6</PackedPolicySize><None/>", before: before)
            let reply = try #require(xml(text))
            #expect(reply.values == [secret("ASIACANARY"), secret("s/&+<"), secret("t==")])
            #expect(reply.expiry == .at(try #require(Timestamp(rfc3339: "2026-11-29T12:00:00Z"))))
            let shown = String(decoding: reply.body(showing: ["ASIAFAKE", "a&<b", "c"]), as: UTF8.self)
            let expected = text.replacing("ASIACANARY", with: "ASIAFAKE").replacing("s/&amp;+&lt;", with: "a&amp;&lt;b")
                .replacing(">t==<", with: ">c<")
            #expect(shown == expected)
        }
    }

    @Test("XML that another reader could take for something else is none")
    func refusedXML() {
        for before in [
            "<!DOCTYPE a [<!ENTITY x \"y\">]>", "<!-- -->", "<?xml version=\"1.1\"?>", "<?xml version=\"1.0\" encoding=\"UTF-7\"?>", "\u{FEFF}",
            "x", "<?p?>",
        ] {
            #expect(xml(answer(before: before)) == nil, "\(before)")
        }
        for more in [
            "<!-- x -->", "<![CDATA[x]]>", "<?p?>", "<a b=\"c\">x</a>", "<x:a>y</x:a>", "<a>x<b>y</b></a>", "<a><b>y</b>x</a>",
            "<a>&x;</a>", "<a>&#65;</a>", "<a>&amp</a>", "<a>]]></a>", "<a>x</b>", "<a>", "</a>", "<a xmlns=\"x\" xmlns=\"y\">z</a>",
            "<a xmlns=\"&lt;\">z</a>", "<a>\u{1}</a>", "<a>\r</a>", "<é>x</é>", "<1>x</1>", "<a>x</a><a>y</a>", "x",
            "<Credentials><AccessKeyId>y</AccessKeyId></Credentials>", "<refresh_token>abcdefgh12345678</refresh_token>",
            String(repeating: "<a>", count: 70) + String(repeating: "</a>", count: 70),
        ] {
            #expect(xml(answer(more)) == nil, "\(more)")
        }
        #expect(xml(answer(key: "")) == nil && xml(answer(in: "credentials")) == nil && xml(answer() + "x") == nil && xml("") == nil)
        #expect(xml(String(answer().dropLast(4))) == nil && CredentialReply(Array(answer().utf8), role) == nil)
        #expect(CredentialReply(Array(answer().utf8) + [0x20, 0xFF], role, .xml) == nil)
    }

    @Test("an error in XML goes on where it is understood and gives nothing, and a page as ever")
    func failuresInXML() {
        func isWithout(_ text: String, _ form: CredentialForm? = .xml) -> Bool { CredentialReply.isWithout(role, Array(text.utf8), form) }
        let error = "<ErrorResponse xmlns=\"x\"><Error><Code>AccessDenied</Code><Message>It is not authorized</Message></Error></ErrorResponse>"
        #expect(isWithout(error) && isWithout(error, nil) && isWithout("<!doctype html><p class=a>gone", nil) && isWithout(""))
        #expect(!isWithout(answer()) && !isWithout(answer(), nil) && !isWithout("<p class=a>gone") && !isWithout("gone"))
        #expect(!isWithout("<Error><SessionToken>abcdefgh12345678</SessionToken></Error>"))
    }
}
