import Foundation
import Testing

@testable import MCPSession

@Suite struct RequestStateTests {
    private static let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../vectors/mcp/request-states.json")

    @Test("states written by another implementation are believed or refused as the vectors say")
    func vectors() throws {
        let page = try #require(try JSONValue(parsing: Array(Data(contentsOf: Self.page.standardized))).object)
        let cases = page["cases"]?.array?.compactMap(\.object) ?? []
        #expect(Int64(cases.count) == page["count"]?.integer)
        let states = BenchClock().states(principal: page["principal"]?.string ?? "")
        for one in cases {
            let subject = RequestStates.Subject(
                method: page["method"]?.string ?? "", tool: page["tool"]?.string ?? "", arguments: one["arguments"]?.object ?? [:])
            let state = states.state(in: one["state"]?.string ?? "", for: subject)
            #expect((state != nil) == one["holds"]?.bool, "\(one["case"]?.text ?? "")")
            guard let state else { continue }
            #expect(one["state"]?.string?.contains(#""step":\#(state.step)}"#) == true)
            #expect(one["state"]?.string?.contains(JSONValue.object(state.memory).text) == true)
        }
    }

    @Test("a state comes back as it was made, and with any one bit flipped it does not")
    func flips() {
        let clock = BenchClock()
        let states = clock.states(principal: "tester")
        let subject = RequestStates.Subject(method: "tools/call", tool: "echo", arguments: ["text": "a"])
        let made = states.fresh(step: 3, memory: ["name": "Ann", "list": [1, .null]])
        let text = states.text(of: made, for: subject)
        #expect(states.state(in: text, for: subject) == made)
        for index in text.utf8.indices {
            for bit in 0..<8 {
                var bytes = Array(text.utf8)
                bytes[text.utf8.distance(from: text.utf8.startIndex, to: index)] ^= 1 << UInt8(bit)
                guard let changed = String(validating: bytes, as: UTF8.self) else { continue }
                #expect(states.state(in: changed, for: subject) == nil)
            }
        }
        for length in 0..<text.utf8.count { #expect(states.state(in: String(text.prefix(length)), for: subject) == nil) }
        clock.pass(600)
        #expect(states.state(in: text, for: subject) == nil)
    }

    @Test("each state has a nonce of its own, for those who must not act twice")
    func nonces() {
        let states = BenchClock().states(principal: "tester")
        #expect(Set((0..<100).map { _ in states.fresh(step: 1, memory: [:]).nonce }).count == 100)
    }

    @Test("a tick counts only in an accepted form, and only as true")
    func ticks() {
        let box = InputForm.box("Shall it be?", "approve", "Let it be")
        let content: [JSONValue] = [[:], ["approve": false], ["approve": "true"], ["approve": 1], ["approve": .null], ["other": true], true, []]
        for content in content {
            let answer = InputAnswer(["action": "accept", "content": content])
            #expect(!answer.ticks("approve"))
        }
        for action in ["decline", "cancel", "ACCEPT", ""] {
            #expect(!InputAnswer(["action": .string(action), "content": ["approve": true]]).ticks("approve"))
        }
        #expect(!InputAnswer(["content": ["approve": true]]).ticks("approve"))
        #expect(!InputAnswer(["action": "accept"]).ticks("approve"))
        let answer = InputAnswer(["action": "accept", "content": ["approve": true]])
        #expect(answer.ticks("approve"))
        #expect(box.values(in: answer) == ["approve": true])
        #expect(box.values(in: InputAnswer(["action": "accept", "content": ["approve": "yes"]])) == nil)
        #expect(box.values(in: InputAnswer(["action": "decline", "content": ["approve": true]])) == nil)
        #expect(
            InputRequest.form(box).params(in: .november2025)["requestedSchema"]?.text
                == #"{"type":"object","properties":{"approve":{"type":"boolean","description":"Let it be","default":false}},"required":["approve"]}"#)
    }

    @Test("a declaration of elicitation means forms unless it names pages alone")
    func declarations() {
        let table: [(JSONObject, ClientCapabilities?)] = [
            ([:], []), (["elicitation": [:]], .forms), (["elicitation": ["form": [:]]], .forms), (["elicitation": ["url": [:]]], .pages),
            (["elicitation": ["form": [:], "url": [:]]], [.forms, .pages]), (["elicitation": ["other": [:]]], .forms), (["sampling": [:]], .sampling),
            (["roots": ["listChanged": true], "extensions": [:]], .roots), (["elicitation": true], nil), (["roots": []], nil),
        ]
        for (declared, capabilities) in table { #expect(ClientCapabilities(declared) == capabilities) }
    }
}
