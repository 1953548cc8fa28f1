import BrokerServer
import Foundation
import Testing

@Suite struct SessionAuthorityTests {
    @Test func rootsDiffer() throws {
        let validity = Validity(from: Date(timeIntervalSince1970: 1_800_000_000), lasting: 3600)
        let one = try SessionAuthority(validity: validity)
        #expect(try one.rootPEM() != SessionAuthority(validity: validity).rootPEM())
    }
}
