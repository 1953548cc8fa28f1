import TestKit
import Testing

@testable import Brokering

@Suite("Authorities")
struct AuthorityTests {
    struct Case: Decodable, Sendable {
        var text: String
        var host: String?
        var port: UInt16?
        var refused: String?
        var why: String
    }

    @Test("each authority of the table is read as it says, or refused for its reason")
    func table() throws {
        let cases = try RequestTable<Case>.read("authorities.json")
        #expect(cases.count >= 100)
        for entry in cases {
            do {
                let authority = try Authority(entry.text)
                #expect(authority.host.description == entry.host, "\(entry.text): \(entry.why)")
                #expect(authority.port == entry.port, "\(entry.text): \(entry.why)")
                #expect(try Authority(authority.host.description).host == authority.host, "\(entry.text)")
            } catch {
                #expect(error.code == entry.refused, "\(entry.text): \(entry.why)")
            }
        }
    }

    @Test("the target of a CONNECT has a port")
    func connectTargets() throws {
        #expect(throws: RequestRefusal.portMissing) { try Authority(connectTarget: "example.com") }
        #expect(throws: RequestRefusal.portMissing) { try Authority(connectTarget: "[::1]") }
        #expect(throws: RequestRefusal.hostBadLiteral) { try Authority(connectTarget: "https://example.com:443") }
        #expect(try Authority(connectTarget: "Example.com:443") == Authority(host: .name("example.com"), port: 443))
    }

    @Test("an authority without a port means the scheme's")
    func effectivePorts() throws {
        #expect(try Authority("a").effectivePort(for: .https) == 443)
        #expect(try Authority("a").effectivePort(for: .http) == 80)
        #expect(try Authority("a:8080").effectivePort(for: .http) == 8080)
        #expect(try origin("https://a:443/b") == origin("HTTPS://A"))
        #expect(try origin("http://a:443") != origin("https://a:443"))
        #expect(try origin("http://a:443").authority == "a:443")
        #expect(try origin("https://[::1]:443/").authority == "[::1]")
        #expect(try origin("https://a:444?x").description == "https://a:444")
    }

    @Test("an address and the address mapped to it are two hosts")
    func mapped() throws {
        #expect(try Authority("[::ffff:127.0.0.1]").host != Authority("127.0.0.1").host)
        #expect(try Authority("[::ffff:127.0.0.1]").host == Authority("[0:0:0:0:0:FFFF:7f00:0001]").host)
    }

    @Test("an address is what is read from its own spelling, and every other spelling of IPv6 reads the same")
    func spellings() throws {
        var draws = RandomDraws()
        for _ in 0..<2000 {
            var bytes = draws.bytes(count: 16...16)
            for index in bytes.indices where draws.pick([true, false]) { bytes[index] = 0 }
            let address = try #require(IPAddress(bytes: bytes))
            #expect(try Authority("[\(address)]").host == .address(address), "seed \(draws.seed)")
            let groups = stride(from: 0, to: 16, by: 2).map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16, uppercase: true) }
            let full = groups.map { String(repeating: "0", count: draws.pick(Array(0...(4 - $0.count)))) + $0 }.joined(separator: ":")
            #expect(try Authority("[\(full)]").host == .address(address), "seed \(draws.seed)")
        }
        for _ in 0..<1000 {
            let address = try #require(IPAddress(bytes: draws.bytes(count: 4...4)))
            #expect(try Authority("\(address):1").host == .address(address), "seed \(draws.seed)")
        }
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
    }

    @Test("what is read is a host that is written with the characters of hosts alone, whatever came")
    func drawn() {
        var draws = RandomDraws()
        let pieces = [
            "a", "B", "1", "0", "0x", ".", "-", ":", "[", "]", "::", "%", "@", "/", "\\", "_", "ffff", "443", "127.0.0.1", "xn--", "\u{212A}", " ",
        ]
        var read = 0
        for round in 0..<10_000 {
            let text = round.isMultiple(of: 4) ? draws.bytes(count: 0...12) : Array(draws.text(of: pieces, count: 0...6).utf8)
            guard let authority = try? Authority(parsing: text[...]) else { continue }
            read += 1
            let host = authority.host.description
            let isPlain = host.utf8.allSatisfy { $0.isDigit || (0x61...0x7A).contains($0) || ".-:[]".utf8.contains($0) }
            #expect(isPlain && !host.hasSuffix("."), "\(text), seed \(draws.seed)")
            #expect((try? Authority(host))?.host == authority.host, "\(text), seed \(draws.seed)")
            #expect(authority.port != 0)
        }
        #expect(read > 200, "seed \(draws.seed)")
    }
}
