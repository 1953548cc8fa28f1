import Foundation
import TestKit
import Testing

@testable import Brokering

@Suite("Request targets")
struct TargetTests {
    struct Case: Decodable, Sendable {
        var target: String?
        var hex: String?
        var token: String
        var plain: String
        var judged: String?
        var encodedSlash: Bool?
        var why: String

        enum CodingKeys: String, CodingKey {
            case target, hex, token, plain, judged, why
            case encodedSlash = "encoded_slash"
        }

        var bytes: [UInt8] { target.map { Array($0.utf8) } ?? unhex(hex ?? "") }
    }

    private func verdict(on raw: [UInt8], token: Bool, encodedSlash: Bool = false) throws -> RequestVerdict<RequestTarget> {
        RequestTarget.verdict(on: raw, within: try origin("https://api.example.com"), carriesToken: token, allowsEncodedSlash: encodedSlash)
    }

    @Test("each target of the table is sent as it says, or refused for its reason, with a token and without")
    func table() throws {
        let cases = try RequestTable<Case>.read("paths.json")
        #expect(cases.count >= 160)
        for entry in cases {
            for (isToken, expected) in [(true, entry.token), (false, entry.plain)] {
                switch try verdict(on: entry.bytes, token: isToken, encodedSlash: entry.encodedSlash ?? false) {
                case .refused(let refusal): #expect(refusal.code == expected, "\(entry.target ?? ""): \(entry.why)")
                case .accepted(let target):
                    #expect(target.pathAndQuery == expected, "\(entry.target ?? ""): \(entry.why)")
                    if let judged = entry.judged { #expect(target.judgedPath == judged, "\(entry.target ?? "")") }
                }
            }
        }
    }

    @Test("a target of 16 KiB is the longest")
    func long() throws {
        let longest = Array(("/" + String(repeating: "a", count: RequestTarget.maximumBytes - 1)).utf8)
        #expect(try verdict(on: longest, token: true).accepted != nil)
        #expect(try verdict(on: longest + [0x61], token: false).refusal == .targetTooLong)
        #expect(try verdict(on: longest.dropLast() + [0xE9], token: false).refusal == .targetTooLong)
    }

    @Test("without a tunnel the target says whom the request is for, and must")
    func withoutTunnel() throws {
        let verdict = { (text: String) in RequestTarget.verdict(on: Array(text.utf8), within: nil, carriesToken: false) }
        #expect(verdict("http://Plain.example:80/a?b").accepted?.origin == (try origin("http://plain.example")))
        for text in ["/a", "*", "plain.example:80"] { #expect(verdict(text).refusal == .targetForm, "\(text)") }
    }

    private static let pieces = [
        "/", "/", "/", ".", "..", "a", "B", "~", "%2e", "%2E", "%2f", "%5c", "\\", "%25", "%252e", "%", "%u0041", ";", "%3b", "%c0%ae", "%c3%a9", "é",
        "?", "//",
        "%00", "%41", ":", "%3A", "@", "#", " ", "|", "%20", "https://api.example.com", "%ef%bc%8e", "&", "=", "%F0%9F%94%91",
    ]

    @Test("what is sent is what is judged again: the canonical form of the canonical form is itself")
    func idempotent() throws {
        var draws = RandomDraws()
        var accepted = 0
        for round in 0..<6000 {
            let raw = round.isMultiple(of: 5) ? [0x2F] + draws.bytes(count: 0...12) : Array(("/" + draws.text(of: Self.pieces, count: 0...8)).utf8)
            let slash = draws.pick([true, false])
            for isToken in [true, false] {
                guard let target = try verdict(on: raw, token: isToken, encodedSlash: slash).accepted else { continue }
                accepted += 1
                let again = try verdict(on: Array(target.pathAndQuery.utf8), token: isToken, encodedSlash: slash).accepted
                #expect(again == target, "\(raw), seed \(draws.seed)")
                let judged = try verdict(on: Array(target.judgedPath.utf8), token: false, encodedSlash: slash).accepted
                #expect(judged?.judgedPath == target.judgedPath && judged?.path == target.judgedPath, "\(raw), seed \(draws.seed)")
            }
        }
        #expect(accepted > 1500, "seed \(draws.seed)")
    }

    @Test("beside a token a path is sent as it came but for the case of escapes, and means one thing however often it is decoded")
    func unambiguous() throws {
        var draws = RandomDraws()
        var accepted = 0
        for _ in 0..<10_000 {
            let text = "/" + draws.text(of: Self.pieces, count: 0...7)
            let slash = draws.pick([true, false])
            guard let target = try verdict(on: Array(text.utf8), token: true, encodedSlash: slash).accepted else { continue }
            accepted += 1
            let rawPath = String(text.prefix { $0 != "?" })
            #expect(upperEscapes(rawPath) == target.path, "\(text), seed \(draws.seed)")
            for path in [target.path, target.judgedPath] {
                var decoded = path
                for _ in 0..<4 {
                    #expect(!decoded.contains("\\") && !decoded.contains(";") && !decoded.contains("\0"), "\(text), seed \(draws.seed)")
                    let segments = decoded.split(separator: "/", omittingEmptySubsequences: false)
                    #expect(!segments.contains(".") && !segments.contains(".."), "\(text), seed \(draws.seed)")
                    #expect(!segments.dropFirst().dropLast().contains(""), "\(text), seed \(draws.seed)")
                    decoded = decoded.removingPercentEncoding ?? decoded
                }
                if !slash { #expect(!path.uppercased().contains("%2F"), "\(text), seed \(draws.seed)") }
            }
        }
        #expect(accepted > 300, "seed \(draws.seed)")
    }

    @Test("a query is sent as it came")
    func queries() throws {
        var draws = RandomDraws()
        for _ in 0..<1000 {
            let query = draws.text(of: ["a", "=", "&", "%7e", "%2F", "+", "/", "?", ";", "..", "%20", "\"", "|", "\\"], count: 0...8)
            #expect(try verdict(on: Array("/a?\(query)".utf8), token: true).accepted?.query == query, "\(query), seed \(draws.seed)")
        }
    }

    @Test("any bytes are judged")
    func anyBytes() throws {
        var draws = RandomDraws()
        for _ in 0..<5000 {
            let raw = draws.bytes(count: 0...24)
            _ = try verdict(on: raw, token: true)
            _ = RequestTarget.verdict(on: raw, within: nil, carriesToken: false)
            _ = RequestTarget.verdict(on: Array("https://".utf8) + raw, within: nil, carriesToken: true, allowsEncodedSlash: true)
        }
    }
}

/// A text with the digits of its escapes in upper case.
private func upperEscapes(_ text: String) -> String {
    var characters = Array(text)
    for index in characters.indices where characters[index] == "%" && index + 2 < characters.count {
        for digit in 1...2 { characters[index + digit] = Character(characters[index + digit].uppercased()) }
    }
    return String(characters)
}

private func unhex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
