import Crypto
import Foundation
import SwiftASN1
import Testing
import X509

@testable import BrokerServer

@Suite struct SessionAuthorityTests {
    private let validity = Validity(from: Date(timeIntervalSince1970: 1_800_000_000), lasting: 3600)

    @Test("a root signs the certificates of hosts, and nothing that signs others; keys are of P-256") func roots() throws {
        let authority = try SessionAuthority(validity: validity)
        let root = authority.root
        #expect(try root.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0))
        #expect(try root.extensions.keyUsage == KeyUsage(keyCertSign: true))
        #expect(P256.Signing.PublicKey(root.publicKey) != nil && root.publicKey.isValidSignature(root.signature, for: root))
        for (host, name) in [
            (InterceptedHost.name("api.example.com"), GeneralName.dnsName("api.example.com")),
            (.address([127, 0, 0, 1]), .ipAddress(.init(contentBytes: [127, 0, 0, 1]))),
        ] {
            let leaf = try authority.leaf(for: host)
            #expect(try leaf.extensions.basicConstraints == .notCertificateAuthority)
            #expect(try leaf.extensions.subjectAlternativeNames.map { Array($0) } == [name])
            #expect(P256.Signing.PublicKey(leaf.publicKey) != nil && root.publicKey.isValidSignature(leaf.signature, for: leaf))
            #expect(leaf.publicKey != root.publicKey && leaf.issuer == root.subject && leaf.notValidAfter == root.notValidAfter)
        }
    }

    @Test("a host's certificate is made once; of more hosts than are kept, the oldest's is made anew") func kept() throws {
        let authority = try SessionAuthority(validity: validity)
        func context(_ number: Int) throws -> ObjectIdentifier { ObjectIdentifier(try authority.context(for: .name("h\(number).example.com"))) }
        let kept = try (0..<SessionAuthority.mostHosts).map { try authority.context(for: .name("h\($0).example.com")) }
        #expect(SessionAuthority.mostHosts == 512 && Set(kept.map { ObjectIdentifier($0) }).count == 512)
        #expect(try context(0) == ObjectIdentifier(kept[0]) && context(511) == ObjectIdentifier(kept[511]))
        _ = try context(512)
        #expect(try context(0) != ObjectIdentifier(kept[0]) && context(511) == ObjectIdentifier(kept[511]) && context(2) == ObjectIdentifier(kept[2]))
        withExtendedLifetime(kept) {}
    }

    @Test func rootsDiffer() throws {
        let one = try SessionAuthority(validity: validity)
        #expect(try one.rootPEM() != SessionAuthority(validity: validity).rootPEM())
    }
}
