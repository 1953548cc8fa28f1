import TestKit
import Testing

@testable import Brokering

@Suite("Addresses")
struct AddressTests {
    struct Case: Decodable, Sendable {
        var address: String
        var kind: String
        var why: String
    }

    private func address(_ text: String) throws -> IPAddress {
        let host = try Authority(text.contains(":") ? "[\(text)]" : text).host
        guard case .address(let address) = host else { throw RequestRefusal.hostIllegal }
        return address
    }

    @Test("each address of the table leads to where it says")
    func table() throws {
        let cases = try RequestTable<Case>.read("addresses.json")
        #expect(cases.count >= 80)
        for entry in cases {
            #expect(try address(entry.address).kind.rawValue == entry.kind, "\(entry.address): \(entry.why)")
        }
        #expect(Set(cases.map(\.kind)) == Set(AddressKind.allCases.map(\.rawValue)))
    }

    @Test("only a global address is open, unless the policy allows the own network and a person can mean it")
    func verdicts() throws {
        let strict = AddressGuard(allowsOwnNetwork: false)
        let own = AddressGuard(allowsOwnNetwork: true)
        for entry in try RequestTable<Case>.read("addresses.json") {
            let address = try address(entry.address)
            let refusal = AddressGuard.Verdict.guarded(AddressRefusal(kind: address.kind))
            #expect(strict.verdict(on: address) == (entry.kind == "global" ? .open(.global) : refusal), "\(entry.address)")
            let mayBeNamed = ["global", "loopback", "private", "link-local", "carrier-shared"].contains(entry.kind)
            #expect(own.verdict(on: address) == (mayBeNamed ? .open(address.kind) : refusal), "\(entry.address)")
        }
    }

    @Test("a form with an address of IPv4 inside is no safer than that")
    func embedded() throws {
        var draws = RandomDraws()
        let global: [UInt8] = [8, 8, 8, 8]
        for _ in 0..<1000 {
            let bytes = draws.bytes(count: 4...4)
            let kind = try #require(IPAddress(bytes: bytes)).kind
            let zeros = { (count: Int) in [UInt8](repeating: 0, count: count) }
            let forms: [[UInt8]] = [
                zeros(10) + [255, 255] + bytes, [0, 0x64, 0xFF, 0x9B] + zeros(8) + bytes, [0x20, 2] + bytes + zeros(10),
                [0x20, 1, 0, 0] + bytes + zeros(4) + global.map { ~$0 }, [0x20, 1, 0, 0] + global + zeros(4) + bytes.map { ~$0 },
            ]
            for form in forms {
                #expect(try #require(IPAddress(bytes: form)).kind == kind, "\(form), seed \(draws.seed)")
            }
        }
    }

    @Test("every reason has a code of its own and says what to do")
    func reasons() {
        let refusals = AddressKind.allCases.map(AddressRefusal.init)
        #expect(Set(refusals.map(\.code)).count == refusals.count)
        #expect(Set(refusals.map(\.message)).count == refusals.count)
        #expect(refusals.allSatisfy { $0.code.hasPrefix("broker.address-") && $0.hint?.isEmpty == false })
    }
}
