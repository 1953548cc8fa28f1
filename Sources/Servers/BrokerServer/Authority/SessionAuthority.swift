import Crypto
package import NIOSSL
import SwiftASN1
import Synchronization
package import X509

/// The certificate authority of one session: a root that exists only in this process's memory, and a certificate for each host that is intercepted.
///
/// Whoever trusts the root trusts this process alone and as long as it lives: its key is never written, and no system store is told of it.
package final class SessionAuthority: Sendable {
    /// How many hosts' certificates are kept; a session that asks for more has the oldest made anew.
    package static let mostHosts = 512

    /// The root, for the bundle that the session's programs are given.
    package let root: Certificate
    private let rootKey: Certificate.PrivateKey
    private let leafKey: P256.Signing.PrivateKey
    private let validity: Validity
    private let protocols: [String]
    private let contexts = Mutex(Contexts())

    private struct Contexts {
        var byHost: [InterceptedHost: NIOSSLContext] = [:]
        var order: [InterceptedHost] = []
    }

    /// Makes a root that is valid for a span of time; whoever shows a certificate of its speaks one of the protocols.
    package init(validity: Validity, speaking protocols: [String] = ["http/1.1"]) throws {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName {
            OrganizationName("Tacit")
            CommonName("Tacit session \(Self.label(of: key))")
        }
        let rootKey = Certificate.PrivateKey(key)
        self.validity = validity
        self.protocols = protocols
        self.rootKey = rootKey
        leafKey = P256.Signing.PrivateKey()
        root = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: rootKey.publicKey, notValidBefore: validity.start,
            notValidAfter: validity.end, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
                SubjectKeyIdentifier(hash: rootKey.publicKey)
            }, issuerPrivateKey: rootKey)
    }

    /// A few digits of the root's key, by which somebody who looks at two of them tells them apart.
    private static func label(of key: P256.Signing.PrivateKey) -> String {
        SHA256.hash(data: key.publicKey.rawRepresentation).prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// The root as programs read it from a file.
    package func rootPEM() throws -> String { try root.serializeAsPEM().pemString }

    /// What a handshake as this host needs; made once for each.
    package func context(for host: InterceptedHost) throws -> NIOSSLContext {
        if let context = contexts.withLock({ $0.byHost[host] }) { return context }
        let context = try makeContext(for: host)
        contexts.withLock { contexts in
            guard contexts.byHost.updateValue(context, forKey: host) == nil else { return }
            contexts.order.append(host)
            if contexts.order.count > Self.mostHosts { contexts.byHost[contexts.order.removeFirst()] = nil }
        }
        return context
    }

    private func makeContext(for host: InterceptedHost) throws -> NIOSSLContext {
        let leaf = try leaf(for: host)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(try NIOSSLCertificate(bytes: try leaf.derBytes(), format: .der))],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(leafKey.derRepresentation), format: .der)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        return try NIOSSLContext(configuration: configuration)
    }

    /// The host's certificate. All of a session share one key: making one costs more than everything else together, and whoever has one process's
    /// memory has them all.
    func leaf(for host: InterceptedHost) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: Certificate.PublicKey(leafKey.publicKey),
            notValidBefore: validity.start, notValidAfter: validity.end, issuer: root.subject,
            subject: DistinguishedName { OrganizationName("Tacit") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([host.generalName])
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: rootKey.publicKey).keyIdentifier)
            }, issuerPrivateKey: rootKey)
    }
}
