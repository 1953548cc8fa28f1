import NIOCore
import NIOSSL
import Secrets
import Synchronization

/// Whom the certificates of services are verified against: the system's authorities, or those that a rule names in their place. Nothing switches it off.
final class Trust: Sendable {
    private let contexts = Mutex<[String?: NIOSSLContext]>([:])
    /// More than rules of one session name.
    private static let mostContexts = 64

    /// What a connection needs; made once for each list of authorities.
    func context(for authorities: String?) throws(BrokerFailure) -> NIOSSLContext {
        if let context = contexts.withLock({ $0[authorities] }) { return context }
        do {
            let context = try Self.makeContext(authorities)
            contexts.withLock { contexts in
                if contexts.count >= Self.mostContexts { contexts = [:] }
                contexts[authorities] = context
            }
            return context
        } catch { throw .untrusted }
    }

    private static func makeContext(_ authorities: String?) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.certificateVerification = .fullVerification
        // A service that does not say goodbye is not waited for.
        configuration.shutdownTimeout = .milliseconds(200)
        if let authorities { configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authorities.utf8))) }
        return try NIOSSLContext(configuration: configuration)
    }
}
